"""Clicks that reach a bot over HTTP."""

import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from tests.handlers.calling import CLICK, SECRET, WAIT, MakeWay, signed, signed_click


def test_a_click_is_answered_in_its_acknowledgement(make_way: MakeWay) -> None:
    """What the one who clicked sees change."""
    answer = {"userPrivateData": {"cardParamMap": {"tips": "只有提问的人可以停止。"}}}
    way = make_way(click=lambda _: answer)
    got = way.post(CLICK, signed_click(), "/card")
    assert (got.status_code, got.json()) == (200, answer)
    assert way.clicked == [CLICK]


@pytest.mark.parametrize(
    "sign",
    [dict, signed, partial(signed_click, secret=SECRET), partial(signed_click, 3_700), partial(signed_click, -3_700)],
    ids=["nothing", "a message's", "the app's own secret", "old", "early"],
)
def test_a_click_that_dingtalk_did_not_send_stays_out(make_way: MakeWay, sign: Callable[[], Mapping[str, str]]) -> None:
    """Its signature is another one than a message's."""
    way = make_way()
    assert way.post(CLICK, sign(), "/card").status_code == 401
    assert not way.clicked


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\x00"])
def test_a_click_that_is_no_object_is_refused(make_way: MakeWay, body: bytes) -> None:
    """400."""
    assert make_way().post(body, signed_click(), "/card").status_code == 400


def test_a_slow_click_gets_an_empty_answer_in_time(make_way: MakeWay) -> None:
    """DingTalk shows an error otherwise."""
    may_go = threading.Event()
    way = make_way(click=lambda _: {"late": may_go.wait(WAIT)})
    begun = time.monotonic()
    answer = way.post(CLICK, signed_click(), "/card")
    took = time.monotonic() - begun
    may_go.set()
    assert (answer.status_code, answer.json()) == (200, {})
    assert took < 2


def test_a_broken_click_is_told(make_way: MakeWay, caplog: pytest.LogCaptureFixture) -> None:
    """500, with the trace in the log alone."""

    def click(_: Mapping[str, Any]) -> dict[str, Any]:
        raise RuntimeError("a bug")

    answer = make_way(click=click).post(CLICK, signed_click(), "/card")
    assert (answer.status_code, answer.json()) == (500, {"error": "not taken in"})
    assert "a bug" in caplog.text
