"""Sessions, cards and counts in this process's memory: bounded, expiring, gone with the process."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from stores.base import CardRecord, ConversationKey, Session, Usage

# An answer may grow this long (Dify's own limit and some); so long after a session's end its generation is known, so that
# a renewal is remembered, whatever the remain time.
LONGEST_ANSWER = 1_500.0  # seconds
MOST_SESSIONS = 100_000
MOST_CHARACTERS = 64_000_000  # of their conversations together, which may be all that was said: 64 to 256 MB
_TIDY_SECONDS = 60.0  # between two rounds of letting go of what is over
MOST_CARDS = 20_000
MOST_MONTHS = 3


@dataclass(frozen=True)
class _Kept:
    session: Session
    remain_seconds: float
    expires_at: float


class MemorySessions:
    """Sessions that expire `remain_seconds` after their last use, unless they are saved with a time of their own.

    At most `limit`, and so many `characters` of conversations; the longest unused leave first.
    """

    def __init__(
        self,
        remain_seconds: float,
        *,
        limit: int = MOST_SESSIONS,
        characters: int = MOST_CHARACTERS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._remain, self._limit, self._most_characters, self._clock = remain_seconds, limit, characters, clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[ConversationKey, _Kept] = OrderedDict()  # longest unused first
        self._characters = 0
        self._tidy_at = clock() + _TIDY_SECONDS

    def load(self, key: ConversationKey) -> Session:
        """Return the live session of this key, or a new one."""
        with self._lock:
            kept = self._find(key)
            if kept and kept.expires_at >= self._clock():
                return kept.session
            session = Session.begun(key)
            self._keep(session)
            return session

    def save(self, session: Session, remain_seconds: float | None = None) -> bool:
        """Keep it and start its remain time again; False when it was begun anew meanwhile."""
        with self._lock:
            kept = self._find(session.key)
            if kept and kept.session.generation != session.generation:
                return False
            self._keep(session, remain_seconds)
            return True

    def renew(self, key: ConversationKey) -> int:
        """Forget the conversation; answers still growing will not bring it back."""
        session = Session.begun(key)
        self.keep(session)
        return session.generation

    def learn(self, key: ConversationKey, generation: int) -> None:
        """Another process has begun it anew; this memory stands in for the store that they share."""
        self.keep(Session(key, generation))

    def keep(self, session: Session, remain_seconds: float | None = None) -> None:
        """Keep it, whatever there was."""
        with self._lock:
            self._keep(session, remain_seconds)

    def know(self, session: Session) -> None:
        """Take it for what there is; it remains as long as was last said of it here."""
        with self._lock:
            kept = self._find(session.key)
            same = kept if kept and kept.session.generation == session.generation else None
            self._keep(session, same.remain_seconds if same else None)

    def recall(self, key: ConversationKey) -> Session | None:
        """Return what is known of this key and change nothing; once expired, it is known without its conversation."""
        with self._lock:
            kept = self._find(key)
            if kept and kept.expires_at < self._clock():
                return kept.session.continued("")
            return kept.session if kept else None

    def _find(self, key: ConversationKey) -> _Kept | None:
        kept = self._kept.get(key)
        return kept if kept and kept.expires_at + LONGEST_ANSWER >= self._clock() else None

    def _keep(self, session: Session, remain_seconds: float | None = None) -> None:
        self._tidy()
        remain = self._remain if remain_seconds is None else remain_seconds
        self._put(_Kept(session, remain, self._clock() + remain))
        self._kept.move_to_end(session.key)
        while len(self._kept) > self._limit or self._characters > self._most_characters:
            self._drop(next(iter(self._kept)))

    def _tidy(self) -> None:
        """Let go of what is over: first of its conversation, and of the rest once nobody can ask for it."""
        now = self._clock()
        if now < self._tidy_at:
            return
        self._tidy_at = now + _TIDY_SECONDS
        for key, kept in list(self._kept.items()):
            if kept.expires_at + LONGEST_ANSWER < now:
                self._drop(key)
            elif kept.expires_at < now and kept.session.conversation:
                self._put(replace(kept, session=kept.session.continued("")))

    def _put(self, kept: _Kept) -> None:
        former = self._kept.get(kept.session.key)
        self._characters += len(kept.session.conversation) - (len(former.session.conversation) if former else 0)
        self._kept[kept.session.key] = kept

    def _drop(self, key: ConversationKey) -> None:
        self._characters -= len(self._kept.pop(key).session.conversation)


class MemoryCards:
    """The last `limit` cards."""

    def __init__(self, *, limit: int = MOST_CARDS) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._cards: OrderedDict[str, CardRecord] = OrderedDict()

    def open(self, card: CardRecord) -> None:
        """Remember a card."""
        with self._lock:
            self._cards[card.out_track_id] = card
            self._cards.move_to_end(card.out_track_id)
            if len(self._cards) > self._limit:
                self._cards.popitem(last=False)

    def note(self, out_track_id: str, *, ref: str = "", text: str = "") -> None:
        """Add the AI's name for the answer; the text would go with the process, as the card's closing would."""
        del text
        with self._lock:
            if ref and (card := self._cards.get(out_track_id)):
                self._cards[out_track_id] = replace(card, ref=ref)

    def close(self, out_track_id: str) -> None:
        """It shows its end."""
        with self._lock:
            if card := self._cards.get(out_track_id):
                self._cards[out_track_id] = replace(card, is_open=False)

    def find(self, out_track_id: str) -> CardRecord | None:
        """Return the card, or None when it is not (or no longer) known."""
        with self._lock:
            return self._cards.get(out_track_id)

    def orphans(self, client_id: str) -> tuple[CardRecord, ...]:
        """Return none: with the process goes the store."""
        del client_id
        return ()


@dataclass(frozen=True)
class _Month:
    usage: dict[str, Usage] = field(default_factory=dict)  # by company
    events: set[tuple[str, str]] = field(default_factory=set)  # company, event


class MemoryMeter:
    """What companies used in the newest `limit` months, and their apps."""

    def __init__(self, *, limit: int = MOST_MONTHS) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._months: dict[str, _Month] = {}
        self._apps: dict[str, str] = {}

    def add(self, corp: str, month: str, usage: Usage) -> Usage:
        """Add to the month's counts and return their sums; adding nothing is how to ask."""
        with self._lock:
            if usage == Usage():
                return self._months.get(month, _Month()).usage.get(corp, usage)
            counts = self._month(month).usage
            counts[corp] = counts.get(corp, Usage()) + usage
            return counts[corp]

    def has(self, corp: str, month: str, event: str) -> bool:
        """Return whether the event was named in this month."""
        with self._lock:
            return (corp, event) in self._month(month).events

    def first(self, corp: str, month: str, event: str) -> bool:
        """Return whether this is the first time that the event is named in this month; true once."""
        with self._lock:
            events = self._month(month).events
            if (corp, event) in events:
                return False
            events.add((corp, event))
            return True

    def apps(self) -> dict[str, str]:
        """Return the apps whose company is known: its corpId by their client ids."""
        with self._lock:
            return dict(self._apps)

    def remember(self, client_id: str, corp: str) -> None:
        """Remember whose app it is."""
        with self._lock:
            self._apps[client_id] = corp

    def know(self, corp: str, month: str, sums: Usage) -> None:
        """Take these for the month's sums, whatever was counted here."""
        with self._lock:
            self._month(month).usage[corp] = sums

    def _month(self, month: str) -> _Month:
        found = self._months.setdefault(month, _Month())
        if len(self._months) > self._limit:
            del self._months[min(self._months)]
        return found
