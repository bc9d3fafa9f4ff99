"""What each version does differently, one habit at a time, over the wire."""

import json
import time
from typing import Any

import pytest
import requests

from sandbox.dify.profiles import PROFILES
from tests.sandbox.dify.caller import Heard
from tests.sandbox.dify.conftest import MakeApp

_PARAMETERS = {
    *("opening_statement", "suggested_questions", "suggested_questions_after_answer", "speech_to_text", "text_to_speech"),
    *("retriever_resource", "annotation_reply", "more_like_this", "user_input_form", "sensitive_word_avoidance"),
    *("file_upload", "system_parameters"),
}
_ALL = "ABCDEFGH"
_UNKNOWN = "11111111-2222-3333-4444-555555555555"
_FORM = [{"text-input": {"variable": "city", "label": "City", "required": True, "max_length": 4}}]


def _ends(heard: Heard) -> list[str]:
    return [name for name in heard.names if name in {"workflow_finished", "message_end", "error"}]


@pytest.mark.parametrize("profile", _ALL)
def test_a_chatflow_ends_in_its_versions_order(app: MakeApp, profile: str) -> None:
    """message_end came last, then (1.13.0) not at all, now it comes before workflow_finished."""
    expected = {"last": ["workflow_finished", "message_end"], "never": ["workflow_finished"]}
    ends = expected.get(PROFILES[profile].message_end, ["message_end", "workflow_finished"])
    heard = app("advanced-chat", profile).ask("嗯")
    assert _ends(heard) == ends
    assert heard.only("workflow_finished")["data"]["outputs"]["answer"] == heard.text


@pytest.mark.parametrize("profile", _ALL)
def test_a_failed_chatflow_tells_the_error_in_the_stream_until_1_12(app: MakeApp, profile: str) -> None:
    """Since 1.13 the stream is closed at workflow_finished, before the error event."""
    heard = app("advanced-chat", profile).ask("嗯[[fail]]")
    old = ["workflow_finished", "error"]
    assert _ends(heard) == (old if profile in "ABCDE" else ["workflow_finished"])
    assert heard.only("workflow_finished")["data"]["status"] == "failed"


@pytest.mark.parametrize("profile", _ALL)
@pytest.mark.parametrize("kind", ["advanced-chat", "workflow"])
def test_a_missing_input_is_told_as_the_version_does(app: MakeApp, profile: str, kind: str) -> None:
    """HTTP 400 until 1.12, silence in 1.13 and 1.14, an invented failed run since 1.15."""
    graph = app(kind, profile, form=_FORM, idle_seconds=0.3)
    answer = graph.post("嗯", inputs={})
    if profile in "ABCDE":
        assert answer.status_code == 400
        assert answer.json()["message"] == "city is required in input form"
    elif profile in "FG":
        assert answer.content == b"event: ping\n\n"
    else:
        heard = Heard(answer.content)
        assert heard.names == ["ping", "workflow_started", "workflow_finished"]
        finished = heard.only("workflow_finished")
        assert finished["task_id"] == finished["workflow_run_id"]
        assert "conversation_id" not in finished
        assert finished["data"]["error"] == "city is required in input form"
    assert graph.refused("嗯", inputs={}, mode="blocking")[0] == 400


@pytest.mark.parametrize("profile", _ALL)
def test_an_unknown_conversation_is_told_as_the_version_does(app: MakeApp, profile: str) -> None:
    """A 404, but silence where a worker finds out too late; a plain chat always gets its 404."""
    chatflow = app("advanced-chat", profile, idle_seconds=0.3)
    answer = chatflow.post("嗯", conversation_id=_UNKNOWN)
    if profile in "FG":
        assert answer.content == b"event: ping\n\n"
    else:
        assert answer.status_code == 404
    status, body = app("chat", profile).refused("嗯", conversation_id=_UNKNOWN)
    assert (status, body["code"]) == (404, "not_found")
    assert body["message"].startswith("Conversation Not Exists.")
    assert (body["message"] != "Conversation Not Exists.") is (profile in "DEFGH")


