"""One connection to the HTTP server: it says in time what it wants, and learns nothing of this machine when it cannot."""

import asyncio
import logging
import math
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from ops.door import Answer

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]

_QUIET = logging.getLogger("dingbridge.http.aiohttp")  # the library's lines may hold what was asked
_QUIET.setLevel(logging.CRITICAL + 1)

_MIB = 1024 * 1024
_HEADERS = {"Server": "DingBridge", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_CROWDED = (
    b"HTTP/1.1 503 Service Unavailable\r\nServer: DingBridge\r\nContent-Type: application/json\r\n"
    b'Content-Length: 28\r\nRetry-After: 5\r\nConnection: close\r\n\r\n{"error": "too many guests"}'
)
_MOST_CONNECTIONS, _SHARE_OF_FILES = 1_000, 0.25
_LINGER_SECONDS = 1.0  # for which the rest of a refused body is thrown away, so that its sender reads why


def room(open_files: float) -> int:
    """Return how many connections are taken where a process may have so many files open: most are for the bots' own calls."""
    return min(_MOST_CONNECTIONS, int(min(open_files, 1e9) * _SHARE_OF_FILES))


def _open_files() -> float:
    if resource is None:
        return math.inf
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return math.inf if soft == resource.RLIM_INFINITY else soft


@dataclass(frozen=True)
class Limits:
    """What the server takes: bytes of a body and of a header's line, seconds, and how much of it at once."""

    body: int = _MIB
    body_seconds: float = 10
    header: int = 8_190
    headers: int = 64
    head_seconds: float = 10  # for the first request on a connection to say what it wants
    idle_seconds: float = 130  # for the next one; proxies keep theirs for up to two minutes
    connections: int = field(default_factory=lambda: room(_open_files()))
    requests: int = 200


class Connection(web.RequestHandler):
    """A connection; `heard` once it has said something that can be answered."""

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
        response = response_of(Answer.json(status, {"error": "not understood"}))
        response.force_close()
        return response


def response_of(answer: Answer) -> web.Response:
    """Return an answer as the library sends it."""
    headers: dict[str, Any] = {**_HEADERS, **answer.headers}
    return web.Response(
        status=answer.status, body=answer.body, content_type=answer.content_type, charset="utf-8", headers=headers
    )
