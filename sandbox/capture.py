"""Puts every HTTP call to either platform on the wire: a middleware that looks on and never gets in the way."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any, cast

from aiohttp import hdrs, web

from sandbox.wire import Body, Call, Facts, Headers, Wire

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger("sandbox.wire")

DROPPED = 499  # the status that stands for a connection that a fault cut
_HEAD_BYTES = 64 * 1024
_DIFY = ("/v1/", "/files/")
_OTHER_AIS = {"/openai/": "openai", "/codebuddy/": "codebuddy"}
_OURS = ("/sandbox", "/page", "/favicon")
_NOTHING: Headers = {}


@dataclass(slots=True)
class Sse:
    """An event stream on its way out: its beginning, its size, and how it ended ("" while it runs)."""

    begun: Callable[[web.StreamResponse], None]
    head: bytearray = field(default_factory=bytearray)
    written: int = 0
    events: int = 0
    ended: str = ""

    def wrote(self, part: bytes) -> None:
        """Some of it left."""
        self.written += len(part)
        self.events += part.count(b"\n\n")
        if len(self.head) < _HEAD_BYTES:
            self.head += part[: _HEAD_BYTES - len(self.head)]


@dataclass(slots=True)
class Told:
    """What only those who answer a call know: facts for its summary, its files, its event stream."""

    wire: Wire
    side: str
    began: float
    clock: float
    sent: bytes = b""
    facts: Facts = field(default_factory=dict)
    files: list[Mapping[str, Any]] = field(default_factory=list)
    sse: Sse | None = None
    sse_answer: web.StreamResponse | None = None
    upgraded: bool = False

    def took(self) -> float:
        """For how many seconds it has been going on."""
        return round(time.monotonic() - self.clock, 6)


_TOLD = web.RequestKey("told", Told)


def tell(request: web.Request, **facts: object) -> None:
    """Say of a call what cannot be seen from outside: api, client_id, app, code, answer, fault, verdict."""
    if told := request.get(_TOLD):
        told.facts.update((name, fact) for name, fact in facts.items() if fact is not None)


def tell_file(request: web.Request, field_name: str | None, name: str | None, size: int) -> None:
    """Name a file that came as multipart; its bytes are not put on the wire."""
    if told := request.get(_TOLD):
        told.files.append({"field": field_name, "name": name, "bytes": size})


def follow(request: web.Request) -> Sse:
    """The account of an event stream that is about to answer this call; `begun` is to be called when its head has left."""
    told: Told | None = request.get(_TOLD)
    if told is None:
        return Sse(lambda _: None)
    told.sse = Sse(partial(_begins, request, told))
    return told.sse


def tell_upgrade(request: web.Request) -> None:
    """Say that this call became a websocket, of which others tell."""
    if told := request.get(_TOLD):
        told.upgraded = True


def install(app: web.Application, wire: Wire) -> None:
    """Watch all calls of an application. Its middlewares run within this one, so that it sees what they make of a call."""

    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        side = _side(request.path)
        if side is None:
            return await handler(request)
        told = request[_TOLD] = Told(wire, side, time.time(), time.monotonic())
        response: web.StreamResponse | None = None
        gone = False
        try:
            told.sent = await _read_ahead(request)
            response = await handler(request)
        except web.HTTPException as answer:
            response = answer
            raise
        except asyncio.CancelledError:
            gone = True
            raise
        else:
            return response
        finally:
            if not told.upgraded:  # of a websocket the Stream tells
                _attempt(partial(_note, request, told, response, gone=gone))

    app.middlewares.insert(0, watch)


def _begins(request: web.Request, told: Told, head: web.StreamResponse) -> None:
    told.sse_answer = head
    _attempt(partial(_note_call, request, told, head, "ok", streams=True))


def _note(request: web.Request, told: Told, response: web.StreamResponse | None, *, gone: bool) -> None:
    if told.sse:
        _note_stream(request, told, told.sse, "left" if gone else "cut")
    elif response is None:
        _note_call(request, told, None, "left" if gone else "failed")
    elif response.status == DROPPED:
        _note_call(request, told, None, "dropped")
    else:
        _note_call(request, told, response, _verdict(response, told.facts))


def _note_call(
    request: web.Request, told: Told, response: web.StreamResponse | None, verdict: str, *, streams: bool = False
) -> None:
    sent, answer = _request_body(request, told), Body() if streams else _answer_body(response)
    facts: Facts = {
        "time": told.began,
        "took": told.took(),
        "way": "in",
        "what": f"{request.method} {request.path}",
        **told.facts,
        "verdict": verdict,
        "bytes_in": sent.total,
        "bytes_out": answer.total,
    }
    if response is not None:
        facts["status"] = response.status
    if told.side == "dingtalk":
        if facts.get("api") == "webhook" and (answered := told.wire.answer_through(request.raw_path)):
            facts["answer"] = answered
        told.wire.count(facts)
    told.wire.add(told.side, "call", _call(request, sent, response, answer), facts)


def _note_stream(request: web.Request, told: Told, sse: Sse, otherwise: str) -> None:
    answer = Body(bytes(sse.head), sse.written, "text/event-stream")
    facts: Facts = {
        "time": time.time(),  # it stands where it ended; where it began, there is a call
        "took": told.took(),
        "way": "out",
        "what": f"{request.method} {request.path}",
        **told.facts,
        "verdict": sse.ended or otherwise,
        "events": sse.events,
        "bytes_in": 0,
        "bytes_out": sse.written,
    }
    told.wire.add(told.side, "stream", _call(request, _request_body(request, told), told.sse_answer, answer), facts)


def _call(request: web.Request, sent: Body, response: web.StreamResponse | None, answer: Body) -> Call:
    # Headers are kept by reference: the response's become complete only when it leaves.
    headers = cast("Headers", response.headers) if response is not None else _NOTHING
    status = response.status if response is not None else None
    return Call(request.method, request.raw_path, cast("Headers", request.headers), sent, status, headers, answer)


def _verdict(response: web.StreamResponse, facts: Facts) -> str:
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "failed"
    # The old API refuses under HTTP 200.
    if response.status >= HTTPStatus.BAD_REQUEST or facts.get("code"):
        return "refused"
    return str(facts.get("verdict", "ok"))


async def _read_ahead(request: web.Request) -> bytes:
    """The body, read before the call is answered and kept by the request too; refusals often come without reading it."""
    if not request.can_read_body or _type(request.headers).startswith("multipart/"):
        return b""
    return await request.read()


def _request_body(request: web.Request, told: Told) -> Body:
    total = request.content_length or len(told.sent)
    if told.files:
        return Body(total=total, kind=_type(request.headers), files=tuple(told.files))
    return Body.of(told.sent, _type(request.headers), total)


def _answer_body(response: web.StreamResponse | None) -> Body:
    if response is None:
        return Body()
    content = _content(response)
    return Body.of(content, _type(response.headers))


def _type(headers: Headers) -> str:
    return headers.get(hdrs.CONTENT_TYPE, "")


def _content(response: web.StreamResponse) -> bytes:
    body = response.body if isinstance(response, web.Response) else b""
    return bytes(body) if isinstance(body, bytes | bytearray) else b""


def _side(path: str) -> str | None:
    if path == "/" or path.startswith(_OURS):
        return None
    for start, side in _OTHER_AIS.items():
        if path.startswith(start):
            return side
    return "dify" if path == "/v1" or path.startswith(_DIFY) else "dingtalk"


def _attempt(note: Callable[[], None]) -> None:
    try:
        note()
    except Exception:
        log.exception("a call could not be put on the wire")
