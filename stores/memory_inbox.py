"""Messages under way and their lines in this process's memory: bounded, and gone with the process."""

import bisect
import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from stores.base import Accepted, ConversationKey, MessageKey, Signal

# For which a message that ended is known, should it be delivered again. By Stream that is a minute; a signed callback that
# somebody captured is good for an hour, by a clock that may be an hour off.
REMEMBERED_SECONDS = 7_200.0
MOST_MESSAGES = 50_000  # of each: under way, and ended


class MemoryInbox:
    """Messages under way (at most `limit`, more than any gate takes in), and those that ended lately."""

    def __init__(self, *, limit: int = MOST_MESSAGES, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._clock = limit, clock
        self._lock = threading.Lock()
        self._open: OrderedDict[MessageKey, Accepted] = OrderedDict()
        self._ended: OrderedDict[MessageKey, float] = OrderedDict()  # when each ended, the oldest first

    def accept(self, key: MessageKey, raw: str) -> bool:
        """Keep a message that came; False when it is under way or ended within the last two hours."""
        with self._lock:
            self._forget()
            if key in self._open or key in self._ended:
                return False
            self._open[key] = Accepted(key, raw, time.time())
            if len(self._open) > self._limit:
                self._open.popitem(last=False)
            return True

    def ask(self, key: MessageKey, card: str) -> bool:
        """From now on the AI may have been asked; nobody else could have taken the message."""
        with self._lock:
            if key in self._ended:
                return False
            self._open[key] = replace(self._open.get(key) or Accepted(key, "", time.time()), card=card)
            return True

    def end(self, key: MessageKey) -> None:
        """It has its answer, or gets none: its two hours begin."""
        with self._lock:
            self._open.pop(key, None)
            self._ended.setdefault(key, self._clock())
            self._forget()

    def is_open(self, key: MessageKey) -> bool:
        """Return whether it has not ended."""
        with self._lock:
            return key in self._open

    def knows(self, key: MessageKey) -> bool:
        """Return whether it is under way or ended within the last two hours."""
        with self._lock:
            self._forget()
            return key in self._open or key in self._ended

    def known(self, most: int) -> tuple[tuple[Accepted, ...], tuple[MessageKey, ...]]:
        """Return the messages under way, and at most so many of those that ended lately, the newest."""
        with self._lock:
            self._forget()
            return tuple(self._open.values()), tuple(itertools.islice(reversed(self._ended), most))

    def take_over(self, client_id: str) -> tuple[Accepted, ...]:
        """Return none: there is no other process."""
        del client_id
        return ()

    def _forget(self) -> None:
        oldest = self._clock() - REMEMBERED_SECONDS
        while self._ended and (len(self._ended) > self._limit or next(iter(self._ended.values())) < oldest):
            self._ended.popitem(last=False)


@dataclass(frozen=True, order=True)
class _Place:
    written_at: float
    number: int
    turn: str


class MemoryTurns:
    """The lines of conversations; a line exists while somebody stands in it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._lines: dict[ConversationKey, list[_Place]] = {}
        self._holders: dict[ConversationKey, str] = {}

    def join(self, key: ConversationKey, turn: str, written_at: float) -> None:
        """Stand in line by when it was written, then by when it came."""
        with self._lock:
            line = self._lines.setdefault(key, [])
            if all(place.turn != turn for place in line):
                bisect.insort(line, _Place(written_at, next(self._numbers), turn))

    def next(self, key: ConversationKey) -> str | None:
        """Return which turn is to be answered now; it stays the one until it leaves."""
        with self._lock:
            if key not in self._lines:
                return None
            return self._holders.setdefault(key, self._lines[key][0].turn)

    def leave(self, key: ConversationKey, turn: str) -> bool:
        """Leave the line, from whichever place."""
        with self._lock:
            left = [place for place in self._lines.get(key, ()) if place.turn != turn]
            if left:
                self._lines[key] = left
            else:
                self._lines.pop(key, None)
            if self._holders.get(key) == turn:
                del self._holders[key]
        return False

    def elsewhere(self, key: ConversationKey) -> bool:
        """Return False: there is no other process."""
        del key
        return False


class MemorySignals:
    """Nobody to send to, and nobody to hear from."""

    def send(self, signal: Signal) -> None:
        """Nobody else is there."""

    def listen(self, receive: Callable[[Signal], None]) -> None:
        """Nobody else is there."""


class MemoryPresence:
    """The one process."""

    def renew(self) -> bool:
        """Nobody could have taken it for gone."""
        return True

    def look(self) -> None:
        """Nobody else is there."""

    def leave(self) -> None:
        """Nobody is left to take anything."""
