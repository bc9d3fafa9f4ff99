"""What the embedded Dify refuses, with which status and words."""

import pytest

from tests.sandbox.dify.conftest import MakeApp

_ALL = "ABCDEFGH"
_UNKNOWN = "5b7d3f5e-0000-4000-8000-000000000000"


@pytest.mark.parametrize("profile", _ALL)
def test_a_wrong_key_is_401(app: MakeApp, profile: str) -> None:
    """Whatever the version, a key that opens nothing is unauthorized, in the newest version's words."""
    chat = app("chat", profile)
    answer = chat.call("GET", "/v1/info", headers={"Authorization": "Bearer nobody"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    answer = chat.call("GET", "/v1/info", headers={"Authorization": "Basic x"})
    assert "must be provided" in answer.json()["message"]


def test_the_scheme_may_be_written_in_any_case(app: MakeApp) -> None:
    """`bearer` is as good as `Bearer`."""
    chat = app("chat")
    assert chat.call("GET", "/v1/info", headers={"Authorization": f"bearer {chat.key}"}).ok


@pytest.mark.parametrize("profile", _ALL)
def test_a_missing_field_is_told_as_the_version_does(app: MakeApp, profile: str) -> None:
    """Argument parser with `params` (and without status until 1.8), then pydantic's dump without `params`."""
    chat = app("chat", profile)
    for name in ("query", "inputs"):
        status, body = chat.refused("嗯", **{name: None})
        assert (status, body["code"]) == (400, "invalid_param")
        assert body.get("params") == (name if profile in "ABCD" else None)
        assert ("status" in body) is (profile not in "ABC")
        assert (f"\n{name}\n" in body["message"]) is (profile in "EFGH")


@pytest.mark.parametrize("profile", _ALL)
@pytest.mark.parametrize("kind", ["chat", "advanced-chat", "workflow", "completion"])
def test_a_user_must_be_named(app: MakeApp, profile: str, kind: str) -> None:
    """Every generate call, in both modes."""
    made = app(kind, profile)
    for mode in ("streaming", "blocking"):
        status, body = made.refused("嗯", user=None, mode=mode)
        assert (status, body["message"], body["status"]) == (400, "Arg user must be provided.", 400)


def test_the_route_must_fit_the_kind(app: MakeApp) -> None:
    """A chat app has no workflow run, a workflow app no chat, and so on."""
    body = {"inputs": {}, "query": "嗯", "user": "u1", "response_mode": "streaming"}
    refused = {
        ("chat", "/v1/workflows/run"): "not_workflow_app",
        ("workflow", "/v1/chat-messages"): "not_chat_app",
        ("chat", "/v1/completion-messages"): "not_completion_app",
    }
    for (kind, path), code in refused.items():
        answer = app(kind, "G").call("POST", path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    told = app("chat", "H").call("POST", "/v1/completion-messages", json=body).json()
    assert (told["code"], told["message"]) == ("app_unavailable", "App unavailable, please check your app configurations.")


def test_keys_that_a_route_does_not_know_are_ignored(app: MakeApp) -> None:
    """A workflow has no conversation, so not even a bad id of one is looked at."""
    workflow = app("workflow")
    assert workflow.ask("嗯", conversation_id="not-a-uuid", strange=1).text
    assert app("completion").ask("嗯", conversation_id="not-a-uuid").text


@pytest.mark.parametrize("profile", "CDH")
def test_a_published_version_can_be_asked_for_since_1_7_2(app: MakeApp, profile: str) -> None:
    """The current one answers; another is unknown, and what is no UUID is told so. Before, the key was ignored."""
    chatflow, workflow = app("advanced-chat", profile), app("workflow", profile)
    current = workflow.ask("嗯").only("workflow_finished")["data"]["workflow_id"]
    body = {"inputs": {"query": "嗯"}, "user": "u1", "response_mode": "streaming"}
    for wanted, status, code in ((current, 200, ""), (_UNKNOWN, 404, "not_found"), ("v2", 400, "bad_request")):
        answer = workflow.call("POST", f"/v1/workflows/{wanted}/run", json=body)
        assert answer.status_code == (404 if profile == "C" else status)
        if profile != "C" and status != 200:
            assert answer.json()["code"] == code
    for wanted, status in ((_UNKNOWN, 404), ("v2", 400)):
        assert chatflow.post("嗯", workflow_id=wanted).status_code == (200 if profile == "C" else status)


def test_an_agent_cannot_answer_at_once(app: MakeApp) -> None:
    """Blocking mode is refused, also when it is only the default."""
    agent = app("agent-chat")
    for mode in ("blocking", None):
        status, body = agent.refused("嗯", mode=mode)
        assert (status, body["message"]) == (400, "Agent Chat App does not support blocking mode")


def test_who_names_no_mode_gets_the_whole_answer_at_once(app: MakeApp) -> None:
    """Blocking is the default; another word is refused in the version's way."""
    chat = app()
    assert chat.post("嗯", mode="").json()["event"] == "message"
    for profile, words in (("B", "is not a valid choice"), ("H", "Input should be 'blocking' or 'streaming'")):
        status, body = app("chat", profile).refused("嗯", mode="slowly")
        assert status == 400
        assert words in body["message"]


def test_the_body_must_be_json(app: MakeApp) -> None:
    """415 for another content type, 400 for broken JSON."""
    chat = app("chat")
    assert chat.call("POST", "/v1/chat-messages", data="query=1").status_code == 415
    headers = {"Content-Type": "application/json"}
    assert chat.call("POST", "/v1/chat-messages", data="{", headers=headers).status_code == 400


@pytest.mark.parametrize("profile", ["B", "H"])
def test_a_conversation_id_is_a_uuid_or_empty(app: MakeApp, profile: str) -> None:
    """Anything else is invalid_param; empty and null mean a new conversation."""
    chat = app("chat", profile)
    assert chat.refused("嗯", conversation_id="not-a-uuid")[0] == 400
    assert chat.ask("嗯", conversation_id="").text


def test_an_unknown_address_is_404_in_difys_form(app: MakeApp) -> None:
    """JSON, not the web server's page."""
    answer = app("chat").call("POST", "/v1/chat-message", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_an_empty_query_is_refused(app: MakeApp) -> None:
    """Blank counts as empty."""
    status, body = app("chat").refused(" ")
    assert (status, body["message"]) == (400, "query is required")


def test_too_many_at_once_are_429(app: MakeApp) -> None:
    """Slots are held as long as the answer lasts, and free again afterwards."""
    chat = app("chat", max_active_requests=1, pace={"tokens_per_second": 20})
    with chat.post("[[tokens=40]]", stream=True) as busy:
        status, body = chat.refused("嗯")
        assert (status, body["code"]) == (429, "too_many_requests")
        assert body["message"].endswith("is 1.")
        assert busy.content
    chat.client.wait_for(kind="stream.closed", app=chat.key)
    assert chat.ask("[[len=3]]").text


@pytest.mark.parametrize("profile", _ALL)
def test_blocking_answers_say_the_same_as_streams(app: MakeApp, profile: str) -> None:
    """A chat, completion or chatflow failure is an HTTP error, a workflow's is a 200 that says failed."""
    chat, chatflow, workflow = (app(kind, profile) for kind in ("chat", "advanced-chat", "workflow"))
    answer = chat.post("你好", mode="blocking").json()
    assert answer["answer"] == app("chat", profile).ask("你好").text
    assert (answer["id"], answer["mode"]) == (answer["message_id"], "chat")
    assert chatflow.post("你好", mode="blocking").json()["mode"] == "advanced-chat"
    assert chat.refused("嗯[[error]]", mode="blocking")[1]["code"] == "completion_request_error"
    assert chatflow.refused("嗯[[fail]]", mode="blocking")[1]["message"].startswith("Run failed: ")
    done = workflow.post("你好", mode="blocking").json()["data"]
    assert (done["status"], list(done["outputs"])) == ("succeeded", ["text"])
    assert chatflow.post("嗯[[annotation]]", mode="blocking").json()["answer"]
    failed = workflow.post("嗯[[fail]]", mode="blocking")
    assert (failed.status_code, failed.json()["data"]["status"]) == (200, "failed")
