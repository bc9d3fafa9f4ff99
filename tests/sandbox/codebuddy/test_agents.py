"""The embedded CodeBuddy's HTTP agent: what it takes, how it answers, what can go wrong with it."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.client import SandboxClient, SandboxProcess
from tests.sandbox.looking import last, wait_for, whole

SECONDS = 20
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxClient]:
    """A running sandbox."""
    with SandboxProcess() as client:
        yield client


def made(sandbox: SandboxClient, **settings: Any) -> str:
    """Make an agent that works at once; return its token, which is its name too."""
    token = f"codebuddy-token-{next(_numbers)}"
    sandbox.put_codebuddy_agent(token, token, **{"seconds": 0, **settings})
    return token


def post(sandbox: SandboxClient, token: str, prompt: Any = "你好", **body: Any) -> requests.Response:
    """Ask an agent."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"{sandbox.url}/codebuddy/agent"
    return requests.post(url, json={"prompt": prompt, "print": True, **body}, headers=headers, timeout=SECONDS)


def test_an_agent_answers_in_plain_text(sandbox: SandboxClient) -> None:
    """UTF-8, and said so."""
    answer = post(sandbox, made(sandbox), "今天几号")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert "今天几号" in answer.text


@pytest.mark.parametrize("field", ["content", "response", "message", "result"])
def test_an_agent_may_answer_in_json(sandbox: SandboxClient, field: str) -> None:
    """With its text in the field that it was set up with."""
    answer = post(sandbox, made(sandbox, form="json", field=field), "[[len=50]]")
    assert {name: len(text) for name, text in answer.json().items()} == {field: 50}


@pytest.mark.parametrize("token", ["", "nobody"])
def test_a_wrong_token_opens_nothing(sandbox: SandboxClient, token: str) -> None:
    """401 with a sentence."""
    answer = post(sandbox, token)
    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})


@pytest.mark.parametrize(
    "body", [{"prompt": ""}, {"prompt": "  "}, {"prompt": 5}, {"prompt": None}, {"print": False}, {"print": "true"}]
)
def test_a_prompt_must_be_there_and_printed(sandbox: SandboxClient, body: dict[str, Any]) -> None:
    """Anything else is a 400."""
    assert post(sandbox, made(sandbox), **{"prompt": "你好", **body}).status_code == 400


def test_a_body_must_be_a_json_object(sandbox: SandboxClient) -> None:
    """Also by its type."""
    headers = {"Authorization": f"Bearer {made(sandbox)}"}
    for content, kind in ((b"[]", "application/json"), (b"{", "application/json"), (b'{"prompt": "a"}', "text/plain")):
        told = headers | {"Content-Type": kind}
        url = f"{sandbox.url}/codebuddy/agent"
        assert requests.post(url, data=content, headers=told, timeout=SECONDS).status_code == 400
    assert requests.get(f"{sandbox.url}/codebuddy/agent", headers=headers, timeout=SECONDS).status_code == 405


def test_what_was_asked_can_be_seen_without_the_token(sandbox: SandboxClient) -> None:
    """Prompt, options and status, refused ones too."""
    token = made(sandbox)
    post(sandbox, token, "一", model="glm", addDir=["/srv/a"], dangerouslySkipPermissions=True)
    post(sandbox, token, "")
    first, second = sandbox.codebuddy_requests(token)
    assert first["options"] == {"model": "glm", "addDir": ["/srv/a"], "dangerouslySkipPermissions": True}
    assert (first["prompt"], first["status"], second["status"]) == ("一", 200, 400)
    assert all("token" not in agent for agent in sandbox.codebuddy_agents())


def test_a_prompt_can_order_what_comes_of_it(sandbox: SandboxClient) -> None:
    """A status, nothing, a proxy's page, an answer that takes its time."""
    token = made(sandbox, form="json")
    assert [post(sandbox, token, f"[[status={status}]]").status_code for status in (401, 429, 500, 503)] == [401, 429, 500, 503]
    assert post(sandbox, token, "[[empty]]").json() == {"content": ""}
    page = post(sandbox, token, "[[html]]")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert post(sandbox, token, "[[first=0.3]]").elapsed.total_seconds() >= 0.3


@pytest.mark.parametrize(("name", "status"), [("ai_401", 401), ("ai_429", 429), ("ai_500", 500), ("ai_html", 502)])
def test_the_switches_of_the_ai_strike_agents_too(sandbox: SandboxClient, name: str, status: int) -> None:
    """While they are on."""
    token = made(sandbox)
    switch = f"{sandbox.url}/sandbox/switches/{name}"
    requests.post(switch, json={"on": True}, timeout=SECONDS).raise_for_status()
    try:
        assert post(sandbox, token).status_code == status
    finally:
        requests.post(switch, json={"on": False}, timeout=SECONDS).raise_for_status()
    assert post(sandbox, token).status_code == 200


def test_an_answer_can_break_off(sandbox: SandboxClient) -> None:
    """Half of what its head has promised; of a silent agent nothing comes at all."""
    token = made(sandbox)
    sandbox.put_fault("codebuddy.http", {"cut": True}, match={"app": token}, times=1)
    with pytest.raises(requests.RequestException):
        post(sandbox, token)
    sandbox.put_fault("codebuddy.http", {"delay": 60}, match={"app": token}, times=1)
    with pytest.raises(requests.Timeout):
        requests.post(f"{sandbox.url}/codebuddy/agent", headers={"Authorization": f"Bearer {token}"}, json={}, timeout=0.5)
    assert post(sandbox, token).status_code == 200


def test_calls_are_on_the_wire_without_their_token(sandbox: SandboxClient) -> None:
    """The token nowhere, even where it was said."""
    token, before = made(sandbox), last(sandbox)
    post(sandbox, token, f"口令是 {token}")
    entry = wait_for(sandbox, before, side="codebuddy", kind="call", app=token)
    assert (entry["what"], entry["verdict"]) == ("POST /codebuddy/agent", "ok")
    shown = whole(sandbox, entry)
    assert token not in str(shown["request"]) + str(shown["response"])
    assert "口令是" in shown["response"]["body"]


@pytest.mark.parametrize(
    "wrong",
    [{"form": "xml"}, {"field": "text"}, {"seconds": -1}, {"seconds": "soon"}, {"pace": 1}, {"name": ""}, {"token": ""}],
)
def test_the_control_api_refuses_what_is_no_agent(sandbox: SandboxClient, wrong: dict[str, Any]) -> None:
    """Unknown settings, wrong types, missing names."""
    settings = {"token": "codebuddy-token", "name": "wrong", **wrong}
    with pytest.raises(ValueError, match="400"):
        sandbox.put_codebuddy_agent(**settings)
