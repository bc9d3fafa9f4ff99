"""Asks again what cannot have begun: a refused connection, 429, 502, 503 or 504, three times at most."""

import threading
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import TypeVar

from errors import BackendBusy, BackendDown, BackendError

NOT_SENT = "connect"  # the code of an error that came before the question left this machine
_RETRIES = 3
_LONGEST_PAUSE = 10  # seconds that an AI may ask for; somebody waits for the answer
_PASSING = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}

_Asked = TypeVar("_Asked")


def patiently(ask: Callable[[], _Asked], *, pause: float, stopping: threading.Event, lasting: Collection[str] = ()) -> _Asked:
    """Return what `ask` returns; its BackendError is raised when asking again cannot help, or `stopping` is set.

    `pause` is the seconds before the second try, doubled for each further one; an AI that says how long it wants to be left
    alone is left alone so long. `lasting` are the codes that stay as they are with this kind of AI, whatever their status.
    """
    for _ in range(_RETRIES):
        try:
            return ask()
        except BackendError as error:
            if error.code in lasting or not _may_pass(error) or stopping.wait(max(pause, error.retry_after)):
                raise
            pause *= 2
    return ask()


def _may_pass(error: BackendError) -> bool:
    if error.code == NOT_SENT:
        return True
    # A quota, a key or a model that is told with one of these is no other a second later.
    passing = isinstance(error, (BackendBusy, BackendDown)) and error.status in _PASSING
    return passing and error.retry_after <= _LONGEST_PAUSE
