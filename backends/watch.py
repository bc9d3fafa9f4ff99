"""Ends the reading of streams that stay silent: one thread per backend looks after all of them."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from backends.background import start

log = logging.getLogger("dingbridge.ai")


@dataclass(frozen=True)
class Limits:
    """How long a client waits, in seconds."""

    first_event: float = 60  # from the question until the first data event
    pings_count: bool = False  # also before the first event: then `first_event` is so long without a byte
    idle: float = 60  # without a byte, once data came; pings count
    no_event: float = 600  # without a data event while pings go on: agents think for minutes
    whole: float = 1300  # all in all
    grace: float = 3  # for the counterpart of a terminal event
    doubt: float = 10  # without the first event of a known conversation, before asking whether it still exists
    recovery: float = 120  # for the rest of an answer whose stream broke off, where the AI stores it
    look: float = 2  # from one look for it to the next
    pause: float = 1  # before a call that cannot have begun is tried again; doubled each time

    @property
    def until_doubt(self) -> float:
        """The time to ask leaves time for the second run, however short the wait for a first event is set."""
        return min(self.doubt, self.first_event / 2)


class Silence(Enum):
    """Why a wait ended."""

    FIRST_EVENT = "no first event"
    IDLE = "no byte"
    NO_EVENT = "only pings"
    WHOLE = "longer than a run may take"
    GRACE = "whole, but not closed"
    DOUBT = "no first event of a known conversation"
    FORGOTTEN = "the conversation is no longer known"


class Watch:
    """The times of one stream. The reader writes them; the keeper reads them (single attributes, so no lock)."""

    def __init__(self, limits: Limits, opened: float, *, doubtful: bool) -> None:
        self.limits = limits
        self.opened = opened
        self.last_byte = opened
        self.last_event = 0.0  # 0 until there is one
        self.settled = 0.0  # when a terminal event came whose counterpart may follow
        self.doubtful = doubtful

    def due(self) -> tuple[float, Silence]:
        """Return when this stream has been silent for too long if nothing more comes, and which silence that is."""
        limits = self.limits
        candidates = [(self.opened + limits.whole, Silence.WHOLE)]
        if self.settled:
            candidates.append((self.settled + limits.grace, Silence.GRACE))
        if self.last_event:
            candidates.append((self.last_byte + limits.idle, Silence.IDLE))
            candidates.append((self.last_event + limits.no_event, Silence.NO_EVENT))
        else:
            since = self.last_byte if limits.pings_count else self.opened
            candidates.append((since + limits.first_event, Silence.FIRST_EVENT))
            if self.doubtful:
                candidates.append((self.opened + limits.until_doubt, Silence.DOUBT))
        return min(candidates, key=lambda candidate: candidate[0])


OnSilence = Callable[[Silence], None]


class Keeper:
    """Looks at every watch when it may be due; `on_silence` is called on the keeper's thread and must not block."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._watches: dict[Watch, OnSilence] = {}
        self._thread: threading.Thread | None = None
        self._closed = False
        self._wakes_at = 0.0  # a new watch that is due later needs no wake-up

    def add(self, watch: Watch, on_silence: OnSilence) -> None:
        """Look after this stream until `remove`. Raises BackendBusy when this machine gives no thread for it."""
        with self._changed:
            if self._thread is None:
                self._thread = start(self._run, name="stream-keeper")
            self._watches[watch] = on_silence
            if watch.due()[0] < self._wakes_at:
                self._changed.notify()

    def remove(self, watch: Watch) -> None:
        """The stream is read to its end."""
        with self._changed:
            self._watches.pop(watch, None)

    def look_again(self) -> None:
        """A watch may be due sooner than it was: its first event came, or a terminal one."""
        with self._changed:
            self._changed.notify()

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        if thread:
            thread.join(timeout=5)

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                now = self._clock()
                dues = [(watch, *watch.due()) for watch in self._watches]
                silent = [(self._watches[watch], watch, why) for watch, when, why in dues if when <= now]
                if not silent:
                    self._wakes_at = min((when for _, when, _ in dues), default=now + 60)
                    self._changed.wait(max(0.01, self._wakes_at - now))
                    continue
                for _, watch, why in silent:
                    if why is Silence.DOUBT:
                        watch.doubtful = False
                    else:
                        self._watches.pop(watch, None)
            for on_silence, _, why in silent:
                try:
                    on_silence(why)
                except Exception:
                    log.exception("a silent stream could not be ended")  # the others still need this thread
