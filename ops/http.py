"""The one HTTP server: it listens in a thread of its own, lets in what is small and quick enough, and leads it to its door.

It works as well behind a reverse proxy: nothing is read from headers that a proxy adds, and no address is put together.
"""

import asyncio
import contextlib
import logging
import threading
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from errors import PortUnavailable
from ops.door import Answer, Door, Visit

log = logging.getLogger("dingbridge.http")

_QUIET = logging.getLogger("dingbridge.http.aiohttp")  # the library's lines may hold what was asked
_QUIET.setLevel(logging.CRITICAL + 1)

_MIB = 1024 * 1024
_HEADERS = {"Server": "DingBridge", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_CROWDED = (
    b"HTTP/1.1 503 Service Unavailable\r\nServer: DingBridge\r\nContent-Type: application/json\r\n"
    b'Content-Length: 28\r\nRetry-After: 5\r\nConnection: close\r\n\r\n{"error": "too many guests"}'
)
_START_SECONDS = 30.0  # a name may have to be looked up
_LINGER_SECONDS = 1.0  # for which the rest of a refused body is thrown away, so that its sender reads why
_LAST_BYTES_SECONDS = 0.5  # for answers to leave when the server closes
_WAY_OUT_SECONDS = 2.0  # for the thread's end, beyond what its requests are given


@dataclass(frozen=True)
class Limits:
    """What the server takes: bytes of a body and of a header's line, seconds, and how much of it at once."""

    body: int = _MIB
    body_seconds: float = 10
    header: int = 8_190
    headers: int = 64
    head_seconds: float = 10  # for the first request on a connection to say what it wants
    idle_seconds: float = 130  # for the next one; proxies keep theirs for up to two minutes
    connections: int = 1_000
    requests: int = 200


class HttpServer:
    """Serves these doors at host and port (0: any free one), and "ok" at `/`. Raises ValueError for two doors in one place."""

    def __init__(self, host: str, port: int, doors: Iterable[Door], limits: Limits = Limits()) -> None:
        self._host, self._wanted, self._limits = host, port, limits
        doors = (Door("GET", "/", _fine), *doors)
        places = Counter((door.method, _plain(door.path)) for door in doors)
        if twice := [f"{method} {path}" for (method, path), number in places.items() if number > 1]:
            raise ValueError(f"more than one door at {', '.join(twice)}")
        self._doors: dict[tuple[str, str], Door] = {(door.method, _plain(door.path)): door for door in doors}
        self._under_way = 0
        self._nothing_under_way = asyncio.Event()
        self._nothing_under_way.set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: asyncio.Event | None = None
        self._patience = 0.0
        self._listening: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    @property
    def port(self) -> int:
        """Return the port that it listens on; after `start`."""
        return self._listening.result(timeout=0)

    def start(self) -> None:
        """Listen; returns when it does. Raises PortUnavailable."""
        self._thread.start()
        try:
            self._listening.result(_START_SECONDS)
        except TimeoutError:
            raise PortUnavailable(f"{_place(self._host, self._wanted)}: the name is not resolved in time") from None

    def close(self, seconds: float = 5) -> None:
        """Let nobody in any more, give requests under way so many seconds for their answers, and end."""
        loop, closing = self._loop, self._closing
        if loop is None or closing is None or not self._thread.is_alive():
            return
        self._patience = seconds
        try:
            loop.call_soon_threadsafe(closing.set)
        except RuntimeError:  # it has ended meanwhile
            return
        self._thread.join(seconds + _WAY_OUT_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as bug:  # nobody looks at what a thread raises
            log.exception("the HTTP server has ended")
            if not self._listening.done():
                self._listening.set_exception(bug)

    async def _serve(self) -> None:
        self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
        server = web.Server(self._handle)
        try:
            listener = await self._loop.create_server(
                lambda: _Connection(server, self._limits), self._host, self._wanted, reuse_address=True
            )
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self._listening.set_exception(PortUnavailable(f"{_place(self._host, self._wanted)}: {reason}"))
            return
        self._listening.set_result(listener.sockets[0].getsockname()[1])
        log.info("listening for HTTP at %s", _place(self._host, self.port))
        await self._closing.wait()
        with contextlib.suppress(NotImplementedError):  # a loop on Windows has no readers
            for opened in listener.sockets:
                self._loop.remove_reader(opened)
            await asyncio.sleep(0)  # Python 3.11 loses the sockets of guests who are just coming in when a listener closes
        listener.close()
        server.pre_shutdown()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._nothing_under_way.wait(), self._patience)
        await server.shutdown(_LAST_BYTES_SECONDS)

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        if isinstance(request.protocol, _Connection):
            request.protocol.heard = True
        if self._under_way >= self._limits.requests:
            answer = Answer.json(503, {"error": "too many requests at once"}, Retry_After="5")
        else:
            self._under_way += 1
            self._nothing_under_way.clear()
            try:
                answer = await self._answer(request)
            finally:
                self._under_way -= 1
                if not self._under_way:
                    self._nothing_under_way.set()
        response = _response(answer)
        if answer.status >= web.HTTPBadRequest.status_code or request.method != "POST":
            response.force_close()  # only who brings something keeps a connection
        return response

    async def _answer(self, request: web.BaseRequest) -> Answer:
        path = _plain(request.path)
        door = self._doors.get(("GET" if request.method == "HEAD" else request.method, path))
        if door is None:
            return self._no_door(path)
        try:
            return door.guard(request.headers) or await door.answer(Visit(request.headers, await self._body(request)))
        except _Refused as refused:
            return Answer.json(refused.status, {"error": refused.why})
        except Exception:  # a bug behind one door; whoever knocked learns no more than that there is one
            log.exception("a request was not answered")
            return Answer.json(500, {"error": "internal error"})

    def _no_door(self, path: str) -> Answer:
        methods = {method for method, place in self._doors if place == path}
        if not methods:
            return Answer.json(404, {"error": "nothing here"})
        allowed = sorted(methods | ({"HEAD"} if "GET" in methods else set()))
        return Answer.json(405, {"error": "not this method"}, Allow=", ".join(allowed))

    async def _body(self, request: web.BaseRequest) -> bytes:
        """Read the body, however it is sent; raises _Refused for one that is too large, too slow or broken."""
        most, body = self._limits.body, bytearray()
        if (request.content_length or 0) > most:
            raise _Refused(413, "too large")
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # for the library: nothing of the answer itself is sent
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                async for bite in request.content.iter_any():
                    body += bite
                    if len(body) > most:
                        raise _Refused(413, "too large")
        except TimeoutError:
            raise _Refused(408, "too slow") from None
        except (HttpProcessingError, web.RequestPayloadError, ConnectionError):
            raise _Refused(400, "broken off") from None
        return bytes(body)


class _Refused(Exception):
    """A body that is not taken."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


class _Connection(web.RequestHandler):
    """A connection that has to say what it wants in time, and is told nothing about this machine when it cannot."""

    def __init__(self, server: web.Server, limits: Limits) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=limits.idle_seconds,
            logger=_QUIET,
            access_log=None,  # type: ignore[arg-type]  # the library's way to switch it off
            max_line_size=limits.header,
            max_headers=limits.headers,
            max_field_size=limits.header,
            lingering_time=_LINGER_SECONDS,
            auto_decompress=False,  # nobody who calls here compresses, and what unpacks to a gigabyte stays packed
        )
        self.heard = False
        self._server, self._limits = server, limits

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, unless there are too many."""
        super().connection_made(transport)
        if len(self._server.connections) > self._limits.connections:
            if isinstance(transport, asyncio.WriteTransport):
                transport.write(_CROWDED)
            self.force_close()
            return
        self._loop.call_later(self._limits.head_seconds, self._give_up)

    def _give_up(self) -> None:
        if not self.heard:
            self.force_close()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.Response:
        """Answer what is no HTTP, without the library's words on it."""
        del request, exc, message
        self.heard = True
        response = _response(Answer.json(status, {"error": "not understood"}))
        response.force_close()
        return response


async def _fine(_: Visit) -> Answer:
    return Answer(200, b"ok\n", "text/plain")


def _response(answer: Answer) -> web.Response:
    headers: dict[str, Any] = {**_HEADERS, **answer.headers}
    return web.Response(
        status=answer.status, body=answer.body, content_type=answer.content_type, charset="utf-8", headers=headers
    )


def _plain(path: str) -> str:
    """Return a path without the slash at its end, which people add."""
    return path.rstrip("/") or "/"


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
