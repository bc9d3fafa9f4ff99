"""A Dify backend that talks to a raw server of the test's own, and what a reader sees of its answers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from backends.base import Answer, Event, Question, Replace, Text, Thinking
from backends.watch import Limits
from dify.backend import DifyAnswer, DifyBackend
from dify.settings import DifySettings
from errors import BackendError
from tests.dify.server import Exchange, RawServer

KEY = "app-very-secret"
_PATIENCE = 15.0  # seconds, for what must come


@dataclass
class Heard:
    """What came out of an answer: its events, the text that they add up to, and the error that ended it."""

    events: list[Event] = field(default_factory=list)
    error: BackendError | None = None

    @property
    def text(self) -> str:
        """The answer as its reader sees it."""
        text = ""
        for event in self.events:
            match event:
                case Text(more):
                    text += more
                case Replace(whole):
                    text = whole
        return text

    @property
    def thoughts(self) -> str:
        """What the model thought."""
        return "".join(event.text for event in self.events if isinstance(event, Thinking))


def hear(answer: Answer, heard: Heard | None = None, on_event: Callable[[], object] = lambda: None) -> Heard:
    """Read an answer to its end; `on_event` is called after each event."""
    heard = heard or Heard()
    try:
        for event in answer:
            heard.events.append(event)
            on_event()
    except BackendError as error:
        heard.error = error
    return heard


class Reader:
    """Reads an answer in a thread of its own, so that a test can act while it grows."""

    def __init__(self, answer: Answer) -> None:
        self.heard = Heard()
        self._came = threading.Semaphore(0)
        self._thread = threading.Thread(target=hear, args=(answer, self.heard, self._came.release))
        self._thread.start()

    def wait_for_event(self) -> None:
        """Wait until one more event was read."""
        assert self._came.acquire(timeout=_PATIENCE), "no event came"

    def end(self) -> Heard:
        """Wait until the reading ends, and return what was heard."""
        self._thread.join(_PATIENCE)
        assert not self._thread.is_alive(), "the reading did not end"
        return self.heard


@dataclass
class Dify:
    """A server and a backend that asks it."""

    server: RawServer
    backend: DifyBackend

    def start(self, text: str = "你好", conversation: str = "") -> DifyAnswer:
        """Begin an answer; nothing is asked before it is read."""
        return self.backend.start(Question(text, "user-1", conversation))

    def ask(self, text: str = "你好", conversation: str = "") -> Heard:
        """Ask and read the answer to its end."""
        return hear(self.start(text, conversation))


Serve = Callable[..., Dify]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that serves what its argument writes, to a backend with these limits and settings."""
    with ExitStack() as stack:

        def make(run: Callable[[Exchange], None], *, limits: Limits | None = None, **settings: object) -> Dify:
            server = stack.enter_context(RawServer(run))
            section = {"dify_app_type": "chatbot", "dify_app_api_key": KEY, "dify_api_url": server.url, **settings}
            backend = DifyBackend(
                DifySettings.model_validate(section), limits=limits or Limits(pause=0.01, recovery=0), connections=8
            )
            stack.callback(backend.close)
            return Dify(server, backend)

        yield make
