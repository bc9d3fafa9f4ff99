"""Starts the threads of answers, and lets a burst of messages be acknowledged first."""

import logging
import queue
import threading
import time
from collections.abc import Callable

from stores.base import ConversationKey

log = logging.getLogger("dingbridge.starter")


class Starter:
    """Starts threads one after the other; while messages keep coming, they come first.

    To begin an answer costs the interpreter about a millisecond, and the socket's loop shares it: when a hundred messages
    come at once, each acknowledgement would wait for all answers that were begun before it.
    """

    # Seconds, measured in bench/: less delays the acknowledgements, more the answers.
    _QUIET = 0.003  # without a message: the burst is over
    _PATIENCE = 0.15  # that an answer waits for this, however many messages come

    def __init__(self, run: Callable[[ConversationKey], None]) -> None:
        self._run = run
        # Never more than the gate's limit; each with the time at which it came.
        self._keys: queue.SimpleQueue[tuple[ConversationKey, float] | None] = queue.SimpleQueue()
        self._newest = 0.0
        threading.Thread(target=self._work, name="starter", daemon=True).start()

    def start(self, key: ConversationKey) -> None:
        """Run it soon, in a thread of its own; returns at once."""
        self._newest = now = time.monotonic()
        self._keys.put((key, now))

    def close(self) -> None:
        """Start nothing more after what was asked for."""
        self._keys.put(None)

    def _work(self) -> None:
        while waiting := self._keys.get():
            key, came = waiting
            self._wait_for_quiet(came)
            while not self._begin(key):
                time.sleep(1)  # no thread to be had: those that end give one back

    def _wait_for_quiet(self, came: float) -> None:
        """Wait until no message has come for a while, if any came after this one."""
        while self._newest > came:
            until = min(self._newest + self._QUIET, came + self._PATIENCE)
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(left)

    def _begin(self, key: ConversationKey) -> bool:
        try:
            threading.Thread(target=self._run, args=(key,), name="answer", daemon=True).start()
        except RuntimeError as error:
            log.error("an answer has to wait: %s", error)
            return False
        return True
