"""When a durable store is asked, when memory stands in for it, and how it learns what it missed."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from errors import StoreUnavailable

log = logging.getLogger("dingbridge.stores")

_AT_ONCE = 100  # notes are written, then others have their turn ...
_BREATH_SECONDS = 0.001  # ... for so long
_WARNING_SECONDS = 60.0  # at least, from one warning to the next
_GOODBYE_SECONDS = 5.0  # for the thread to end

Key = TypeVar("Key")
Note = TypeVar("Note")
Result = TypeVar("Result")


class Notes(Generic[Key, Note]):
    """What memory did and the durable store does not know: one note for each key, at most `limit`; the oldest leave first.

    `write` writes one, or raises StoreUnavailable and has written nothing (or what may be written again).
    """

    def __init__(self, write: Callable[[Key, Note], None], limit: int) -> None:
        self._write, self._limit = write, limit
        self._notes: OrderedDict[Key, Note] = OrderedDict()

    def __len__(self) -> int:
        return len(self._notes)

    def get(self, key: Key) -> Note | None:
        """Return the note of this key."""
        return self._notes.get(key)

    def drop(self, key: Key) -> None:
        """Take it back."""
        self._notes.pop(key, None)

    def put(self, key: Key, note: Note) -> None:
        """Note it, in place of the key's former note."""
        self._notes[key] = note
        self._notes.move_to_end(key)
        if len(self._notes) > self._limit:
            self._notes.popitem(last=False)

    def write_one(self) -> None:
        """Write the oldest; it is taken off once it is written."""
        key, note = next(iter(self._notes.items()))
        self._write(key, note)
        del self._notes[key]


class Shelter:
    """Chooses between a durable store and memory, for all contracts of the store together.

    One lock stands before both, so that memory's picture changes together with what it shows. The first call that raises
    StoreUnavailable has changed nothing, or what is written again; from then on memory answers alone, and notes what is to be
    written. A thread tries every `retry_seconds`; it writes under the lock and takes a note off when it is written. When none
    is left, the durable store answers again, before the lock is let go. So nothing is lost or counted twice, and a call waits
    for a store that does not respond only in an outage's first moment, or when it fails again in the midst of the writing.

    `reach` raises StoreUnavailable while the durable store does not work; `fix` says what an admin can do about that.
    """

    def __init__(
        self,
        reach: Callable[[], None],
        *,
        fix: Callable[[StoreUnavailable], str] = lambda _: "",
        retry_seconds: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reach, self._fix, self._retry_seconds, self._clock = reach, fix, retry_seconds, clock
        self._lock = threading.Lock()
        self._notes: list[Notes[Any, Any]] = []
        self._reached, self._closing = threading.Event(), threading.Event()
        self._reached.set()
        self._retrying: threading.Thread | None = None
        self._trouble = ""
        self._warned, self._warned_at = False, float("-inf")  # of this outage; of any

    def notes(self, write: Callable[[Key, Note], None], limit: int, *, first: bool = False) -> Notes[Key, Note]:
        """Return new notes, which are written after an outage; those that come `first` before the others."""
        notes = Notes(write, limit)
        self._notes.insert(0 if first else len(self._notes), notes)
        return notes

    def lose(self, error: StoreUnavailable) -> None:
        """Begin (or go on) in an outage."""
        with self._lock:
            if self._reached.is_set():
                self._lose(error)

    def trouble(self) -> str:
        """Return why memory stands in for the durable store now, in one line, or "" while it does not."""
        return self._trouble

    def call(self, durable: Callable[[], Result], memory: Callable[[], Result]) -> Result:
        """Return what the durable store says, or memory while that cannot be reached."""
        with self._lock:
            if self._reached.is_set():
                try:
                    return durable()
                except StoreUnavailable as error:
                    self._lose(error)
            return memory()

    def close(self) -> None:
        """Write what is still noted, if that is possible now, and end."""
        with self._lock:
            self._closing.set()
            retrying = self._retrying
        if retrying:
            retrying.join(_GOODBYE_SECONDS)
        if not self._reached.is_set() and not self.try_again():
            log.warning("changes that could not be kept: %d", sum(map(len, self._notes)))

    def try_again(self) -> bool:
        """Write all notes and return whether the durable store answers again."""
        try:
            self._reach()
            while self._write_some():
                self._closing.wait(_BREATH_SECONDS)
        except StoreUnavailable as error:
            with self._lock:
                self._trouble = str(error)
                self._warn(error)
        except Exception:
            log.exception("the store cannot be used")
        else:
            return True
        return False

    def _lose(self, error: StoreUnavailable) -> None:
        self._reached.clear()
        self._trouble, self._warned = str(error), False
        self._warn(error)
        if not self._closing.is_set():
            self._retrying = threading.Thread(target=self._retry, name="store-retry", daemon=True)
            self._retrying.start()

    def _retry(self) -> None:
        while not self._closing.wait(self._retry_seconds):
            if self.try_again():
                return

    def _write_some(self) -> bool:
        """Write some notes and return True, or go back to the durable store when there are none."""
        with self._lock:
            for _ in range(_AT_ONCE):
                notes = next((notes for notes in self._notes if notes), None)
                if notes is None:
                    self._reached.set()
                    self._trouble = ""
                    if self._warned:
                        log.info("the store can be reached again, and has been told what it missed")
                    return False
                notes.write_one()
        return True

    def _warn(self, error: StoreUnavailable) -> None:
        if self._clock() - self._warned_at >= _WARNING_SECONDS:
            self._warned, self._warned_at = True, self._clock()
            fix = self._fix(error)
            log.warning("the store cannot be reached, memory stands in for it: %s%s", error, f"; {fix}" if fix else "")
