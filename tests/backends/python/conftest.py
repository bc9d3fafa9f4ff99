"""What the tests of Python agents share: an agent of a test's own behind a backend, and what was heard of its answer."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType

import pytest

from backends.base import Answer
from backends.python.backend import PythonBackend
from backends.python.settings import PythonSettings
from errors import BackendError
from tests.dify.conftest import Heard

MakeBackend = Callable[..., PythonBackend]


@pytest.fixture
def make_backend(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeBackend]:
    """Return a function that puts a backend before an agent (an object, or its path) and closes it after the test."""
    backends: list[PythonBackend] = []

    def make(agent: object, *, clock: Callable[[], float] = time.monotonic, **keys: object) -> PythonBackend:
        stage = ModuleType("stage")
        monkeypatch.setitem(sys.modules, "stage", stage)
        stage.__dict__["agent"] = agent
        path = agent if isinstance(agent, str) else "stage:agent"
        backends.append(PythonBackend(PythonSettings.model_validate({"agent": path, **keys}), clock=clock))
        return backends[-1]

    yield make
    for backend in backends:
        backend.close()


class Reader:
    """Reads an answer in a thread of its own."""

    def __init__(self, answer: Answer) -> None:
        self.answer, self.heard, self.ended = answer, Heard(), threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def wait(self) -> Heard:
        """Return what was heard, once the answer has ended."""
        assert self.ended.wait(20)
        return self.heard

    def _read(self) -> None:
        try:
            for event in self.answer:
                self.heard.events.append(event)
        except BackendError as error:
            self.heard.error = error
        self.ended.set()


class Clock:
    """Time that passes when it is told to, so that a slow machine changes nothing."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        return self._now

    def forward(self, seconds: float) -> None:
        """Let so much time pass."""
        self._now += seconds

    def forward_until(self, fact: Callable[[], object]) -> None:
        """Let time pass until something is so."""

        def is_so() -> bool:
            self.forward(1)
            return bool(fact())

        until(is_so)


@contextmanager
def no_threads() -> Iterator[None]:
    """Let the system refuse every new thread: each would have a stack that is larger than all its memory."""
    before = threading.stack_size(1 << 47)
    try:
        yield
    finally:
        threading.stack_size(before)


def until(fact: Callable[[], object]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 20
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.005)
