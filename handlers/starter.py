"""Starts the threads of answers, a breath apart, so that a burst's acknowledgements are not held up."""

import logging
import queue
import threading
import time
from collections.abc import Callable

from stores.base import ConversationKey

log = logging.getLogger("dingbridge.starter")


class Starter:
    """Starts threads one after the other, a breath apart.

    To begin an answer costs the interpreter some milliseconds, and the socket's loop shares it: when a hundred messages come
    at once, the acknowledgements of all go out between the first answers instead of after the last.
    """

    _BREATH = 0.0015  # seconds; measured in bench/: less delays the acknowledgements, more the answers

    def __init__(self, run: Callable[[ConversationKey], None]) -> None:
        self._run = run
        self._keys: queue.SimpleQueue[ConversationKey | None] = queue.SimpleQueue()  # never more than the gate's limit
        threading.Thread(target=self._work, name="starter", daemon=True).start()

    def start(self, key: ConversationKey) -> None:
        """Run it soon, in a thread of its own; returns at once."""
        self._keys.put(key)

    def close(self) -> None:
        """Start nothing more after what was asked for."""
        self._keys.put(None)

    def _work(self) -> None:
        while key := self._keys.get():
            while not self._begin(key):
                time.sleep(1)  # no thread to be had: those that end give one back
            time.sleep(self._BREATH)

    def _begin(self, key: ConversationKey) -> bool:
        try:
            threading.Thread(target=self._run, args=(key,), name="answer", daemon=True).start()
        except RuntimeError as error:
            log.error("an answer has to wait: %s", error)
            return False
        return True
