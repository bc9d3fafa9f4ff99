"""What a gateway refuses, in which words; and what faults and switches make of it."""

import base64
from typing import Any

import pytest
import requests

from sandbox.client import SandboxClient, SandboxProcess
from tests.sandbox.looking import last, wait_for, whole
from tests.sandbox.openai.caller import MODEL, SECONDS, Gateway
from tests.sandbox.openai.conftest import MakeGateway

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()


def picture(url: Any) -> list[dict[str, Any]]:
    """A question with a picture."""
    return [{"type": "text", "text": "[[image]]"}, {"type": "image_url", "image_url": {"url": url}}]


@pytest.mark.parametrize("key", ["", "sk-of-nobody"])
def test_a_wrong_key_opens_nothing(gateway: MakeGateway, key: str) -> None:
    """401, chat and models alike."""
    ours = gateway()
    for method, path in (("GET", "models"), ("POST", "chat/completions")):
        answer = ours.call(method, path, key=key)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "invalid_api_key"


def test_litellm_looks_a_wrong_key_up_in_vain(gateway: MakeGateway) -> None:
    """Without a database that is a 400; no key at all is a 401. The code is the status, as text."""
    ours = gateway(flavor="litellm")
    for method, path in (("GET", "models"), ("POST", "chat/completions")):
        wrong, none = (ours.call(method, path, key=key) for key in ("sk-of-nobody", ""))
        assert (wrong.status_code, none.status_code) == (400, 401)
        assert wrong.json() == {
            "error": {"message": "No connected db.", "type": "no_db_connection", "param": None, "code": "400"}
        }
        assert (none.json()["error"]["type"], none.json()["error"]["code"]) == ("auth_error", "401")
    assert ours.ask("你好").is_done


def test_litellm_names_the_model_that_it_does_not_have(gateway: MakeGateway) -> None:
    """400, and only the words tell."""
    status, error = gateway(flavor="litellm").refused(model="nope")
    assert (status, error["type"], error["code"]) == (400, "invalid_request_error", "400")
    assert "Invalid model name passed in model=nope." in error["message"]


@pytest.mark.parametrize(
    ("status", "kind"), [(401, "authentication_error"), (429, "throttling_error"), (500, "internal_server_error")]
)
def test_litellm_loses_the_code_of_the_models_server(gateway: MakeGateway, status: int, kind: str) -> None:
    """The status stands in its place; when to come again goes by another name."""
    answer = gateway(flavor="litellm").post(f"[[status={status}]]")
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (status, kind, str(status))
    assert answer.headers.get("llm_provider-retry-after") == ("1" if status == 429 else None)
    assert "Retry-After" not in answer.headers


def test_the_models_are_listed(gateway: MakeGateway) -> None:
    """With the key they can be read."""
    body = gateway().call("GET", "models").json()
    assert (body["object"], [each["id"] for each in body["data"]]) == ("list", [MODEL])


