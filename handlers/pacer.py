"""Who calls DingTalk for the open cards, and when there is room for a call: one pacer per DingTalk app."""

import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

log = logging.getLogger("dingbridge.pacer")


class Window:
    """So many calls of one API in any second; DingTalk counts per app and API, and refuses what is more.

    A refusal means that DingTalk counts otherwise (another process may use the same app): nothing leaves for a second, then
    a third less than before, and a tenth more with each second that goes well.
    """

    # Calls that leave evenly may arrive less so: keep a tenth below the limit, over a little more than the second.
    _SHARE, _SECONDS = 0.9, 1.05
    _SLOWER, _FASTER = 0.67, 1.1
    _REMEMBERED = 1_000  # calls; where so many fit into a second, no limit is left to keep

    def __init__(self, calls_a_second: float) -> None:
        self._most = max(1, int(calls_a_second * self._SHARE)) if calls_a_second else self._REMEMBERED  # 0: none of ours
        self._times: deque[float] = deque(maxlen=self._REMEMBERED)
        self._slowed_to = float(self._most)
        self._not_before = 0.0

    def opens_at(self, now: float) -> float:
        """Return when the next call may leave."""
        allowed = self._allowed(now)
        full = allowed < self._REMEMBERED and len(self._times) >= allowed
        return max(self._not_before, self._times[-allowed] + self._SECONDS if full else 0.0)

    def take(self, now: float) -> None:
        """A call leaves."""
        self._times.append(now)

    def refused(self, now: float) -> None:
        """A call was one too many; those that left with it and come back refused as well are the same news."""
        if now < self._not_before:
            return
        lately = sum(1 for time in self._times if time > now - 2 * self._SECONDS)
        self._slowed_to = max(1.0, min(lately, self._allowed(now)) * self._SLOWER)
        self._not_before = now + self._SECONDS

    def _allowed(self, now: float) -> int:
        well = max(0.0, now - self._not_before)
        return min(self._most, int(self._slowed_to * self._FASTER ** min(well, 100.0)))


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


class Pacer:
    """Makes the calls of all open cards of one DingTalk app: at most one in flight per card, the most urgent first.

    No API is called more often than `calls_a_second` (0: no limit of ours); what has to wait goes by urgency, so that an
    end never waits for a middle. One thread looks at the clock and hands cards to at most `calls_at_once` others.
    """

    def __init__(
        self, *, calls_a_second: float = 0, calls_at_once: int = 64, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._clock = calls_at_once, clock
        self._windows = defaultdict[str, Window](partial(Window, calls_a_second))
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
                thread = threading.Thread(target=self._run, name="pacer", daemon=True)
                thread.start()
                self._thread = thread

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
                for card in ready:
                    window = self._windows[card.api]
                    if len(self._in_flight) < self._limit and window.opens_at(now) <= now:
                        window.take(now)
                        del self._due[card]
                        self._in_flight.add(card)
                        try:
                            self._callers.submit(self._call, card, window)
                        except RuntimeError as error:  # no thread to be had: the job is queued, the next caller takes it
                            log.error("a card's call has to wait: %s", error)
                self._changed.wait(self._until_next())

    def _until_next(self) -> float | None:
        """Return the seconds until a card can leave; with every caller busy, that is when one of them returns."""
        if len(self._in_flight) >= self._limit or not self._due:
            return None
        now = self._clock()
        soonest = min(max(due, self._windows[card.api].opens_at(now)) for card, due in self._due.items())
        return max(0.001, soonest - now)

    def _call(self, card: Paced, window: Window) -> None:
        taken = True
        try:
            taken = card.call()
        except Exception:  # a bug with one card must not take the caller from all others
            log.exception("a card's call failed")
            card.give_up()
        with self._changed:
            if not taken:
                window.refused(self._clock())
            self._in_flight.discard(card)
            if not self._closed:
                self._schedule(card)
                self._changed.notify()
