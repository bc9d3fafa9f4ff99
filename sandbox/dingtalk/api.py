"""The front of every DingTalk REST call: token, faults, throttle, permission, request id, record."""

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.capture import DROPPED, tell
from sandbox.dingtalk.address import base_of
from sandbox.dingtalk.apps import App, Apps
from sandbox.dingtalk.quota import Quota
from sandbox.dingtalk.refusal import (
    OldRefusal,
    Refusal,
    invalid_token,
    month_over,
    month_over_old,
    not_permitted,
    throttled,
    throttled_old,
)
from sandbox.dingtalk.throttle import Throttle
from sandbox.dingtalk.tokens import Tokens
from sandbox.faults import Fault, Faults
from sandbox.json_api import parse_json
from sandbox.records import Records

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Exchange:
    """One call on its way through the front; `facts` is what its record will tell besides status and time."""

    request: web.Request
    api: str
    request_id: str
    began: float
    facts: dict[str, str | None]


class ApiFront:
    """Wraps what an API does with everything that all of them share."""

    def __init__(self, apps: Apps, tokens: Tokens, quota: Quota, records: Records, faults: Faults) -> None:
        self._apps = apps
        self._tokens = tokens
        self._quota = quota
        self._records = records
        self._faults = faults
        self._throttle = Throttle(window=1.0)

    def v1(
        self,
        api: str,
        scope: str | None,
        act: Callable[[App, Json], Json],
        verdict: Callable[[Json], str | None] = lambda _: None,
    ) -> Handler:
        """A call of api.dingtalk.com with a token: `act` takes the app and the JSON body, returns or refuses.

        `verdict` says what the wire shall think of an answer that means less than its status says.
        """

        async def take(exchange: Exchange) -> Json:
            app = self._tokens.app_of(exchange.request.headers.get("x-acs-dingtalk-access-token", ""))
            if app is None:
                raise invalid_token()
            self._apps.reached_at(app, base_of(exchange.request))
            exchange.facts["client_id"] = app.client_id
            body = await read_json(exchange.request)
            if isinstance(body.get("outTrackId"), str):
                exchange.facts["out_track_id"] = body["outTrackId"]
            fault = await self.strike(exchange)
            self.admit(app, exchange)
            if scope and scope not in app.permissions:
                raise not_permitted(scope)
            answer = act(app, body)
            tell(exchange.request, verdict=verdict(answer))
            fail(fault)
            return answer

        return self.wrap(api, take)

    def wrap(self, api: str, take: Callable[[Exchange], Awaitable[Json | web.Response]]) -> Handler:
        """Any call: `take` returns what goes back or raises a refusal; either way it is answered and recorded."""

        async def handle(request: web.Request) -> web.StreamResponse:
            request_id = str(uuid.uuid4()).upper()
            exchange = Exchange(request, api, request_id, time.monotonic(), {"client_id": None})
            try:
                answer = await take(exchange)
            except Refusal as refusal:
                self._note(exchange, refusal.status, code=refusal.code)
                return _response(request_id, refusal.status, refusal.body(request_id))
            except OldRefusal as refusal:
                self._note(exchange, 200, code=str(refusal.errcode))
                return _response(request_id, 200, refusal.body())
            except Dropped:
                self._note(exchange, 0, code="dropped")
                raise
            self._note(exchange, 200)
            return answer if isinstance(answer, web.Response) else _response(request_id, 200, answer)

        return handle

    async def strike(self, exchange: Exchange) -> Fault | None:
        """Let a standing fault delay, drop or refuse this call; one marked `late` is returned for afterwards."""
        facts = {name: value for name, value in exchange.facts.items() if value is not None}
        fault = self._faults.take("dingtalk.api", api=exchange.api, **facts)
        if fault is None:
            return None
        tell(exchange.request, fault=True)
        await asyncio.sleep(float(fault.params.get("delay", 0)))
        if not fault.params.get("late"):
            fail(fault)
            return None
        return fault

    def admit(self, app: App, exchange: Exchange, *, old: bool = False) -> None:
        """Count one call, or refuse the one too many of this second or this month; `old` in the words of oapi."""
        fault = self._faults.take("dingtalk.throttle", client_id=app.client_id, api=exchange.api)
        limit = int(fault.params.get("qps", 1)) if fault else app.qps
        if not self._throttle.admit((app.client_id, exchange.api), limit):
            if fault:
                tell(exchange.request, fault=True)
            raise throttled_old() if old else throttled()
        if not self._quota.call(app):
            raise month_over_old() if old else month_over()

    def _note(self, exchange: Exchange, status: int, **facts: object) -> None:
        took = round(time.monotonic() - exchange.began, 6)
        self._records.add("dingtalk", "api", api=exchange.api, status=status, took=took, **exchange.facts, **facts)
        known = {"client_id": exchange.facts["client_id"], "answer": exchange.facts.get("out_track_id")}
        tell(exchange.request, api=exchange.api, **known, **facts)


class Dropped(Exception):
    """An order to cut the connection without an answer."""


@web.middleware
async def hang_up(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Cut the TCP connection of a call that a fault drops."""
    try:
        return await handler(request)
    except Dropped:
        if request.transport:
            request.transport.abort()
        return web.Response(status=DROPPED)


async def read_json(request: web.Request) -> Json:
    """The JSON object of the body, or DingTalk's refusal of what is none."""
    raw = await request.read()
    if "json" not in request.content_type or not raw.strip():
        raise Refusal(400, "Missingbody", "body is mandatory for this action")
    try:
        body = parse_json(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "InvalidParameter", "body is not a JSON object")
    return body


def fail(fault: Fault | None) -> None:
    """Hang up or refuse as the fault says; of a `late` one the caller never learns that the call took effect."""
    if fault is None:
        return
    params = fault.params
    if params.get("drop"):
        raise Dropped
    if "errcode" in params:
        raise OldRefusal(int(params["errcode"]), str(params.get("errmsg", "sandbox fault")))
    if "status" in params or "code" in params:
        status, code = int(params.get("status", 500)), str(params.get("code", "system.busy"))
        refusal = Refusal(status, code, str(params.get("message", "sandbox fault")))
        refusal.more = dict(params.get("body", {}))
        raise refusal


def _response(request_id: str, status: int, body: Json) -> web.Response:
    headers = {"x-acs-request-id": request_id, "x-acs-trace-id": uuid.uuid4().hex, "Server": "DingTalk/1.0.0"}
    return web.json_response(body, status=status, headers=headers, dumps=_dumps)


def _dumps(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False)
