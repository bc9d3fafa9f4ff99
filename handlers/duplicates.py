"""Tells a message that DingTalk delivers again from a new one."""

import threading
import time
from collections.abc import Callable

from handlers.lately import Lately
from handlers.message import Incoming

_REMEMBERED_SECONDS = 600  # DingTalk repeats a message after a minute, some a few times
_REMEMBERED = 50_000  # messages


class Duplicates:
    """Tells a message that DingTalk delivers again (a new frame id, the same msgId) from a new one.

    A message is known while it is under way, however long that takes, and for ten minutes after. Each new one has to end.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._under_way: set[tuple[str, str]] = set()  # as many as the gate takes in
        self._ended = Lately(_REMEMBERED_SECONDS, _REMEMBERED)

    def is_new(self, incoming: Incoming) -> bool:
        """Return True the first time; the message is under way then, until `ended` is called."""
        name = _name(incoming)
        with self._lock:
            if name in self._under_way or self._ended.has(name, self._clock()):
                return False
            self._under_way.add(name)
            return True

    def ended(self, incoming: Incoming) -> None:
        """The message has its answer, or will get none: its ten minutes begin."""
        name = _name(incoming)
        with self._lock:
            self._under_way.discard(name)
            self._ended.meet(name, self._clock())


def _name(incoming: Incoming) -> tuple[str, str]:
    return incoming.robot_code, incoming.message_id
