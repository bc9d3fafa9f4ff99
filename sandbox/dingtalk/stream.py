"""Frames on their way to Stream connections: who gets one, whether it is acknowledged, when it comes again."""

import asyncio
import json
import random
import time
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.dingtalk.apps import App
from sandbox.dingtalk.frames import Ack, frame_text, read_ack, same_json
from sandbox.dingtalk.seen import Seen
from sandbox.faults import Fault, Faults
from sandbox.records import Records
from sandbox.wire import Wire

BOT_TOPIC = "/v1.0/im/bot/messages/get"
CARD_TOPIC = "/v1.0/card/instances/callback"

_SEND_SECONDS = 5.0
_UNACKED_KEPT = 10_000
_MISSED_PINGS = 2
_CLICK_SECONDS = 2.0  # for so long a person's client waits for the answer to a click


@dataclass(eq=False, slots=True)
class Connection:
    """One live websocket of an app; `leaving` since it was told to go."""

    app: App
    connection_id: str
    topics: frozenset[tuple[str, str]]
    socket: web.WebSocketResponse
    request: web.Request
    leaving: bool = False
    unanswered_pings: dict[str, str] = field(default_factory=dict)
    system_ids: deque[str] = field(default_factory=lambda: deque(maxlen=16))
    heard: float = field(default_factory=time.monotonic)
    reason: str = "client"


@dataclass(eq=False, slots=True)
class Unacked:
    """A frame that was sent and not yet acknowledged."""

    connection: Connection
    topic: str
    msg_id: str | None
    sent: float
    ack: asyncio.Future[Ack]

    @property
    def patience(self) -> float:
        """The seconds within which an acknowledgement is in time."""
        return self.connection.app.redeliver_after if self.topic == BOT_TOPIC else _CLICK_SECONDS


