"""Receives by Stream: one listener's connection to DingTalk, from gateway to close, again and again.

The SDK reads frames and writes acks; the loop is ours: the SDK's has no end, no time-outs and fixed pauses, and logs the
ticket. One SDK client object belongs to one connection, so that an ack leaves by the socket its frame came from.
"""

import asyncio
import contextlib
import json
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote_plus

import dingtalk_stream
import websockets
from dingtalk_stream.frames import AckMessage, CallbackMessage
from websockets.asyncio.client import ClientConnection, connect

from errors import DingTalkError, DingTalkUnreachable
from handlers.dingtalk import DingTalkClient, Ticket
from handlers.texts import Texts

log = logging.getLogger("dingbridge.stream")

_QUIET = logging.getLogger("dingbridge.stream.sdk")
_QUIET.setLevel(logging.CRITICAL)

MESSAGES, CLICKS = "/v1.0/im/bot/messages/get", "/v1.0/card/instances/callback"
_SUBSCRIPTIONS = tuple({"type": "CALLBACK", "topic": topic} for topic in (MESSAGES, CLICKS))
_USER_AGENT = f"dingtalk-sdk-python/v{dingtalk_stream.version.VERSION_STRING}-union"

_OPEN_SECONDS = 10  # for the socket's handshake
_PING_SECONDS, _PONG_SECONDS = 20, 10  # a half-open socket is noticed within 30 s
_DRAIN_SECONDS = 10  # that an announced disconnect leaves the old socket open for acks in flight
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_STABLE_SECONDS = 5  # a connection that lived this long ends the growing of pauses
_FRAME_BYTES = 8 * 1024 * 1024  # a forwarded chat can be long; the library's own limit of 1 MiB would cut the connection

State = Literal["connecting", "connected", "stopped"]


@dataclass(frozen=True)
class Receivers:
    """What to do with what arrives; both run on the socket's loop and must not block."""

    message: Callable[[Mapping[str, Any]], None]
    click: Callable[[Mapping[str, Any]], dict[str, Any]]


class StreamListener:
    """One connection of a bot. `run` holds its thread until `stop`; `state` may be read from any."""

    def __init__(self, name: str, client: DingTalkClient, receivers: Receivers, texts: Texts) -> None:
        self.name, self._client, self._receivers, self._texts = name, client, receivers, texts
        self.state: State = "connecting"
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None

    def run(self) -> None:
        """Keep a connection up until `stop`; whatever fails is reported and tried again after a growing pause."""
        try:
            asyncio.run(self._run())
        except Exception:  # nobody looks at what a worker raises
            log.exception("bot=%s a listener has ended", self.name)
        finally:
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
        pause = _FIRST_PAUSE
        draining: set[asyncio.Task[None]] = set()
        while not self._stopping.is_set():
            opened = time.monotonic()
            try:
                announced = await self._live(draining)
            except Exception as error:  # whatever it is, this listener tries again
                announced = False
                self._report(error, pause)
            if time.monotonic() - opened > _STABLE_SECONDS:
                pause = _FIRST_PAUSE
            if announced and pause == _FIRST_PAUSE:
                # The next connection is opened while the old one drains; if it is as short-lived, not quite so soon.
                pause *= 2
                continue
            if not self._stopping.is_set():
                await self._pause(pause * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, no secret
                pause = min(pause * 2, _LONGEST_PAUSE)
        for task in draining:
            task.cancel()
        await asyncio.gather(*draining, return_exceptions=True)

    async def _live(self, draining: set[asyncio.Task[None]]) -> bool:
        """Open a connection and read it to its end; True when DingTalk announced the end and the old one still drains."""
        socket = await self._open()
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
        return await connect(
            f"{ticket.endpoint}?ticket={quote_plus(ticket.ticket)}",
            open_timeout=_OPEN_SECONDS,
            ping_interval=_PING_SECONDS,
            ping_timeout=_PONG_SECONDS,
            close_timeout=2,
            max_size=_FRAME_BYTES,
            logger=_QUIET,  # the library's debug lines hold the ticket
        )

    async def _serve(self, socket: ClientConnection, draining: set[asyncio.Task[None]]) -> bool:
        """Read a connection until it ends, or until DingTalk announces its end: then True, and it drains in a task."""
        announced = asyncio.Event()
        reading = asyncio.create_task(self._read(socket, announced))
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
            await asyncio.wait({reading}, timeout=_DRAIN_SECONDS)
        finally:  # the bot may be stopped meanwhile
            await socket.close()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, socket: ClientConnection, announced: asyncio.Event) -> None:
        """Hand each frame to the SDK, which calls our handlers and sends their acks."""
        client = self._sdk_client(socket)
        try:
            async for raw in socket:
                try:
                    frame = json.loads(raw)
                    if await client.route_message(frame) == client.TAG_DISCONNECT:
                        announced.set()
                except websockets.ConnectionClosed:
                    return
                except Exception:  # one odd frame must not end the connection for all others
                    log.exception("bot=%s a frame could not be handled", self.name)
        except websockets.ConnectionClosed:
            return

    def _sdk_client(self, socket: ClientConnection) -> Any:
        client = dingtalk_stream.DingTalkStreamClient(dingtalk_stream.Credential(self._client.client_id, ""), logger=_QUIET)
        client.websocket = socket
        client.register_callback_handler(MESSAGES, _Messages(self._receivers.message))
        client.register_callback_handler(CLICKS, _Clicks(self._receivers.click))
        return client

    def _report(self, error: Exception, pause: float) -> None:
        self.state = "connecting"
        if not isinstance(error, DingTalkError):
            # Its own text may hold the address with the ticket.
            error = DingTalkUnreachable(f"the socket could not be opened: {type(error).__name__}")
        kind, fix = type(error).__name__, self._texts.fix(error)
        log.error("bot=%s cannot connect (%s: %s), again in %.0f s; %s", self.name, kind, error, pause, fix)

    async def _pause(self, seconds: float) -> None:
        assert self._stopped is not None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)


class _Messages(dingtalk_stream.CallbackHandler):  # type: ignore[misc]  # the SDK ships no types
    """Robot messages: taken in, then acknowledged; the answer comes by card."""

    def __init__(self, receive: Callable[[Mapping[str, Any]], None]) -> None:
        super().__init__()
        self._receive = receive

    async def process(self, message: CallbackMessage) -> tuple[int, str]:
        self._receive(message.data)
        return AckMessage.STATUS_OK, "OK"


class _Clicks(dingtalk_stream.CallbackHandler):  # type: ignore[misc]  # the SDK ships no types
    """Card clicks: the acknowledgement is the answer."""

    def __init__(self, receive: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
        super().__init__()
        self._receive = receive

    async def process(self, message: CallbackMessage) -> tuple[int, dict[str, Any]]:
        return AckMessage.STATUS_OK, self._receive(message.data)
