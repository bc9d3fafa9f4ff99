"""A scripted model, a gateway in front of it, and the backend that asks either."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backends.base import Picture, Question
from backends.openai.backend import OpenAiAnswer, OpenAiBackend
from backends.openai.settings import OpenAiSettings
from backends.watch import Limits
from tests.dify.conftest import Heard, hear
from tests.real import servers
from tests.real.servers import Model


@dataclass(frozen=True)
class Place:
    """A backend, and the model that hears what it asks."""

    backend: OpenAiBackend
    model: Model

    def start(self, text: str, conversation: str = "", *pictures: Picture) -> OpenAiAnswer:
        """Begin an answer; nothing is asked before it is read."""
        return self.backend.start(Question(text, "user-1", conversation, pictures=pictures))

    def ask(self, text: str) -> Heard:
        """Ask and read the answer to its end."""
        return hear(self.start(text))

    def last(self) -> dict[str, Any]:
        """Return the body of the request that reached the model last."""
        body: dict[str, Any] = self.model.heard()[-1]["body"]
        return body


@dataclass(frozen=True)
class Server:
    """Where a server is, and its key."""

    url: str
    key: str
    model: Model


Bind = Callable[..., Place]


def _install(install: Callable[[], Path]) -> Path:
    """Return where a server is installed; without it the tests are skipped, but not in CI."""
    try:
        return install()
    except servers.Unavailable as reason:
        if os.environ.get("CI") == "true":
            pytest.fail(str(reason))
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def aimock() -> Iterator[Server]:
    """The scripted model itself, which speaks OpenAI's protocol."""
    with servers.model(_install(servers.install_aimock)) as model:
        yield Server(model.url, servers.UPSTREAM_KEY, model)


@pytest.fixture(scope="session")
def litellm(aimock: Server) -> Iterator[Server]:
    """A gateway as people run it, in front of the scripted model."""
    with servers.gateway(_install(servers.install_litellm), aimock.url) as url:
        yield Server(url, servers.GATEWAY_KEY, aimock.model)


@pytest.fixture(params=["aimock", "litellm"])
def server(request: pytest.FixtureRequest) -> Server:
    """The one, then the other."""
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def bind() -> Iterator[Bind]:
    """Return a function that makes a backend for a server, with these keys."""
    with ExitStack() as stack:

        def make(server: Server, **keys: object) -> Place:
            section = {"openai_base_url": server.url, "openai_api_key": server.key, "openai_model": "scripted", **keys}
            settings = OpenAiSettings.model_validate({"system_prompt": "简短回答", **section})
            backend = OpenAiBackend(settings, connections=4, limits=Limits(pause=0.01))
            stack.callback(backend.close)
            return Place(backend, server.model)

        yield make
