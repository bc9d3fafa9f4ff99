"""One Stream connection: frames out, acknowledgements in, pings between them, and how it ends."""

import asyncio
import json
import time
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.dingtalk.apps import App
from sandbox.dingtalk.frames import BOT_TOPIC, Ack, frame_text, read_ack, same_json
from sandbox.dingtalk.seen import Seen
from sandbox.records import Records

_SEND_SECONDS = 5.0
_UNACKED_KEPT = 10_000
_SYSTEM_IDS_KEPT = 16
_MISSED_PINGS = 2
CLICK_SECONDS = 2.0  # for so long a person's client waits for the answer to a click


@dataclass(frozen=True, slots=True)
class Unacked:
    """A CALLBACK frame for which no acknowledgement has come yet; `ack` is shared by all frames of one message."""

    app: App
    topic: str
    msg_id: str | None
    ack: asyncio.Future[Ack]
    sent: float = field(default_factory=time.monotonic)

    @property
    def patience(self) -> float:
        """The seconds within which an acknowledgement is in time."""
        return self.app.redeliver_after if self.topic == BOT_TOPIC else CLICK_SECONDS


class Connection:
    """A live websocket of an app; `leaving` since it was told to go, `reason` is why it ends if the bot does not end it."""

    def __init__(
        self,
        app: App,
        topics: frozenset[tuple[str, str]],
        request: web.Request,
        socket: web.WebSocketResponse,
        records: Records,
        seen: Seen,
    ) -> None:
        self.app = app
        self.connection_id = str(uuid.uuid4())
        self.leaving = False
        self.reason = "client"
        self._topics = topics
        self._request = request
        self._socket = socket
        self._records = records
        self._seen = seen
        self._unacked: dict[str, Unacked] = {}
        self._unanswered_pings: dict[str, str] = {}
        self._system_ids: deque[str] = deque(maxlen=_SYSTEM_IDS_KEPT)
        self._heard = time.monotonic()

    def takes(self, topic: str) -> bool:
        """Whether a CALLBACK of this topic may be sent here now."""
        return not self.leaving and not self._socket.closed and ("CALLBACK", topic) in self._topics

    async def run(self) -> None:
        """Exchange frames until either side ends it."""
        self._note("stream.connected")
        self._seen.opened(self._request, self.app.client_id)
        pinging = asyncio.create_task(self._ping())
        try:
            if self.app.ready_frames:
                await self._system("CONNECTED")
                await self._system("REGISTERED")
            async for message in self._socket:
                self._heard = time.monotonic()
                if message.type is WSMsgType.TEXT:
                    self._hear(message.data)
        finally:
            pinging.cancel()
            self._note("stream.closed", reason=self.reason)
            self._seen.closed(self.app.client_id, self.reason)

    async def callback(self, unacked: Unacked, data: Mapping[str, Any], *, fault: bool, lose: bool) -> None:
        """Send a CALLBACK frame; one that is lost, or that the socket does not take, is just never acknowledged."""
        message_id = uuid.uuid4().hex
        self._unacked[message_id] = unacked
        if len(self._unacked) > _UNACKED_KEPT:
            del self._unacked[next(iter(self._unacked))]
        await self._send("CALLBACK", unacked.topic, message_id, data, unacked.msg_id, fault=fault, lose=lose)

    async def announce_disconnect(self) -> None:
        """Tell the bot to go; nothing but this is sent any more."""
        self.leaving = True
        await self._system("disconnect", reason="connection is expired")

    async def drain(self) -> None:
        """Close once the bot has been silent for its `drain_seconds`."""
        while not self._socket.closed:
            quiet = time.monotonic() - self._heard
            if quiet >= self.app.drain_seconds:
                await self.close("announced disconnect")
                return
            await asyncio.sleep(self.app.drain_seconds - quiet)

    async def close(self, reason: str) -> None:
        """End the websocket in good order."""
        self.reason = reason
        await self._socket.close()

    def cut(self) -> None:
        """Abort the TCP connection without a word."""
        self.reason = "cut"
        if self._request.transport:
            self._request.transport.abort()

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(self.app.ping_seconds)
            if self.leaving:
                return  # nothing more is sent there, and no pong must put its end off
            if len(self._unanswered_pings) >= _MISSED_PINGS:
                reason = "persistent connection is timeout"
                await self._system("disconnect", reason=reason)
                await self.close(reason)
                return
            await self._system("ping", opaque=uuid.uuid4().hex)

    async def _system(self, topic: str, **data: str) -> None:
        message_id = uuid.uuid4().hex
        self._system_ids.append(message_id)
        if topic == "ping":
            self._unanswered_pings[message_id] = json.dumps(data)
        await self._send("SYSTEM", topic, message_id, data)

    async def _send(
        self,
        kind: str,
        topic: str,
        message_id: str,
        data: Mapping[str, Any],
        msg_id: str | None = None,
        *,
        fault: bool = False,
        lose: bool = False,
    ) -> None:
        text = json.dumps(data, ensure_ascii=False)
        frame = frame_text(self.app.client_id, self.connection_id, message_id, kind, topic, text)
        self._note("frame", message_id=message_id, topic=topic, lost=lose, **_named(msg_id))
        self._seen.sent(self.app.client_id, kind, topic, frame, data, lost=lose, fault=fault)
        if lose:
            return
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await self._socket.send_str(frame)
        except (ConnectionError, TimeoutError):
            return  # a bot that is gone, or does not read: all that the platform sees of it is silence

    def _hear(self, raw: str) -> None:
        ack = read_ack(raw)
        if ack is None:
            self._note_stray(raw, "not an acknowledgement")
        elif ack.message_id in self._unanswered_pings:
            self._hear_pong(ack, raw)
        elif ack.message_id in self._system_ids:
            self._seen.pong(self.app.client_id, raw)
        elif unacked := self._unacked.pop(ack.message_id, None):
            self._acknowledge(unacked, ack, raw)
        else:
            # An acknowledgement counts on the connection that carried the frame, and once.
            self._note_stray(raw, "no such frame on this connection", message_id=ack.message_id)

    def _hear_pong(self, ack: Ack, raw: str) -> None:
        if same_json(ack.data, self._unanswered_pings[ack.message_id]):
            del self._unanswered_pings[ack.message_id]
            self._seen.pong(self.app.client_id, raw)
        else:
            self._note_stray(raw, "pong without the ping's data", message_id=ack.message_id)

    def _acknowledge(self, unacked: Unacked, ack: Ack, raw: str) -> None:
        if ack.data is not None and not isinstance(ack.data, str):
            self._note_stray(raw, "data must be a JSON text", message_id=ack.message_id)
        after = round(time.monotonic() - unacked.sent, 6)
        topic, msg_id, late = unacked.topic, unacked.msg_id, after > unacked.patience
        self._note("ack", message_id=ack.message_id, topic=topic, code=ack.code, after=after, **_named(msg_id))
        self._seen.acknowledged(self.app.client_id, topic, raw, ack, after, msg_id, late=late)
        if not unacked.ack.done():
            unacked.ack.set_result(ack)

    def _note_stray(self, raw: str, reason: str, **facts: str) -> None:
        self._note("ack.stray", **facts, reason=reason)
        self._seen.stray(self.app.client_id, raw, reason)

    def _note(self, kind: str, **facts: object) -> None:
        self._records.add("dingtalk", kind, client_id=self.app.client_id, connection_id=self.connection_id, **facts)


def _named(msg_id: str | None) -> dict[str, str]:
    return {"msg_id": msg_id} if msg_id else {}
