"""Conversations and the month's counts in Redis, by its own clock."""

import json
import threading
from collections import deque

from errors import StoreUnavailable
from stores.base import ConversationKey, Session, Usage
from stores.memory import LONGEST_ANSWER, MOST_MONTHS
from stores.redis_server import RedisServer, Script

_MOST_UNSURE = 1_000
_QUARTER_SECONDS = 100 * 24 * 3_600  # more than three months: for so long a month is kept that nobody counts in any more

# A session is one hash. It expires when its generation may be forgotten; until `outlives` before that it is live.
_LOAD = Script("""
local session, generation, expires, outlives = 'dingbridge:session:' .. ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
if redis.call('PTTL', session) >= outlives then return redis.call('HMGET', session, 'generation', 'conversation') end
redis.call('HSET', session, 'generation', generation, 'conversation', '')
redis.call('PEXPIRE', session, expires)
return {generation, ''}
""")
_KEEP = Script("""
local session, generation, conversation, expires = 'dingbridge:session:' .. ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local there = redis.call('HGET', session, 'generation')
if ARGV[7] and there and there ~= generation and there ~= ARGV[7] then return 0 end
redis.call('HSET', session, 'generation', generation, 'conversation', conversation)
redis.call('PEXPIRE', session, expires)
return 1
""")

# A month is one hash: the sums of each company; what each process has counted for them in all, so that a call that is repeated
# counts once; and who was the first to name an event.
_MONTH = """
local month = 'dingbridge:month:' .. ARGV[3]
local function open_month(limit, expires)
    redis.call('ZADD', 'dingbridge:months', 0, ARGV[3])
    redis.call('EXPIRE', 'dingbridge:months', expires)
    redis.call('EXPIRE', month, expires)
    for _, old in ipairs(redis.call('ZRANGE', 'dingbridge:months', 0, -1 - limit)) do
        redis.call('DEL', 'dingbridge:month:' .. old)
        redis.call('ZREM', 'dingbridge:months', old)
    end
end
"""
_ADD = Script(f"""{_MONTH}
local sums = {{}}
for number, kind in ipairs({{'calls', 'pushes'}}) do
    local counted, sum = kind .. ' of ' .. me .. ' for ' .. ARGV[4], kind .. ' for ' .. ARGV[4]
    local news = ARGV[6 + number] - (redis.call('HGET', month, counted) or 0)
    if news > 0 then
        redis.call('HSET', month, counted, ARGV[6 + number])
        redis.call('HINCRBY', month, sum, whole(news))
    end
    sums[number] = tonumber(redis.call('HGET', month, sum) or 0)
end
if ARGV[7] + ARGV[8] > 0 then open_month(ARGV[5], ARGV[6]) end
return sums
""")
_HAS = Script(f"{_MONTH} return redis.call('HEXISTS', month, 'first ' .. ARGV[4])")
_FIRST = Script(f"""{_MONTH}
local event = 'first ' .. ARGV[4]
local first = redis.call('HSETNX', month, event, me) == 1 or ARGV[7] == 'again' and redis.call('HGET', month, event) == me
open_month(ARGV[5], ARGV[6])
return first
""")

# The companies of all apps are one hash, which stays for as long as somebody asks for it now and then.
_APPS = Script("""
local expires = ARGV[3]
if ARGV[4] then redis.call('HSET', 'dingbridge:apps', ARGV[4], ARGV[5]) end
redis.call('EXPIRE', 'dingbridge:apps', expires)
return redis.call('HGETALL', 'dingbridge:apps')
""")


