"""The stores that a URL names, opened."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from errors import StoreUnavailable
from stores.base import Stores
from stores.memory import MemoryCards, MemoryMeter, MemorySessions
from stores.memory_inbox import MemoryInbox, MemoryPresence, MemorySignals, MemoryTurns
from stores.redis_buckets import RedisBuckets
from stores.redis_cards import RedisCards
from stores.redis_inbox import RedisInbox
from stores.redis_presence import RedisPresence
from stores.redis_server import RedisRefused, RedisServer
from stores.redis_sessions import RedisMeter, RedisSessions
from stores.redis_signals import RedisSignals
from stores.redis_turns import RedisTurns
from stores.shelter import Shelter
from stores.sheltered import DurableSessions, ShelteredMeter, ShelteredSessions
from stores.sheltered_cards import ShelteredCards
from stores.sheltered_inbox import ShelteredInbox, ShelteredTurns
from stores.sheltered_presence import ShelteredBuckets, ShelteredPresence, ShelteredSignals
from stores.sqlite import SqliteCards, SqliteMeter, SqliteSessions
from stores.sqlite_file import SqliteFile
from stores.sqlite_inbox import SqliteInbox, SqliteTurns
from stores.sqlite_presence import SqlitePresence, SqliteSignals


@dataclass(frozen=True)
class DurableStores(Stores):
    """What outlives the process; its contracts raise StoreUnavailable."""

    sessions: DurableSessions


@dataclass(frozen=True)
class RedisStores(DurableStores):
    """What a Redis keeps; it is reached through the presence."""

    presence: RedisPresence


@dataclass(frozen=True)
class MemoryStores(Stores):
    """What goes with the process."""

    sessions: MemorySessions
    inbox: MemoryInbox
    cards: MemoryCards
    turns: MemoryTurns
    meter: MemoryMeter


def open_stores(url: str, remain_seconds: float, *, fix: Callable[[StoreUnavailable], str] = lambda _: "") -> Stores:
    """Return memory for "" and "memory", a SQLite file for sqlite:///relative.db and sqlite:////absolute.db, or a Redis.

    Of an outage later on these stores only warn (`fix` says what to do about it), but a file that cannot be opened now is a
    mistake, and so is a Redis that refuses us: StoreUnavailable. One that is away may come back. Any other URL: ValueError.
    """
    scheme, _, path = url.partition(":///")
    if url in {"", "memory"}:
        return in_memory(remain_seconds)
    if scheme == "sqlite" and path:
        return _sheltered_sqlite(Path(path), remain_seconds, fix)
    if url.lower().startswith(("redis://", "rediss://")):
        return _sheltered_redis(url, remain_seconds, fix)
    raise ValueError(
        "no store is known by this URL: it is memory, sqlite:///relative.db, sqlite:////absolute.db or redis://host"
    )


def in_memory(remain_seconds: float) -> MemoryStores:
    """Return stores that go with the process, as they begin."""
    return MemoryStores(
        sessions=MemorySessions(remain_seconds),
        inbox=MemoryInbox(),
        cards=MemoryCards(),
        turns=MemoryTurns(),
        signals=MemorySignals(),
        meter=MemoryMeter(),
        presence=MemoryPresence(),
        buckets=None,
        trouble=lambda: "",
        close=lambda: None,
    )


def in_sqlite(file: SqliteFile, remain_seconds: float, *, clock: Callable[[], float] = time.time) -> DurableStores:
    """Return the stores of an open file, which they close; this process is not present in them yet."""
    presence = SqlitePresence(file, clock=clock)
    signals = SqliteSignals(file, presence.owner)

    def close() -> None:
        signals.close()
        presence.close()
        file.close()

    return DurableStores(
        sessions=SqliteSessions(file, remain_seconds, clock=clock),
        inbox=SqliteInbox(file, presence.owner, clock=clock),
        cards=SqliteCards(file, presence.owner),
        turns=SqliteTurns(file, presence.owner),
        signals=signals,
        meter=SqliteMeter(file),
        presence=presence,
        buckets=None,
        trouble=lambda: "",
        close=close,
    )


def in_redis(server: RedisServer, remain_seconds: float) -> RedisStores:
    """Return the stores of a server, which they close; this process is not present in them yet."""
    signals = RedisSignals(server)

    def close() -> None:
        signals.close()
        server.close()

    return RedisStores(
        sessions=RedisSessions(server, remain_seconds),
        inbox=RedisInbox(server),
        cards=RedisCards(server),
        turns=RedisTurns(server),
        signals=signals,
        meter=RedisMeter(server),
        presence=RedisPresence(server, signals.is_listening),
        buckets=RedisBuckets(server),
        trouble=lambda: "",
        close=close,
    )


def sheltered(shelter: Shelter, durable: DurableStores, memory: MemoryStores) -> Stores:
    """Return stores that never raise, with this process present in them; they close the shelter and the durable ones."""
    inbox = ShelteredInbox(shelter, durable.inbox, memory.inbox)
    turns = ShelteredTurns(shelter, durable.turns, memory.turns)

    def came_back() -> None:
        inbox.tell_again()
        turns.join_again()

    presence = ShelteredPresence(shelter, durable.presence, came_back)

    def close() -> None:
        shelter.close()
        durable.close()

    presence.renew()  # before anything is kept as this process's
    return Stores(
        sessions=ShelteredSessions(shelter, durable.sessions, memory.sessions),
        inbox=inbox,
        cards=ShelteredCards(shelter, durable.cards, memory.cards),
        turns=turns,
        signals=ShelteredSignals(shelter, durable.signals),
        meter=ShelteredMeter(shelter, durable.meter, memory.meter),
        presence=presence,
        buckets=ShelteredBuckets(shelter, durable.buckets) if durable.buckets else None,
        trouble=shelter.trouble,
        close=close,
    )


def _sheltered_sqlite(path: Path, remain_seconds: float, fix: Callable[[StoreUnavailable], str]) -> Stores:
    file = SqliteFile(path)
    return sheltered(Shelter(file.reach, fix=fix), in_sqlite(file, remain_seconds), in_memory(remain_seconds))


def _sheltered_redis(url: str, remain_seconds: float, fix: Callable[[StoreUnavailable], str]) -> Stores:
    server = RedisServer(url)
    durable = in_redis(server, remain_seconds)
    shelter = Shelter(durable.presence.reach, fix=fix)
    try:
        durable.presence.reach()
    except RedisRefused:
        server.close()
        raise
    except StoreUnavailable as error:
        shelter.lose(error)
    return sheltered(shelter, durable, in_memory(remain_seconds))
