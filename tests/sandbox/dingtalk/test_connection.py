"""A Stream held at both ends: connections that die in the moment of sending, and what is kept of them."""

import asyncio
import gc
import json
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientSession, ClientWebSocketResponse, web

from sandbox.dingtalk.apps import App
from sandbox.dingtalk.connection import Connection
from sandbox.dingtalk.frames import BOT_TOPIC
from sandbox.dingtalk.stream import Stream
from sandbox.faults import Faults
from sandbox.records import Records
from sandbox.wire import Wire

SECONDS = 10


class Desk:
    """A Stream in this very event loop, with one app that has as many connections as asked for."""

    def __init__(self, **settings: float) -> None:
        self.app = App("ding1", "s3cret", "bot", ready_frames=False, **settings)  # type: ignore[arg-type]  # numbers
        self.records = Records()
        self.stream = Stream(self.records, Faults(), Wire())

    @property
    def connections(self) -> list[Connection]:
        """Those that are live."""
        return self.stream.connections(self.app.client_id)

    @asynccontextmanager
    async def connected(self, number: int = 1) -> AsyncIterator[list[ClientWebSocketResponse]]:
        """The bot's ends of so many connections, in the order of `connections`."""
        site = web.Application()
        site.router.add_get("/connect", self._connect)
        runner = web.AppRunner(site)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0]
            async with ClientSession() as bot, asyncio.timeout(SECONDS):
                yield [await bot.ws_connect(f"http://{host}:{port}/connect") for _ in range(number)]
        finally:
            await self.stream.close()
            await runner.cleanup()

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await self.stream.serve(self.app, frozenset({("CALLBACK", BOT_TOPIC)}), request, socket)
        return socket


def test_a_frame_that_a_dying_socket_does_not_take_is_repeated() -> None:
    """The platform learns nothing of a socket that breaks as it sends: it waits in vain, and tries another connection."""
    asyncio.run(_repeated())


async def _repeated() -> None:
    desk = Desk(redeliver_after=0.1)
    async with desk.connected() as [_]:
        [dying] = desk.connections
        dying.cut()
        assert await desk.stream.deliver(desk.app.client_id, {"msgId": "m1"}, "m1")
        async with desk.connected() as [socket]:
            frame = await socket.receive_json()
            assert json.loads(frame["data"]) == {"msgId": "m1"}
    assert dying not in desk.connections


def test_nothing_keeps_a_connection_that_has_ended() -> None:
    """Frames that were never acknowledged go with the connection that carried them."""
    asyncio.run(_forgotten())


async def _forgotten() -> None:
    desk = Desk(redeliver_max=0)
    async with desk.connected() as [socket]:
        gone = weakref.ref(desk.connections[0])
        for number in range(3):
            assert await desk.stream.deliver(desk.app.client_id, {"msgId": str(number)}, str(number))
        await socket.close()
        await desk.records.after(0, SECONDS, {"kind": "stream.closed"})
        await asyncio.sleep(0)
        gc.collect()
        assert gone() is None
