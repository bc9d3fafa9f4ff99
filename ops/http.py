"""The one HTTP server: it listens in a thread of its own, lets in what is small and quick enough, and leads it to its door.

It works as well behind a reverse proxy: nothing is read from headers that a proxy adds, and no address is put together.
"""

import asyncio
import contextlib
import logging
import math
import threading
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from errors import PortUnavailable
from ops.connection import Connection, Limits, response_of
from ops.door import Answer, Door, Visit

log = logging.getLogger("dingbridge.http")

_START_SECONDS = 30.0  # a name may have to be looked up
_LAST_BYTES_SECONDS = 0.5  # for answers to leave when the server closes
_COMPLAINT_SECONDS = 60.0  # for which it is not said again that no file is left
_WAY_OUT_SECONDS = 2.0  # for the thread's end, beyond what its requests are given


class HttpServer:
    """Serves these doors at host and port (0: any free one), and "ok" at `/`. Raises ValueError for two doors in one place."""

    def __init__(self, host: str, port: int, doors: Iterable[Door], limits: Limits | None = None) -> None:
        self._host, self._wanted, self._limits = host, port, limits or Limits()
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
        self._full_at = -math.inf  # when that was last said
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
        self._loop.set_exception_handler(self._complain)
        server = web.Server(self._handle)
        try:
            listener = await self._loop.create_server(
                lambda: Connection(server, self._limits), self._host, self._wanted, reuse_address=True
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

    def _complain(self, loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        """Say once a minute that nobody can be let in for want of files, of which the loop would tell at each try."""
        if not str(context.get("message")).startswith("socket.accept() out of system resource"):
            loop.default_exception_handler(dict(context))
        elif time.monotonic() - self._full_at >= _COMPLAINT_SECONDS:
            self._full_at = time.monotonic()
            log.warning("no file is left for another guest: allow this process more of them (ulimit -n)")

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        if isinstance(request.protocol, Connection):
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
        response = response_of(answer)
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


async def _fine(_: Visit) -> Answer:
    return Answer(200, b"ok\n", "text/plain")


def _plain(path: str) -> str:
    """Return a path without the slash at its end, which people add; its accents as they are mostly written."""
    return unicodedata.normalize("NFC", path).rstrip("/") or "/"


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
