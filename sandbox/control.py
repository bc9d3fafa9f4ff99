"""The levers of the DingTalk half, and the faults of both: what POST and DELETE do under /sandbox/."""

from pathlib import PurePath

from aiohttp import web

from sandbox.dingtalk.apps import App
from sandbox.dingtalk.card import Card
from sandbox.dingtalk.platform import DingTalk
from sandbox.dingtalk.templates import template_from_json
from sandbox.faults import Fault, Faults
from sandbox.json_api import Json, TooLargeError, add_routes, object_of, read_body, text_of

_MOST_APPS = 10_000
_LARGEST_FILE = 20 * 1024 * 1024


class Control:
    """The writing half of the control API."""

    def __init__(self, dingtalk: DingTalk, faults: Faults) -> None:
        self._dingtalk = dingtalk
        self._faults = faults

    def add_routes(self, app: web.Application) -> None:
        """Put every lever at its path."""
        posts = {
            "apps": self.put_app,
            "templates": self.put_template,
            "tokens/forget": self.forget_token,
            "messages": self.say,
            "messages/{msg_id:.+}/redeliver": self.repeat,
            "clicks": self.click,
            "files": self.put_file,
            "faults": self.put_fault,
            "stream/disconnect": self.disconnect,
            "stream/cut": self.cut,
        }
        add_routes(app, "POST", posts)
        add_routes(app, "DELETE", {"faults/{id}": self.remove_fault})

    async def put_app(self, request: web.Request) -> Json:
        """Register or replace an app; a new secret or name takes effect at once, an old token stays valid."""
        app = App.from_json(await read_body(request))
        if not self._dingtalk.apps.find(app.client_id) and len(self._dingtalk.apps.all()) >= _MOST_APPS:
            raise ValueError(f"{_MOST_APPS} apps are enough for one sandbox")
        self._dingtalk.register(app)
        return {"ok": True}

    async def put_template(self, request: web.Request) -> Json:
        """Add or replace a card template."""
        self._dingtalk.templates.put(template_from_json(await read_body(request)))
        return {"ok": True}

    async def forget_token(self, request: web.Request) -> Json:
        """Let the app's access token expire now."""
        self._dingtalk.tokens.forget(self._app(await read_body(request)).client_id)
        return {"ok": True}

    async def say(self, request: web.Request) -> Json:
        """Let a person write to a bot."""
        body = await read_body(request)
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
        body = await read_body(request)
        card = self._card(text_of(body, "out_track_id"))
        app = self._app({"client_id": card.client_id})
        user_id, action_id = text_of(body, "user_id"), text_of(body, "action_id")
        return await self._dingtalk.clicks.click(app, card, user_id, action_id, object_of(body, "params"))

    async def put_file(self, request: web.Request) -> Json:
        """Take the bytes of a picture or file that a person is about to send."""
        name = PurePath(request.query.get("name") or "file").name
        if (request.content_length or 0) > _LARGEST_FILE:
            raise TooLargeError(f"{name} is larger than 20 MB")
        content = await request.read()
        if not 0 < len(content) <= _LARGEST_FILE:
            raise TooLargeError(f"{name} is larger than 20 MB") if content else ValueError(f"{name} is empty")
        medium = self._dingtalk.files.media.keep(name, content)
        return {"file": medium.id, "name": medium.name, "bytes": len(content), "kind": medium.kind}

    async def put_fault(self, request: web.Request) -> Json:
        """Add a fault."""
        return {"id": self._faults.stand(Fault.from_json(await read_body(request))).id}

    async def remove_fault(self, request: web.Request) -> Json:
        """Take a fault back."""
        return {"ok": self._faults.remove(request.match_info["id"])}

    async def disconnect(self, request: web.Request) -> Json:
        """Announce the end to one connection of the app, or to all of them."""
        body = await read_body(request)
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
        return {"connections": self._dingtalk.stream.cut(self._app(await read_body(request)).client_id)}

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
