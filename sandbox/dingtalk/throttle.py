"""Counts calls in a sliding window, to refuse the one too many."""

import time
from collections import deque
from collections.abc import Callable

from sandbox.kept import Kept

_KEYS_KEPT = 10_000


class Throttle:
    """At most so many admitted calls per key within any window; refused calls do not count."""

    def __init__(self, window: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._clock = clock
        self._admitted: Kept[tuple[str, str], deque[float]] = Kept(_KEYS_KEPT)

    def admit(self, key: tuple[str, str], limit: int) -> bool:
        """Whether one more call of this key fits into `limit` per window; 0 means no limit."""
        if limit == 0:
            return True
        now = self._clock()
        admitted = self._admitted.get(key)
        if admitted is None:
            admitted = deque()
            self._admitted.put(key, admitted)
        while admitted and admitted[0] <= now - self._window:
            admitted.popleft()
        if len(admitted) >= limit:
            return False
        admitted.append(now)
        return True
