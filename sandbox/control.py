"""The levers of the DingTalk half, and what both halves share: /sandbox/..., JSON in and out."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.dingtalk.apps import App
from sandbox.dingtalk.card import Card
from sandbox.dingtalk.platform import DingTalk
from sandbox.dingtalk.templates import template_from_json
from sandbox.faults import Faults
from sandbox.records import Records

_LONGEST_WAIT = 30.0
Json = dict[str, Any]


class Control:
    """Handlers of the control API; an unfit body is a 400 {"error"}, an unknown thing a 404 {"error"}."""

    def __init__(self, dingtalk: DingTalk, records: Records, faults: Faults) -> None:
        self._dingtalk = dingtalk
        self._records = records
        self._faults = faults

    def add_routes(self, app: web.Application) -> None:
        """Put every lever at its path."""
        get: dict[str, Callable[[web.Request], Awaitable[Json]]] = {
            "/sandbox/apps": self.apps,
            "/sandbox/templates": self.templates,
            "/sandbox/records": self.records,
            "/sandbox/cards": self.cards,
            "/sandbox/cards/{out_track_id}": self.card,
            "/sandbox/chats": self.chats,
            "/sandbox/faults": self.faults,
        }
        post: dict[str, Callable[[web.Request], Awaitable[Json]]] = {
            "/sandbox/apps": self.put_app,
            "/sandbox/templates": self.put_template,
            "/sandbox/tokens/forget": self.forget_token,
            "/sandbox/messages": self.say,
            "/sandbox/messages/{msg_id:.+}/redeliver": self.repeat,
            "/sandbox/clicks": self.click,
            "/sandbox/faults": self.put_fault,
            "/sandbox/stream/disconnect": self.disconnect,
            "/sandbox/stream/cut": self.cut,
        }
        for path, handler in get.items():
            app.router.add_get(path, _json(handler))
        for path, handler in post.items():
            app.router.add_post(path, _json(handler))
        app.router.add_delete("/sandbox/faults/{id}", _json(self.remove_fault))

    async def apps(self, _: web.Request) -> Json:
        """Every app, without secret, with its number of connections."""
        stream = self._dingtalk.stream
        return {
            "apps": [
                {**app.to_json(), "connections": len(stream.connections(app.client_id))} for app in self._dingtalk.apps.all()
            ]
        }

    async def put_app(self, request: web.Request) -> Json:
        """Register or replace an app; a new secret or name takes effect at once, an old token stays valid."""
        app = App.from_json(await _body(request))
        self._dingtalk.apps.register(app)
        return {"ok": True}

    async def templates(self, _: web.Request) -> Json:
        """Every card template."""
        return {"templates": [template.to_json() for template in self._dingtalk.templates.all()]}

    async def put_template(self, request: web.Request) -> Json:
        """Add or replace a card template."""
        self._dingtalk.templates.put(template_from_json(await _body(request)))
        return {"ok": True}

    async def forget_token(self, request: web.Request) -> Json:
        """Let the app's access token expire now."""
        self._dingtalk.tokens.forget(self._app(await _body(request)).client_id)
        return {"ok": True}

    async def records(self, request: web.Request) -> Json:
        """What happened after a sequence number; waits for the first match."""
        match = dict(request.query)
        after, wait = int(match.pop("after", "0")), float(match.pop("wait", "0"))
        found = await self._records.after(after, min(wait, _LONGEST_WAIT), match)
        return {"records": found, "last": self._records.last}

    async def cards(self, request: web.Request) -> Json:
        """The cards of an app or a conversation."""
        query = request.query
        found = self._dingtalk.cards.all(query.get("client_id"), query.get("conversation_id"))
        return {"cards": [card.to_json() for card in found]}

    async def card(self, request: web.Request) -> Json:
        """One card."""
        return self._card(request.match_info["out_track_id"]).to_json()

    async def chats(self, request: web.Request) -> Json:
        """The conversations with their messages."""
        return {"chats": [chat.to_json() for chat in self._dingtalk.chats.all(request.query.get("client_id"))]}

    async def say(self, request: web.Request) -> Json:
        """Let a person write to a bot."""
        body = await _body(request)
        app = self._app(body)
        base = self._dingtalk.apps.address(app) or f"http://{request.host}"
        return await self._dingtalk.inbound.say(app, body, base)

    async def repeat(self, request: web.Request) -> Json:
        """Push a message once more."""
        delivered = await self._dingtalk.inbound.repeat(request.match_info["msg_id"])
        if delivered is None:
            raise LookupError("no such message")
        return {"delivered": delivered}

    async def click(self, request: web.Request) -> Json:
        """Press a card's button."""
        body = await _body(request)
        card = self._card(str(body.get("out_track_id")))
        app = self._app({"client_id": card.client_id})
        user_id, action_id = str(body.get("user_id", "")), str(body.get("action_id", ""))
        return await self._dingtalk.clicks.click(app, card, user_id, action_id, body.get("params") or {})

    async def faults(self, _: web.Request) -> Json:
        """The standing faults."""
        return {"faults": [fault.to_json() for fault in self._faults.list()]}

    async def put_fault(self, request: web.Request) -> Json:
        """Add a fault: {"point", "match"?, "times"?, "params"?}."""
        body = await _body(request)
        point, match = body.get("point"), body.get("match") or {}
        times, params = body.get("times"), body.get("params") or {}
        maps = isinstance(match, dict) and isinstance(params, dict)
        if not isinstance(point, str) or not maps or set(body) - {"point", "match", "times", "params"}:
            raise ValueError("a fault is {point, match?: {fact: text}, times?, params?: {...}}")
        if times is not None and not (isinstance(times, int) and times > 0):
            raise ValueError("times is a whole number above 0, or null")
        return {"id": self._faults.put(point, match, times, params).id}

    async def remove_fault(self, request: web.Request) -> Json:
        """Take a fault back."""
        return {"ok": self._faults.remove(request.match_info["id"])}

    async def disconnect(self, request: web.Request) -> Json:
        """Announce the end to one connection of the app, or to all of them."""
        body = await _body(request)
        chosen = [
            each
            for each in self._dingtalk.stream.connections(self._app(body).client_id)
            if body.get("connection_id") in (None, each.connection_id)
        ]
        for connection in chosen:
            await self._dingtalk.stream.announce_disconnect(connection)
        return {"connections": [each.connection_id for each in chosen]}

    async def cut(self, request: web.Request) -> Json:
        """Abort the app's TCP connections."""
        return {"connections": self._dingtalk.stream.cut(self._app(await _body(request)).client_id)}

    def _app(self, body: Json) -> App:
        app = self._dingtalk.apps.find(body.get("client_id"))
        if app is None:
            raise LookupError(f"no app of client_id {body.get('client_id')!r}")
        return app

    def _card(self, out_track_id: str) -> Card:
        card = self._dingtalk.cards.find(out_track_id)
        if card is None:
            raise LookupError(f"no card {out_track_id!r}")
        return card


async def _body(request: web.Request) -> Json:
    body = json.loads(await request.read() or b"null")
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004  # the caller sees one kind of mistake
    return body


def _json(handler: Callable[[web.Request], Awaitable[Json]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            return web.json_response(await handler(request))
        except LookupError as error:
            return web.json_response({"error": str(error)}, status=404)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)

    return handle
