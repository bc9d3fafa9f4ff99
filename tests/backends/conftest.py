"""A gateway and an agent, each a raw server of the test's own, and the backend that asks it."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Generic, TypeVar

import pytest

from backends.base import Answer, Backend, Picture, Question
from backends.codebuddy.backend import CodeBuddyBackend
from backends.codebuddy.settings import CodeBuddySettings
from backends.openai.backend import OpenAiBackend
from backends.openai.settings import OpenAiSettings
from backends.watch import Limits
from tests.dify.conftest import Heard, hear
from tests.dify.server import Exchange, Json, RawServer

KEY = "sk-very-secret"
MODEL = "tiny"
DONE = b"data: [DONE]\n\n"

Asked = TypeVar("Asked", bound=Backend)


def frame(payload: object) -> bytes:
    """Return one event of a gateway's stream."""
    return b"data: " + json.dumps(payload, ensure_ascii=False).encode() + b"\n\n"


def chunk(finish: str | None = None, **delta: object) -> bytes:
    """Return a chunk of a completion with this delta."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return frame({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": MODEL, "choices": [choice]})


def words(*texts: str) -> tuple[bytes, ...]:
    """Return the frames of a whole answer of these pieces."""
    return (chunk(role="assistant", content=""), *(chunk(content=text) for text in texts), chunk("stop"), DONE)


def refusal(message: str, **error: object) -> bytes:
    """Return the body of a refusal as OpenAI writes it."""
    return json.dumps({"error": {"message": message, **error}}, ensure_ascii=False).encode()


@dataclass
class Place(Generic[Asked]):
    """A server and a backend that asks it."""

    server: RawServer
    backend: Asked

    def start(self, text: str = "你好", conversation: str = "", *pictures: Picture) -> Answer:
        """Begin an answer; nothing is asked before it is read."""
        return self.backend.start(Question(text, "user-1", conversation, pictures=pictures))

    def ask(self, text: str = "你好", conversation: str = "", *pictures: Picture) -> Heard:
        """Ask and read the answer to its end."""
        return hear(self.start(text, conversation, *pictures))

    @property
    def bodies(self) -> list[Json]:
        """What was sent so far."""
        return [exchange.json for exchange in self.server.exchanges if exchange.method == "POST"]


Run = Callable[[Exchange], None]
ServeGateway = Callable[..., Place[OpenAiBackend]]
ServeAgent = Callable[..., Place[CodeBuddyBackend]]


@pytest.fixture
def gateway() -> Iterator[ServeGateway]:
    """Return a function that serves what its argument writes, as a gateway, with these limits and keys."""
    with ExitStack() as stack:

        def make(run: Run, *, limits: Limits | None = None, **keys: object) -> Place[OpenAiBackend]:
            server = stack.enter_context(RawServer(run))
            section = {"openai_base_url": server.url, "openai_api_key": KEY, "openai_model": MODEL, **keys}
            settings = OpenAiSettings.model_validate(section)
            backend = OpenAiBackend(settings, connections=8, limits=limits or Limits(pause=0.01), token=lambda _: "0a1b2c3d")
            stack.callback(backend.close)
            return Place(server, backend)

        yield make


@pytest.fixture
def agent() -> Iterator[ServeAgent]:
    """Return a function that serves what its argument writes, as CodeBuddy's agent, with these keys."""
    with ExitStack() as stack:

        def make(run: Run, **keys: object) -> Place[CodeBuddyBackend]:
            server = stack.enter_context(RawServer(run))
            section = {"codebuddy_api_url": server.url, "codebuddy_api_token": KEY, **keys}
            backend = CodeBuddyBackend(CodeBuddySettings.model_validate(section), connections=8, pause=0.01)
            stack.callback(backend.close)
            return Place(server, backend)

        yield make
