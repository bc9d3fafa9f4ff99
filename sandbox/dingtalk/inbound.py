"""People write to bots: the group rules, what is pushed, and the same message once more."""

import base64
import uuid
from collections.abc import Mapping
from typing import Any

from sandbox.dingtalk.apps import App
from sandbox.dingtalk.cards import Cards
from sandbox.dingtalk.chats import Chats, Person
from sandbox.dingtalk.files import Files
from sandbox.dingtalk.payloads import EVER_IN_GROUPS, Occasion, content_of, envelope, quota_notice, with_quote
from sandbox.dingtalk.push import Push, Pushed
from sandbox.dingtalk.quota import Quota
from sandbox.dingtalk.webhook import Webhook
from sandbox.dingtalk.written import Reader, Written
from sandbox.faults import Faults
from sandbox.json_api import flag_of, object_of, text_of
from sandbox.kept import Kept, weight
from sandbox.records import Records

_MESSAGES_KEPT = 10_000
_MOST_CHARACTERS = 64_000_000


class Inbound:
    """Turns what a person does into what the platform pushes."""

    def __init__(
        self,
        chats: Chats,
        cards: Cards,
        files: Files,
        webhook: Webhook,
        push: Push,
        quota: Quota,
        records: Records,
        faults: Faults,
    ) -> None:
        self._chats = chats
        self._cards = cards
        self._files = files
        self._webhook = webhook
        self._push = push
        self._quota = quota
        self._records = records
        self._faults = faults
        self._reader = Reader(chats, files)
        self._pushed: Kept[str, Pushed] = Kept(_MESSAGES_KEPT, _MOST_CHARACTERS, lambda pushed: weight(pushed.message))

    async def say(self, app: App, body: Mapping[str, Any], base: str) -> dict[str, Any]:
        """One message of a person, as POST /sandbox/messages describes it; ValueError says what is wrong with it.

        `base` is the address at which the bot reaches this server, for its session webhook.
        """
        kind = text_of(body, "conversation_type", "1")
        if kind not in ("1", "2"):
            raise ValueError('conversation_type must be "1" or "2"')
        person = Person.from_json(object_of(body, "sender"))
        place = text_of(body, "conversation_id"), text_of(body, "conversation_title")
        chat = self._chats.meet(app, kind, person, *place)
        written = self._reader.read(app, chat, body)
        reason = _withheld(kind, written.msgtype, at=flag_of(body, "at", default=True))
        msg_id = f"msg{base64.b64encode(uuid.uuid4().bytes).decode()}"
        occasion = Occasion(app, chat, person, msg_id, written.created, written.mentioned)
        # From here on nothing is refused: whatever is wrong with a message, nobody has said it then.
        message = self._message(occasion, written, base) if reason is None else {}
        self._chats.enter(app, chat, person)
        said = chat.say("person", person.nick, written.msgtype, staff_id=person.staff_id, msg_id=msg_id, **written.shown)
        done = {"msg_id": msg_id, "conversation_id": chat.conversation_id, "number": said["number"]}
        facts = {**done, "nick": person.nick, "msgtype": written.msgtype, "text": written.text}
        self._records.add("dingtalk", "message", client_id=app.client_id, **facts)
        if reason is None:
            pushed = Pushed(app.client_id, chat.conversation_id, msg_id, message)
            self._pushed.put(msg_id, pushed)
            reason = await self._push.deliver(pushed)
        if reason:
            said |= {"delivered": False, "reason": reason}
            self._records.add("dingtalk", "undelivered", client_id=app.client_id, **done, reason=reason)
        return {**done, "delivered": reason is None, **({"reason": reason} if reason else {})}

    async def repeat(self, msg_id: str) -> bool | None:
        """Push a message again, as if its acknowledgement had been lost; None if there was no such message."""
        pushed = self._pushed.get(msg_id)
        return None if pushed is None else await self._push.deliver(pushed) is None

    def _message(self, occasion: Occasion, written: Written, base: str) -> dict[str, Any]:
        """The message as it is pushed."""
        app, chat = occasion.app, occasion.chat
        session_id, expires = self._webhook.open(app, chat, occasion.created / 1000)
        message = envelope(occasion, (f"{base}/robot/sendBySession?session={session_id}", expires))
        message |= content_of(
            written.msgtype,
            written.text,
            written.content,
            lambda name, content: self._files.keep(app.client_id, name, content),
            group=chat.conversation_type == "2",
        )
        if written.quote:
            message = with_quote(message, app, written.quote, self._carrier_id(written.quote))
        fault = self._faults.take("dingtalk.inbound", client_id=app.client_id)
        used_up = fault and fault.params.get("errorCode") == 20001  # noqa: PLR2004  # the platform's own number
        if used_up or not self._quota.push(app):
            message = quota_notice(message)
        for name, value in written.overrides.items():
            if value is None:
                message.pop(name, None)
            else:
                message[name] = value
        return message

    def _carrier_id(self, quote: Mapping[str, Any]) -> str | None:
        card = self._cards.find(quote.get("out_track_id", ""))
        return card.places[0].carrier_id if card and card.places else None


def _withheld(kind: str, msgtype: str, *, at: bool) -> str | None:
    if kind == "2" and msgtype not in EVER_IN_GROUPS:
        return f"{msgtype} is not delivered in groups"
    if kind == "2" and not at:
        return "the bot was not mentioned"
    return None
