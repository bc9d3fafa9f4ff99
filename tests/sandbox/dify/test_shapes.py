"""Profiles B and G speak like the real 0.15 and 1.14: order of events, keys of each, framing."""

import re

import pytest

from tests.sandbox.dify.caller import App, Heard, first_event
from tests.sandbox.dify.conftest import MakeApp
from tests.sandbox.dify.shapes import SHAPES, shape

_ASKED = {
    "chat": ("chat", "你好"),
    "completion": ("completion", "你好"),
    "agent": ("agent-chat", "你好"),
    "agent-tool": ("agent-chat", "几点了[[tool]]"),
    "chat-error": ("chat", "你好[[error]]"),
    "chat-replaced": ("chat", "你好[[replace]]"),
    "chatflow": ("advanced-chat", "你好"),
    "chatflow-failed": ("advanced-chat", "你好[[fail]]"),
    "workflow": ("workflow", "你好"),
    "workflow-failed": ("workflow", "你好[[fail]]"),
}


@pytest.mark.parametrize("profile", ["B", "G"])
@pytest.mark.parametrize("case", _ASKED)
def test_a_stream_has_the_shape_of_the_real_one(app: MakeApp, profile: str, case: str) -> None:
    """Every event stands where the real server puts it and has its keys, in its order."""
    kind, question = _ASKED[case]
    heard = app(kind, profile).ask(question)
    assert shape(heard.frames) == SHAPES[profile][case]


@pytest.mark.parametrize("profile", ["B", "G"])
def test_a_stopped_chatflow_has_the_shape_of_the_real_one(app: MakeApp, profile: str) -> None:
    """The LLM node never finishes; 0.15 sends message_end after the run's end, 1.14 does not."""
    chatflow = app("advanced-chat", profile, pace={"tokens_per_second": 20})
    heard = _stopped(chatflow)
    assert shape(heard.frames) == SHAPES[profile]["chatflow-stopped"]
    assert heard.only("workflow_finished")["data"]["error"] == "Stopped by user."


def _stopped(chatflow: App) -> Heard:
    answer = chatflow.post("[[tokens=200]]", stream=True)
    raw = b""
    for part in answer.iter_content(None):
        raw += part
        if raw.count(b'"message"') == 2:
            task_id = Heard(raw[: raw.rindex(b"\n\n")]).events[0]["task_id"]
            chatflow.call("POST", f"/v1/chat-messages/{task_id}/stop", json={"user": "u1"})
    return Heard(raw)


@pytest.mark.parametrize(("profile", "ascii_only"), [("A", True), ("B", True), ("C", True), ("D", False), ("H", False)])
def test_json_is_ascii_with_blanks_until_1_8_and_raw_after(app: MakeApp, profile: str, *, ascii_only: bool) -> None:
    """Only the newer servers send bytes above 127, and no blanks between the parts."""
    heard = app("chat", profile).ask("你好")
    assert heard.raw.isascii() is ascii_only
    assert (b'{"event": "message"' in heard.raw) is ascii_only
    assert "你说的是：**你好**" in heard.text


@pytest.mark.parametrize("profile", "ABCDEFGH")
@pytest.mark.parametrize("kind", ["chat", "agent-chat", "advanced-chat", "workflow", "completion"])
def test_every_frame_is_a_data_line_or_a_ping(app: MakeApp, profile: str, kind: str) -> None:
    """No other line kinds, no carriage returns, and the last frame ends with a blank line."""
    heard = app(kind, profile).ask("你好")
    assert heard.raw.endswith(b"\n\n")
    assert b"\r" not in heard.raw
    assert all(frame == b"event: ping" or re.fullmatch(rb"data: \{.*\}", frame) for frame in heard.frames)


@pytest.mark.parametrize(("profile", "ping"), [("A", b"data: ping"), ("B", b"event: ping"), ("H", b"event: ping")])
def test_a_slow_model_is_bridged_by_pings(app: MakeApp, profile: str, ping: bytes) -> None:
    """A ping each interval until the first token; the oldest profile's has no JSON after `data:`."""
    heard = app("chat", profile, ping_seconds=0.3).ask("[[first=1]]嗯")
    assert heard.frames[:2] == [ping, ping]
    assert heard.text


@pytest.mark.parametrize("profile", ["F", "G", "H"])
def test_worker_streams_begin_with_a_ping(app: MakeApp, profile: str) -> None:
    """Chatflow and workflow answer at once since 1.13; chat does not, its first bytes are its first event."""
    assert app("advanced-chat", profile).ask("嗯").frames[0] == b"event: ping"
    assert app("workflow", profile).ask("嗯").frames[0] == b"event: ping"
    assert app("chat", profile).ask("嗯").frames[0].startswith(b"data: ")


def test_ids_are_the_same_all_over_a_stream(app: MakeApp) -> None:
    """One task, one message, one conversation, one time of creation."""
    heard = app("advanced-chat").ask("嗯")
    for name in ("task_id", "message_id", "conversation_id", "created_at"):
        assert len({event[name] for event in heard.events}) == 1


@pytest.mark.parametrize("profile", "BGH")
def test_prices_are_text_tokens_whole_and_times_fractions(app: MakeApp, profile: str) -> None:
    """As Dify writes them, whatever they are."""
    usage = app("chat", profile).ask("嗯").only("message_end")["metadata"]["usage"]
    kinds = {name: type(value) for name, value in usage.items()}
    assert {kinds[name] for name in usage if "price" in name} == {str}
    assert {kinds[name] for name in usage if name.endswith("_tokens")} == {int}
    assert kinds["latency"] is float


def test_the_record_tells_what_was_answered(app: MakeApp) -> None:
    """The record `answer` holds the text that the deltas make."""
    chat = app("chat")
    heard = chat.ask("你好")
    record = chat.client.wait_for(kind="answer", app=chat.key)
    assert record["text"] == heard.text
    assert record["message_id"] == heard.events[0]["message_id"]
    assert record["status"] == "succeeded"


def test_events_are_recorded_where_an_app_asks_for_it(app: MakeApp) -> None:
    """With record_events each frame leaves a record, pings too."""
    chatflow = app("advanced-chat", record_events=True)
    heard = chatflow.ask("嗯")
    chatflow.client.wait_for(kind="stream.closed", app=chatflow.key)
    recorded = [record["event"] for record in chatflow.client.records(kind="stream.event", app=chatflow.key)]
    assert recorded == ["ping", *(event["event"] for event in heard.events)]


def test_a_request_is_recorded_when_its_stream_begins(app: MakeApp) -> None:
    """Not only at its end, so that a test can wait for it."""
    slow = app("chat", pace={"tokens_per_second": 5})
    with slow.post("[[tokens=100]]", stream=True) as answer:
        assert first_event(answer)["task_id"]
        record = slow.client.wait_for(kind="request", app=slow.key)
    assert (record["status"], record["user"], record["query"]) == (200, "u1", "[[tokens=100]]")
