"""One request to a gateway on its way through: the key, the faults that hit it, its JSON, its record."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web

from sandbox.capture import tell
from sandbox.faults import Faults
from sandbox.json_api import read_body
from sandbox.kept import Kept
from sandbox.keyed import bearer_key
from sandbox.openai import litellm
from sandbox.openai.gateways import Gateway, Gateways
from sandbox.openai.refusal import RefusalError, not_allowed, refusal_response
from sandbox.records import Records
from sandbox.strikes import struck, taken

_MOST_CONVERSATIONS = 10_000


@dataclass
class Service:
    """The parts of the gateways; `turns` counts those of each (gateway, user), where a gateway remembers."""

    records: Records
    faults: Faults
    gateways: Gateways
    turns: Kept[tuple[str, str], int] = field(default_factory=lambda: Kept(_MOST_CONVERSATIONS))

    def next_turn(self, gateway: Gateway, user: str) -> int:
        """Count one more turn of a conversation that a gateway remembers."""
        turn = (self.turns.get((gateway.api_key, user)) or 0) + 1
        self.turns.put_last((gateway.api_key, user), turn)
        return turn


@dataclass
class Call:
    """A request whose key was good; `facts` are what its record says beside path and status."""

    service: Service
    request: web.Request
    gateway: Gateway
    body: Mapping[str, Any] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)
    noted: bool = False

    def note(self, status: int) -> None:
        """Record the request with the status that it gets, once."""
        if not self.noted:
            self.noted = True
            where = {"app": self.gateway.name, "method": self.request.method, "path": self.request.path}
            self.service.records.add("openai", "request", **where, status=status, **self.facts)


Handler = Callable[[Call], Awaitable[web.StreamResponse]]
RequestHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def endpoint(service: Service, handler: Handler, *, reads_json: bool) -> RequestHandler:
    """An aiohttp handler around ours: the network's faults first, then the key, the JSON, the refusals, the record."""

    async def handle(request: web.Request) -> web.StreamResponse:
        gateway = service.gateways.opened_by(bearer_key(request))
        call = Call(service, request, gateway or service.gateways.shut())
        refused = litellm.refusal_response if call.gateway.flavor == "litellm" else refusal_response
        fault = taken(request, service.faults, "openai.http", call.gateway.name, method=request.method, path=request.path)
        try:
            broken = await struck(fault, request, lambda status, code, words: refused(RefusalError(status, words, code=code)))
            response = broken or await _served(call, handler, known=gateway is not None, reads_json=reads_json)
        except RefusalError as refusal:
            response = refused(refusal)
            tell(request, code=refusal.kind or refusal.code)
        call.note(response.status)
        return response

    return handle


async def _served(call: Call, handler: Handler, *, known: bool, reads_json: bool) -> web.StreamResponse:
    if not known:
        shown = bearer_key(call.request)
        if call.gateway.flavor == "litellm":
            raise litellm.wrong_key(shown)
        words = "Incorrect API key provided." if shown else "You didn't provide an API key in an Authorization header."
        raise RefusalError(HTTPStatus.UNAUTHORIZED, words, code="invalid_api_key")
    if call.gateway.endpoint_off:
        return _switched_off(call.request)
    if reads_json:
        call.body = await _json_body(call.request)
    return await handler(call)


def _switched_off(request: web.Request) -> web.Response:
    """Without its API a gateway is only the page that people look at, which takes no POST and answers every GET."""
    if request.method != "GET":
        return not_allowed("GET")
    return web.Response(text="<!doctype html><title>Control</title>", content_type="text/html", charset="utf-8")


async def _json_body(request: web.Request) -> Mapping[str, Any]:
    refusal = RefusalError(HTTPStatus.BAD_REQUEST, "We could not parse the JSON body of your request.")
    if request.content_type != "application/json":
        raise refusal
    try:
        return await read_body(request)
    except ValueError as error:
        raise refusal from error
