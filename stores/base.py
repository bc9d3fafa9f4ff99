"""The contracts of what outlives a moment: conversations, messages under way, their cards and their order, the month's counts.

Several processes may share a store. Each says every few seconds that it is there (`Presence`); what belongs to one that is
gone (its messages, its open cards, its places in line) falls to the others, or to the next one that starts.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from secrets import randbits
from typing import Literal, Protocol

LEASE_SECONDS = 15.0  # for which a process is there after it said so


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

    For an AI that remembers nothing itself it is all that was said before, which may be some 30,000 characters.
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
class MessageKey:
    """Which message it is, over all processes: one that is delivered again comes to any of them, under the same id."""

    client_id: str
    robot_code: str
    message_id: str


@dataclass(frozen=True)
class Accepted:
    """A message that has not ended: `raw` is the delivery as JSON, `since` is when it was accepted (seconds since 1970).

    `card` is its state: "" while the AI was not asked yet; then the outTrackId that its answer's card has, if it got one, or
    what the one who asks puts in its place.
    """

    key: MessageKey
    raw: str = field(repr=False)
    since: float
    card: str = ""


@dataclass(frozen=True)
class CardRecord:
    """Where a click on a card leads: the bot, who asked what, in which conversation, and the AI's name for the answer.

    While it `is_open`, somebody has to close it: by the calls of its `template` (whose form is the writer's own), with what it
    shows so far, as `text` last told it.
    """

    out_track_id: str
    client_id: str
    asker: str
    message: MessageKey
    key: ConversationKey
    ref: str = ""
    template: str = ""
    text: str = field(default="", repr=False)
    is_open: bool = True


@dataclass(frozen=True)
class Signal:
    """What other processes have to know at once about a conversation.

    `stop`: end what `user` asked for in it, or only `message_id` if that is named. `new`: it was begun anew, as `generation`.
    `next`: somebody has left its line.
    """

    kind: Literal["stop", "new", "next"]
    key: ConversationKey
    user: str = ""
    message_id: str = ""
    generation: int = 0


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

    def save(self, session: Session, remain_seconds: float | None = None) -> bool:
        """Keep it and start its remain time again; False when it was begun anew meanwhile (nothing is kept then).

        It is over after `remain_seconds` without use, or the store's own; each save says it anew.
        """

    def renew(self, key: ConversationKey) -> int:
        """Forget the conversation; answers still growing will not bring it back. Return the new one's generation."""

    def learn(self, key: ConversationKey, generation: int) -> None:
        """Another process has begun it anew, as this generation; the store itself knows, what stands in for it may not."""


class Inbox(Protocol):
    """Messages that were accepted but have not ended, each in the hands of one process."""

    def accept(self, key: MessageKey, raw: str) -> bool:
        """Keep a message that came, as this process's; False when it is under way or ended within the last two hours."""

    def ask(self, key: MessageKey, card: str) -> bool:
        """From now on the AI may have been asked; False when the message fell to another process meanwhile.

        One that is not known (what was kept is lost) is this process's from now on.
        """

    def end(self, key: MessageKey) -> None:
        """It has its answer, or gets none: its words are forgotten, the message itself after two hours."""

    def is_open(self, key: MessageKey) -> bool:
        """Return whether it has not ended, in whichever process."""

    def take_over(self, client_id: str) -> tuple[Accepted, ...]:
        """Return a bot's messages whose processes are gone, the oldest first; they are this process's from now on.

        One that nobody took for a day is forgotten.
        """


class Cards(Protocol):
    """Cards by their outTrackId, for clicks, and for whoever has to close them."""

    def open(self, card: CardRecord) -> None:
        """Remember a card that this process is about to make."""

    def note(self, out_track_id: str, *, ref: str = "", text: str = "") -> None:
        """Add the AI's name for the answer, or what the card shows by now; "" leaves what there was."""

    def close(self, out_track_id: str) -> None:
        """It shows its end; its text is forgotten, clicks still find it."""

    def find(self, out_track_id: str) -> CardRecord | None:
        """Return the card, or None when it is not (or no longer) known."""

    def orphans(self, client_id: str) -> tuple[CardRecord, ...]:
        """Return a bot's open cards whose processes are gone; they are this process's from now on."""


class Turns(Protocol):
    """One line for each conversation, over all processes; a turn is named by its message's id."""

    def join(self, key: ConversationKey, turn: str, written_at: float) -> None:
        """Stand in line, as this process's, by when it was written (seconds since 1970), then by when it came."""

    def next(self, key: ConversationKey) -> str | None:
        """Return which turn of this process is to be answered now; None while it is another process's turn, or nobody's.

        It stays the one until it leaves, whoever joins before it.
        """

    def leave(self, key: ConversationKey, turn: str) -> bool:
        """Leave the line, from whichever place; return whether another process has turns in it."""

    def elsewhere(self, key: ConversationKey) -> bool:
        """Return whether another process has turns of this conversation."""


class Signals(Protocol):
    """Words between the processes; one that cannot be reached just then misses them."""

    def send(self, signal: Signal) -> None:
        """Let all other processes know, soon."""

    def listen(self, receive: Callable[[Signal], None]) -> None:
        """From now on, call this for what others send, in a thread of the store's, until the store is closed."""


class Presence(Protocol):
    """Which processes there are; what belongs to the others falls to those that ask for it."""

    def renew(self) -> bool:
        """Say that this process is there, for LEASE_SECONDS more; return False when it was taken for gone meanwhile.

        Called every 5 seconds. What was taken from it then stays with the others.
        """

    def look(self) -> None:
        """Find out which processes are gone: those that did not renew, or whose end can be told sooner."""

    def leave(self) -> None:
        """Say that this process ends; what it still has falls to the others at once."""


class Buckets(Protocol):
    """Room for calls that are limited by the second, shared by the processes that make them."""

    def take(self, name: str, room: int, seconds: float) -> float:
        """Take room for one call, of `room` in any `seconds`; return 0, or the seconds until there is some (none is taken)."""


class Meter(Protocol):
    """What companies use, by month, and which apps are theirs; a company is its corpId, a month is written "2026-11".

    An app whose company nobody knows yet is counted like a company, under its client id.
    """

    def add(self, corp: str, month: str, usage: Usage) -> Usage:
        """Add to the month's counts and return their sums; adding nothing is how to ask."""

    def has(self, corp: str, month: str, event: str) -> bool:
        """Return whether the event was named in this month."""

    def first(self, corp: str, month: str, event: str) -> bool:
        """Return whether this is the first time that the event is named in this month; true once."""

    def apps(self) -> dict[str, str]:
        """Return the apps whose company is known, in whichever process: its corpId by their client ids."""

    def remember(self, client_id: str, corp: str) -> None:
        """Remember whose app it is, in place of what was known."""


@dataclass(frozen=True)
class Stores:
    """Everything that is kept, as one store keeps it; `buckets` is None where processes do not share it.

    The contracts raise StoreUnavailable while it cannot be reached; a call that raises it has changed nothing, or what the same
    call changes again. Those of `open_stores` never raise: memory stands in, and `trouble` says why ("" while all is well).
    """

    sessions: Sessions
    inbox: Inbox
    cards: Cards
    turns: Turns
    signals: Signals
    meter: Meter
    presence: Presence
    buckets: Buckets | None
    trouble: Callable[[], str]
    close: Callable[[], None]
