"""How the control API answers: JSON in and out, one status for each kind of mistake."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[Json]]


class TooLargeError(ValueError):
    """A body over its limit."""


def add_routes(app: web.Application, method: str, handlers: Mapping[str, Handler]) -> None:
    """Put handlers at their paths under /sandbox/."""
    for path, handler in handlers.items():
        app.router.add_route(method, f"/sandbox/{path}", as_json(handler))


def as_json(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A handler that says what is wrong: 400 an unfit body, 404 an unknown thing, 413 too much, each as {"error"}."""

    async def handle(request: web.Request) -> web.Response:
        try:
            return web.json_response(await handler(request))
        except TooLargeError as error:
            return web.json_response({"error": str(error)}, status=413)
        except LookupError as error:
            return web.json_response({"error": str(error)}, status=404)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)

    return handle


async def read_body(request: web.Request) -> Json:
    """The JSON object of the body; ValueError if it is none."""
    body = json.loads(await request.read() or b"null")
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004  # the caller sees one kind of mistake
    return body
