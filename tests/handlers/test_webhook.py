"""A bot's way in over HTTP, by real requests: forged, replayed, late, early, broken, and when the store is slow or broken."""

import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import requests

from ops.door import Answer, Door, Visit
from stores.base import MessageKey
from stores.memory_inbox import MemoryInbox
from tests.handlers.calling import CLICK, CLIENT_ID, RAW, WAIT, MakeWay, signed, signed_click, until


def test_a_signed_message_is_taken_in_and_acknowledged(make_way: MakeWay) -> None:
    """With what tells DingTalk that there is no answer in the acknowledgement."""
    way = make_way()
    answer = way.post(RAW)
    assert (answer.status_code, answer.json()) == (200, {"msgtype": "empty"})
    assert way.taken == ["问题"]


@pytest.mark.parametrize(
    ("sign", "word"),
    [
        (dict, "missing"),
        (lambda: {"timestamp": "1763700000000"}, "missing"),
        (lambda: {"timestamp": "yesterday", "sign": "x"}, "malformed"),
        (lambda: signed(secret="another-secret"), "wrong"),
        (lambda: {**signed(), "sign": "签名".encode().decode("latin-1")}, "wrong"),
        (lambda: signed(3_700), "too old"),
        (lambda: signed(-3_700), "from the future"),
        (signed_click, "missing"),
    ],
    ids=["nothing", "no signature", "no time", "another secret", "odd characters", "old", "early", "a click's"],
)
def test_who_is_not_dingtalk_stays_out(make_way: MakeWay, sign: Callable[[], Mapping[str, str]], word: str) -> None:
    """401, and nothing reaches the bot."""
    way = make_way()
    answer = way.post(RAW, sign())
    assert (answer.status_code, answer.json()) == (401, {"error": f"the signature is {word}"})
    assert not way.taken


def test_the_body_of_a_stranger_is_not_read(make_way: MakeWay) -> None:
    """However large or broken, the answer is 401 and not 413 or 400."""
    way = make_way()
    assert way.post(b"{", {}).status_code == 401
    assert way.post(b"x" * 3_000_000, {}).status_code == 401


def test_the_log_says_once_what_may_be_wrong(make_way: MakeWay, caplog: pytest.LogCaptureFixture) -> None:
    """A line a minute for each kind, with what to do, without what was sent."""
    way = make_way()
    with caplog.at_level(logging.WARNING, "dingbridge.webhook"):
        for _ in range(3):
            way.post(RAW, {**signed(), "sign": "c2VjcmV0"})
            way.post(RAW, signed(3_700))
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert "dingtalk_app_client_secret" in lines[0]
    assert "clock" in lines[1]
    assert "c2VjcmV0" not in caplog.text
    assert "问题" not in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        b"{}",
        b'{"msgId": "m1"}',
        b'{"msgId": {}, "senderId": 1}',
    ],
)
def test_a_body_that_is_no_message_is_refused(make_way: MakeWay, body: bytes) -> None:
    """400, and the bot goes on."""
    way = make_way()
    assert way.post(body).status_code == 400
    assert way.post(RAW).status_code == 200
    assert way.taken == ["问题"]


def test_a_message_that_is_too_large_is_refused(make_way: MakeWay) -> None:
    """413, with a length and without."""
    way = make_way()
    large = json.dumps({**RAW, "text": {"content": "x" * 1_100_000}}).encode()
    assert way.post(large).status_code == 413
    pieces = (large[at : at + 100_000] for at in range(0, len(large), 100_000))
    with contextlib.suppress(requests.ConnectionError):  # the server may hang up while we send
        assert requests.post(way.url, data=pieces, headers=signed(), timeout=WAIT).status_code == 413
    assert not way.taken


def test_a_replayed_message_is_acknowledged_but_not_taken_again(make_way: MakeWay) -> None:
    """Neither DingTalk's own repetition nor what somebody captured, after the store has forgotten it as well."""
    way = make_way()
    captured = signed(1_800)
    for headers in (captured, captured, signed()):
        answer = way.post(RAW, headers)
        assert (answer.status_code, answer.json()) == (200, {"msgtype": "empty"})
    assert way.taken == ["问题"]


def test_the_inbox_knows_a_message_that_another_process_took(make_way: MakeWay) -> None:
    """Of two ways to one store, each gets the message; one answers it."""
    inbox, answered = MemoryInbox(), []

    def accept(raw: Mapping[str, Any]) -> None:
        if inbox.accept(MessageKey(CLIENT_ID, CLIENT_ID, str(raw["msgId"])), json.dumps(raw)):
            answered.append(raw["msgId"])

    one, other = make_way(accept), make_way(accept)
    assert [way.post(RAW).status_code for way in (one, other)] == [200, 200]
    assert answered == ["m1"]


def test_messages_are_taken_in_the_order_in_which_they_come(make_way: MakeWay) -> None:
    """One by one: those that come while the first is still being taken in wait behind it."""
    may_go = threading.Event()
    way = make_way(lambda _: may_go.wait(WAIT) and None)
    for number in range(5):
        assert way.post({**RAW, "msgId": f"m{number}", "text": {"content": str(number)}}).ok
        if number == 1:
            assert not way.taken
            may_go.set()
    until(lambda: way.taken == [str(number) for number in range(5)])


def test_a_slow_store_holds_no_acknowledgement_up(make_way: MakeWay) -> None:
    """200 after a second at most, counted as early; the message is taken in when the store is back."""
    may_go = threading.Event()
    way = make_way(lambda _: may_go.wait(WAIT) and None)
    begun = time.monotonic()
    answer = way.post(RAW)
    took = time.monotonic() - begun
    may_go.set()
    assert answer.status_code == 200
    assert took < 2.4
    assert way.receiver
    assert way.receiver.early == 1
    until(lambda: way.taken == ["问题"])


def test_what_was_not_taken_in_is_not_acknowledged(make_way: MakeWay, caplog: pytest.LogCaptureFixture) -> None:
    """500 while the store is broken; DingTalk repeats it, and then it is taken."""
    broken = True

    def accept(_: Mapping[str, Any]) -> None:
        if broken:
            raise RuntimeError("a bug")

    way = make_way(accept)
    assert way.post(RAW).status_code == 500
    assert "a bug" in caplog.text
    broken = False
    assert way.post(RAW).status_code == 200
    assert way.taken == ["问题"]


def test_many_bots_share_a_port(make_way: MakeWay) -> None:
    """Each is called at its own path, by its own secret."""

    async def other(_: Visit) -> Answer:
        return Answer.json(200, {"bot": "other"})

    way = make_way(others=(Door("POST", "/dingtalk/other", other),))
    assert requests.post(f"{way.url[:-3]}other", data=b"{}", timeout=WAIT).json() == {"bot": "other"}
    assert requests.post(f"{way.url[:-3]}none", data=b"{}", headers=signed(), timeout=WAIT).status_code == 404
    assert not way.taken


def test_it_turns_away_what_comes_once_it_stops(make_way: MakeWay) -> None:
    """503 for DingTalk, 401 for anybody else; the page says so, too."""
    way = make_way()
    receiver = way.receiver
    assert receiver
    until(lambda: receiver.state == "connected")
    receiver.stop()
    assert way.post(RAW).status_code == 503
    assert way.post(CLICK, signed_click(), "/card").status_code == 503
    assert way.post(RAW, {}).status_code == 401
    assert requests.get(way.url, timeout=WAIT).status_code == 503
    until(lambda: receiver.state == "stopped")
    assert not way.taken
