"""The Stream gateway: credentials buy a ticket, a ticket buys one connection."""

import time
import uuid
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.dingtalk.address import PROXIED, base_of, endpoint_of
from sandbox.dingtalk.api import ApiFront, Exchange, Json, fail, read_json
from sandbox.dingtalk.apps import App, Apps
from sandbox.dingtalk.refusal import Refusal
from sandbox.dingtalk.stream import Stream
from sandbox.records import Records

_KINDS = ("EVENT", "CALLBACK", "SYSTEM")
_LARGEST_FRAME = 4 * 1024 * 1024
_NOT_JSON = '<?xml version="1.0" encoding="UTF-8"?><result><endpoint>{endpoint}</endpoint><ticket>{ticket}</ticket></result>'


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to open one connection, once, until `expires` (epoch seconds)."""

    app: App
    topics: frozenset[tuple[str, str]]
    expires: float


class Gateway:
    """Issues tickets and takes them back at the websocket's handshake."""

    def __init__(self, apps: Apps, stream: Stream, front: ApiFront, records: Records) -> None:
        self._apps = apps
        self._stream = stream
        self._front = front
        self._records = records
        self._tickets: dict[str, Ticket] = {}

    def add_routes(self, app: web.Application) -> None:
        """Put the two steps where DingTalk has them."""
        app[PROXIED] = {}
        app.router.add_post("/v1.0/gateway/connections/open", self._front.wrap("gateway.open", self.open))
        app.router.add_get("/connect", self.connect)

    async def open(self, exchange: Exchange) -> Json | web.Response:
        """Exchange clientId, clientSecret and subscriptions for an endpoint and a ticket."""
        status = 0
        try:
            answer = await self._open(exchange)
            status = 200
        except Refusal as refusal:
            status = refusal.status
            raise
        finally:
            self._records.add("dingtalk", "gateway.open", client_id=exchange.facts["client_id"], status=status)
        if "json" in exchange.request.headers.get("Accept", ""):
            return answer
        # The real gateway may answer in XML whoever does not ask for JSON.
        return web.Response(text=_NOT_JSON.format(**answer), content_type="application/xml")

    async def _open(self, exchange: Exchange) -> Json:
        body = await read_json(exchange.request)
        if known := self._apps.find(body.get("clientId")):  # anything else may be a secret in the wrong field
            exchange.facts["client_id"] = known.client_id
        fault = await self._front.strike(exchange)
        app, topics = self._check(body)
        if self._is_full(app):
            raise Refusal(400, "connectionLimit", "too many connections of this clientId")
        self._forget_expired()
        ticket = self._apps.keyring.lend(str(uuid.uuid4()))
        self._tickets[ticket] = Ticket(app, topics, time.time() + app.ticket_seconds)
        self._apps.reached_at(app, base_of(exchange.request))
        fail(fault)
        return {"endpoint": endpoint_of(exchange.request), "ticket": ticket}

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Upgrade to a websocket against a fresh ticket; 400 for one that was used, has expired, or comes too late.

        Several tickets may have been given while there was room for one connection; the first comers take it.
        """
        ticket = self._tickets.pop(request.query.get("ticket", ""), None)
        if ticket is None or ticket.expires <= time.time():
            return web.Response(status=400, text="invalid ticket")
        app = self._apps.find(ticket.app.client_id) or ticket.app
        if self._is_full(app):
            return web.Response(status=400, text="too many connections of this clientId")
        socket = web.WebSocketResponse(max_msg_size=_LARGEST_FRAME)
        await socket.prepare(request)
        await self._stream.serve(app, ticket.topics, request, socket)
        return socket

    def _is_full(self, app: App) -> bool:
        return len(self._stream.connections(app.client_id)) >= app.max_connections

    def _check(self, body: Json) -> tuple[App, frozenset[tuple[str, str]]]:
        for name in ("clientId", "clientSecret"):
            if not isinstance(body.get(name), str) or not body[name]:
                raise _invalid(name)
        for name in ("ua", "localIp"):
            if not isinstance(body.get(name, ""), str):
                raise _invalid(name)
        if not isinstance(body.get("extras", {}), dict):
            raise _invalid("extras")
        topics = frozenset(_subscription(each) for each in _list(body.get("subscriptions")))
        app = self._apps.authentic(body["clientId"], body["clientSecret"])
        if app is None:
            raise Refusal(401, "authFailed", "鉴权失败")
        return app, topics

    def _forget_expired(self) -> None:
        now = time.time()
        self._tickets = {text: ticket for text, ticket in self._tickets.items() if ticket.expires > now}


def _list(subscriptions: Any) -> list[Any]:
    if not isinstance(subscriptions, list) or not subscriptions:
        raise _invalid("subscriptions")
    return subscriptions


def _subscription(each: Any) -> tuple[str, str]:
    kind, topic = (each.get("type"), each.get("topic")) if isinstance(each, dict) else (None, None)
    if kind not in _KINDS or not isinstance(topic, str) or not topic or (kind == "EVENT" and topic != "*"):
        raise _invalid("subscriptions")
    return kind, topic


def _invalid(name: str) -> Refusal:
    return Refusal(400, "invalidParameter", f"{name} invalid")
