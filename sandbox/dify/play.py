"""Plays a telling in time: waits between its frames, pings meanwhile, and breaks off when it is stopped."""

import asyncio
import time
from typing import Protocol

from sandbox.dify.apps import App
from sandbox.dify.memory import Task
from sandbox.dify.turn import Telling

_LOOK_UP = 0.25  # the longest sleep at a time, so that pings, stops and ends are not far off


class Audience(Protocol):
    """Whoever gets the frames."""

    async def send(self, frame: bytes) -> None:
        """Take one frame."""

    def alive(self) -> bool:
        """Whether anybody still listens."""


class Player:
    """Plays one telling to one audience.

    A run goes on when its audience has left, as in Dify; `mortal` runs end with it (those of 1.16 that no worker does).
    """

    def __init__(self, app: App, task: Task, audience: Audience, ping: bytes, *, mortal: bool = False) -> None:
        self._app = app
        self._task = task
        self._audience = audience
        self._ping = ping
        self._mortal = mortal
        self._end = 0.0
        self._next_ping = 0.0
        self._next_look = 0.0
        self._stopped = False

    async def play(self, telling: Telling, *, only_pings: bool = False) -> bool:
        """Tell it all, or all until the stop; False if it died with its audience.

        Dify counts time from the run's beginning: a ping each `ping_seconds`, a look at the stop flag each
        `stop_seconds`, a stop of its own after `max_seconds`.
        """
        now = time.monotonic()
        self._end, self._next_ping = now + self._app.max_seconds, now + self._app.ping_seconds
        if only_pings:
            await self._until(self._end + 1)
        elif not await self._tell(telling, now):
            return False
        if self._stopped:
            for frame in telling.stopped():
                await self._audience.send(frame)
        elif telling.hushed:
            await self._hush()
        return True

    async def _tell(self, telling: Telling, due: float) -> bool:
        """The steps one by one, each wait reckoned from the last one's end so that no delay adds up."""
        send = self._audience.send
        for step in telling.steps():
            if isinstance(step, bytes):
                await send(step)
            else:
                due += step
                await self._until(due)
            if self._is_stopped():
                break
            if self._mortal and not self._audience.alive():
                return False
        return True

    async def _until(self, due: float) -> None:
        while (left := due - time.monotonic()) > 0 and not self._is_stopped():
            to_ping = max(0.0, self._next_ping - time.monotonic())
            await asyncio.sleep(min(left, to_ping, _LOOK_UP))
            now = time.monotonic()
            if now >= self._next_ping:
                self._next_ping += self._app.ping_seconds
                await self._audience.send(self._ping)
            if now >= self._end:
                self._stopped = True
        if left <= 0:
            await asyncio.sleep(0)  # a run that is behind its time must not keep the others waiting

    def _is_stopped(self) -> bool:
        """Dify looks from time to time only, and talks on until then."""
        now = time.monotonic()
        if now >= self._next_look and not self._stopped:
            self._next_look, self._stopped = now + self._app.stop_seconds, self._task.stopped
        return self._stopped

    async def _hush(self) -> None:
        """The relay of a worker's stream waits for an end that does not come, without a ping, until it gives up."""
        gives_up = time.monotonic() + self._app.idle_seconds
        while (left := gives_up - time.monotonic()) > 0 and self._audience.alive():  # noqa: ASYNC110  # no event tells of a client that left
            await asyncio.sleep(min(left, _LOOK_UP))


class Nobody:
    """The audience of a blocking call: frames are for nobody, only the outcome counts."""

    async def send(self, frame: bytes) -> None:
        """Drop the frame."""

    def alive(self) -> bool:
        """Nobody listens, so there is no stream to keep open in silence."""
        return False
