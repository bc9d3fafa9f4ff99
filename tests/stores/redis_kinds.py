"""The kinds of stores that keep the contracts in Redis, on the clock of a test."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stores.redis_server import RedisServer, Script
from stores.redis_sessions import RedisMeter
from stores.redis_stores import RedisStores, in_redis
from stores.shelter import Shelter
from stores.sheltered_stores import sheltered
from tests.redis_server import LocalRedis
from tests.stores.kinds import MONTHS, NEVER, REMAIN, Opened, Place, bounded_memory

# What expires does so by as much sooner as the test's clock went on since anybody asked last.
_GO_ON = """
local passed = ARGV[1] - (redis.call('GET', 'clock') or ARGV[1])
redis.call('SET', 'clock', ARGV[1])
if passed == 0 then return end
for _, key in ipairs(redis.call('KEYS', 'dingbridge:*')) do
    local left = redis.call('PTTL', key)
    if left >= 0 then redis.call('PEXPIRE', key, string.format('%.0f', left - passed)) end
end
"""


class ClockedServer(RedisServer):
    """A connection to a server whose time goes on with a test's clock, besides its own."""

    def __init__(self, redis: LocalRedis, now: Callable[[], float]) -> None:
        super().__init__(redis.url)
        self._redis, self._now = redis, now
        self._asked_at = float("-inf")

    def run(self, script: Script, *values: str | float) -> Any:
        if self._now() != self._asked_at:
            self._asked_at = self._now()
            self._redis.ask("EVAL", _GO_ON, 0, int(1_000 * self._asked_at))
        return super().run(script, *values)


def _redis(place: Place) -> Opened:
    stores, die = _in_redis(place)
    stores.presence.renew()
    return Opened(stores, die)


def _sheltered(place: Place) -> Opened:
    durable, die = _in_redis(place)
    return Opened(sheltered(Shelter(durable.presence.reach, retry_seconds=NEVER), durable, bounded_memory(place)), die)


REDIS_KINDS: dict[str, Callable[[Place], Opened]] = {"redis": _redis, "sheltered redis": _sheltered}


def _in_redis(place: Place) -> tuple[RedisStores, Callable[[], None]]:
    redis = place.redis()
    server = ClockedServer(redis, place.now)
    server.reach()
    stores = in_redis(server, REMAIN)

    def die() -> None:
        stores.close()
        redis.ask("DEL", f"dingbridge:owner:{server.owner}")  # its lease ran out meanwhile

    return replace(stores, meter=RedisMeter(server, limit=MONTHS)), die
