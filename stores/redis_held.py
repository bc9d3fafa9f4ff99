"""What each process holds of a bot (messages, open cards), and how it falls to another when that process is gone."""

import threading
from contextlib import AbstractContextManager
from typing import Any

from stores.redis_server import RedisServer, Script

DAY_SECONDS = 24 * 3_600

# For each bot: who holds something; for each of those, what, by when it came. What was taken over is handed out again and again
# until the one who takes says that it got it: an answer can be lost on its way.
_HELD = """
local KEPT = DAY
local function held_by(owner, bot) return 'dingbridge:held:KIND:of:' .. owner .. ':' .. bot end
local function holders_of(bot) return 'dingbridge:held:KIND:holders:' .. bot end
local function handed_to(owner, bot) return 'dingbridge:held:KIND:handed:' .. owner .. ':' .. bot end
local function hold(bot, name, since)
    redis.call('ZADD', held_by(me, bot), since, name)
    redis.call('ZREMRANGEBYSCORE', held_by(me, bot), '-inf', whole(now() - KEPT * 1000000))
    redis.call('EXPIRE', held_by(me, bot), KEPT)
    redis.call('SADD', holders_of(bot), me)
    redis.call('EXPIRE', holders_of(bot), KEPT)
end
local function let_go(owner, bot, name)
    redis.call('ZREM', held_by(owner, bot), name)
    redis.call('ZREM', handed_to(owner, bot), name)
end
local function take(bot, received, number)
    local handed = handed_to(me, bot)
    redis.call('ZREMRANGEBYSCORE', handed, '-inf', received)
    for _, owner in ipairs(redis.call('SMEMBERS', holders_of(bot))) do
        if not is_alive(owner) then
            local theirs = redis.call('ZRANGE', held_by(owner, bot), 0, -1, 'WITHSCORES')
            for place = 1, #theirs, 2 do
                hold(bot, theirs[place], theirs[place + 1])
                redis.call('ZADD', handed, number, theirs[place])
            end
            redis.call('DEL', held_by(owner, bot), handed_to(owner, bot))
            redis.call('SREM', holders_of(bot), owner)
        end
    end
    redis.call('EXPIRE', handed, KEPT)
    return redis.call('ZRANGE', handed, 0, -1)
end
"""


def held(kind: str) -> str:
    """Return what a script begins with that deals with held things of this kind."""
    return _HELD.replace("KIND", kind).replace("DAY", str(DAY_SECONDS))


class Taker:
    """Takes over what gone processes held, by a script that calls `take`; nothing is lost with a lost answer."""

    def __init__(self, server: RedisServer, script: Script) -> None:
        self._server, self._script = server, script
        self._lock = threading.Lock()
        self._number, self._received = 0, dict[str, int]()  # the last call; the last that was answered, by bot

    def take(self, bot: str) -> list[Any]:
        """Return what the script returns for a bot."""
        with self._alone():
            self._number += 1
            taken: list[Any] = self._server.run(self._script, bot, self._received.get(bot, 0), self._number)
            self._received[bot] = self._number
            return taken

    def _alone(self) -> AbstractContextManager[None]:
        return self._server.alone(self._lock)
