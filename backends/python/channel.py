"""The way from an agent to who reads its answer: bounded, and closed from either end."""

import threading
import time
from collections import deque
from collections.abc import Callable

from backends.base import Event
from backends.python.failures import GivenUp
from errors import BackendError, NoAnswer

_MOST = 64  # events on their way; more, and the agent waits
_PATIENCE = 600  # seconds that an agent waits for a reader who takes nothing, but has not left either


class Channel:
    """One answer on its way. The agent's side calls `put` and `end`, the reader's `take` and `close`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition(threading.Lock())
        self._events: deque[Event] = deque()
        self._heard = clock()
        self._ended = self._closed = False
        self._error: BackendError | None = None
        self._on_close: Callable[[], None] | None = None

    @property
    def closed(self) -> bool:
        """Whether nobody reads any more. It takes no lock."""
        return self._closed

    def put(self, event: Event) -> None:
        """Hand an event over; waits while many are on their way. Raises GivenUp behind the end, or when nobody reads on."""
        with self._changed:
            if not self._closed:
                self._heard = self._clock()
            has_room = self._changed.wait_for(lambda: self._is_over() or len(self._events) < _MOST, _PATIENCE)
            if self._is_over() or not has_room:
                raise GivenUp
            self._events.append(event)
            self._changed.notify_all()

    def end(self, error: BackendError | None = None) -> bool:
        """Nothing more comes, because of this error if there is one; return whether somebody still reads.

        The first end counts.
        """
        with self._changed:
            if not self._ended:
                self._ended, self._error, self._on_close = True, error, None
            self._changed.notify_all()
            return not self._closed

    def take(self, seconds: float) -> Event | None:
        """Return the next event, None at the end. Raises the error that ended it, or NoAnswer after so much silence."""
        with self._changed:
            until = self._clock() + seconds
            while not self._changed.wait_for(self._has_come, seconds):
                if self._clock() >= until:
                    raise NoAnswer(f"silent for {seconds:g} s", code="silent", ai="python")
            if self._closed:
                return None
            if self._events:
                self._changed.notify_all()
                return self._events.popleft()
            if self._error:
                raise self._error
            return None

    def close(self) -> None:
        """Nobody reads any more; what is on its way is dropped. From any thread, more than once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            on_close, self._on_close = self._on_close, None
            if on_close:
                on_close()

    def on_close(self, call: Callable[[], None]) -> None:
        """Let this be called when it is closed before its end, instead of what was set before; at once if it is.

        It is called under the channel's lock, so that it cannot come after `end`.
        """
        with self._changed:
            if self._closed and not self._ended:
                call()
            else:
                self._on_close = call

    def is_stuck(self, seconds: float) -> bool:
        """Whether the agent was given up and has said nothing for so long."""
        with self._changed:
            return self._closed and not self._ended and self._clock() - self._heard >= seconds

    def _has_come(self) -> bool:
        """Whether there is something for the reader: an event, or the end."""
        return self._is_over() or bool(self._events)

    def _is_over(self) -> bool:
        return self._closed or self._ended
