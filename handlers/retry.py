"""Makes a call to DingTalk again, after growing pauses, while it cannot be taken now."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from errors import DingTalkError, DingTalkUnreachable
from handlers.rates import NoRoom

_FIRST_PAUSE, _LONGEST_PAUSE = 1.5, 30.0  # seconds between tries

Answer = TypeVar("Answer")


def patiently(
    call: Callable[[], Answer],
    deadline: float,
    *,
    also: tuple[type[DingTalkError], ...] = (),
    longest: float = _LONGEST_PAUSE,
    stop: threading.Event | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Answer:
    """Return what the call returns, made again while DingTalk cannot be reached or refuses for a reason in `also`.

    Raises the last refusal when the next try would come after the deadline, or `stop` is set, which ends a pause.
    """
    passing: tuple[type[DingTalkError], ...] = (DingTalkUnreachable, *also)
    stop, pause = stop or threading.Event(), _FIRST_PAUSE
    while True:
        try:
            return call()
        except NoRoom:
            raise  # there is none before the deadline
        except passing:
            if clock() + pause > deadline or stop.wait(pause):
                raise
        pause = min(2 * pause, longest)
