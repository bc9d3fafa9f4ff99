"""Tells a message that DingTalk delivers again from a new one."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_REMEMBERED_SECONDS = 600  # DingTalk repeats a message after a minute, some a few times
_REMEMBERED = 50_000  # messages


class Duplicates:
    """Tells a message that DingTalk delivers again (a new frame id, the same msgId) from a new one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()

    def is_new(self, robot_code: str, message_id: str) -> bool:
        """Return True the first time within ten minutes."""
        now, key = self._clock(), (robot_code, message_id)
        with self._lock:
            while self._seen and (next(iter(self._seen.values())) < now - _REMEMBERED_SECONDS or len(self._seen) > _REMEMBERED):
                self._seen.popitem(last=False)
            if key in self._seen:
                return False
            self._seen[key] = now
            return True
