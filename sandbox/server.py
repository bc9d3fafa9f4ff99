"""All platforms of the sandbox on one port."""

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from sandbox import capture
from sandbox.codebuddy import routes as codebuddy
from sandbox.control import Control
from sandbox.dify import routes as dify
from sandbox.dingtalk.api import hang_up
from sandbox.dingtalk.platform import DingTalk
from sandbox.faults import Faults
from sandbox.guard import same_origin
from sandbox.openai import routes as openai
from sandbox.records import Records
from sandbox.switches import add_routes as add_switches
from sandbox.views import Views
from sandbox.wire import Wire
from sandbox.wire import add_routes as add_wire_routes

_PAGE = Path(__file__).parent / "page"
# What people and AIs write is never code here; the policy holds even where the page has a mistake. Pictures of other
# hosts are loaded when somebody asks for them.
_POLICY = "default-src 'self'; img-src 'self' blob: http: https:; object-src 'none'; frame-ancestors 'none'; base-uri 'none'"
# A browser asks each time whether a file of the page has changed, so that it never mixes old ones with new.
_PAGE_HEADERS = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"}
_LARGEST_BODY = 64 * 1024 * 1024
_LAST_WORDS_SECONDS = 1.0
_PORTS_TO_TRY = 100
_BACKLOG = 2_048  # connections not yet accepted: a few hundred people may begin in the same moment


def build() -> web.Application:
    """The whole application with empty memories."""
    records, faults, wire = Records(), Faults(), Wire()
    app = web.Application(client_max_size=_LARGEST_BODY, middlewares=[same_origin, hang_up])
    capture.install(app, wire)
    dingtalk = DingTalk(records, faults, wire)
    dingtalk.add_routes(app)
    for ai in (dify, openai, codebuddy):
        ai.add_routes(app, records, faults, wire.keyring)
    Control(dingtalk, faults).add_routes(app)
    Views(dingtalk, records, faults, wire.log).add_routes(app)
    add_wire_routes(app, wire)
    add_switches(app, dingtalk, faults)
    app.router.add_get("/", _front_page)
    app.router.add_static("/page", _PAGE)
    app.on_response_prepare.append(_dress_page)

    async def close(_: web.Application) -> None:
        await dingtalk.stream.close()

    app.on_shutdown.append(close)
    return app


@asynccontextmanager
async def running(host: str, port: int, *, exactly: bool) -> AsyncIterator[web.AppRunner]:
    """Serve while the context lasts.

    Port 0 means any free one. A taken port is an OSError if it must be `exactly` that one, else the next free one
    is used.
    """
    runner = web.AppRunner(build(), access_log=None, shutdown_timeout=_LAST_WORDS_SECONDS, handler_cancellation=True)
    await runner.setup()
    try:
        await _bind(runner, host, port, exactly=exactly)
        yield runner
    finally:
        await runner.cleanup()


async def _bind(runner: web.AppRunner, host: str, port: int, *, exactly: bool) -> None:
    for candidate in range(port, port + (1 if exactly or port == 0 else _PORTS_TO_TRY)):
        try:
            await web.TCPSite(runner, host, candidate, backlog=_BACKLOG).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            taken = error
        else:
            return
    raise taken


async def _dress_page(request: web.Request, response: web.StreamResponse) -> None:
    """Give every file of the page the page's headers, under whichever of its addresses it is asked for."""
    if request.path == "/" or request.path.startswith("/page/"):
        response.headers.update(_PAGE_HEADERS)


async def _front_page(_: web.Request) -> web.FileResponse:
    return web.FileResponse(_PAGE / "index.html")
