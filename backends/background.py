"""Starts threads, or says that this machine gives no more of them."""

import threading
from collections.abc import Callable
from typing import Any

from errors import BackendBusy


def start(work: Callable[..., None], *given: Any, name: str, ai: str = "") -> threading.Thread:
    """Return a thread that does this work, a daemon: the bridge leaves without those that hang. Raises BackendBusy."""
    thread = threading.Thread(target=work, args=given, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        raise BackendBusy("no more threads can be started", code="threads", ai=ai) from None
    return thread
