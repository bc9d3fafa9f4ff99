"""A run's life: stopped, left alone by its caller, too long, silent."""

import pytest
import requests

from sandbox.client import SandboxProcess
from tests.sandbox.dify.caller import App, Heard, first_event
from tests.sandbox.dify.conftest import MakeApp

_SLOW = {"tokens_per_second": 20}


def _stop_after_first(made: App, user: str) -> Heard:
    raw, asked = b"", False
    with made.post("[[tokens=40]]", stream=True) as answer:
        for part in answer.iter_content(None):
            raw += part
            if not asked and b"\n\n" in raw:
                asked = True
                task_id = Heard(raw[: raw.rindex(b"\n\n")]).events[0]["task_id"]
                path = "completion-messages" if made.kind == "completion" else "chat-messages"
                stopped = made.call("POST", f"/v1/{path}/{task_id}/stop", json={"user": user})
                assert stopped.json() == {"result": "success"}
    return Heard(raw)


@pytest.mark.parametrize("kind", ["chat", "agent-chat", "completion"])
def test_a_stop_ends_the_answer_with_what_was_said(app: MakeApp, kind: str) -> None:
    """message_end comes as ever, and the part is kept."""
    made = app(kind, pace=_SLOW)
    heard = _stop_after_first(made, "u1")
    assert heard.names[-1] == "message_end"
    assert 0 < len(heard.text) < 40 * 6
    record = made.client.wait_for(kind="answer", app=made.key)
    assert (record["status"], record["text"]) == ("stopped", heard.text)
    assert made.client.wait_for(kind="stopped", app=made.key)["task_id"] == heard.events[0]["task_id"]


def test_a_run_looks_at_the_stop_flag_from_time_to_time_only(app: MakeApp) -> None:
    """Each second as Dify does, so the answer goes on for a while; the app's setting can shorten it."""
    patient, quick = (app("chat", pace=_SLOW, stop_seconds=seconds) for seconds in (0.9, 0.0))
    assert len(_stop_after_first(patient, "u1").text) > 10 * 6
    assert len(_stop_after_first(quick, "u1").text) < 10 * 6


def test_a_stop_by_another_user_is_a_success_without_effect(app: MakeApp) -> None:
    """As is one for a task that does not exist."""
    chat = app("chat", pace={"tokens_per_second": 100})
    assert len(_stop_after_first(chat, "u2").text) == 40 * 6
    assert chat.call("POST", "/v1/chat-messages/no-task/stop", json={"user": "u1"}).json() == {"result": "success"}
    assert chat.call("POST", "/v1/chat-messages/no-task/stop", json={}).status_code == 400


@pytest.mark.parametrize(
    ("kind", "profile", "status"),
    [("chat", "G", "succeeded"), ("chat", "H", "aborted"), ("advanced-chat", "H", "succeeded")],
)
def test_a_run_outlives_its_caller_unless_it_is_1_16s_own(app: MakeApp, kind: str, profile: str, status: str) -> None:
    """Only what runs inside the API process of 1.16 dies with the connection."""
    made = app(kind, profile, pace=_SLOW)
    with made.post("[[tokens=20]]", stream=True) as answer:
        first_event(answer)
    record = made.client.wait_for(kind="answer", app=made.key)
    assert record["status"] == status
    assert made.client.wait_for(kind="stream.closed", app=made.key)["by"] == "client"


def test_a_run_that_takes_too_long_is_stopped_by_dify(app: MakeApp) -> None:
    """Also one that only pings."""
    chat = app("chat", max_seconds=0.7, ping_seconds=0.2)
    heard = chat.ask("嗯[[pings]]")
    assert heard.names == ["ping", "message_end"]
    assert heard.raw.count(b"ping") >= 2


def test_not_even_the_status_line_comes_before_the_first_frame(app: MakeApp) -> None:
    """A chat app's caller waits for its headers as long as for the first token or ping; a worker pings at once."""
    chat, chatflow = (app(kind, ping_seconds=60) for kind in ("chat", "advanced-chat"))
    with pytest.raises(requests.ReadTimeout):
        chat.post("[[first=60]]", stream=True, timeout=0.3)
    with chatflow.post("[[first=60]]", stream=True, timeout=10) as answer:
        assert answer.status_code == 200


def test_an_empty_answer_is_an_answer(app: MakeApp) -> None:
    """The stream ends well with no text at all."""
    for kind in ("chat", "advanced-chat", "workflow"):
        heard = app(kind).ask("嗯[[empty]]")
        assert heard.text == ""
        assert heard.names[-1] in {"message_end", "workflow_finished"}


def test_an_agents_rounds_are_stored_with_a_line_break_between(app: MakeApp) -> None:
    """Which none of the deltas carried; each thought fills up under one id."""
    agent = app("agent-chat")
    heard = agent.ask("几点了[[tool]][[len=12]]")
    record = agent.client.wait_for(kind="answer", app=agent.key)
    assert record["text"].replace("\n", "") == heard.text
    assert "\n" in record["text"]
    thoughts = [event for event in heard.events if event["event"] == "agent_thought"]
    assert [thought["position"] for thought in thoughts] == [1, 1, 1, 2, 2]
    assert len({thought["id"] for thought in thoughts}) == 2


def test_the_pace_is_the_apps_or_the_questions(app: MakeApp) -> None:
    """N tokens are N pieces; a rate in the question goes before the app's."""
    chat = app("chat", pace={"tokens_per_second": 1, "chunk_chars": 3})
    heard = chat.ask("[[tokens=5]][[rate=1000]]")
    assert [len(event["answer"]) for event in heard.events if event["event"] == "message"] == [3, 3, 3, 3, 3, 0]


def test_a_place_is_free_again_when_the_run_ends(app: MakeApp) -> None:
    """Not when its caller leaves: the run goes on and holds it."""
    chat = app("chat", "G", max_active_requests=1, pace=_SLOW)
    with chat.post("[[tokens=20]]", stream=True) as answer:
        first_event(answer)
    assert chat.refused("[[len=3]]")[0] == 429
    chat.client.wait_for(kind="stream.closed", app=chat.key)
    assert chat.ask("[[len=3]]").text


def test_the_sandbox_ends_at_once_with_streams_under_way() -> None:
    """Its end breaks them off, and is a good one."""
    process = SandboxProcess()
    endless = App(process.start(), "chat", "H")
    with endless.post("[[tokens=9000]][[rate=9]]", stream=True) as answer:
        first_event(answer)
        assert process.stop() == 0


@pytest.mark.parametrize("profile", "ABGH")
@pytest.mark.parametrize("kind", ["workflow", "advanced-chat"])
def test_a_run_may_succeed_in_part_since_0_14(app: MakeApp, kind: str, profile: str) -> None:
    """A node's exception is rescued by its default; the run goes on, and counts it."""
    heard = app(kind, profile).ask("嗯[[partial]]")
    data = heard.only("workflow_finished")["data"]
    assert data["status"] == ("succeeded" if profile == "A" else "partial-succeeded")
    assert heard.text
    if profile != "A":
        nodes = [event["data"] for event in heard.events if event["event"] == "node_finished"]
        (rescued,) = [node for node in nodes if node["status"] == "exception"]
        assert (rescued["execution_metadata"], rescued["outputs"]["error_type"]) == (
            {"error_strategy": "default-value"},
            "CodeExecutionError",
        )
        assert data["exceptions_count"] == 1
