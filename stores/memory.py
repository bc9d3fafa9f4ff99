"""Sessions and cards in this process's memory: bounded, expiring, gone with the process."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from stores.base import CardRecord, ConversationKey, Session

# An answer may grow this long (Dify's own limit and some); so long a renewal is remembered, whatever the remain time.
_LONGEST_ANSWER = 1_500.0  # seconds


@dataclass(frozen=True)
class _Kept:
    session: Session
    expires_at: float


class MemorySessions:
    """Sessions that expire `remain_seconds` after their last use; at most `limit`, the longest unused leave first."""

    def __init__(self, remain_seconds: float, *, limit: int = 100_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._remain, self._limit, self._clock = remain_seconds, limit, clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[ConversationKey, _Kept] = OrderedDict()  # longest unused first
        self._generations = 0

    def load(self, key: ConversationKey) -> Session:
        """Return the live session of this key, or a new one."""
        with self._lock:
            self._expire()
            kept = self._kept.get(key)
            live = kept is not None and kept.expires_at >= self._clock()
            return kept.session if kept and live else self._begin(key, self._remain)

    def save(self, session: Session) -> bool:
        """Keep it and start its remain time again; False when it was begun anew meanwhile."""
        with self._lock:
            current = self._kept.get(session.key)
            if current and current.session.generation != session.generation:
                return False
            self._keep(session, self._remain)
            return True

    def renew(self, key: ConversationKey) -> None:
        """Forget the conversation; answers still growing will not bring it back."""
        with self._lock:
            self._begin(key, max(self._remain, _LONGEST_ANSWER))

    def _begin(self, key: ConversationKey, seconds: float) -> Session:
        # One counter for all keys: a generation is never used twice, not even after an expiry.
        self._generations += 1
        session = Session(key, self._generations)
        self._keep(session, seconds)
        return session

    def _keep(self, session: Session, seconds: float) -> None:
        self._kept[session.key] = _Kept(session, self._clock() + seconds)
        self._kept.move_to_end(session.key)
        if len(self._kept) > self._limit:
            self._kept.popitem(last=False)

    def _expire(self) -> None:
        now = self._clock()
        while self._kept:
            key, kept = next(iter(self._kept.items()))
            if kept.expires_at >= now:
                return
            del self._kept[key]


class MemoryCards:
    """The last `limit` cards."""

    def __init__(self, *, limit: int = 20_000) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._cards: OrderedDict[str, CardRecord] = OrderedDict()

    def put(self, card: CardRecord) -> None:
        """Remember (or replace) a card."""
        with self._lock:
            self._cards[card.out_track_id] = card
            self._cards.move_to_end(card.out_track_id)
            if len(self._cards) > self._limit:
                self._cards.popitem(last=False)

    def find(self, out_track_id: str) -> CardRecord | None:
        """Return the card, or None when it is not (or no longer) known."""
        with self._lock:
            return self._cards.get(out_track_id)
