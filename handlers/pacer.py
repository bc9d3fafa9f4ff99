"""Who calls DingTalk for the open cards, and when there is room for a call: one pacer per DingTalk app."""

import heapq
import itertools
import logging
import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple, Protocol

from handlers.rates import Rates, Slot

log = logging.getLogger("dingbridge.pacer")

MIDDLE = 3  # the priority of what is soon outdated, and may be left out when there is much to do
_SHARE_OF_MIDDLES = 0.5  # of an API's room; the rest is free when an end comes


class Paced(Protocol):
    """A card to the pacer."""

    @property
    def api(self) -> str:
        """Return which API its next call uses."""

    def due(self) -> float | None:
        """Return when its next call is worth making (a time of the pacer's clock), or None while there is none."""

    @property
    def priority(self) -> int:
        """Return who goes first among those that are due: the lower."""

    def call(self) -> bool:
        """Make one call; False when DingTalk refused it as one too many in this second."""

    def give_up(self) -> None:
        """A call raised what nobody foresaw: be due no more."""


class _Entry(NamedTuple):
    """A card that waits for its next call; sorted by when it is due, then by who came first."""

    due: float
    number: int
    card: Paced


class Pacer:
    """Makes the calls of all open cards of one DingTalk app: at most one in flight per card, the most urgent first.

    No API is called more often than `rates` allow; what has to wait goes by urgency, then by how long it has waited, and
    middle frames leave room for ends. At most `calls_at_once` threads make the calls; of those with nothing to do, one (the
    lookout) watches the clock, and the others wait until it is busy.
    """

    def __init__(self, rates: Rates, *, calls_at_once: int = 128, clock: Callable[[], float] = time.monotonic) -> None:
        self._rates, self._limit, self._clock = rates, calls_at_once, clock
        self._lock = threading.Lock()
        self._sooner, self._needed = threading.Condition(self._lock), threading.Condition(self._lock)
        self._numbers = itertools.count()
        self._entries: dict[Paced, _Entry] = {}  # open cards with nothing in flight
        # The same, by urgency and API; an entry that the card has replaced is dropped when it is met.
        self._queues: dict[tuple[int, str], list[_Entry]] = defaultdict(list)
        self._in_flight: set[Paced] = set()
        self._threads: list[threading.Thread] = []
        self._waiting = 0  # threads with nothing to do, the lookout not counted
        self._has_lookout = self._has_called = False  # somebody watches the clock; somebody is on the way
        self._wakes_at = 0.0  # when the lookout looks again by itself
        self._closed = False

    def wake(self, card: Paced) -> None:
        """The card has something new to show, or is more urgent than it was; returns at once."""
        with self._lock:
            if self._closed or card in self._in_flight:
                return  # one in flight is asked again when its call returns
            self._schedule(card)
            if not self._has_lookout:
                self._call_in_another()

    def close(self) -> None:
        """Begin no more calls and wait for those in flight; what is still to be shown is not shown."""
        with self._lock:
            self._closed = True
            self._sooner.notify_all()
            self._needed.notify_all()
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _schedule(self, card: Paced) -> None:
        """Put the card in the queue where it belongs now, and let the lookout know if that is sooner than it looks again."""
        due = card.due()
        if due is None:
            self._entries.pop(card, None)
            return
        entry = self._entries[card] = _Entry(due, next(self._numbers), card)
        heapq.heappush(self._queues[card.priority, card.api], entry)
        if self._has_lookout and due < self._wakes_at:
            self._sooner.notify()

    def _call_in_another(self) -> None:
        """Let a thread that has nothing to do, or a new one, look for what is due; when all are busy, they will."""
        if self._has_called:
            return
        if self._waiting:
            self._has_called = True
            self._needed.notify()
        elif len(self._threads) < self._limit:
            thread = threading.Thread(target=self._work, name="pacer", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # no thread to be had: those that there are take it
                log.error("a card's call has to wait: %s", error)
            else:
                self._has_called = True
                self._threads.append(thread)

    def _work(self) -> None:
        with self._lock:
            while not self._closed:
                self._has_called = False
                if found := self._take():
                    card, api, slot, share = found
                    if self._entries and not self._has_lookout:
                        self._call_in_another()
                    self._in_flight.add(card)
                    self._lock.release()
                    try:
                        if self._rates.admit(api, slot, share):
                            self._call(card, api, slot)
                    finally:
                        self._lock.acquire()
                    self._in_flight.discard(card)
                    if not self._closed:
                        self._schedule(card)
                elif self._has_lookout:
                    self._waiting += 1
                    self._needed.wait()
                    self._waiting -= 1
                else:
                    self._has_lookout = True
                    self._wakes_at = self._next_at()
                    self._sooner.wait(max(0.001, self._wakes_at - self._clock()) if self._wakes_at < math.inf else None)
                    self._has_lookout = False

    def _take(self) -> tuple[Paced, str, Slot, float] | None:
        """Take the most urgent card that is due and for whose API there is room."""
        now = self._clock()
        for priority, api in sorted(self._queues):
            first, share = self._first(priority, api), _share(priority)
            if first and first.due <= now and (slot := self._rates.take(api, share)):
                heapq.heappop(self._queues[priority, api])
                del self._entries[first.card]
                return first.card, api, slot, share
        return None

    def _first(self, priority: int, api: str) -> _Entry | None:
        queue = self._queues[priority, api]
        while queue and self._entries.get(queue[0].card) is not queue[0]:
            heapq.heappop(queue)
        return queue[0] if queue else None

    def _next_at(self) -> float:
        """Return when a card can leave."""
        times = [
            max(first.due, self._rates.opens_at(api, _share(priority)))
            for priority, api in self._queues
            if (first := self._first(priority, api))
        ]
        return min(times, default=math.inf)

    def _call(self, card: Paced, api: str, slot: Slot) -> None:
        taken = True
        try:
            taken = card.call()
        except Exception:  # a bug with one card must not take the thread from all others
            log.exception("a card's call failed")
            card.give_up()
        self._rates.returned(api, slot, refused=not taken)


def _share(priority: int) -> float:
    return _SHARE_OF_MIDDLES if priority >= MIDDLE else 1.0
