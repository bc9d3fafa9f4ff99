"""People write to bots: the group rules, the push, and the same message once more."""

import base64
import time
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from sandbox.dingtalk.apps import App
from sandbox.dingtalk.cards import Cards
from sandbox.dingtalk.chats import Chat, Chats, Person
from sandbox.dingtalk.files import Files
from sandbox.dingtalk.payloads import EVER_IN_GROUPS, content_of, envelope, quota_notice, with_quote
from sandbox.dingtalk.quota import Quota
from sandbox.dingtalk.stream import Stream
from sandbox.dingtalk.webhook import Webhook
from sandbox.dingtalk.written import Reader, Written, quote_of
from sandbox.faults import Faults
from sandbox.records import Records

_MESSAGES_KEPT = 10_000


class Inbound:
    """Turns what a person does into what the platform pushes."""

    def __init__(
        self,
        chats: Chats,
        cards: Cards,
        files: Files,
        webhook: Webhook,
        stream: Stream,
        quota: Quota,
        records: Records,
        faults: Faults,
    ) -> None:
        self._chats = chats
        self._cards = cards
        self._files = files
        self._webhook = webhook
        self._stream = stream
        self._quota = quota
        self._records = records
        self._faults = faults
        self._reader = Reader(chats, files)
        self._pushed: OrderedDict[str, tuple[str, dict[str, Any]]] = OrderedDict()

    async def say(self, app: App, body: Mapping[str, Any], base: str) -> dict[str, Any]:
        """One message of a person, as POST /sandbox/messages describes it; ValueError says what is wrong with it.

        `base` is the address at which the bot reaches this server, for its session webhook.
        """
        kind = str(body.get("conversation_type", "1"))
        if kind not in ("1", "2"):
            raise ValueError('conversation_type must be "1" or "2"')
        person = Person.from_json(_map(body, "sender"))
        chat = self._chats.enter(app, kind, person, body.get("conversation_id"), body.get("conversation_title"))
        quote = self._quote(app, chat, body)
        written = self._reader.read(app, chat, body)
        msg_id = f"msg{base64.b64encode(uuid.uuid4().bytes).decode()}"
        about = {"staff_id": person.staff_id, "msg_id": msg_id, **written.shown, **_shown_quote(app, chat, body)}
        said = chat.say("person", person.nick, written.msgtype, **about)
        done = {"msg_id": msg_id, "conversation_id": chat.conversation_id, "number": said["number"]}
        facts = {**done, "nick": person.nick, "msgtype": written.msgtype, "text": written.text}
        self._records.add("dingtalk", "message", client_id=app.client_id, **facts)
        reason = _withheld(kind, written.msgtype, at=bool(body.get("at", True)))
        if reason is None:
            message = self._message(app, chat, person, msg_id, written, quote, body, base)
            self._pushed[msg_id] = (app.client_id, message)
            if len(self._pushed) > _MESSAGES_KEPT:
                self._pushed.popitem(last=False)
            reason = None if await self._stream.deliver(app.client_id, message, msg_id) else "no connection"
        if reason:
            said |= {"delivered": False, "reason": reason}
            self._records.add("dingtalk", "undelivered", client_id=app.client_id, **done, reason=reason)
        return {**done, "delivered": reason is None, **({"reason": reason} if reason else {})}

    async def repeat(self, msg_id: str) -> bool | None:
        """Push a message again, as if its acknowledgement had been lost; None if there was no such message."""
        if msg_id not in self._pushed:
            return None
        client_id, message = self._pushed[msg_id]
        return await self._stream.deliver(client_id, message, msg_id)

    def _message(
        self,
        app: App,
        chat: Chat,
        person: Person,
        msg_id: str,
        written: Written,
        quote: Mapping[str, Any],
        body: Mapping[str, Any],
        base: str,
    ) -> dict[str, Any]:
        created = int(body.get("create_at") or time.time() * 1000)
        session_id, expires = self._webhook.open(app, chat, created / 1000)
        address = f"{base}/robot/sendBySession?session={session_id}"
        message = envelope(app, chat, person, msg_id, created, (address, expires), written.mentioned)
        message |= content_of(
            written.msgtype,
            written.text,
            written.content,
            lambda name, content: self._files.keep(app.client_id, name, content),
            group=chat.conversation_type == "2",
        )
        if quote:
            message = with_quote(message, app, quote, self._carrier_id(quote))
        fault = self._faults.take("dingtalk.inbound", client_id=app.client_id)
        used_up = fault and fault.params.get("errorCode") == 20001  # noqa: PLR2004  # the platform's own number
        if used_up or not self._quota.push(app):
            message = quota_notice(message)
        for name, value in _map(body, "overrides").items():
            if value is None:
                message.pop(name, None)
            else:
                message[name] = value
        return message

    def _quote(self, app: App, chat: Chat, body: Mapping[str, Any]) -> dict[str, Any]:
        """What the message replies to: a message of this chat by its number, or a quote spelled out."""
        quote = _map(body, "quote")
        if "number" not in quote:
            return quote
        quoted = chat.message(quote["number"])
        if quoted is None:
            raise ValueError(f"no message {quote['number']!r} in this chat (any more)")
        return quote_of(app, quoted, self._files, {each.nick: each.sender_id for each in chat.members.values()})

    def _carrier_id(self, quote: Mapping[str, Any]) -> str | None:
        card = self._cards.find(str(quote.get("out_track_id")))
        return card.places[0].carrier_id if card and card.places else None


def _shown_quote(app: App, chat: Chat, body: Mapping[str, Any]) -> dict[str, Any]:
    quote = _map(body, "quote")
    quoted = chat.message(quote.get("number"))
    if not quote:
        return {}
    if quoted is None:
        return {"quote": {"nick": str(quote.get("nick", "")), "text": str(quote.get("text", ""))}}
    card = {"card": quoted["card"]} if "card" in quoted else {}
    nick = app.name if quoted["from"] == "bot" else quoted["nick"]
    return {"quote": {"number": quoted["number"], "nick": nick, "text": quoted.get("text", ""), **card}}


def _withheld(kind: str, msgtype: str, *, at: bool) -> str | None:
    if kind == "2" and msgtype not in EVER_IN_GROUPS:
        return f"{msgtype} is not delivered in groups"
    if kind == "2" and not at:
        return "the bot was not mentioned"
    return None


def _map(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name, {})
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be an object")  # noqa: TRY004  # the caller sees one kind of mistake
    return value
