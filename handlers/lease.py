"""Whether this process may still act for what it has under way: one that paused for long was taken for gone by others."""

import time
from collections.abc import Callable

from stores.base import LEASE_SECONDS, Presence

_RENEW_SECONDS = 5.0


class Lease:
    """Held for as long as a renewal lasts in the store.

    `clock` is a wall clock (seconds since 1970): a monotonic one stands still while a virtual machine is suspended.
    """

    def __init__(self, presence: Presence, clock: Callable[[], float] = time.time) -> None:
        self._presence, self._clock = presence, clock
        self._renewed_at = clock()

    def is_held(self) -> bool:
        """Return whether it has not run out; others may know sooner that a process is gone, of one that was not paused."""
        return 0 <= self._clock() - self._renewed_at < LEASE_SECONDS

    def renew(self) -> bool:
        """Renew it when that is due; False when this process was taken for gone meanwhile, which is told once."""
        if 0 <= self._clock() - self._renewed_at < _RENEW_SECONDS:
            return True
        was_there = self._presence.renew()
        self._renewed_at = self._clock()
        return was_there
