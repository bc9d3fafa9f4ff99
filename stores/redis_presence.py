"""Which processes share a Redis: each has a lease, and a channel that nobody hears any more once it has ended."""

import threading
import time
from collections.abc import Callable

from stores.base import LEASE_SECONDS
from stores.redis_server import LISTENS, RedisServer, Script

_SILENT_SECONDS = 3.0  # longer than a process needs to listen again when its connection broke
_BETWEEN_LOOKS = 2.0  # at most; who looks more seldom has not seen a process silent in between
_DAY_SECONDS = 24 * 3_600

_RENEW = Script(f"""
local lease = 'dingbridge:owner:' .. me
local was_there = redis.call('EXISTS', lease)
redis.call('SET', lease, ARGV[3], 'PX', ARGV[4])
redis.call('SADD', 'dingbridge:owners', me)
redis.call('EXPIRE', 'dingbridge:owners', {_DAY_SECONDS})
return was_there
""")
_LISTENERS = f"""
local function is_silent(owner)
    local listeners = redis.pcall('PUBSUB', 'NUMSUB', 'dingbridge:to:' .. owner)
    return listeners[2] == 0 and redis.call('GET', 'dingbridge:owner:' .. owner) == '{LISTENS}'
end
"""
_LOOK = Script(f"""{_LISTENERS}
local silent = {{}}
for _, owner in ipairs(redis.call('SMEMBERS', 'dingbridge:owners')) do
    if not is_alive(owner) then
        redis.call('SREM', 'dingbridge:owners', owner)
    elseif owner ~= me and is_silent(owner) then
        silent[#silent + 1] = owner
    end
end
return silent
""")
_GIVE_UP = Script(f"""{_LISTENERS}
if is_silent(ARGV[3]) then redis.call('DEL', 'dingbridge:owner:' .. ARGV[3]) end
""")
_LEAVE = Script("""
redis.call('DEL', 'dingbridge:owner:' .. me)
redis.call('SREM', 'dingbridge:owners', me)
""")


class RedisPresence:
    """The lease of this process, and what it sees of the others.

    One is gone when its lease has expired, or has listened and was seen silent for three seconds: the system closes the
    connection of a process that is killed, while one that is merely slow keeps it. Where the server does not tell who listens
    (NUMSUB is forbidden), only the lease counts. `is_listening` says whether this process listens by now.
    """

    def __init__(
        self, server: RedisServer, is_listening: Callable[[], bool], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._server, self._is_listening, self._clock = server, is_listening, clock
        self._lock = threading.Lock()
        self._joined = self._was_gone = False
        self._silent: dict[str, float] = {}  # since when
        self._looked_at = float("-inf")

    def reach(self) -> None:
        """Reach the server anew, and be there before anything else is told to it: it may have lost all that it knew."""
        self._server.reach()
        self._join()

    def renew(self) -> bool:
        """Say that this process is there, for 15 seconds more; return False when it was taken for gone meanwhile."""
        self._join()
        was_gone, self._was_gone = self._was_gone, False
        return not was_gone

    def look(self) -> None:
        """Find out which processes are gone: those that did not renew, or whose end can be told sooner."""
        silent = set(self._server.run(_LOOK))
        with self._lock:
            now = self._clock()
            if now - self._looked_at > _BETWEEN_LOOKS:
                self._silent.clear()
            self._looked_at = now
            self._silent = {owner: self._silent.get(owner, now) for owner in silent}
            gone = [owner for owner, since in self._silent.items() if now - since >= _SILENT_SECONDS]
        for owner in gone:
            self._server.run(_GIVE_UP, owner)

    def leave(self) -> None:
        """Say that this process ends; what it still has falls to the others at once."""
        self._server.run(_LEAVE)
        self._joined = False

    def _join(self) -> None:
        was_there = self._server.run(_RENEW, LISTENS if self._is_listening() else "", int(1_000 * LEASE_SECONDS))
        self._was_gone = self._was_gone or (self._joined and not was_there)
        self._joined = True
