"""What the tests of stores share: an empty store of each kind, processes that share one, and two over one file."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from stores.base import Stores
from tests.stores.kinds import KINDS, SHARED, Opened, Place
from tests.stores.outages import Process
from tests.stores.redis_kinds import REDIS_KINDS


@pytest.fixture
def now() -> list[float]:
    """The time on every clock of the test."""
    return [1_000_000.0]


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path, now: list[float]) -> Place:
    """Where the test's stores are; a Redis is started by who asks for it."""
    return Place(tmp_path / "kept.db", lambda: now[0], lambda: request.getfixturevalue("redis"))


@pytest.fixture(params=KINDS | REDIS_KINDS)
def stores(request: pytest.FixtureRequest, place: Place) -> Iterator[Stores]:
    """An empty store of each kind."""
    opened = (KINDS | REDIS_KINDS)[request.param](place).stores
    yield opened
    opened.close()


@pytest.fixture(params=KINDS)
def bounded(request: pytest.FixtureRequest, place: Place) -> Iterator[Stores]:
    """An empty store of each kind that is bounded in numbers, as those in Redis are by time only."""
    opened = KINDS[request.param](place).stores
    yield opened
    opened.close()


@pytest.fixture(params=SHARED | REDIS_KINDS)
def start(request: pytest.FixtureRequest, place: Place) -> Iterator[Callable[[], Opened]]:
    """Start another process that shares the test's store, of each kind that can be shared."""
    with ExitStack() as ends:

        def start() -> Opened:
            opened = (SHARED | REDIS_KINDS)[request.param](place)
            ends.callback(opened.stores.close)
            return opened

        yield start


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Process]:
    """The process that the test is about."""
    with closing(Process(tmp_path / "kept.db")) as process:
        yield process


@pytest.fixture
def other(ours: Process) -> Iterator[Process]:
    """Another process over the same file."""
    with closing(Process(ours.path)) as process:
        yield process
