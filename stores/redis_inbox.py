"""Messages under way in Redis: each in the hands of one process, and taken once when that is gone."""

import json

from stores.base import Accepted, MessageKey
from stores.memory_inbox import REMEMBERED_SECONDS
from stores.redis_held import DAY_SECONDS, Taker, held
from stores.redis_server import RedisServer, Script

# A message is one hash, which has an `owner` while it is open; what has ended has none.
_MESSAGE = f"""{held("message")}
local function named(name) return 'dingbridge:message:' .. name end
local function keep(bot, name, raw, card)
    local since = whole(now())
    redis.call('HSET', named(name), 'owner', me, 'raw', raw, 'since', since, 'card', card)
    redis.call('EXPIRE', named(name), {DAY_SECONDS})
    hold(bot, name, since)
end
"""
_ACCEPT = Script(f"""{_MESSAGE}
local bot, name, raw = ARGV[3], ARGV[4], ARGV[5]
if redis.call('EXISTS', named(name)) == 1 then return 0 end
keep(bot, name, raw, '')
return 1
""")
_ASK = Script(f"""{_MESSAGE}
local bot, name, card = ARGV[3], ARGV[4], ARGV[5]
if redis.call('EXISTS', named(name)) == 0 then
    keep(bot, name, '', card)
elseif redis.call('HGET', named(name), 'owner') == me then
    redis.call('HSET', named(name), 'card', card)
else
    return 0
end
return 1
""")
_END = Script(f"""{_MESSAGE}
local bot, name = ARGV[3], ARGV[4]
local owner = redis.call('HGET', named(name), 'owner')
if owner and owner ~= me then return end
if owner then
    let_go(me, bot, name)
    redis.call('DEL', named(name))
end
if redis.call('HSETNX', named(name), 'ended', 1) == 1 then redis.call('EXPIRE', named(name), {REMEMBERED_SECONDS:.0f}) end
""")
_IS_OPEN = Script(f"{_MESSAGE} return redis.call('HEXISTS', named(ARGV[3]), 'owner')")
_TAKE = Script(f"""{_MESSAGE}
local bot, taken = ARGV[3], {{}}
for _, name in ipairs(take(bot, ARGV[4], ARGV[5])) do
    local kept = redis.call('HMGET', named(name), 'owner', 'raw', 'since', 'card')
    if kept[1] then
        redis.call('HSET', named(name), 'owner', me)
        taken[#taken + 1] = {{name, kept[2], kept[3], kept[4]}}
    else
        let_go(me, bot, name)
    end
end
return taken
""")


class RedisInbox:
    """Messages that have not ended, for a day, and those that ended, for two hours; `since` is by the server's clock."""

    def __init__(self, server: RedisServer) -> None:
        self._server, self._taker = server, Taker(server, _TAKE)

    def accept(self, key: MessageKey, raw: str) -> bool:
        """Keep a message that came, as this process's; False when it is under way or ended within the last two hours."""
        return bool(self._server.run(_ACCEPT, key.client_id, _name(key), raw))

    def ask(self, key: MessageKey, card: str) -> bool:
        """From now on the AI may have been asked; False when the message fell to another process meanwhile, or has ended."""
        return bool(self._server.run(_ASK, key.client_id, _name(key), card))

    def end(self, key: MessageKey) -> None:
        """It has its answer, or gets none; nothing happens when it is another process's by now."""
        self._server.run(_END, key.client_id, _name(key))

    def is_open(self, key: MessageKey) -> bool:
        """Return whether it has not ended, in whichever process."""
        return bool(self._server.run(_IS_OPEN, _name(key)))

    def take_over(self, client_id: str) -> tuple[Accepted, ...]:
        """Return a bot's messages whose processes are gone, the oldest first; they are this process's from now on."""
        taken = (
            Accepted(MessageKey(*json.loads(name)), raw, int(since) / 1_000_000, card)
            for name, raw, since, card in self._taker.take(client_id)
        )
        return tuple(sorted(taken, key=lambda accepted: accepted.since))


def _name(key: MessageKey) -> str:
    return json.dumps((key.client_id, key.robot_code, key.message_id))
