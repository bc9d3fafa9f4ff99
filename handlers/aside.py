"""A few threads for what must hold up neither the socket nor an answer: sentences, and telling an AI to stop."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress

log = logging.getLogger("dingbridge.aside")

_LIMIT = 1_000  # jobs waiting


class Aside:
    """Runs jobs soon, in their order, at most `threads` at once (begun when there is work); `limit` jobs may wait."""

    def __init__(self, threads: int = 2, *, limit: int = _LIMIT) -> None:
        self._most = threads
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._jobs: queue.Queue[Callable[[], object] | None] = queue.Queue(limit)

    def run(self, job: Callable[[], object]) -> bool:
        """Run it soon; when too much waits already it is dropped, the log says so, and False is returned."""
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            log.error("too many sentences at once, one was dropped")
            return False
        with self._lock:
            if len(self._threads) < self._most:
                thread = threading.Thread(target=self._work, name="aside", daemon=True)
                try:
                    thread.start()
                except RuntimeError as error:  # no thread to be had: the job is queued, and the next one tries again
                    log.error("a sentence has to wait: %s", error)
                    return True
                self._threads.append(thread)
        return True

    def close(self, timeout: float) -> None:
        """Run what waits and end the threads, for `timeout` seconds at most; the log tells what was left."""
        deadline = time.monotonic() + timeout
        with self._lock:
            threads = list(self._threads)
        with suppress(queue.Full):  # its threads are daemons: they end with the process
            for _ in threads:
                self._jobs.put(None, timeout=max(0.0, deadline - time.monotonic()))
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        left = 0
        with suppress(queue.Empty):
            while True:
                left += self._jobs.get_nowait() is not None
        if left:
            log.error("sentences that could not be said in time: %d", left)

    def _work(self) -> None:
        while job := self._jobs.get():
            try:
                job()
            except BaseException:  # whatever one job raises must not end the thread that serves the next
                log.exception("a job failed")
