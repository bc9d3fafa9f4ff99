"""What a listener does with the frames of its connections: messages are taken in, clicks answered, all acknowledged in time.

The SDK decodes frames and writes acknowledgements; one SDK client object belongs to one connection, so that an acknowledgement
leaves by the socket its frame came from.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import dingtalk_stream
import websockets
from dingtalk_stream.frames import AckMessage, CallbackMessage
from websockets.asyncio.client import ClientConnection

from handlers.hand_over import Arrivals, HandOver

log = logging.getLogger("dingbridge.stream")

QUIET = logging.getLogger("dingbridge.stream.sdk")  # for libraries whose lines may hold the ticket
QUIET.setLevel(logging.CRITICAL)

MESSAGES, CLICKS = "/v1.0/im/bot/messages/get", "/v1.0/card/instances/callback"

_AT_ONCE = 1_000  # frames of a connection that wait for their acknowledgement; then no more are read


class Frames:
    """Handles frames, those of one listener. A message is acknowledged when it is kept, or after `message_seconds`.

    A click's acknowledgement carries its answer; after `click_seconds` it is an empty one.
    """

    def __init__(self, name: str, receivers: Arrivals, *, message_seconds: float, click_seconds: float) -> None:
        self.name = name
        self._hand_over = HandOver(name, receivers, message_seconds=message_seconds, click_seconds=click_seconds)

    @property
    def early(self) -> int:
        """How many messages of the last hour were acknowledged before they were kept."""
        return self._hand_over.early

    async def read(self, socket: ClientConnection, client_id: str, announced: asyncio.Event) -> None:
        """Handle what comes until the connection ends; `announced` is set when DingTalk says that it will."""
        client = dingtalk_stream.DingTalkStreamClient(dingtalk_stream.Credential(client_id, ""), logger=QUIET)
        client.websocket = socket
        client.register_callback_handler(MESSAGES, _Messages(self._hand_over.message))
        client.register_callback_handler(CLICKS, _Clicks(self._hand_over.click))
        room = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as under_way:
            with contextlib.suppress(websockets.ConnectionClosed):
                async for raw in socket:
                    await room.acquire()
                    # No frame waits for the one before it. They are begun in their order, and so they are taken in.
                    task = under_way.create_task(self._handle(client, raw, announced))
                    task.add_done_callback(lambda _: room.release())

    def close(self) -> None:
        """Take in what was acknowledged early; nothing comes any more."""
        self._hand_over.close()

    async def _handle(self, client: Any, raw: str | bytes, announced: asyncio.Event) -> None:
        try:
            if await client.route_message(json.loads(raw)) == client.TAG_DISCONNECT:
                announced.set()
        except websockets.ConnectionClosed:  # its acknowledgement cannot be sent: it comes again, and is known
            return
        except Exception as error:  # one odd frame must not end the connection for all others
            # Its kind alone: the SDK's text, and a trace, would quote the frame.
            log.error("bot=%s a frame could not be handled: %s", self.name, type(error).__name__)


class _Messages(dingtalk_stream.CallbackHandler):  # type: ignore[misc]  # the SDK ships no types
    """Robot messages: taken in, then acknowledged; the answer comes by card."""

    def __init__(self, receive: Callable[[Mapping[str, Any]], Awaitable[None]]) -> None:
        super().__init__()
        self._receive = receive

    async def process(self, message: CallbackMessage) -> tuple[int, str]:
        await self._receive(message.data)
        return AckMessage.STATUS_OK, "OK"


class _Clicks(dingtalk_stream.CallbackHandler):  # type: ignore[misc]  # the SDK ships no types
    """Card clicks: the acknowledgement is the answer."""

    def __init__(self, receive: Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]) -> None:
        super().__init__()
        self._receive = receive

    async def process(self, message: CallbackMessage) -> tuple[int, dict[str, Any]]:
        return AckMessage.STATUS_OK, await self._receive(message.data)
