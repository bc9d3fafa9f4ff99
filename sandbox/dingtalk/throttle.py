"""Counts calls in a sliding window, to refuse the one too many."""

import time
from collections import defaultdict, deque
from collections.abc import Callable


class Throttle:
    """At most so many admitted calls per key within any window; refused calls do not count."""

    def __init__(self, window: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._clock = clock
        self._admitted: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)

    def admit(self, key: tuple[str, str], limit: int) -> bool:
        """Whether one more call of this key fits into `limit` per window; 0 means no limit."""
        if limit == 0:
            return True
        now = self._clock()
        admitted = self._admitted[key]
        while admitted and admitted[0] <= now - self._window:
            admitted.popleft()
        if len(admitted) >= limit:
            return False
        admitted.append(now)
        return True
