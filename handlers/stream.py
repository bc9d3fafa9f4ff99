"""Receives by Stream: one listener's connection to DingTalk, from gateway to close, again and again.

The loop is ours: the SDK's has no end, no time-outs and fixed pauses, and logs the ticket.
"""

import asyncio
import contextlib
import logging
import random
import threading
import time
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote_plus

import dingtalk_stream
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidProxyStatus, InvalidStatus

from errors import DingTalkError, DingTalkUnreachable, ProxyFailed
from handlers.dingtalk import DingTalkClient, Ticket
from handlers.frames import CLICKS, MESSAGES, QUIET, Frames
from handlers.hand_over import Arrivals
from handlers.texts import Texts
from web import origin, proxy_for, tls

log = logging.getLogger("dingbridge.stream")

_SUBSCRIPTIONS = tuple({"type": "CALLBACK", "topic": topic} for topic in (MESSAGES, CLICKS))
_USER_AGENT = f"dingtalk-sdk-python/v{dingtalk_stream.version.VERSION_STRING}-union"

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # seconds between tries
_MOST_DOUBLINGS = 10
_FRAME_BYTES = 8 * 1024 * 1024  # a forwarded chat can be long; the library's own limit of 1 MiB would cut the connection

State = Literal["connecting", "connected", "stopped"]


@dataclass(frozen=True)
class Waits:
    """The seconds that a connection is given. A half-open socket is noticed after `ping` + `pong` + `close` at the latest."""

    open: float = 10  # for the socket's handshake
    ping: float = 15  # from one ping to the next
    pong: float = 10  # for its answer
    close: float = 2  # for the other side's good-bye
    drain: float = 10  # that an announced disconnect leaves the old socket open for acks in flight
    stable: float = 5  # a connection that lived this long ends the growing of pauses
    accept: float = 0.2  # for a message to be kept; then it is acknowledged all the same
    click: float = 1.0  # for a click's answer; DingTalk shows an error when it takes long


def pause_after(failures: int, chance: float) -> float:
    """Return the seconds before the next try after so many failures in a row.

    They double up to 60; `chance`, from 0 to 1, takes a fifth off at most, so that bots that were cut together come back apart.
    """
    return min(_FIRST_PAUSE * 2.0 ** min(failures, _MOST_DOUBLINGS), _LONGEST_PAUSE) * (1 - chance / 5)