@pytest.mark.parametrize("profile", _ALL)
def test_an_annotation_hit_in_a_chatflow_has_no_run(app: MakeApp, profile: str) -> None:
    """Message and end only; then EOF, or silence until the relay gives up, or an invented failed run."""
    chatflow = app("advanced-chat", profile, idle_seconds=1.5)
    begun = time.monotonic()
    heard = chatflow.ask("嗯[[annotation]][[len=4]]")
    names = [name for name in heard.names if name != "ping"]
    synthetic = ["workflow_started", "workflow_finished"] if profile == "H" else []
    assert names == ["message", "message_end", *synthetic]
    assert (time.monotonic() - begun > 1.5) is (profile in "FG")
    if synthetic:
        data = heard.only("workflow_finished")["data"]
        assert (data["status"], data["exceptions_count"], data["elapsed_time"]) == ("failed", 1, 0)


def test_an_annotation_hit_in_a_chat_names_its_source(app: MakeApp) -> None:
    """metadata.annotation_reply tells which stored answer it was."""
    metadata = app("chat").ask("嗯[[annotation]]").only("message_end")["metadata"]
    assert set(metadata["annotation_reply"]) == {"id", "account"}


@pytest.mark.parametrize("profile", _ALL)
def test_a_model_that_dies_in_a_chatflow_fails_the_run(app: MakeApp, profile: str) -> None:
    """Text, a failed node, a failed run; until 1.12 an error event says so again. The text before it stands."""
    heard = app("advanced-chat", profile).ask("嗯[[error]]")
    assert _ends(heard) == (["workflow_finished", "error"] if profile < "F" else ["workflow_finished"])
    assert heard.only("workflow_finished")["data"]["status"] == "failed"
    assert heard.text
    if profile < "F":
        assert heard.only("error")["message"].startswith("Run failed: ")


@pytest.mark.parametrize("profile", _ALL)
def test_an_error_before_a_chatflows_run_is_followed_as_the_version_does(app: MakeApp, profile: str) -> None:
    """EOF until 1.12, silence in 1.13 and 1.14, an invented finish since 1.15."""
    chatflow = app("advanced-chat", profile, idle_seconds=1.2)
    begun = time.monotonic()
    heard = chatflow.ask("嗯[[empty]][[error=rate_limit_error]]")
    assert _ends(heard) == (["error", "workflow_finished"] if profile == "H" else ["error"])
    assert (time.monotonic() - begun > 1.2) is (profile in "FG")
    error = heard.only("error")
    assert (error["code"], error["status"]) == ("rate_limit_error", 429)
    assert "task_id" not in error
    assert not heard.text


def test_a_chat_sends_its_text_as_message_file_in_1_12_when_the_user_sent_a_picture(app: MakeApp) -> None:
    """Deltas without a url, called message_file: a trap for clients that wait for `message`."""
    picture = [{"type": "image", "transfer_method": "remote_url", "url": "https://example.com/a.png"}]
    for kind in ("chat", "advanced-chat"):
        heard = app(kind, "E").ask("看图", files=picture)
        assert "message" not in heard.names
        assert heard.text.count("1 个文件") == 1
        assert "message_file" not in app(kind, "F").ask("看图", files=picture).names


@pytest.mark.parametrize("profile", "EFGH")
@pytest.mark.parametrize("kind", ["chat", "completion", "agent-chat", "advanced-chat"])
def test_text_after_a_picture_is_called_message_file_in_a_chat_since_1_13(app: MakeApp, kind: str, profile: str) -> None:
    """The AI's own picture, before its text; agents and chatflows go on as ever."""
    heard = app(kind, profile).ask("画[[file]]")
    renamed = [event for event in heard.events if event["event"] == "message_file" and "answer" in event]
    assert bool(renamed) is (kind in {"chat", "completion"} and profile != "E")
    assert "**画**" in heard.text


@pytest.mark.parametrize(("profile", "opening"), [("A", "<think>"), ("B", "<details "), ("C", "<think>")])
def test_thoughts_stand_before_the_answer_in_the_versions_tag(app: MakeApp, profile: str, opening: str) -> None:
    """0.15 turned the model's tag into HTML."""
    heard = app("chat", profile).ask("嗯[[think]]")
    assert heard.text.startswith(opening)
    assert heard.text.endswith("。")