@pytest.mark.parametrize("model", [None, "", "large"])
def test_a_model_that_is_not_there_is_404(gateway: MakeGateway, model: str | None) -> None:
    """Also one that is not named."""
    status, error = gateway().refused(model=model)
    assert (status, error["type"], error["code"]) == (404, "invalid_request_error", "model_not_found")
    assert "param" in error


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": 7}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": ["你好"]}, "messages[0]"),
        ({"messages": [{"content": "你好"}]}, "messages[0].role"),
        ({"messages": [{"role": "bot", "content": "你好"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": []}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        ({"messages": [{"role": "user", "content": [{"type": "audio"}]}]}, "messages[0].content[0].type"),
        (
            {"messages": [{"role": "assistant", "content": picture(f"data:image/png;base64,{PNG}")}]},
            "messages[0].content[1].type",
        ),
        ({"messages": [{"role": "tool", "content": "好"}]}, "messages[0].tool_call_id"),
        ({"stream": "yes"}, "stream"),
        ({"stream": False, "stream_options": {"include_usage": True}}, "stream_options"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": 3}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"n": 2}, "n"),
        ({"user": 5}, "user"),
    ],
)
def test_a_body_that_does_not_fit_is_400_with_its_place(gateway: MakeGateway, body: dict[str, Any], param: str) -> None:
    """The error names what is wrong."""
    ours = gateway()
    full = {"model": MODEL, "messages": [{"role": "user", "content": "你好"}], "stream": True, **body}
    full = {name: value for name, value in full.items() if value is not None}
    answer = ours.call("POST", "chat/completions", json=full)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b'{"a": NaN}'])
def test_what_is_no_json_object_is_400(gateway: MakeGateway, content: bytes) -> None:
    """Whatever it is."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {(ours := gateway()).key}"}
    url = f"{ours.client.url}/openai/v1/chat/completions"
    assert requests.post(url, data=content, headers=headers, timeout=SECONDS).status_code == 400


def test_only_a_strict_gateway_minds_keys_that_it_does_not_know(gateway: MakeGateway) -> None:
    """Old ones know no stream_options, and say so by name."""
    status, error = gateway(flavor="strict").refused(stream_options={"include_usage": True})
    assert (status, error["message"]) == (400, "Unrecognized request argument supplied: stream_options")
    assert gateway(flavor="strict").ask("天气", temperature=0.5, user="u").is_done
    assert gateway().ask("天气", top_k=5).is_done


def test_pictures_are_looked_at(gateway: MakeGateway) -> None:
    """What came is described: a data URI by type and size, an address as it is."""
    content = [*picture(f"data:image/png;base64,{PNG}"), *picture("https://pictures.example/a.png")[1:]]
    assert gateway().ask(content).text() == "图片 1：image/png，18 字节\n图片 2：https://pictures.example/a.png"


@pytest.mark.parametrize(
    "url",
    [
        "pictures/a.png",
        "file:///pictures/a.png",
        "https://",
        "data:image/png;base64,%%%",
        "data:image/png;base64," + base64.b64encode(b"<svg/>").decode(),
        f"data:image/jpeg;base64,{PNG}",
        5,
    ],
)
def test_what_is_no_picture_is_refused(gateway: MakeGateway, url: Any) -> None:
    """A path, broken base64, another kind of file, another type than it says."""
    status, error = gateway().refused(picture(url))
    assert (status, error["param"]) == (400, "messages[0].content[1].image_url.url")


def test_a_model_without_eyes_takes_no_pictures(gateway: MakeGateway) -> None:
    """The part's type is what it does not know; OpenClaw takes no addresses."""
    assert gateway(vision=False).refused(picture(f"data:image/png;base64,{PNG}"))[1]["param"] == "messages[0].content[1].type"
    assert gateway(flavor="openclaw").refused(picture("https://pictures.example/a.png"))[0] == 400


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 429, 500, 502, 503])
def test_a_question_can_order_its_refusal(gateway: MakeGateway, status: int) -> None:
    """Each status in its own form."""
    answer = gateway().post(f"[[status={status}]]")
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == ("1" if status == 429 else None)
    assert ("error" in answer.text) == (status not in {405, 502})


def test_an_endpoint_that_is_off_takes_no_post(gateway: MakeGateway) -> None:
    """405 in plain text; what remains is a page."""
    ours = gateway(endpoint_off=True)
    answer = ours.post("你好")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert ours.call("GET", "models").headers["Content-Type"].startswith("text/html")


def test_other_methods_and_addresses_are_told_apart(gateway: MakeGateway) -> None:
    """A known address by the wrong method is a 405, an unknown one a 404."""
    ours = gateway()
    assert [ours.call("GET", path).status_code for path in ("chat/completions", "completions")] == [405, 404]


def test_faults_strike_as_ordered(sandbox: SandboxClient, gateway: MakeGateway) -> None:
    """In the gateway's own form, or as a proxy's page; only the app that they name, only so often."""
    ours = gateway()
    sandbox.put_fault("openai.http", {"status": 503, "code": "overloaded"}, match={"app": ours.key}, times=1)
    sandbox.put_fault("openai.http", {"status": 502}, match={"app": ours.key}, times=1)
    assert gateway().ask("天气").is_done
    assert ours.refused() == (503, {"message": "overloaded", "type": "server_error", "param": None, "code": "overloaded"})
    assert ours.post("你好").text.startswith("<!DOCTYPE html>")
    assert ours.ask("天气").is_done


