"""When a durable store is asked, when memory stands in for it, and how it learns what it missed."""

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Generic, TypeVar

from errors import StoreUnavailable

log = logging.getLogger("dingbridge.stores")

_SIDE_BY_SIDE = 8  # durable calls: fewer than a server has connections (16), so that none waits for one
_ORDERS = 64  # calls about different things seldom wait for each other
_WRITING_SECONDS = 0.2  # notes are written for so long, then others have their turn ...
_BREATH_SECONDS = 0.001  # ... for so long
_WARNING_SECONDS = 60.0  # at least, from one warning of an outage to the next
_FLUTTER_SECONDS = 5.0  # the same from one outage to the next
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


class Places:
    """So many places. One is taken to be among others, all of them to be alone; first come, first served, so nobody starves."""

    def __init__(self, number: int) -> None:
        self._number = self._free = number
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, threading.Event]] = deque()  # how many each wants; when it is called in

    def one(self) -> AbstractContextManager[None]:
        """Ask for a place; `with` waits for it and takes it."""
        return self._ask(1)

    def all(self, *, urgent: bool = False) -> AbstractContextManager[None]:
        """Ask for all: those who have one leave first. What is urgent goes before all who wait."""
        return self._ask(self._number, urgent=urgent)

    def _ask(self, wanted: int, *, urgent: bool = False) -> AbstractContextManager[None]:
        called = threading.Event()
        with self._lock:
            join = self._waiting.appendleft if urgent else self._waiting.append
            join((wanted, called))
            self._call_in()
        return self._take(wanted, called)

    @contextmanager
    def _take(self, wanted: int, called: threading.Event) -> Iterator[None]:
        try:
            called.wait()  # no longer than the time limits of the calls that are made in a place
            yield
        finally:
            with self._lock:
                if called.is_set():
                    self._free += wanted
                else:  # a signal to the main thread has ended the waiting
                    self._waiting.remove((wanted, called))
                self._call_in()

    def _call_in(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            wanted, called = self._waiting.popleft()
            self._free -= wanted
            called.set()


class Shelter:
    """Chooses between a durable store and memory, for all contracts of the store together.

    Durable calls run side by side; those about the same thing go one after another, so that memory's picture changes in the
    order in which the durable store does. The first call that raises StoreUnavailable has changed nothing, or what is written
    again; once those beside it have ended, memory answers alone, one call at a time, and notes what is to be written. A thread
    tries every `retry_seconds`; it writes while no call is under way, and takes a note off when it is written. When none is
    left, the durable store answers again, before any call begins. So nothing is lost or counted twice, and a call waits for
    a store that does not respond only in an outage's first moment, or when it fails again in the midst of the writing.

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
        # Which of the two answers changes only while all places are taken.
        self._places, self._memory = Places(_SIDE_BY_SIDE), threading.Lock()
        self._orders = [threading.Lock() for _ in range(_ORDERS)]
        self._enter: Callable[[], None] = lambda: None
        self._notes: list[Notes[Any, Any]] = []
        self._reached, self._closing = threading.Event(), threading.Event()
        self._reached.set()
        self._retrying: threading.Thread | None = None
        self._trouble = ""
        self._warned, self._warned_at = False, float("-inf")  # of this outage; of any

    def notes(self, write: Callable[[Key, Note], None], limit: int) -> Notes[Key, Note]:
        """Return new notes, which are written after an outage."""
        notes = Notes(write, limit)
        self._notes.append(notes)
        return notes

    def begin_by(self, enter: Callable[[], None]) -> None:
        """Call this each time before notes are written; it may add some, and raise StoreUnavailable."""
        self._enter = enter

    def lose(self, error: StoreUnavailable) -> None:
        """Begin (or go on) in an outage."""
        with self._places.all():
            self._lose(error)

    def trouble(self) -> str:
        """Return why memory stands in for the durable store now, in one line, or "" while it does not."""
        return self._trouble

    def call(self, durable: Callable[[], Result], memory: Callable[[], Result], *, about: Hashable = None) -> Result:
        """Return what the durable store says, or memory while that cannot be reached.

        Calls `about` the same thing go one after another; those about None need no order.
        """
        # Who waits for its order has no place yet, or those who wait for one slow thing would be in the way of all others.
        with nullcontext() if about is None else self._orders[hash(about) % _ORDERS]:
            with self._places.one():
                if not self._reached.is_set():
                    with self._memory:
                        return memory()
                try:
                    return durable()
                except StoreUnavailable as error:
                    # Asked for before this place is free, or who waits for it would find out the same, as slowly.
                    failure, alone = error, self._places.all(urgent=True)
            with alone:
                self._lose(failure)
                return memory()

    def call_alone(self, durable: Callable[[], Result], memory: Callable[[], Result]) -> Result:
        """Do the same while no other call is under way."""
        with self._places.all():
            if self._reached.is_set():
                try:
                    return durable()
                except StoreUnavailable as error:
                    self._lose(error)
            return memory()

    def close(self) -> None:
        """Write what is still noted, if that is possible now, and end."""
        with self._places.all():
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
            with self._places.all():
                self._trouble = str(error)
                self._warn(error)
        except Exception:
            log.exception("the store cannot be used")
        else:
            return True
        return False

    def _lose(self, error: StoreUnavailable) -> None:
        if not self._reached.is_set():
            return
        self._reached.clear()
        self._trouble, self._warned = str(error), False
        self._warn(error, _FLUTTER_SECONDS)
        if not self._closing.is_set():
            self._retrying = threading.Thread(target=self._retry, name="store-retry", daemon=True)
            self._retrying.start()

    def _retry(self) -> None:
        while not self._closing.wait(self._retry_seconds):
            if self.try_again():
                return

    def _write_some(self) -> bool:
        """Write some notes and return True, or go back to the durable store when there are none."""
        with self._places.all():
            self._enter()
            until = self._clock() + _WRITING_SECONDS
            while notes := next((notes for notes in self._notes if notes), None):
                if self._clock() > until:
                    return True
                notes.write_one()
            self._reached.set()
            self._trouble = ""
            if self._warned:
                log.info("the store can be reached again, and has been told what it missed")
        return False

    def _warn(self, error: StoreUnavailable, seconds: float = _WARNING_SECONDS) -> None:
        if self._clock() - self._warned_at >= seconds:
            self._warned, self._warned_at = True, self._clock()
            fix = self._fix(error)
            log.warning("the store cannot be reached, memory stands in for it: %s%s", error, f"; {fix}" if fix else "")
