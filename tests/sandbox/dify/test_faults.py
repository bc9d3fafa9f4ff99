"""Ordered faults: what a network does to requests and streams."""

import json
import time

import pytest
import requests

from tests.sandbox.dify.caller import App, Heard
from tests.sandbox.dify.conftest import MakeApp


def _order(made: App, point: str, **params: object) -> None:
    made.client.put_fault(point, params, match={"app": made.key}, times=1)


def _broken(made: App, question: str = "你好") -> bytes:
    """What arrives before the connection breaks."""
    parts: list[bytes] = []
    with made.post(question, stream=True) as answer, pytest.raises(requests.RequestException):
        parts.extend(answer.iter_content(None))
    return b"".join(parts)


def test_a_gateway_page_comes_instead_of_json(app: MakeApp) -> None:
    """Once, then all is well again."""
    chat = app("chat")
    _order(chat, "dify.http", status=502)
    answer = chat.post("你好")
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert "<html>" in answer.text
    assert chat.ask("你好").text


def test_a_code_of_dify_can_be_ordered(app: MakeApp) -> None:
    """With the message that the order gives."""
    chat = app("chat")
    _order(chat, "dify.http", status=429, code="too_many_requests", message="slow down")
    assert chat.refused("你好") == (429, {"code": "too_many_requests", "message": "slow down", "status": 429})


def test_a_delay_comes_before_a_good_answer(app: MakeApp) -> None:
    """A slow proxy."""
    chat = app("chat")
    _order(chat, "dify.http", delay=0.3)
    begun = time.monotonic()
    assert chat.ask("你好").text
    assert time.monotonic() - begun >= 0.3


def test_a_dropped_request_has_no_answer(app: MakeApp) -> None:
    """The connection is gone before any byte."""
    chat = app("chat")
    _order(chat, "dify.http", drop=True)
    with pytest.raises(requests.ConnectionError):
        chat.post("你好")


def test_a_cut_stream_ends_as_if_it_were_whole_and_the_run_goes_on(app: MakeApp) -> None:
    """No terminal event; yet the whole answer is kept (only 1.16's own runs die, as with any lost caller)."""
    chat = app("chat", "G")
    _order(chat, "dify.stream", cut=2)
    heard = chat.ask("你好")
    assert heard.names == ["message"]
    assert len(heard.events) == 2
    record = chat.client.wait_for(kind="answer", app=chat.key)
    assert record["text"].startswith(heard.text)
    assert len(record["text"]) > len(heard.text)


@pytest.mark.parametrize("kind", ["chat", "advanced-chat", "workflow", "agent-chat", "completion"])
def test_a_question_can_order_a_cut_or_a_tear(app: MakeApp, kind: str) -> None:
    """[[cut]] and [[torn]] strike in the middle of the text."""
    made = app(kind)
    assert made.ask("[[len=60]][[cut]]").text
    raw = _broken(made, "[[len=60]][[torn]]")
    assert not raw.endswith(b"\n\n")
    torn = raw.rpartition(b"\n\n")[2]
    assert torn.startswith(b"data: {")
    with pytest.raises(json.JSONDecodeError):
        json.loads(torn[6:].decode(errors="ignore"))


def test_a_reset_breaks_the_stream(app: MakeApp) -> None:
    """After two whole events."""
    chat = app("chat")
    _order(chat, "dify.stream", rst=2)
    assert _broken(chat).count(b"data: ") <= 2


@pytest.mark.parametrize("profile", ["B", "H"])
def test_frames_in_parts_or_together_are_still_the_same_stream(app: MakeApp, profile: str) -> None:
    """Whatever the writes, the bytes are those of a healthy stream."""
    chat = app("chat", profile)
    healthy = chat.ask("你好").text
    for order in ({"split": True}, {"merge": 3}):
        _order(chat, "dify.stream", **order)
        assert chat.ask("你好").text == healthy


def test_a_character_is_split_between_two_chunks(app: MakeApp) -> None:
    """Some chunk ends in the middle of a UTF-8 sequence."""
    chat = app("chat", "H")
    _order(chat, "dify.stream", split=True)
    parts = list(chat.post("你好", stream=True).raw.read_chunked())
    assert any(_ends_inside_a_character(part) for part in parts)
    assert Heard(b"".join(parts)).names == ["message", "message_end"]


def _ends_inside_a_character(part: bytes) -> bool:
    try:
        part.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return False


def test_a_line_of_a_megabyte_comes_between(app: MakeApp) -> None:
    """An event that nobody asked for, and no one may choke on."""
    chat = app("chat")
    _order(chat, "dify.stream", huge=1_000_000)
    heard = chat.ask("你好")
    assert max(len(frame) for frame in heard.frames) > 1_000_000
    assert heard.names[-1] == "message_end"


def test_unknown_events_and_lines_come_between(app: MakeApp) -> None:
    """Events from the future, data that is no JSON, comments."""
    chat = app("chat")
    _order(chat, "dify.stream", strange=True)
    raw = chat.post("你好").content
    assert b'"event": "from_the_future"' in raw
    assert b"data: not json\n\n: a comment\n\n" in raw


def test_line_separators_stand_raw_in_the_text(app: MakeApp) -> None:
    """U+2028, U+2029 and U+0085 inside one data line, in versions that write raw UTF-8."""
    chat = app("chat", "H")
    _order(chat, "dify.stream", u2028=True)
    heard = chat.ask("你好")
    assert {"\u2028", "\u2029", "\u0085"} <= set(heard.text)
    assert chat.ask("[[u2028]]").text == heard.text
    assert "\u2028".encode() in heard.raw


def test_only_pings_until_dify_gives_up(app: MakeApp) -> None:
    """Ordered for one app, whatever is asked."""
    chatflow = app("advanced-chat", ping_seconds=0.1, max_seconds=0.6)
    _order(chatflow, "dify.stream", pings=True)
    assert chatflow.ask("你好").names == ["ping", "workflow_finished"]
