"""The kinds of AI that keep the contract, each with something behind it that answers by the same rules.

What is asked is answered with `答：` and all questions of the conversation, joined by `|`; `停` begins an answer that never
ends, `坏` is refused with a text that quotes it.
"""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from backends.base import Backend
from backends.codebuddy.backend import CodeBuddyBackend
from backends.codebuddy.settings import CodeBuddySettings
from backends.echo import EchoBackend
from backends.openai.backend import OpenAiBackend
from backends.openai.settings import OpenAiSettings
from backends.python.backend import PythonBackend
from backends.python.settings import PythonSettings
from backends.watch import Limits
from dify.backend import DifyBackend
from dify.settings import DifySettings
from tests.backends.agents import FAILS, HANGS
from tests.backends.conftest import DONE, KEY, MODEL, chunk, refusal
from tests.dify.server import END, Exchange, RawServer, event

Open = Callable[[str], Backend]  # at an address


@dataclass(frozen=True)
class Kind:
    """One kind: what it can, and `opened`, which gives one with something behind it."""

    name: str
    opened: Callable[[], AbstractContextManager[Backend]] = field(repr=False)
    elsewhere: Callable[[], Backend] | None = field(default=None, repr=False)  # one with nobody behind it
    locked: Callable[[], AbstractContextManager[Backend]] | None = field(default=None, repr=False)  # its key is refused
    remembers: bool = True
    grows: bool = True  # whether an answer comes in pieces
    can_fail: bool = True  # and hang


def _served(run: Callable[[], Callable[[Exchange], None]], at: Open) -> Callable[[], AbstractContextManager[Backend]]:
    """Return what opens a backend that asks a server of its own."""

    @contextmanager
    def opened() -> Iterator[Backend]:
        with ExitStack() as stack:
            server = stack.enter_context(RawServer(run()))
            server.others["models"] = lambda exchange: exchange.answer(b'{"data": []}')
            backend = at(server.url)
            stack.callback(backend.close)
            yield backend

    return opened


def _locked(at: Open) -> Callable[[], AbstractContextManager[Backend]]:
    """Return what opens a backend whose key is refused by a server that quotes it."""
    body = json.dumps({"code": "unauthorized", "message": f"bad key {KEY}"}).encode()

    @contextmanager
    def opened() -> Iterator[Backend]:
        with RawServer(lambda exchange: exchange.answer(body, status="401 Unauthorized")) as server:
            server.others.clear()
            with closing(at(server.url)) as backend:
                yield backend

    return opened


def _in_process(make: Callable[[], Backend]) -> Callable[[], AbstractContextManager[Backend]]:
    @contextmanager
    def opened() -> Iterator[Backend]:
        backend = make()
        try:
            yield backend
        finally:
            backend.close()

    return opened


def _dify() -> Callable[[Exchange], None]:
    asked: dict[str, list[str]] = {}
    numbers = count(1)

    def run(exchange: Exchange) -> None:
        question, conversation = exchange.json["query"], exchange.json.get("conversation_id") or f"c-{next(numbers)}"
        if question == FAILS:
            exchange.answer(json.dumps({"code": "invalid_param", "message": f"bad {FAILS}"}).encode(), status="400 Bad Request")
            return
        said = partial(event, "message", conversation_id=conversation)
        asked.setdefault(conversation, []).append(question)
        exchange.begin().send(said(answer="答："))
        if question == HANGS:
            exchange.wait_until_left()
            return
        exchange.send(said(answer="|".join(asked[conversation])), END).end()

    return run


def _gateway() -> Callable[[Exchange], None]:
    """A gateway that remembers by the `user` key where there is one."""
    asked: dict[str, list[str]] = {}

    def run(exchange: Exchange) -> None:
        questions = [message["content"] for message in exchange.json["messages"] if message["role"] == "user"]
        if questions[-1] == FAILS:
            exchange.answer(refusal(f"bad {FAILS}"), status="400 Bad Request")
            return
        if user := exchange.json.get("user"):
            questions = [*asked.get(user, ()), *questions]
            asked[user] = questions
        exchange.begin().send(chunk(role="assistant"), chunk(content="答："))
        if questions[-1] == HANGS:
            exchange.wait_until_left()
            return
        exchange.send(chunk(content="|".join(questions)), chunk("stop"), DONE).end()

    return run


def _agent() -> Callable[[Exchange], None]:
    def run(exchange: Exchange) -> None:
        if exchange.method == "GET":
            exchange.answer(b"", status="405 Method Not Allowed")
            return
        *before, question = exchange.json["prompt"].split("\n\n")
        if question == FAILS:
            exchange.answer(f"bad {FAILS}".encode(), status="400 Bad Request")
        elif question == HANGS:
            exchange.wait_until_left()
        else:
            asked = [line.removeprefix("User: ") for line in before if line.startswith("User: ")]
            exchange.answer(f"答：{'|'.join([*asked, question])}".encode(), content_type="text/plain")

    return run


def _at_dify(url: str) -> Backend:
    section = {"dify_app_type": "chatbot", "dify_app_api_key": KEY, "dify_api_url": url}
    return DifyBackend(DifySettings.model_validate(section), limits=Limits(pause=0.01, recovery=0), connections=4)


def _at_gateway(url: str, history: str) -> Backend:
    section = {"openai_base_url": url, "openai_api_key": KEY, "openai_model": MODEL, "history": history}
    return OpenAiBackend(OpenAiSettings.model_validate(section), connections=4, limits=Limits(pause=0.01))


def _at_agent(url: str) -> Backend:
    section = {"codebuddy_api_url": url, "codebuddy_api_token": KEY}
    return CodeBuddyBackend(CodeBuddySettings.model_validate(section), connections=4, pause=0.01)


def _python(isolation: str) -> Backend:
    section = {"agent": "tests.backends.agents:answer", "agent_isolation": isolation}
    return PythonBackend(PythonSettings.model_validate(section))


def _over_http(name: str, run: Callable[[], Callable[[Exchange], None]], at: Open, *, grows: bool = True) -> Kind:
    return Kind(name, _served(run, at), lambda: at(_nowhere()), _locked(at), grows=grows)


def _nowhere() -> str:
    """Return an address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


KINDS = [
    _over_http("dify", _dify, _at_dify),
    _over_http("openai, bridge", _gateway, partial(_at_gateway, history="bridge")),
    _over_http("openai, gateway", _gateway, partial(_at_gateway, history="gateway")),
    _over_http("codebuddy", _agent, _at_agent, grows=False),
    Kind("python, thread", _in_process(partial(_python, "thread"))),
    Kind("python, process", _in_process(partial(_python, "process"))),
    Kind("echo", _in_process(EchoBackend), remembers=False, grows=False, can_fail=False),
]
