"""How the control API speaks: strict JSON in, JSON out, one status for each kind of mistake."""

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, NoReturn

from aiohttp import web

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[Json]]

_PART_BYTES = 128 * 1024
_PATIENCE_SECONDS = 30.0
_LONGEST_WAIT = 30.0


class TooLargeError(ValueError):
    """A body over its limit."""


def parse_json(raw: bytes | str) -> Any:
    """The value of a JSON text; ValueError for what other readers would not take either.

    Python alone reads NaN, numbers beyond its floats and halves of characters, which then fail wherever they come out.
    """
    text = raw if isinstance(raw, str) else raw.decode("utf-8-sig")
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    if "\\u" in text:
        _check_characters(value)
    return value


def add_routes(app: web.Application, method: str, handlers: Mapping[str, Handler]) -> None:
    """Put handlers at their paths under /sandbox/."""
    for path, handler in handlers.items():
        app.router.add_route(method, f"/sandbox/{path}", as_json(handler))


def as_json(handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A handler that says what is wrong: 400 an unfit body, 404 an unknown thing, 413 too much, each as {"error"}."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            status, body = 200, await handler(request)
        except TooLargeError as error:
            status, body = 413, {"error": str(error)}
        except LookupError as error:
            status, body = 404, {"error": str(error)}
        except ValueError as error:
            status, body = 400, {"error": str(error)}
        # A bot's acknowledgement is not ours to refuse: half a character in it becomes a question mark.
        content = json.dumps(body, ensure_ascii=False).encode(errors="replace")
        if len(content) <= _PART_BYTES:
            return web.Response(body=content, status=status, content_type="application/json", charset="utf-8")
        return await _hand_over(request, content)

    return handle


async def read_body(request: web.Request) -> Json:
    """The JSON object of the body; ValueError if it is none."""
    body = parse_json(await request.read() or b"null")
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004  # the caller sees one kind of mistake
    return body


def text_of(body: Mapping[str, Any], name: str, default: str = "") -> str:
    """A text among the fields, `default` where it is missing or null; ValueError for anything else."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a string")  # noqa: TRY004  # the caller sees one kind of mistake
    return value


def number_of(body: Mapping[str, Any], name: str, default: float, most: float) -> float:
    """A number from 0 to `most` among the fields, `default` where it is missing or null; ValueError for anything else."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ValueError(f"{name} must be a number from 0 to {most:g}")
    return value


def flag_of(body: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """A truth value among the fields, `default` where it is missing or null; ValueError for anything else."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false")  # noqa: TRY004  # the caller sees one kind of mistake
    return value


def object_of(body: Mapping[str, Any], name: str) -> Json:
    """A JSON object among the fields, {} where it is missing or null; ValueError for anything else."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be an object")  # noqa: TRY004  # the caller sees one kind of mistake
    return value


def one_of(body: Mapping[str, Any], name: str, choices: Sequence[str]) -> str:
    """One of these texts among the fields, the first of them where it is missing or null; ValueError for anything else."""
    found = text_of(body, name, choices[0])
    if found not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}")
    return found


def check_names(body: Mapping[str, Any], known: Collection[str], needed: Sequence[str]) -> None:
    """ValueError if a field is there that is not known, or one is missing or empty that is needed."""
    if unknown := body.keys() - known:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    if missing := [name for name in needed if not body.get(name)]:
        raise ValueError(f"missing: {', '.join(missing)}")


def wait_of(query: Mapping[str, str]) -> float:
    """For how many seconds `wait` asks, at most 30."""
    seconds = float(query.get("wait", "0"))
    if math.isnan(seconds) or seconds < 0:
        raise ValueError("wait must be a number of seconds")
    return min(seconds, _LONGEST_WAIT)


async def _hand_over(request: web.Request, content: bytes) -> web.StreamResponse:
    """Send a long answer in parts; a reader that takes nothing for half a minute is hung up on."""
    response = web.StreamResponse()
    response.content_type, response.charset = "application/json", "utf-8"
    response.content_length = len(content)
    await response.prepare(request)
    try:
        for start in range(0, len(content), _PART_BYTES):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await response.write(content[start : start + _PART_BYTES])
    except TimeoutError:
        if request.transport:
            request.transport.abort()
    return response


def _check_characters(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("half of a character (a lone surrogate) is no text") from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number