class RedisSessions:
    """Sessions that expire `remain_seconds` after their last use, unless they are saved with a time of their own."""

    def __init__(self, server: RedisServer, remain_seconds: float) -> None:
        self._server, self._remain = server, remain_seconds

    def load(self, key: ConversationKey) -> Session:
        """Return the live session of this key, or a new one."""
        return self.begin(Session.begun(key))

    def begin(self, session: Session) -> Session:
        """Return the live session of this key, or keep this new one and return it."""
        values = session.generation, _expires(self._remain), _milliseconds(LONGEST_ANSWER)
        generation, conversation = self._server.run(_LOAD, _name(session.key), *values)
        return Session(session.key, int(generation), conversation)

    def save(self, session: Session, remain_seconds: float | None = None) -> bool:
        """Keep it and start its remain time again; False when it was begun anew meanwhile."""
        return self.replace(session, session.generation, remain_seconds)

    def replace(self, session: Session, generation: int, remain_seconds: float | None = None) -> bool:
        """Keep it in place of that generation (or of itself); False when another is there."""
        return bool(self._server.run(_KEEP, *self._values(session, remain_seconds), generation))

    def renew(self, key: ConversationKey) -> int:
        """Forget the conversation; answers still growing will not bring it back. Return the new one's generation."""
        session = Session.begun(key)
        self.keep(session)
        return session.generation

    def learn(self, key: ConversationKey, generation: int) -> None:
        """The server knows of it already."""

    def keep(self, session: Session) -> None:
        """Keep it, whatever there was."""
        self._server.run(_KEEP, *self._values(session))

    def _values(self, session: Session, remain_seconds: float | None = None) -> tuple[str | int, ...]:
        remain = self._remain if remain_seconds is None else remain_seconds
        return _name(session.key), session.generation, session.conversation, _expires(remain)


class RedisMeter:
    """What companies used in the newest `limit` months, and their apps.

    Each process says what it has counted in all, never what is to be added: so a call may be repeated, and what a server has
    lost comes back from those that counted it. The price is that a process makes one of these calls at a time.
    """

    def __init__(self, server: RedisServer, *, limit: int = MOST_MONTHS) -> None:
        self._server, self._limit = server, limit
        self._lock = threading.Lock()
        self._counted: dict[str, dict[str, Usage]] = {}  # by month and company
        self._unsure = deque[tuple[str, str, str]](maxlen=_MOST_UNSURE)  # what was named first, if the server heard it

    def add(self, corp: str, month: str, usage: Usage) -> Usage:
        """Add to the month's counts and return their sums; adding nothing is how to ask."""
        with self._server.alone(self._lock):
            counted = self._counted.get(month, {}).get(corp, Usage()) + usage
            sums = Usage(*self._server.run(_ADD, month, corp, *self._bounds, counted.calls, counted.pushes))
            if usage != Usage():
                self._counted.setdefault(month, {})[corp] = counted
                if len(self._counted) > self._limit:
                    del self._counted[min(self._counted)]
            return sums

    def has(self, corp: str, month: str, event: str) -> bool:
        """Return whether the event was named in this month, in any process."""
        return bool(self._server.run(_HAS, month, json.dumps((corp, event))))

    def first(self, corp: str, month: str, event: str) -> bool:
        """Return whether this is the first time that the event is named in this month; true once, in all processes."""
        named = month, corp, event
        with self._server.alone(self._lock):
            again = "again" if named in self._unsure else ""
            try:
                first = bool(self._server.run(_FIRST, month, json.dumps((corp, event)), *self._bounds, again))
            except StoreUnavailable:
                if not again:
                    self._unsure.append(named)
                raise
            if again:
                self._unsure.remove(named)
            return first

    def apps(self) -> dict[str, str]:
        """Return the apps whose company is known, in whichever process: its corpId by their client ids."""
        pairs = iter(self._server.run(_APPS, _QUARTER_SECONDS))
        return dict(zip(pairs, pairs, strict=True))

    def remember(self, client_id: str, corp: str) -> None:
        """Remember whose app it is, in place of what was known."""
        self._server.run(_APPS, _QUARTER_SECONDS, client_id, corp)

    @property
    def _bounds(self) -> tuple[int, int]:
        return self._limit, _QUARTER_SECONDS


def _expires(remain_seconds: float) -> int:
    return _milliseconds(remain_seconds + LONGEST_ANSWER)


def _milliseconds(seconds: float) -> int:
    return int(1_000 * seconds)


def _name(key: ConversationKey) -> str:
    return json.dumps((key.client_id, key.corp, key.chat, key.person))
