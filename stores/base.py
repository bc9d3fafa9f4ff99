"""The contracts of what outlives a moment: conversations with the AI, the cards that were opened, the month's counts."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from secrets import randbits
from typing import Protocol


@dataclass(frozen=True)
class ConversationKey:
    """Whose conversation it is. Whole ids, never shortened: a lossy key would answer strangers.

    `chat` is empty when a person has one conversation in all chats, `person` when a chat shares one.
    The bot is its client id, not its name: renaming a bot must not end its conversations.
    """

    client_id: str
    corp: str
    chat: str
    person: str


@dataclass(frozen=True)
class Session:
    """What is remembered of a conversation: `conversation` is the AI's own (opaque) id, "" for a new one.

    `generation` tells this beginning from all others, so that an answer still growing cannot bring back what `/new` ended.
    """

    key: ConversationKey
    generation: int = 0
    conversation: str = field(default="", repr=False)

    @staticmethod
    def begun(key: ConversationKey) -> "Session":
        """Return a new session. Its generation is drawn by lot: no other process, now or later, draws the same."""
        return Session(key, randbits(62))

    def continued(self, conversation: str) -> "Session":
        """Return the same session, going on with this id of the AI's."""
        return replace(self, conversation=conversation)


@dataclass(frozen=True)
class CardRecord:
    """Where a click on a card leads: the bot, who asked what, in which conversation, and the AI's name for the answer."""

    out_track_id: str
    client_id: str
    asker: str
    message_id: str
    key: ConversationKey
    ref: str = ""


@dataclass(frozen=True)
class Usage:
    """What a company has used of a month: API calls, and pushes by webhook and Stream."""

    calls: int = 0
    pushes: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.calls + other.calls, self.pushes + other.pushes)


class Sessions(Protocol):
    """Conversations, until nobody has used them for the remain time."""

    def load(self, key: ConversationKey) -> Session:
        """Return the live session of this key, or a new one."""

    def save(self, session: Session) -> bool:
        """Keep it and start its remain time again; False when it was begun anew meanwhile (nothing is kept then)."""

    def renew(self, key: ConversationKey) -> None:
        """Forget the conversation; answers still growing will not bring it back."""


class Cards(Protocol):
    """Cards by their outTrackId, for clicks."""

    def put(self, card: CardRecord) -> None:
        """Remember (or replace) a card."""

    def find(self, out_track_id: str) -> CardRecord | None:
        """Return the card, or None when it is not (or no longer) known."""


class Meter(Protocol):
    """What companies use, by month; a company is its corpId, a month is written "2026-11"."""

    def add(self, corp: str, month: str, usage: Usage) -> Usage:
        """Add to the month's counts and return their sums; adding nothing is how to ask."""

    def has(self, corp: str, month: str, event: str) -> bool:
        """Return whether the event was named in this month."""

    def first(self, corp: str, month: str, event: str) -> bool:
        """Return whether this is the first time that the event is named in this month; true once."""


@dataclass(frozen=True)
class Stores:
    """Everything that is kept, as one store keeps it.

    The contracts raise StoreUnavailable while it cannot be reached; a call that raises it has changed nothing.
    """

    sessions: Sessions
    cards: Cards
    meter: Meter
    close: Callable[[], None]
