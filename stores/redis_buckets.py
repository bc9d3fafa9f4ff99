"""Room for calls that processes share, in Redis, by its own clock."""

from stores.redis_server import RedisServer, Script

# The times of the newest calls, the newest first: there is room once the one that many calls ago is older than the window.
_TAKE = Script("""
local calls, room, window, clock = 'dingbridge:bucket:' .. ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), now()
local before = redis.call('LINDEX', calls, room - 1)
local wait = before and before + window - clock or 0
if wait > window then  -- the clock was set back
    redis.call('DEL', calls)
    wait = 0
end
if wait > 0 then return whole(wait) end
redis.call('LPUSH', calls, whole(clock))
redis.call('LTRIM', calls, 0, room - 1)
redis.call('PEXPIRE', calls, whole(window / 1000 + 1))
return '0'
""")


class RedisBuckets:
    """Windows that slide with time; `name` is the app's, or whatever else is limited."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server

    def take(self, name: str, room: int, seconds: float) -> float:
        """Take room for one call, of `room` in any `seconds`; return 0, or the seconds until there is some (none is taken)."""
        return int(self._server.run(_TAKE, name, room, int(1_000_000 * seconds))) / 1_000_000
