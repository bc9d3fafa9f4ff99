"""One API request on its way through: the app of its key, its JSON, its user, its record, the faults that hit it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.capture import tell
from sandbox.dify.apps import App
from sandbox.dify.errors import RefusalError, invalid_param, json_response, refusal_response
from sandbox.dify.memory import Memory
from sandbox.dify.profiles import NEWEST, Profile
from sandbox.dify.signing import Signer
from sandbox.faults import Faults
from sandbox.json_api import parse_json
from sandbox.keyed import Keyed, bearer_key
from sandbox.records import Records
from sandbox.strikes import struck, taken

_DEFAULT_USER = "DEFAULT-USER"
_LONGEST_PAGE = 100


@dataclass
class Service:
    """The parts of the embedded Dify."""

    records: Records
    faults: Faults
    apps: Keyed[App]
    memory: Memory = field(default_factory=Memory)
    signer: Signer = field(default_factory=Signer)
    active: Counter[str] = field(default_factory=Counter)  # answers under way by API key
    answering: set[asyncio.Task[web.StreamResponse]] = field(default_factory=set)

    def start(self, answer: Coroutine[Any, Any, web.StreamResponse]) -> asyncio.Task[web.StreamResponse]:
        """Let an answer run by itself, as Dify does, whoever waits for it or not."""
        task = asyncio.create_task(answer)
        self.answering.add(task)
        task.add_done_callback(self.answering.discard)
        return task

    async def close(self) -> None:
        """Break off every answer under way."""
        running = list(self.answering)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@dataclass
class Call:
    """A request whose key was good.

    `body` is {} where none is read; `stream_orders` are the params of the fault that hits its event stream.
    """

    service: Service
    request: web.Request
    app: App
    body: Mapping[str, Any] = field(default_factory=dict)
    stream_orders: Mapping[str, Any] = field(default_factory=dict)
    noted: bool = False

    @property
    def profile(self) -> Profile:
        """The version that answers."""
        return self.app.profile

    def user(self, *, required: bool = False) -> str:
        """The caller's name for the person: of a GET in the query, else in the body; RefusalError if it must be there."""
        reading = self.request.method == "GET"  # elsewhere the body tells, or nobody
        user = self.request.query.get("user") if reading else self.body.get("user")
        if user is not None and not isinstance(user, str):
            raise invalid_param("user must be a string")
        if not user and required:
            raise invalid_param("Arg user must be provided.")
        return user or _DEFAULT_USER

    def limit(self) -> int:
        """How many items a page shall have, 1 to 100."""
        text = self.request.query.get("limit", "20")
        if not text.isdecimal() or not 1 <= int(text) <= _LONGEST_PAGE:
            raise RefusalError(400, "invalid_param", "limit must be an integer in the range of 1 to 100", params="limit")
        return int(text)

    def answer(self, body: Any, status: int = 200) -> web.Response:
        """A JSON answer of this version."""
        return json_response(body, self.profile, status=status)

    def note(self, status: int) -> None:
        """Record the request with the status that it gets, once."""
        if self.noted:
            return
        self.noted = True
        facts: dict[str, object] = {"app": self.app.name, "method": self.request.method, "path": self.request.path}
        facts["status"] = status
        told = {name: self.body[name] for name in ("user", "conversation_id", "query", "inputs") if name in self.body}
        user = {"user": self.request.query["user"]} if "user" in self.request.query else {}
        self.service.records.add("dify", "request", **facts, **user, **told)


Handler = Callable[[Call], Awaitable[web.StreamResponse]]
RequestHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def endpoint(service: Service, handler: Handler, *, reads_json: bool) -> RequestHandler:
    """An aiohttp handler around ours: the network's faults first, then the key, the JSON, the refusals, the record."""

    async def handle(request: web.Request) -> web.StreamResponse:
        app = service.apps.opened_by(bearer_key(request))
        call = Call(service, request, app or App(api_key="", name=""))
        fault = taken(request, service.faults, "dify.http", call.app.name, method=request.method, path=request.path)
        try:
            broken = await struck(fault, request, _invented)
            response = broken or await _served(call, handler, known=app is not None, reads_json=reads_json)
        except RefusalError as refusal:
            response = refusal_response(refusal, call.profile if app else NEWEST, request.path)
            tell(request, code=refusal.code)
        call.note(response.status)
        return response

    return handle


async def _served(call: Call, handler: Handler, *, known: bool, reads_json: bool) -> web.StreamResponse:
    if not known:
        raise _unauthorized(call.request)
    if reads_json:
        call.body = await _json_body(call.request)
    return await handler(call)


def _invented(status: int, code: str, message: str) -> web.Response:
    """A refusal that Dify itself did not give."""
    return web.json_response({"code": code, "message": message, "status": status}, status=status)


def _unauthorized(request: web.Request) -> RefusalError:
    if bearer_key(request):
        return RefusalError(401, "unauthorized", "Access token is invalid")
    return RefusalError(401, "unauthorized", "Authorization header must be provided and start with 'Bearer'")


async def _json_body(request: web.Request) -> Mapping[str, Any]:
    if request.content_type != "application/json":
        raise RefusalError(
            415,
            "unsupported_media_type",
            "Did not attempt to load JSON data because the request Content-Type was not 'application/json'.",
        )
    try:
        body = parse_json(await request.read())
    except ValueError as error:
        raise RefusalError(400, "bad_request", "Failed to decode JSON object") from error
    if not isinstance(body, dict):
        raise RefusalError(400, "bad_request", "The JSON body must be an object")
    return body
