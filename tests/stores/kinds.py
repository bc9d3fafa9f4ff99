"""The kinds of stores that keep the contracts, each opened as one process has it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from errors import StoreUnavailable
from stores.base import Stores
from stores.memory import MemoryCards, MemoryMeter, MemorySessions
from stores.memory_inbox import MemoryInbox
from stores.shelter import Shelter
from stores.sheltered_stores import DurableStores, MemoryStores, in_memory, sheltered
from stores.sqlite import SqliteCards, SqliteMeter, SqliteSessions
from stores.sqlite_file import SqliteFile
from stores.sqlite_inbox import SqliteInbox
from stores.sqlite_presence import SqlitePresence
from stores.sqlite_stores import in_sqlite
from tests.redis_server import LocalRedis

REMAIN, LIMIT, MONTHS = 60.0, 3, 3
NEVER = 3_600.0  # seconds: nothing is tried again in a test

Found = TypeVar("Found")


@dataclass(frozen=True)
class Place:
    """Where a test's stores are, and the time on their clocks."""

    path: Path
    now: Callable[[], float]
    redis: Callable[[], LocalRedis]


@dataclass(frozen=True)
class Opened:
    """One process's stores; `die` ends it as SIGKILL would: nothing is written, nobody is told."""

    stores: Stores
    die: Callable[[], None]


def _memory(place: Place) -> Opened:
    stores = bounded_memory(place)
    return Opened(stores, die=stores.close)


def _sqlite(place: Place) -> Opened:
    stores, _, die = _bounded_sqlite(place)
    stores.presence.renew()
    return Opened(stores, die)


def _sheltered(place: Place) -> Opened:
    durable, file, die = _bounded_sqlite(place)
    return Opened(sheltered(Shelter(file.reach, retry_seconds=NEVER), durable, bounded_memory(place)), die)


def _outage(place: Place) -> Opened:
    """Return stores that have never been able to reach what they stand before."""

    def out_of_reach() -> None:
        raise StoreUnavailable("gone for good")

    durable, file, die = _bounded_sqlite(place)
    file.close()
    return Opened(sheltered(Shelter(out_of_reach, retry_seconds=NEVER), durable, bounded_memory(place)), die)


# By name; those of the second table are what several processes share, when each opens it at the same place.
KINDS: dict[str, Callable[[Place], Opened]] = {
    "memory": _memory,
    "sqlite": _sqlite,
    "sheltered": _sheltered,
    "outage": _outage,
}
SHARED: dict[str, Callable[[Place], Opened]] = {"sqlite": _sqlite, "sheltered": _sheltered}


def bounded_memory(place: Place) -> MemoryStores:
    """Return memory that soon has enough."""
    return replace(
        in_memory(REMAIN),
        sessions=MemorySessions(REMAIN, limit=LIMIT, clock=place.now),
        inbox=MemoryInbox(clock=place.now),
        cards=MemoryCards(limit=LIMIT),
        meter=MemoryMeter(limit=MONTHS),
    )


def _bounded_sqlite(place: Place) -> tuple[DurableStores, SqliteFile, Callable[[], None]]:
    file = SqliteFile(place.path)
    stores = in_sqlite(file, REMAIN, clock=place.now)
    presence = stores.presence
    assert isinstance(presence, SqlitePresence)

    def die() -> None:
        if presence._flag:
            presence._flag.close()
        file.close()

    bounded = replace(
        stores,
        sessions=SqliteSessions(file, REMAIN, limit=LIMIT, clock=place.now, tidy_seconds=0),
        inbox=SqliteInbox(file, presence.owner, clock=place.now, tidy_seconds=0),
        cards=SqliteCards(file, presence.owner, limit=LIMIT, tidy_seconds=0),
        meter=SqliteMeter(file, limit=MONTHS, tidy_seconds=0),
    )
    return bounded, file, die


def eventually(ask: Callable[[], Found]) -> Found:
    """Ask until the answer is something, ten seconds at most, and return it."""
    deadline = time.monotonic() + 10
    while not (found := ask()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found
