"""When an open card is worth a call to DingTalk, and who makes the calls: one pacer per DingTalk app."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol


def pause(age: float) -> float:
    """Return the seconds between two updates of a card whose text has been growing for `age` seconds.

    The reader follows a young card closely; DingTalk's client types at its own speed anyway, and every call counts.
    """
    return min(4.0, 0.5 + age * 0.25)


class Paced(Protocol):
    """A card to the pacer."""

    def due(self) -> float | None:
        """Return when its next call is worth making (a time of the pacer's clock), or None while there is none."""

    @property
    def priority(self) -> int:
        """Return who goes first among those that are due: the lower."""

    def call(self) -> None:
        """Make one call; never raises."""


class Pacer:
    """Makes the calls of all open cards of one DingTalk app: at most one in flight per card, the most urgent first.

    One thread looks at the clock and hands cards that are due to at most `calls_at_once` others, begun when needed.
    """

    def __init__(self, *, calls_at_once: int = 64, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._clock = calls_at_once, clock
        self._changed = threading.Condition()
        self._due: dict[Paced, float] = {}  # open cards with nothing in flight -> when they are due
        self._in_flight: set[Paced] = set()
        self._callers = ThreadPoolExecutor(calls_at_once, thread_name_prefix="pacer-call")
        self._thread: threading.Thread | None = None
        self._closed = False

    def wake(self, card: Paced) -> None:
        """The card has something new to show, or is more urgent than it was; returns at once."""
        with self._changed:
            if self._closed or card in self._in_flight:
                return  # one in flight is asked again when its call returns
            self._schedule(card)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pacer", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Begin no more calls and wait for those in flight; what is still to be shown is not shown."""
        with self._changed:
            self._closed = True
            self._due.clear()
            self._changed.notify_all()
        self._callers.shutdown(wait=True)

    def _schedule(self, card: Paced) -> None:
        due = card.due()
        if due is None:
            self._due.pop(card, None)
        else:
            self._due[card] = due
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                now = self._clock()
                ready = sorted(
                    (card for card, due in self._due.items() if due <= now),
                    key=lambda card: (card.priority, self._due[card]),
                )
                for card in ready[: self._limit - len(self._in_flight)]:
                    del self._due[card]
                    self._in_flight.add(card)
                    self._callers.submit(self._call, card)
                crowded = len(self._in_flight) >= self._limit
                soonest = min(self._due.values(), default=None)
                # With every caller busy, the next thing to happen is that one returns.
                self._changed.wait(None if crowded or soonest is None else max(0.001, soonest - self._clock()))

    def _call(self, card: Paced) -> None:
        card.call()
        with self._changed:
            self._in_flight.discard(card)
            if not self._closed:
                self._schedule(card)
                self._changed.notify()
