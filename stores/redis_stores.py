"""All contracts in a Redis, opened."""

from collections.abc import Callable
from dataclasses import dataclass

from errors import StoreUnavailable
from stores.base import Stores
from stores.redis_buckets import RedisBuckets
from stores.redis_cards import RedisCards
from stores.redis_inbox import RedisInbox
from stores.redis_presence import RedisPresence
from stores.redis_server import RedisRefused, RedisServer
from stores.redis_sessions import RedisMeter, RedisSessions
from stores.redis_signals import RedisSignals
from stores.redis_turns import RedisTurns
from stores.shelter import Shelter
from stores.sheltered_stores import DurableStores, in_memory, sheltered


@dataclass(frozen=True)
class RedisStores(DurableStores):
    """What a Redis keeps; it is reached through the presence."""

    presence: RedisPresence


def open_redis(url: str, remain_seconds: float, fix: Callable[[StoreUnavailable], str]) -> Stores:
    """Return the server's stores, sheltered; RedisRefused when it refuses us. One that is away now may come back."""
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
