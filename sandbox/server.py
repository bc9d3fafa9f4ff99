"""Both halves of the sandbox on one port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from sandbox.control import Control
from sandbox.dify import routes as dify
from sandbox.dingtalk.api import hang_up
from sandbox.dingtalk.platform import DingTalk
from sandbox.faults import Faults
from sandbox.records import Records

_PAGE = Path(__file__).parent / "page"
_LARGEST_BODY = 64 * 1024 * 1024
_LAST_WORDS_SECONDS = 1.0
_PORTS_TO_TRY = 100


def build() -> web.Application:
    """The whole application with empty memories."""
    records, faults = Records(), Faults()
    app = web.Application(client_max_size=_LARGEST_BODY, middlewares=[hang_up])
    dingtalk = DingTalk(records, faults)
    dingtalk.add_routes(app)
    dify.add_routes(app, records, faults)
    Control(dingtalk, records, faults).add_routes(app)
    app.router.add_get("/", _front_page)
    app.router.add_static("/page", _PAGE)

    async def close(_: web.Application) -> None:
        await dingtalk.stream.close()

    app.on_shutdown.append(close)
    return app


@asynccontextmanager
async def listening(host: str, port: int, *, exactly: bool) -> AsyncIterator[str]:
    """Serve while the context lasts; gives the address, such as http://127.0.0.1:8090.

    Port 0 means any free one. A taken port is an OSError if it must be `exactly` that one, else the next free one
    is used.
    """
    runner = web.AppRunner(build(), access_log=None, shutdown_timeout=_LAST_WORDS_SECONDS, handler_cancellation=True)
    await runner.setup()
    try:
        await _bind(runner, host, port, exactly=exactly)
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _bind(runner: web.AppRunner, host: str, port: int, *, exactly: bool) -> None:
    for candidate in range(port, port + (1 if exactly or port == 0 else _PORTS_TO_TRY)):
        try:
            await web.TCPSite(runner, host, candidate).start()
        except OSError as error:
            taken = error
        else:
            return
    raise taken


async def _front_page(_: web.Request) -> web.FileResponse:
    # What people and AIs write is only ever text here; the policy holds even where the page has a mistake.
    policy = {"Content-Security-Policy": "default-src 'self'", "Cache-Control": "no-cache"}
    return web.FileResponse(_PAGE / "index.html", headers=policy)
