"""The lines of conversations in Redis, over all processes."""

import json
import threading
from dataclasses import dataclass

from stores.base import ConversationKey
from stores.redis_held import DAY_SECONDS
from stores.redis_server import RedisServer, Script

# A line is one hash: a field for each place, "owner turn" -> "written_at number"; the `holder`, a place; how many `joined`
# ever. Every call says which places its process has by now, ARGV[5] and on: those are there afterwards, and no others of its
# own.
_LINE = Script(f"""
local line, wants, ours, places, others, holder = 'dingbridge:line:' .. ARGV[3], ARGV[4], {{}}, {{}}, 0, nil
local function owner_of(place) return string.match(place, '^%x+') end
for argument = 5, #ARGV, 2 do ours[me .. ' ' .. ARGV[argument]] = true end
local kept = redis.call('HGETALL', line)
for field = 1, #kept, 2 do
    local place, value = kept[field], kept[field + 1]
    local owner = string.find(place, ' ', 1, true) and owner_of(place)
    if place == 'holder' then
        holder = value
    elseif owner and (owner == me and ours[place] or owner ~= me and is_alive(owner)) then
        places[place] = value
        if owner ~= me then others = others + 1 end
    elseif owner then
        redis.call('HDEL', line, place)
    end
end
for argument = 5, #ARGV, 2 do
    local place = me .. ' ' .. ARGV[argument]
    if not places[place] then
        places[place] = ARGV[argument + 1] .. ' ' .. redis.call('HINCRBY', line, 'joined', 1)
        redis.call('HSET', line, place, places[place])
    end
end
if not next(places) then
    redis.call('DEL', line)
    return {{0, false}}
end
redis.call('EXPIRE', line, {DAY_SECONDS})
if holder and not places[holder] then
    redis.call('HDEL', line, 'holder')
    holder = nil
end
if wants == 'next' and not holder then
    local first_written, first_number
    for place, value in pairs(places) do
        local written, number = string.match(value, '(%S+) (%S+)')
        written, number = tonumber(written), tonumber(number)
        if not holder or written < first_written or written == first_written and number < first_number then
            holder, first_written, first_number = place, written, number
        end
    end
    if owner_of(holder) == me then redis.call('HSET', line, 'holder', holder) end
end
local turn = wants == 'next' and owner_of(holder) == me and string.sub(holder, #me + 2)
return {{others, turn}}
""")


@dataclass(frozen=True)
class _Told:
    others: int
    turn: str | None


class RedisTurns:
    """One line for each conversation. What belongs to a gone process is no place in it.

    This process keeps its own places, too, and tells them with each call. So a call can be repeated, a place that was lost
    with the server (or to others, who took this process for gone) comes back, and one that was left is left for good. The price
    is that a process makes one of these calls at a time.
    """

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._ours: dict[ConversationKey, dict[str, float]] = {}

    def join(self, key: ConversationKey, turn: str, written_at: float) -> None:
        """Stand in line, as this process's, by when it was written (seconds since 1970), then by when it came."""
        with self._server.alone(self._lock):
            ours = self._ours.get(key, {})
            self._tell(key, {turn: written_at} | ours if turn in ours else ours | {turn: written_at})

    def next(self, key: ConversationKey) -> str | None:
        """Return which turn of this process is to be answered now; None while it is another process's turn, or nobody's."""
        with self._server.alone(self._lock):
            return self._tell(key, self._ours.get(key, {}), "next").turn

    def leave(self, key: ConversationKey, turn: str) -> bool:
        """Leave the line, from whichever place; return whether another process has turns in it."""
        with self._server.alone(self._lock):
            left = {place: written_at for place, written_at in self._ours.get(key, {}).items() if place != turn}
            return self._tell(key, left).others > 0

    def elsewhere(self, key: ConversationKey) -> bool:
        """Return whether another process has turns of this conversation."""
        with self._server.alone(self._lock):
            return self._tell(key, self._ours.get(key, {})).others > 0

    def _tell(self, key: ConversationKey, ours: dict[str, float], wants: str = "") -> _Told:
        name = json.dumps((key.client_id, key.corp, key.chat, key.person))
        values = [value for turn, written_at in ours.items() for value in (turn, repr(written_at))]
        told = _Told(*self._server.run(_LINE, name, wants, *values))
        if ours:
            self._ours[key] = ours
        else:
            self._ours.pop(key, None)
        return told
