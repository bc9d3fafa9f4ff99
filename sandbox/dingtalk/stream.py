"""All Stream connections: which of them gets a message or a click, and when a message comes again."""

import asyncio
import random
from collections.abc import Coroutine, Mapping
from typing import Any

from aiohttp import web

from sandbox.dingtalk.apps import App
from sandbox.dingtalk.connection import Connection, Unacked
from sandbox.dingtalk.frames import BOT_TOPIC, CARD_TOPIC, Ack
from sandbox.dingtalk.seen import Seen
from sandbox.faults import Faults
from sandbox.records import Records
from sandbox.wire import Wire


class Stream:
    """The connections of all apps."""

    def __init__(self, records: Records, faults: Faults, wire: Wire) -> None:
        self._records = records
        self._faults = faults
        self._seen = Seen(wire)
        self._connections: list[Connection] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def adopt(self, app: App) -> None:
        """Let the settings of a replaced app hold on its live connections."""
        for connection in self.connections(app.client_id):
            connection.app = app

    def connections(self, client_id: str) -> list[Connection]:
        """The app's live connections, also those told to leave."""
        return [each for each in self._connections if each.app.client_id == client_id]

    async def serve(
        self, app: App, topics: frozenset[tuple[str, str]], request: web.Request, socket: web.WebSocketResponse
    ) -> None:
        """Run a connection until either side ends it; `topics` are pairs of frame type and topic."""
        connection = Connection(app, topics, request, socket, self._records, self._seen)
        self._connections.append(connection)
        try:
            await connection.run()
        finally:
            self._connections.remove(connection)

    async def deliver(self, client_id: str, data: Mapping[str, Any], msg_id: str) -> bool:
        """Push a robot message to one connection and repeat it while unacknowledged; False if there was none to take it."""
        unacked = await self.push(client_id, BOT_TOPIC, data, msg_id)
        if unacked is None:
            return False
        self._spawn(self._repeat(client_id, data, unacked))
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
        if not self._takers(client_id, topic):
            return None
        fault = self._faults.take("dingtalk.stream", client_id=client_id, topic=topic)
        params = fault.params if fault else {}
        await asyncio.sleep(float(params.get("delay", 0)))
        takers = self._takers(client_id, topic)
        if not takers:
            return None
        connection = random.choice(takers)  # noqa: S311  # load spreading, no secret
        loop = asyncio.get_running_loop()
        unacked = Unacked(connection.app, topic, msg_id, ack or loop.create_future())
        for _ in range(int(params.get("copies", 1))):
            await connection.callback(unacked, data, fault=bool(fault), lose=bool(params.get("drop")))
        if topic == CARD_TOPIC:
            loop.call_later(unacked.patience, self._miss, unacked)
        return unacked

    async def announce_disconnect(self, connection: Connection) -> None:
        """Tell a connection to go, deliver nothing more there, and close it after 10 s (by default) of silence."""
        await connection.announce_disconnect()
        self._spawn(connection.drain())

    def cut(self, client_id: str) -> int:
        """Abort the TCP connections of the app without a word; how many."""
        cut = self.connections(client_id)
        for connection in cut:
            connection.cut()
        return len(cut)

    async def close(self) -> None:
        """End every connection and every wait."""
        for task in self._tasks:
            task.cancel()
        for connection in [*self._connections]:
            await connection.close("server")

    def _takers(self, client_id: str, topic: str) -> list[Connection]:
        return [each for each in self.connections(client_id) if each.takes(topic)]

    async def _repeat(self, client_id: str, data: Mapping[str, Any], unacked: Unacked) -> None:
        for _ in range(unacked.app.redeliver_max):
            await asyncio.wait([unacked.ack], timeout=unacked.patience)
            if unacked.ack.done():
                return
            self._miss(unacked)
            unacked = await self.push(client_id, BOT_TOPIC, data, unacked.msg_id, unacked.ack) or unacked

    def _miss(self, unacked: Unacked) -> None:
        if not unacked.ack.done():
            self._seen.unanswered(unacked.app.client_id, unacked.topic, unacked.patience, unacked.msg_id)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
