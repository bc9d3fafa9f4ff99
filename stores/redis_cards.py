"""Cards in Redis: for clicks in whichever process, and for whoever has to close them."""

import json

from stores.base import CardRecord, ConversationKey, MessageKey
from stores.redis_held import Taker, held
from stores.redis_server import RedisServer, Script

_WEEK_SECONDS = 7 * 24 * 3_600

# A card is one hash, which has an `owner` while it is open.
_CARD = f"""{held("card")}
local function named(name) return 'dingbridge:card:' .. name end
local function shut(card)
    local owner, bot = unpack(redis.call('HMGET', named(card), 'owner', 'bot'))
    if owner then let_go(owner, bot, card) end
    redis.call('HDEL', named(card), 'owner', 'text')
end
local function shown(card)
    local kept = redis.call('HMGET', named(card), 'record', 'ref', 'text')
    return {{card, kept[1], kept[2], kept[3] or '', redis.call('HEXISTS', named(card), 'owner')}}
end
"""
_OPEN = Script(f"""{_CARD}
local bot, card, record, ref, text, is_open = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
shut(card)
redis.call('HSET', named(card), 'bot', bot, 'record', record, 'ref', ref)
redis.call('EXPIRE', named(card), {_WEEK_SECONDS})
if is_open == '1' then
    redis.call('HSET', named(card), 'owner', me, 'text', text)
    hold(bot, card, whole(now()))
end
""")
_NOTE = Script(f"""{_CARD}
local card, ref, text = ARGV[3], ARGV[4], ARGV[5]
if ref ~= '' and redis.call('EXISTS', named(card)) == 1 then redis.call('HSET', named(card), 'ref', ref) end
if text ~= '' and redis.call('HEXISTS', named(card), 'owner') == 1 then redis.call('HSET', named(card), 'text', text) end
""")
_CLOSE = Script(f"{_CARD} shut(ARGV[3])")
_FIND = Script(f"{_CARD} return redis.call('EXISTS', named(ARGV[3])) == 1 and shown(ARGV[3]) or {{}}")
_TAKE = Script(f"""{_CARD}
local bot, taken = ARGV[3], {{}}
for _, card in ipairs(take(bot, ARGV[4], ARGV[5])) do
    if redis.call('HEXISTS', named(card), 'owner') == 1 then
        redis.call('HSET', named(card), 'owner', me)
        taken[#taken + 1] = shown(card)
    else
        let_go(me, bot, card)
    end
end
return taken
""")


class RedisCards:
    """The cards of a week; one that is open falls to another process within a day, or to nobody."""

    def __init__(self, server: RedisServer) -> None:
        self._server, self._taker = server, Taker(server, _TAKE)

    def open(self, card: CardRecord) -> None:
        """Remember a card that this process is about to make."""
        message, key = card.message, card.key
        record = json.dumps(
            (
                (card.client_id, card.asker, card.template),
                (message.client_id, message.robot_code, message.message_id),
                (key.client_id, key.corp, key.chat, key.person),
            )
        )
        self._server.run(_OPEN, card.client_id, card.out_track_id, record, card.ref, card.text, int(card.is_open))

    def note(self, out_track_id: str, *, ref: str = "", text: str = "") -> None:
        """Add the AI's name for the answer, or what the card shows by now; "" leaves what there was."""
        self._server.run(_NOTE, out_track_id, ref, text)

    def close(self, out_track_id: str) -> None:
        """It shows its end; its text is forgotten, clicks still find it."""
        self._server.run(_CLOSE, out_track_id)

    def find(self, out_track_id: str) -> CardRecord | None:
        """Return the card, or None when it is not (or no longer) known."""
        kept = self._server.run(_FIND, out_track_id)
        return _card(*kept) if kept else None

    def orphans(self, client_id: str) -> tuple[CardRecord, ...]:
        """Return a bot's open cards whose processes are gone; they are this process's from now on."""
        return tuple(_card(*kept) for kept in self._taker.take(client_id))


def _card(out_track_id: str, record: str, ref: str, text: str, is_open: int) -> CardRecord:
    (client_id, asker, template), message, key = json.loads(record)
    return CardRecord(
        out_track_id, client_id, asker, MessageKey(*message), ConversationKey(*key), ref, template, text, bool(is_open)
    )
