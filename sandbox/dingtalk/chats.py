"""People, the conversations they have with bots, and what was said there."""

import base64
import hashlib
import itertools
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.dingtalk.apps import App
from sandbox.json_api import text_of
from sandbox.kept import Kept, weight

_MESSAGES_KEPT = 500
_CHATS_KEPT = 2_000
_MEMBERS_KEPT = 2_000
_PEOPLE_KEPT = 10_000
_MESSAGES_KEPT_IN_ALL = 1_000_000
_MOST_CHARACTERS = 128_000_000
_BRIEF_CHARACTERS = 200

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
        staff_id = text_of(body, "staff_id")
        nick = text_of(body, "nick") or staff_id or "访客"
        sender_id = text_of(body, "sender_id") or f"$:LWCP_v1:${stable_id('person', staff_id or nick)}"
        return cls(sender_id, staff_id or None, nick)


class Said:
    """Numbers what is said anywhere, and lets the oldest go once all of it is too much to keep."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._kept: Kept[int, tuple[Chat, Message]] = Kept(
            _MESSAGES_KEPT_IN_ALL, _MOST_CHARACTERS, lambda said: weight(said[1])
        )

    def number(self) -> int:
        """The number of the next message."""
        return next(self._numbers)

    def keep(self, chat: "Chat", message: Message) -> None:
        """Take a message in, and the oldest ones out of their chats."""
        for heavy, _ in self._kept.put(message["number"], (chat, message)):
            heavy.messages.popleft()

    def forget(self, message: Message) -> None:
        """Let go of a message that its chat no longer has."""
        self._kept.drop(message["number"])


@dataclass(slots=True)
class Chat:
    """A private chat ("1") or a group ("2") with one bot in it."""

    client_id: str
    conversation_id: str
    conversation_type: str
    title: str
    said: Said
    members: dict[str, Person] = field(default_factory=dict)
    messages: deque[Message] = field(default_factory=deque)

    def say(self, author: str, nick: str, msgtype: str, **what: object) -> Message:
        """Append a message and return it; `author` is "person" or "bot", `what` its text, files, or the card it shows.

        Its number grows over all conversations, so that "everything after this one" is a question about one number.
        """
        message = {"number": self.said.number(), "time": time.time(), "from": author, "nick": nick, "msgtype": msgtype, **what}
        if len(self.messages) == _MESSAGES_KEPT:
            self.said.forget(self.messages.popleft())
        self.messages.append(message)
        self.said.keep(self, message)
        return message

    @property
    def newest(self) -> int:
        """The number of the last message; 0 before there is one."""
        return int(self.messages[-1]["number"]) if self.messages else 0

    def message(self, number: object) -> Message | None:
        """The message of this number, if it was said here and is still kept."""
        return next((each for each in self.messages if each["number"] == number), None)

    def has_staff(self, staff_id: str) -> bool:
        """Whether a person of this userId has spoken here."""
        return any(person.staff_id == staff_id for person in self.members.values())

    def to_json(self, *, brief: bool = False) -> dict[str, Any]:
        """The chat as the control API shows it; in brief with the beginning of its last message instead of all."""
        about = {
            "client_id": self.client_id,
            "conversation_id": self.conversation_id,
            "conversation_type": self.conversation_type,
            "title": self.title,
            "people": [asdict(person) for person in self.members.values()],
        }
        if not brief:
            return about | {"messages": [*self.messages]}
        last = self.messages[-1] if self.messages else None
        return about | {"last": last and {**last, "text": last.get("text", "")[:_BRIEF_CHARACTERS]}}


class Chats:
    """Every conversation by bot and id; beyond `_CHATS_KEPT` those in which nobody has written for longest are forgotten."""

    def __init__(self) -> None:
        self._chats: Kept[tuple[str, str], Chat] = Kept(_CHATS_KEPT)
        self._staff: Kept[tuple[str, str], Person] = Kept(_PEOPLE_KEPT)
        self._said = Said()

    def meet(self, app: App, kind: str, person: Person, conversation_id: str = "", title: str = "") -> Chat:
        """The conversation in which this person would write; a new one is not known to anybody before they `enter` it.

        A private chat's id is derived from bot and person, a group's from its title, unless one is given.
        """
        if kind == "2":
            title = title or "测试群"
            conversation_id = conversation_id or f"cid{stable_id('group', app.corp_id, title)}=="
        else:
            title = person.nick
            conversation_id = conversation_id or f"cid{stable_id('single', app.client_id, person.sender_id)}=="
        chat = self.find(app.client_id, conversation_id)
        if chat is None or chat.conversation_type != kind:
            chat = Chat(app.client_id, conversation_id, kind, title, self._said)
        return chat

    def enter(self, app: App, chat: Chat, person: Person) -> None:
        """Let a person write in a conversation, which is the last to be forgotten now."""
        key = (chat.client_id, chat.conversation_id)
        replaced = [each for each in [self._chats.get(key)] if each and each is not chat]
        for gone in self._chats.put_last(key, chat) + replaced:
            for message in gone.messages:
                self._said.forget(message)
        chat.members[person.sender_id] = person
        if len(chat.members) > _MEMBERS_KEPT:
            del chat.members[next(iter(chat.members))]
        if person.staff_id:
            self._staff.put_last((app.corp_id, person.staff_id), person)

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
        if person is None:
            return None
        chat = self.meet(app, "1", person)
        self.enter(app, chat, person)
        return chat

    def all(self, client_id: str | None = None) -> list[Chat]:
        """Every conversation, or every one of a bot."""
        return [chat for chat in self._chats.all() if client_id in (None, chat.client_id)]

    def named(self, app: App, nick: str) -> Person:
        """The person of this name that this bot's chats know, or else a colleague whose userId is the name."""
        known = (person for chat in self.all(app.client_id) for person in chat.members.values() if person.nick == nick)
        return next(known, None) or Person.from_json({"staff_id": nick, "nick": nick})


def stable_id(*parts: str) -> str:
    """Letters and digits that are always the same for the same parts."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:22]