class Stream:
    """All Stream connections of all apps."""

    def __init__(self, records: Records, faults: Faults, wire: Wire) -> None:
        self._records = records
        self._faults = faults
        self._seen = Seen(wire)
        self._connections: list[Connection] = []
        self._unacked: dict[str, Unacked] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def adopt(self, app: App) -> None:
        """Let the settings of a replaced app hold on its live connections."""
        for connection in self.connections(app.client_id):
            connection.app = app

    def connections(self, client_id: str) -> list[Connection]:
        """The app's live connections, also those told to leave."""
        return [each for each in self._connections if each.app.client_id == client_id]

    async def serve(self, connection: Connection) -> None:
        """Run a connection until either side ends it."""
        app = connection.app
        self._connections.append(connection)
        self._note("stream.connected", connection)
        self._seen.opened(connection.request, app.client_id)
        pinging = asyncio.create_task(self._ping(connection))
        try:
            if app.ready_frames:
                await self._send(connection, "SYSTEM", "CONNECTED", {})
                await self._send(connection, "SYSTEM", "REGISTERED", {})
            async for message in connection.socket:
                connection.heard = time.monotonic()
                if message.type is WSMsgType.TEXT:
                    self._hear(connection, message.data)
        finally:
            pinging.cancel()
            self._connections.remove(connection)
            self._note("stream.closed", connection, reason=connection.reason)
            self._seen.closed(app.client_id, connection.reason)

    async def deliver(self, client_id: str, data: Mapping[str, Any], msg_id: str) -> bool:
        """Push a robot message to one connection and repeat it while unacknowledged; whether one took it."""
        unacked = await self.push(client_id, BOT_TOPIC, data, msg_id)
        if unacked is None:
            return False
        self._spawn(self._repeat(client_id, data, msg_id, unacked))
        return True

    async def push(
        self,
        client_id: str,
        topic: str,
        data: Mapping[str, Any],
        msg_id: str | None = None,
        ack: asyncio.Future[Ack] | None = None,
    ) -> Unacked | None:
        """Send one CALLBACK frame to a connection chosen at random among those subscribed; None if there is none.

        `ack` is given when the same thing is sent again: an acknowledgement of either frame fulfils it.
        """
        candidates = [
            each
            for each in self.connections(client_id)
            if not each.leaving and not each.socket.closed and ("CALLBACK", topic) in each.topics
        ]
        if not candidates:
            return None
        connection = random.choice(candidates)  # noqa: S311  # load spreading, no secret
        fault = self._faults.take("dingtalk.stream", client_id=client_id, topic=topic)
        params = fault.params if fault else {}
        await asyncio.sleep(float(params.get("delay", 0)))
        ack = ack or asyncio.get_running_loop().create_future()
        unacked = Unacked(connection, topic, msg_id, time.monotonic(), ack)
        for _ in range(int(params.get("copies", 1))):
            if not await self._send(connection, "CALLBACK", topic, data, unacked, fault):
                return None
        if topic == CARD_TOPIC:
            asyncio.get_running_loop().call_later(unacked.patience, self._miss, unacked)
        return unacked

    async def announce_disconnect(self, connection: Connection) -> None:
        """Tell a connection to go, deliver nothing more there, and close it after 10 s (by default) of silence."""
        connection.leaving = True
        await self._send(connection, "SYSTEM", "disconnect", {"reason": "connection is expired"})
        self._spawn(self._drain(connection))

    def cut(self, client_id: str) -> int:
        """Abort the TCP connections of the app without a word; how many."""
        cut = self.connections(client_id)
        for connection in cut:
            connection.reason = "cut"
            if connection.request.transport:
                connection.request.transport.abort()
        return len(cut)

    async def close(self) -> None:
        """End every connection and every wait."""
        for task in self._tasks:
            task.cancel()
        for connection in [*self._connections]:
            connection.reason = "server"
            await connection.socket.close()

    async def _send(
        self,
        connection: Connection,
        kind: str,
        topic: str,
        data: Mapping[str, Any],
        unacked: Unacked | None = None,
        fault: Fault | None = None,
    ) -> bool:
        message_id = uuid.uuid4().hex
        text = json.dumps(data, ensure_ascii=False)
        frame = frame_text(connection.app.client_id, connection.connection_id, message_id, kind, topic, text)
        if kind == "SYSTEM":
            connection.system_ids.append(message_id)
        if topic == "ping":
            connection.unanswered_pings[message_id] = text
        if unacked:
            self._unacked[message_id] = unacked
            if len(self._unacked) > _UNACKED_KEPT:
                self._unacked.pop(next(iter(self._unacked)))
        msg = {"msg_id": unacked.msg_id} if unacked and unacked.msg_id else {}
        lose = bool(fault and fault.params.get("drop"))
        self._note("frame", connection, message_id=message_id, topic=topic, lost=lose, **msg)
        self._seen.sent(connection.app.client_id, kind, topic, frame, data, lost=lose, fault=bool(fault))
        if lose:
            return True
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await connection.socket.send_str(frame)
        except (ConnectionError, TimeoutError):
            self._unacked.pop(message_id, None)
            return False
        return True

    def _hear(self, connection: Connection, raw: str) -> None:
        client_id, ack = connection.app.client_id, read_ack(raw)
        if ack is None:
            self._note_stray(connection, raw, "not an acknowledgement")
            return
        message_id = ack.message_id
        if (opaque := connection.unanswered_pings.pop(message_id, None)) is not None:
            if same_json(ack.data, opaque):
                self._seen.pong(client_id, raw)
            else:
                connection.unanswered_pings[message_id] = opaque
                self._note_stray(connection, raw, "pong without the ping's data", message_id=message_id)
            return
        if message_id in connection.system_ids:
            self._seen.pong(client_id, raw)
            return
        unacked = self._unacked.get(message_id)
        if unacked is None or unacked.connection is not connection:
            # An acknowledgement counts on the connection that carried the frame, and once.
            self._note_stray(connection, raw, "no such frame on this connection", message_id=message_id)
            return
        del self._unacked[message_id]
        if ack.data is not None and not isinstance(ack.data, str):
            self._note_stray(connection, raw, "data must be a JSON text", message_id=message_id)
        msg = {"msg_id": unacked.msg_id} if unacked.msg_id else {}
        after = round(time.monotonic() - unacked.sent, 6)
        self._note("ack", connection, message_id=message_id, topic=unacked.topic, code=ack.code, after=after, **msg)
        self._seen.acknowledged(client_id, unacked.topic, raw, ack, after, unacked.msg_id, late=after > unacked.patience)
        if not unacked.ack.done():
            unacked.ack.set_result(ack)

    def _miss(self, unacked: Unacked) -> None:
        if not unacked.ack.done():
            app = unacked.connection.app
            self._seen.unanswered(app.client_id, unacked.topic, unacked.patience, unacked.msg_id)

    async def _repeat(self, client_id: str, data: Mapping[str, Any], msg_id: str, unacked: Unacked) -> None:
        for _ in range(unacked.connection.app.redeliver_max):
            await asyncio.wait([unacked.ack], timeout=unacked.connection.app.redeliver_after)
            if unacked.ack.done():
                return
            self._miss(unacked)
            unacked = await self.push(client_id, BOT_TOPIC, data, msg_id, unacked.ack) or unacked

    async def _ping(self, connection: Connection) -> None:
        while True:
            await asyncio.sleep(connection.app.ping_seconds)
            if connection.leaving:
                return  # nothing more is sent there, and no pong must put its end off
            if len(connection.unanswered_pings) >= _MISSED_PINGS:
                connection.reason = "persistent connection is timeout"
                await self._send(connection, "SYSTEM", "disconnect", {"reason": connection.reason})
                await connection.socket.close()
                return
            await self._send(connection, "SYSTEM", "ping", {"opaque": uuid.uuid4().hex})

    async def _drain(self, connection: Connection) -> None:
        while not connection.socket.closed:
            quiet = time.monotonic() - connection.heard
            if quiet >= connection.app.drain_seconds:
                connection.reason = "announced disconnect"
                await connection.socket.close()
                return
            await asyncio.sleep(connection.app.drain_seconds - quiet)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _note_stray(self, connection: Connection, raw: str, reason: str, **facts: str) -> None:
        self._note("ack.stray", connection, **facts, reason=reason)
        self._seen.stray(connection.app.client_id, raw, reason)

    def _note(self, kind: str, connection: Connection, **facts: object) -> None:
        self._records.add(
            "dingtalk",
            kind,
            client_id=connection.app.client_id,
            connection_id=connection.connection_id,
            **facts,
        )
