"""Sessions, cards and counts in this process's memory: bounded, expiring, gone with the process."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from stores.base import CardRecord, ConversationKey, Session, Usage

# An answer may grow this long (Dify's own limit and some); so long a renewal is remembered, whatever the remain time.
LONGEST_ANSWER = 1_500.0  # seconds
MOST_SESSIONS = 100_000
MOST_CARDS = 20_000
MOST_MONTHS = 3


@dataclass(frozen=True)
class _Kept:
    session: Session
    expires_at: float


class MemorySessions:
    """Sessions that expire `remain_seconds` after their last use; at most `limit`, the longest unused leave first."""

    def __init__(
        self, remain_seconds: float, *, limit: int = MOST_SESSIONS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._remain, self._limit, self._clock = remain_seconds, limit, clock
        self._outlives = max(0.0, LONGEST_ANSWER - remain_seconds)  # how much longer than the session its generation is known
        self._lock = threading.Lock()
        self._kept: OrderedDict[ConversationKey, _Kept] = OrderedDict()  # longest unused first

    def load(self, key: ConversationKey) -> Session:
        """Return the live session of this key, or a new one."""
        with self._lock:
            kept = self._find(key)
            if kept and kept.expires_at >= self._clock():
                return kept.session
            session = Session.begun(key)
            self._keep(session)
            return session

    def save(self, session: Session) -> bool:
        """Keep it and start its remain time again; False when it was begun anew meanwhile."""
        with self._lock:
            kept = self._find(session.key)
            if kept and kept.session.generation != session.generation:
                return False
            self._keep(session)
            return True

    def renew(self, key: ConversationKey) -> int:
        """Forget the conversation; answers still growing will not bring it back."""
        session = Session.begun(key)
        self.keep(session)
        return session.generation

    def learn(self, key: ConversationKey, generation: int) -> None:
        """Another process has begun it anew; this memory stands in for the store that they share."""
        self.keep(Session(key, generation))

    def keep(self, session: Session) -> None:
        """Keep it, whatever there was."""
        with self._lock:
            self._keep(session)

    def recall(self, key: ConversationKey) -> Session | None:
        """Return what is known of this key and change nothing; once expired, it is known without its conversation."""
        with self._lock:
            kept = self._find(key)
            if kept and kept.expires_at < self._clock():
                return kept.session.continued("")
            return kept.session if kept else None

    def _find(self, key: ConversationKey) -> _Kept | None:
        oldest = self._clock() - self._outlives
        while self._kept and next(iter(self._kept.values())).expires_at < oldest:
            self._kept.popitem(last=False)
        return self._kept.get(key)

    def _keep(self, session: Session) -> None:
        self._kept[session.key] = _Kept(session, self._clock() + self._remain)
        self._kept.move_to_end(session.key)
        if len(self._kept) > self._limit:
            self._kept.popitem(last=False)


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
    """What companies used in the newest `limit` months."""

    def __init__(self, *, limit: int = MOST_MONTHS) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._months: dict[str, _Month] = {}

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

    def know(self, corp: str, month: str, sums: Usage) -> None:
        """Take these for the month's sums, whatever was counted here."""
        with self._lock:
            self._month(month).usage[corp] = sums

    def _month(self, month: str) -> _Month:
        found = self._months.setdefault(month, _Month())
        if len(self._months) > self._limit:
            del self._months[min(self._months)]
        return found
