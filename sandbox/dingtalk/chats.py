"""People, the conversations they have with bots, and what was said there."""

import base64
import hashlib
import itertools
import time
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.dingtalk.apps import App

_MESSAGES_KEPT = 500
_CHATS_KEPT = 2_000
_PEOPLE_KEPT = 10_000

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who writes to bots; without `staff_id` someone from outside the organisation."""

    sender_id: str
    staff_id: str | None
    nick: str

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "Person":
        """Read {"staff_id" | null, "nick", "sender_id"?}; a sender id is derived from the rest when none is given."""
        staff_id, nick = body.get("staff_id"), str(body.get("nick") or body.get("staff_id") or "访客")
        if staff_id is not None and not isinstance(staff_id, str):
            raise ValueError("sender.staff_id must be a string or null")
        sender_id = body.get("sender_id") or f"$:LWCP_v1:${stable_id('person', staff_id or nick)}"
        return cls(str(sender_id), staff_id or None, nick)


@dataclass(slots=True)
class Chat:
    """A private chat ("1") or a group ("2") with one bot in it."""

    client_id: str
    conversation_id: str
    conversation_type: str
    title: str
    numbers: Iterator[int]
    members: dict[str, Person] = field(default_factory=dict)
    messages: deque[Message] = field(default_factory=lambda: deque(maxlen=_MESSAGES_KEPT))

    def say(self, author: str, nick: str, msgtype: str, **what: object) -> Message:
        """Append a message and return it; `author` is "person" or "bot", `what` its text, files, or the card it shows.

        Its number grows over all conversations, so that "everything after this one" is a question about one number.
        """
        message = {"number": next(self.numbers), "time": time.time(), "from": author, "nick": nick, "msgtype": msgtype, **what}
        self.messages.append(message)
        return message

    def message(self, number: object) -> Message | None:
        """The message of this number, if it was said here and is still kept."""
        return next((each for each in self.messages if each["number"] == number), None)

    def has_staff(self, staff_id: str) -> bool:
        """Whether a person of this userId has spoken here."""
        return any(person.staff_id == staff_id for person in self.members.values())

    def to_json(self, *, brief: bool = False) -> dict[str, Any]:
        """The chat as the control API shows it; in brief with its last message instead of all."""
        about = {
            "client_id": self.client_id,
            "conversation_id": self.conversation_id,
            "conversation_type": self.conversation_type,
            "title": self.title,
            "people": [asdict(person) for person in self.members.values()],
        }
        return about | ({"last": self.messages[-1] if self.messages else None} if brief else {"messages": [*self.messages]})


class Chats:
    """Every conversation by bot and id; beyond `_CHATS_KEPT` those in which nobody has written for longest are forgotten."""

    def __init__(self) -> None:
        self._chats: OrderedDict[tuple[str, str], Chat] = OrderedDict()
        self._staff: OrderedDict[tuple[str, str], Person] = OrderedDict()
        self._numbers = itertools.count(1)

    def enter(self, app: App, kind: str, person: Person, conversation_id: str | None, title: str | None) -> Chat:
        """The conversation in which this person is about to write; made on first use.

        A private chat's id is derived from bot and person, a group's from its title, unless one is given.
        """
        if kind == "2":
            title = title or "测试群"
            conversation_id = conversation_id or f"cid{stable_id('group', app.corp_id, title)}=="
        else:
            title = person.nick
            conversation_id = conversation_id or f"cid{stable_id('single', app.client_id, person.sender_id)}=="
        key = (app.client_id, conversation_id)
        chat = self._chats.get(key)
        if chat is None or chat.conversation_type != kind:
            chat = self._chats[key] = Chat(app.client_id, conversation_id, kind, title, self._numbers)
        self._chats.move_to_end(key)
        chat.members[person.sender_id] = person
        if person.staff_id:
            self._staff[app.corp_id, person.staff_id] = person
        _forget_oldest(self._chats, _CHATS_KEPT)
        _forget_oldest(self._staff, _PEOPLE_KEPT)
        return chat

    def find(self, client_id: str, conversation_id: str) -> Chat | None:
        """The bot's conversation of this id."""
        return self._chats.get((client_id, conversation_id))

    def group(self, client_id: str, conversation_id: str) -> Chat | None:
        """The group of this id, if the bot is in it."""
        chat = self.find(client_id, conversation_id)
        return chat if chat and chat.conversation_type == "2" else None

    def single(self, app: App, staff_id: str) -> Chat | None:
        """The private chat with the person of this userId; None for nobody of the app's organisation.

        The organisation's people are those who have written anything to any of its bots.
        """
        for chat in self.all(app.client_id):
            if chat.conversation_type == "1" and chat.has_staff(staff_id):
                return chat
        person = self._staff.get((app.corp_id, staff_id))
        return self.enter(app, "1", person, None, None) if person else None

    def all(self, client_id: str | None = None) -> list[Chat]:
        """Every conversation, or every one of a bot."""
        return [chat for chat in self._chats.values() if client_id in (None, chat.client_id)]

    def named(self, app: App, nick: str) -> Person:
        """The person of this name that this bot's chats know, or else a colleague whose userId is the name."""
        known = (person for chat in self.all(app.client_id) for person in chat.members.values() if person.nick == nick)
        return next(known, None) or Person.from_json({"staff_id": nick, "nick": nick})


def stable_id(*parts: str) -> str:
    """Letters and digits that are always the same for the same parts."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:22]


def _forget_oldest(kept: OrderedDict[Any, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
