"""Hands what arrives to a bot's receivers, in its order, and lets go in time: DingTalk waits for an acknowledgement."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

log = logging.getLogger("dingbridge.hand_over")

_EARLY_SECONDS, _MOST_EARLY = 3_600.0, 10_000


@dataclass(frozen=True)
class Arrivals:
    """What to do with what arrives; each runs in a thread of its own, in order, and waits for the store only."""

    message: Callable[[Mapping[str, Any]], None]
    click: Callable[[Mapping[str, Any]], dict[str, Any]]


class Overfull(Exception):
    """So much waits for the store that no more is taken."""


class HandOver:
    """What one listener hands over. `message` and `click` are called on an event loop, and return in time whatever happens.

    A message is waited for until it is kept, `message_seconds` at most; a click's answer for `click_seconds`.
    """

    def __init__(
        self, name: str, receivers: Arrivals, *, message_seconds: float, click_seconds: float, most_waiting: int = 1_000
    ) -> None:
        self.name, self._receivers = name, receivers
        self._message_seconds, self._click_seconds = message_seconds, click_seconds
        self._most_waiting, self._waiting = most_waiting, 0
        self._early: deque[float] = deque(maxlen=_MOST_EARLY)
        # One thread each, so that what arrives stays in its order; the loop goes on whatever the store does.
        self._messages = ThreadPoolExecutor(max_workers=1, thread_name_prefix="intake")
        self._clicks = ThreadPoolExecutor(max_workers=1, thread_name_prefix="clicks")

    @property
    def early(self) -> int:
        """How many messages of the last hour were acknowledged before they were kept."""
        oldest = time.monotonic() - _EARLY_SECONDS
        return sum(at >= oldest for at in tuple(self._early))

    async def message(self, raw: Mapping[str, Any]) -> None:
        """Let a message be kept. Raises Overfull, or what the receiver raised: then it must not be acknowledged."""
        taken = self._submit(self._messages, self._receivers.message, raw)
        await asyncio.wait({taken}, timeout=self._message_seconds)
        if taken.done():
            taken.result()  # what was not taken in is not acknowledged, and comes again
            return
        self._early.append(time.monotonic())
        log.warning("bot=%s a message is acknowledged before it is kept: the store takes long", self.name)

    async def click(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a click; an empty one when it takes long. Raises Overfull, or what the receiver raised."""
        answered = self._submit(self._clicks, self._receivers.click, raw)
        await asyncio.wait({answered}, timeout=self._click_seconds)
        return answered.result() if answered.done() else {}

    def close(self) -> None:
        """Take in what was acknowledged early; nothing comes any more."""
        self._messages.shutdown()
        self._clicks.shutdown()

    def _submit(
        self, thread: ThreadPoolExecutor, receive: Callable[[Mapping[str, Any]], Any], raw: Mapping[str, Any]
    ) -> "asyncio.Future[Any]":
        if self._waiting >= self._most_waiting:
            raise Overfull("too much waits for the store")
        done = asyncio.get_running_loop().run_in_executor(thread, receive, raw)
        self._waiting += 1
        done.add_done_callback(self._look_at)
        return done

    def _look_at(self, done: "asyncio.Future[Any]") -> None:
        self._waiting -= 1
        if not done.cancelled() and (error := done.exception()):
            log.error("bot=%s something that arrived was not taken in", self.name, exc_info=error)