def test_separated_reasoning_streams_beside_the_answer(app: MakeApp) -> None:
    """reasoning_chunk and metadata.reasoning since 1.15, and a clean answer since 1.9."""
    heard = app("advanced-chat", "H", separated_reasoning=True).ask("嗯[[think]]")
    chunks = [event["data"] for event in heard.events if event["event"] == "reasoning_chunk"]
    assert [chunk["is_final"] for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    reasoning = heard.only("message_end")["metadata"]["reasoning"]
    assert reasoning == {"llm": "".join(chunk["reasoning"] for chunk in chunks)}
    assert "think" not in heard.text
    assert "think" not in app("advanced-chat", "D", separated_reasoning=True).ask("嗯[[think]]").text


@pytest.mark.parametrize("profile", "ABCD")
def test_parallel_branches_are_announced_from_0_8_to_1_8(app: MakeApp, profile: str) -> None:
    """1.9's engine and the oldest one say nothing of branches."""
    names = app("workflow", profile).ask("嗯[[parallel]]").names
    assert ("parallel_branch_started" in names) is (profile in "BC")


def test_a_replacement_has_a_reason_since_1_3(app: MakeApp) -> None:
    """Empty in a chat, output_moderation in a chatflow."""
    assert "reason" not in app("chat", "B").ask("嗯[[replace]]").only("message_replace")
    assert app("chat", "C").ask("嗯[[replace]]").only("message_replace")["reason"] == ""
    replaced = app("advanced-chat", "H").ask("嗯[[replace]]").only("message_replace")
    assert replaced["reason"] == "output_moderation"


@pytest.mark.parametrize("profile", _ALL)
def test_other_outputs_stream_as_text_since_1_9(app: MakeApp, profile: str) -> None:
    """The old engine streams the model's text only, the new one all values joined by line breaks."""
    outputs = {"text": "{answer}", "count": 4, "items": ["x", "y"]}
    heard = app("workflow", profile, outputs=outputs).ask("[[len=10]]")
    finished = heard.only("workflow_finished")["data"]["outputs"]
    assert (finished["count"], finished["items"], len(finished["text"])) == (4, ["x", "y"], 10)
    more = "\n4\n- x\n- y" if profile in "DEFGH" else ""
    assert heard.text == finished["text"] + more


@pytest.mark.parametrize("profile", _ALL)
def test_run_detail_gives_outputs_as_the_version_does(app: MakeApp, profile: str) -> None:
    """A JSON string until 1.12, an object since; an unknown run is a 404 since 1.13.1 only."""
    workflow = app("workflow", profile)
    run_id = workflow.ask("嗯").events[0]["workflow_run_id"]
    detail = workflow.call("GET", f"/v1/workflows/run/{run_id}").json()
    outputs: Any = json.loads(detail["outputs"]) if profile in "ABCDE" else detail["outputs"]
    assert set(outputs) == {"text"}
    assert json.loads(detail["inputs"]) == {"query": "嗯"}
    assert detail["status"] == "succeeded"
    unknown = workflow.call("GET", f"/v1/workflows/run/{_UNKNOWN}")
    assert unknown.status_code == (404 if profile in "GH" else 200)


@pytest.mark.parametrize("profile", _ALL)
def test_what_an_app_says_about_itself(app: MakeApp, profile: str) -> None:
    """/info grows over the versions, /v1/ tells the version without a key, /parameters knows more files since 0.10."""
    chat = app("chat", profile)
    about = chat.call("GET", "/v1/info").json()
    assert set(about) == set(PROFILES[profile].about_fields)
    assert chat.call("GET", "/v1/").json()["server_version"] == PROFILES[profile].version
    assert requests.get(f"{chat.client.url}/v1/", timeout=10).json()["server_version"] == "1.16.1"
    parameters = chat.call("GET", "/v1/parameters").json()
    assert ("number_limits" in parameters["file_upload"]) is (profile != "A")
    assert parameters["user_input_form"] == []
    assert parameters.keys() == _PARAMETERS
    assert chat.call("GET", "/v1/meta").json() == {"tool_icons": {}}


@pytest.mark.parametrize("profile", _ALL)
def test_a_stopped_workflow_ends_as_the_version_does(app: MakeApp, profile: str) -> None:
    """1.9 to 1.13 end it as failed, the others as stopped; since 1.9 anyone of the app may stop it."""
    workflow = app("workflow", profile, pace={"tokens_per_second": 20})
    with workflow.post("[[tokens=200]]", stream=True) as answer:
        raw = b""
        for part in answer.iter_content(None):
            raw += part
            if raw.count(b'"text_chunk"') == 2:
                task_id = Heard(raw[: raw.rindex(b"\n\n")]).events[0]["task_id"]
                user = "someone else" if profile in "DEFGH" else "u1"
                stopped = workflow.call("POST", f"/v1/workflows/tasks/{task_id}/stop", json={"user": user})
                assert stopped.json() == {"result": "success"}
    data = Heard(raw).only("workflow_finished")["data"]
    assert data["status"] == ("failed" if profile in "DEF" else "stopped")
