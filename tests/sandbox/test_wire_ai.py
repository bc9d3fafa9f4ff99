"""The AI's side of the wire: event streams from their beginning to their end, refusals, pages of a proxy."""

import contextlib
import uuid
from collections.abc import Iterator

import pytest
import requests

from sandbox.client import SandboxClient, SandboxProcess
from tests.sandbox.dingtalk.foreign import SECONDS
from tests.sandbox.looking import last, seen, wait_for, whole


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxClient]:
    """A sandbox of this module's own: what others do would be on the same wire."""
    with SandboxProcess() as client:
        yield client


@pytest.mark.parametrize(("fault", "verdict"), [({}, "whole"), ({"cut": 2}, "cut"), ({"torn": 2}, "cut"), ({"rst": 2}, "cut")])
def test_an_event_stream_is_told_when_it_begins_and_when_it_has_ended(
    sandbox: SandboxClient, fault: dict[str, object], verdict: str
) -> None:
    """The request as a call, the answer as one entry: how many events and bytes, and how it ended."""
    name = f"ai-{uuid.uuid4().hex[:8]}"
    sandbox.put_dify_app(f"app-{name}", name, "chat")
    if fault:
        sandbox.put_fault("dify.stream", fault, match={"app": name}, times=1)
    before = last(sandbox)
    text = ask(sandbox, f"app-{name}", "你好")

    call, stream = wait_for(sandbox, before, kind="call", app=name), wait_for(sandbox, before, kind="stream", app=name)
    assert (call["what"], call["way"], call["verdict"]) == ("POST /v1/chat-messages", "in", "ok")
    assert (stream["way"], stream["verdict"], stream.get("fault", False)) == ("out", verdict, bool(fault))
    shown = whole(sandbox, stream)
    assert shown["request"]["body"]["query"] == "你好"
    assert shown["response"]["status"] == 200
    if verdict == "whole":
        assert stream["events"] == text.count("\n\n")
        assert stream["bytes_out"] == len(text.encode())
        assert shown["response"]["body"] == text


def test_a_client_that_leaves_a_stream_is_told_as_such(sandbox: SandboxClient) -> None:
    """The bot hung up, not the AI; of a long stream the beginning is kept."""
    name = f"ai-{uuid.uuid4().hex[:8]}"
    sandbox.put_dify_app(f"app-{name}", name, "chat", tokens_per_second=50)
    before = last(sandbox)
    asked = {"inputs": {}, "query": "[[len=5000]]", "user": "zhang", "response_mode": "streaming"}
    headers = {"Authorization": f"Bearer app-{name}"}
    with requests.post(f"{sandbox.url}/v1/chat-messages", json=asked, headers=headers, stream=True, timeout=SECONDS) as answer:
        next(answer.iter_content(10))

    assert wait_for(sandbox, before, kind="stream", app=name)["verdict"] == "left"


def test_a_long_stream_is_kept_by_its_beginning(sandbox: SandboxClient) -> None:
    """64 KB of it; the size is that of the whole."""
    name = f"ai-{uuid.uuid4().hex[:8]}"
    sandbox.put_dify_app(f"app-{name}", name, "chat")
    sandbox.put_fault("dify.stream", {"huge": 200_000}, match={"app": name}, times=1)
    before = last(sandbox)
    ask(sandbox, f"app-{name}", "你好")

    stream = wait_for(sandbox, before, kind="stream", app=name)
    shown = whole(sandbox, stream)["response"]
    assert stream["bytes_out"] > 200_000
    assert (len(shown["body"].encode()), shown["truncated"]) == (64 * 1024, True)


def test_dify_refuses_with_a_code_and_a_proxy_with_a_page(sandbox: SandboxClient) -> None:
    """A wrong key is refused by code; a proxy's HTML is shown as the text that it is."""
    before = last(sandbox)
    ask(sandbox, "app-nobody", "你好")
    sandbox.put_fault("dify.http", {"status": 502}, times=1)
    ask(sandbox, "app-nobody", "你好")

    refused, failed = seen(sandbox, before)
    assert (refused["verdict"], refused["status"], refused["code"]) == ("refused", 401, "unauthorized")
    assert (failed["verdict"], failed["status"], failed["fault"]) == ("failed", 502, True)
    assert whole(sandbox, failed)["response"]["body"].startswith("<!DOCTYPE html>")


def ask(sandbox: SandboxClient, key: str, query: str) -> str:
    """Ask Dify; return the stream's text, or what came of it before it broke."""
    asked = {"inputs": {}, "query": query, "user": "zhang", "response_mode": "streaming"}
    headers = {"Authorization": f"Bearer {key}"}
    parts = []
    answer = requests.post(f"{sandbox.url}/v1/chat-messages", json=asked, headers=headers, stream=True, timeout=SECONDS)
    with answer, contextlib.suppress(requests.RequestException):
        parts += list(answer.iter_content(None))
    return b"".join(parts).decode(errors="replace")