def switched(sandbox: SandboxClient, name: str, *, on: bool) -> None:
    """Turn a switch."""
    requests.post(f"{sandbox.url}/sandbox/switches/{name}", json={"on": on}, timeout=SECONDS).raise_for_status()


@pytest.mark.parametrize(("name", "status"), [("ai_401", 401), ("ai_429", 429), ("ai_500", 500), ("ai_html", 502)])
def test_the_switches_of_the_ai_strike_gateways_too(
    sandbox: SandboxClient, gateway: MakeGateway, name: str, status: int
) -> None:
    """While they are on."""
    ours = gateway()
    switched(sandbox, name, on=True)
    try:
        assert ours.post("你好").status_code == status
    finally:
        switched(sandbox, name, on=False)
    assert ours.ask("你好").is_done


@pytest.mark.parametrize("name", ["ai_cut", "ai_pings"])
def test_the_switches_of_streams_strike_gateways_too(sandbox: SandboxClient, gateway: MakeGateway, name: str) -> None:
    """A stream that ends in the middle, or one that only shows that it is there."""
    ours = gateway(pace={"tokens_per_second": 0, "ping_seconds": 0.05})
    switched(sandbox, name, on=True)
    try:
        with ours.post("[[len=600]]", listen=True) as answer:
            first = next(answer.iter_content(None))
            rest = b"" if name == "ai_pings" else answer.content
    finally:
        switched(sandbox, name, on=False)
    assert first.startswith(b": keep-alive" if name == "ai_pings" else b"data: {")
    assert b"[DONE]" not in first + rest


def test_calls_are_on_the_wire_without_their_key(sandbox: SandboxClient, gateway: MakeGateway) -> None:
    """A call when the stream begins, a stream when it has ended; the key nowhere, even where it was said."""
    ours = gateway()
    before = last(sandbox)
    ours.ask(f"我的密钥是 {ours.key}")
    call = wait_for(sandbox, before, side="openai", kind="call", app=ours.key)
    stream = wait_for(sandbox, before, side="openai", kind="stream", app=ours.key)
    assert (call["what"], call["verdict"], stream["verdict"]) == ("POST /openai/v1/chat/completions", "ok", "whole")
    for entry in (call, stream):
        shown = whole(sandbox, entry)
        assert ours.key not in str(shown["request"]) + str(shown["response"])


def test_the_control_api_refuses_what_is_no_gateway(sandbox: SandboxClient) -> None:
    """Unknown settings, wrong types, missing names; a listed gateway has no key."""
    for wrong in ({"flavour": "strict"}, {"flavor": "old"}, {"remembers": "yes"}, {"pace": {"chunk_chars": 0}}):
        with pytest.raises(ValueError, match="400"):
            sandbox.put_openai_gateway("sk-wrong-gateway", "wrong", ["m"], **wrong)
    for key, name, models in (("", "a", ["m"]), ("sk-a", "", ["m"]), ("sk-a", "a", []), ("sk-a", "a", [5])):
        with pytest.raises(ValueError, match="400"):
            sandbox.put_openai_gateway(key, name, models)  # type: ignore[arg-type]  # a wrong one on purpose
    Gateway(sandbox, key="sk-listed-gateway")
    listed = sandbox.openai_gateways()
    assert "sk-listed-gateway" in {each["name"] for each in listed}
    assert all("api_key" not in each for each in listed)


def test_a_gateway_may_need_no_key() -> None:
    """Then any key opens it, and none; in a sandbox of its own, since it opens for everybody."""
    with SandboxProcess() as sandbox:
        ours = Gateway(sandbox, {"requires_key": False})
        assert [ours.call("GET", "models", key=key).status_code for key in ("", "ollama", ours.key)] == [200, 200, 200]
