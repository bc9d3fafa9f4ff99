"""How many calls of each DingTalk API may leave in a second: one window per API, for all that one DingTalk app does."""

import heapq
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from errors import Throttled
from stores.base import Buckets

TO_PEOPLE, TO_GROUPS, UPLOAD = "to a person", "to a group", "media/upload"  # APIs, beside those of cards


class NoRoom(Throttled):
    """It is ours, not DingTalk's: there is no room for a call in time, and none was made."""


@dataclass(eq=False)
class Slot:
    """The room that one call took: `at` is when it reached DingTalk, as far as can be told."""

    taken: float
    at: float


class Window:
    """So many calls of one API in any second; DingTalk counts per app and API, and refuses what is more.

    A refusal means that DingTalk counts otherwise (another process may use the same app): nothing leaves for a second, then
    a third less than before, and a tenth more with each second that goes well. All times are seconds.
    """

    # Calls that leave evenly may arrive less so: keep a tenth below the limit, over a little more than the second.
    _SHARE, _SECONDS = 0.9, 1.05
    _SLOWER, _FASTER = 0.67, 1.1
    _REMEMBERED = 1_000  # calls; where so many fit into a second, no limit is left to keep
    # In a burst a call may leave late; DingTalk has counted it so long before its answer, until more is known.
    _USUAL, _KNOWN = 0.05, 20

    def __init__(self, calls_a_second: float) -> None:
        room = calls_a_second * self._SHARE
        self._most = max(1, int(room)) if calls_a_second else self._REMEMBERED  # 0: none of ours
        self._seconds = self._SECONDS / min(1.0, room or 1.0)  # less than one a second: one in so many
        self._slots: deque[Slot] = deque(maxlen=self._REMEMBERED)
        self._durations: deque[float] = deque(maxlen=2 * self._KNOWN)
        self._slowed_to = float(self._most)
        self._not_before = 0.0

    def opens_at(self, now: float, share: float = 1.0) -> float:
        """Return when the next call may leave that takes none but this share of the room."""
        allowed = self._allowed(now)
        if allowed >= self._REMEMBERED:
            return self._not_before
        while self._slots and self._slots[0].at < now - self._seconds:
            self._slots.popleft()
        allowed = max(1, int(allowed * share))
        if len(self._slots) < allowed:
            return self._not_before
        return max(self._not_before, heapq.nlargest(allowed, (slot.at for slot in self._slots))[-1] + self._seconds)

    def room(self, share: float) -> int:
        """Return how many calls in `seconds` this share of the limit is; 0 for none of ours."""
        return 0 if self._most >= self._REMEMBERED else max(1, int(self._most * share))

    @property
    def seconds(self) -> float:
        """The time in which so many may leave."""
        return self._seconds

    def take(self, now: float) -> Slot:
        """A call leaves."""
        slot = Slot(now, now)
        self._slots.append(slot)
        return slot

    def give_back(self, slot: Slot) -> None:
        """The call does not leave after all."""
        with suppress(ValueError):  # it is forgotten already
            self._slots.remove(slot)

    def returned(self, slot: Slot, now: float) -> None:
        """Its answer is there."""
        self._durations.append(now - slot.taken)
        usual = min(self._durations) if len(self._durations) >= self._KNOWN else self._USUAL
        slot.at = max(slot.at, now - usual)

    def refused(self, now: float) -> None:
        """A call was one too many; those that left with it and come back refused as well are the same news."""
        if now < self._not_before:
            return
        so_far = self._allowed(now)
        if so_far >= self._REMEMBERED:  # no limit was kept: as many as there were
            so_far = sum(1 for slot in self._slots if slot.at > now - 2 * self._seconds)
        self._slowed_to = max(1.0, so_far * self._SLOWER)
        self._not_before = now + self._seconds

    def _allowed(self, now: float) -> int:
        well = max(0.0, now - self._not_before)
        return min(self._most, int(self._slowed_to * self._FASTER ** min(well, 100.0)))


class Rates:
    """The windows of one DingTalk app: `calls_a_second` of each API (0: no limit of ours). Safe to share between threads.

    What leaves has to have room in its window here and, where processes share the app, in the `buckets` of all of them, under
    the app's `name`. Times are those of `clock`, in seconds.
    """

    def __init__(
        self,
        calls_a_second: float = 0,
        *,
        buckets: Buckets | None = None,
        name: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock, self._buckets, self._name = clock, buckets, name
        self._lock = threading.Lock()
        self._windows = defaultdict[str, Window](partial(Window, calls_a_second))
        self._full_until = defaultdict[tuple[str, float], float](float)  # the buckets, by API and share

    def opens_at(self, api: str, share: float = 1.0) -> float:
        """Return when the next call of this API may leave that takes none but this share of the room."""
        with self._lock:
            return max(self._windows[api].opens_at(self._clock(), share), self._full_until[api, share])

    def take(self, api: str, share: float = 1.0) -> Slot | None:
        """Take room here for one call now; None when there is none. Never blocks; `admit` is to follow."""
        with self._lock:
            window, now = self._windows[api], self._clock()
            if max(window.opens_at(now, share), self._full_until[api, share]) > now:
                return None
            return window.take(now)

    def admit(self, api: str, slot: Slot, share: float = 1.0) -> bool:
        """Take the room that all processes share, too; False gives back what was taken here. May wait for the store."""
        with self._lock:
            room, seconds = self._windows[api].room(share), self._windows[api].seconds
        wait = self._buckets.take(f"{self._name} {api}", room, seconds) if self._buckets and room else 0.0
        if not wait:
            return True
        with self._lock:
            self._windows[api].give_back(slot)
            self._full_until[api, share] = self._clock() + wait
        return False

    def returned(self, api: str, slot: Slot, *, refused: bool = False) -> None:
        """The call's answer is there: `refused` if it was one too many for DingTalk."""
        with self._lock:
            window, now = self._windows[api], self._clock()
            window.returned(slot, now)
            if refused:
                window.refused(now)

    @contextmanager
    def slot(self, api: str, deadline: float, stop: threading.Event | None = None) -> Iterator[None]:
        """Wait for room for one call, which is to be made inside.

        Raises NoRoom when there is none before the deadline, or once `stop` is set, which ends the wait.
        """
        slot, refused = self._wait(api, deadline, stop or threading.Event()), False
        try:
            yield
        except Throttled:
            refused = True
            raise
        finally:
            self.returned(api, slot, refused=refused)

    def _wait(self, api: str, deadline: float, stop: threading.Event) -> Slot:
        while not stop.is_set():
            if (slot := self.take(api)) and self.admit(api, slot):
                return slot
            opens = self.opens_at(api)
            if opens > deadline:
                break
            stop.wait(max(0.001, opens - self._clock()))
        raise NoRoom("too many calls wait for DingTalk")