class StreamListener:
    """One connection of a bot. `run` holds its thread until `stop`; `state` may be read from any."""

    def __init__(self, name: str, client: DingTalkClient, receivers: Arrivals, texts: Texts, waits: Waits = Waits()) -> None:
        self.name, self._client, self._texts = name, client, texts
        self._waits = waits
        self.state: State = "connecting"
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None
        self._frames = Frames(name, receivers, message_seconds=waits.accept, click_seconds=waits.click)

    @property
    def early(self) -> int:
        """How many messages of the last hour were acknowledged before they were kept."""
        return self._frames.early

    def run(self) -> None:
        """Keep a connection up until `stop`; whatever fails is reported and tried again after a growing pause."""
        try:
            asyncio.run(self._run())
        except Exception:  # nobody looks at what a worker raises
            log.exception("bot=%s a listener has ended", self.name)
        finally:
            self._frames.close()
            self.state = "stopped"

    def stop(self) -> None:
        """Close the connection and let `run` return; from any thread."""
        self._stopping.set()
        loop, stopped = self._loop, self._stopped
        if loop and stopped:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(stopped.set)

    async def _run(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        if self._stopping.is_set():
            return
        failures = 0  # in a row; a connection that does not last is one
        draining: set[asyncio.Task[None]] = set()
        while not self._stopping.is_set():
            failure, announced = None, False
            try:
                socket = await self._open()
                opened = time.monotonic()
                announced = await self._live(socket, draining)
                if time.monotonic() - opened > self._waits.stable:
                    failures = 0
            except Exception as error:  # whatever it is, this listener tries again
                failure = error
            if announced and not failures:
                # The next connection is opened while the old one drains; if it is as short-lived, not quite so soon.
                failures = 1
                continue
            pause = pause_after(failures, random.random())  # noqa: S311 - jitter, no secret
            failures += 1
            if failure:
                self._report(failure, pause)
            await self._pause(pause)
        for task in draining:
            task.cancel()
        await asyncio.gather(*draining, return_exceptions=True)

    async def _live(self, socket: ClientConnection, draining: set[asyncio.Task[None]]) -> bool:
        """Read a connection to its end; True when DingTalk announced the end and the connection still drains."""
        self.state = "connected"
        log.info("bot=%s connected to DingTalk", self.name)
        announced = await self._serve(socket, draining)
        if not announced:
            self.state = "connecting"
            if not self._stopping.is_set():
                log.warning("bot=%s the connection to DingTalk was lost", self.name)
        return announced

    async def _open(self) -> ClientConnection:
        ticket: Ticket = await asyncio.to_thread(self._client.open_connection, _SUBSCRIPTIONS, _USER_AGENT)
        proxy = proxy_for(ticket.endpoint)
        try:
            return await _Connect(
                f"{ticket.endpoint}?ticket={quote_plus(ticket.ticket)}",
                proxy=proxy,  # the library's own choice knows no ALL_PROXY
                ssl=tls() if ticket.endpoint.lower().startswith("wss:") else None,
                open_timeout=self._waits.open,
                ping_interval=self._waits.ping,
                ping_timeout=self._waits.pong,
                close_timeout=self._waits.close,
                max_size=_FRAME_BYTES,
                logger=QUIET,  # the library's debug lines hold the ticket
            )
        except Exception as error:
            raise _not_opened(error, proxy) from None

    async def _serve(self, socket: ClientConnection, draining: set[asyncio.Task[None]]) -> bool:
        """Read a connection until it ends, or until DingTalk announces its end: then True, and it drains in a task."""
        announced = asyncio.Event()
        reading = asyncio.create_task(self._frames.read(socket, self._client.client_id, announced))
        assert self._stopped is not None
        waits = [asyncio.create_task(event.wait()) for event in (announced, self._stopped)]
        await asyncio.wait({reading, *waits}, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        if not announced.is_set() or self._stopping.is_set():
            await socket.close()
            await asyncio.gather(reading, return_exceptions=True)
            return False
        task = asyncio.create_task(self._drain(socket, reading))
        draining.add(task)
        task.add_done_callback(draining.discard)
        return True

    async def _drain(self, socket: ClientConnection, reading: asyncio.Task[None]) -> None:
        try:
            await asyncio.wait({reading}, timeout=self._waits.drain)
        finally:  # the bot may be stopped meanwhile
            await socket.close()
            await asyncio.gather(reading, return_exceptions=True)

    def _report(self, error: Exception, pause: float) -> None:
        self.state = "connecting"
        if not isinstance(error, DingTalkError):
            error = DingTalkUnreachable(type(error).__name__)  # its own text may hold anything
        kind, fix = type(error).__name__, self._texts.fix(error)
        log.error("bot=%s cannot connect (%s: %s), again in %.0f s; %s", self.name, kind, error, pause, fix)

    async def _pause(self, seconds: float) -> None:
        assert self._stopped is not None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)


class _Connect(connect):
    """A handshake that goes where the gateway said, with the ticket, and nowhere else."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Follow none."""
        return exc


def _not_opened(error: Exception, proxy: str | None) -> DingTalkUnreachable:
    """Return the error for a socket that could not be opened. The library's text may hold the ticket, or a password."""
    answered = isinstance(error, InvalidStatus | InvalidProxyStatus)
    what = f"the socket could not be opened: {error if answered else type(error).__name__}"
    if proxy and not isinstance(error, InvalidStatus):  # that one is the other end's answer
        return ProxyFailed(f"{what}, through the proxy {origin(proxy)}")
    return DingTalkUnreachable(what)
