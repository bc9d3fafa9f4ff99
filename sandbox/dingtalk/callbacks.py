"""Card callbacks over HTTP: which address a callbackRouteKey leads to, and what it answers to a click."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiohttp import web

from sandbox.dingtalk.address import is_web_address
from sandbox.dingtalk.api import ApiFront, Json
from sandbox.dingtalk.apps import CARD_WRITE, App
from sandbox.dingtalk.card import Card
from sandbox.dingtalk.connection import CLICK_SECONDS
from sandbox.dingtalk.post import Letter, Post, signature
from sandbox.dingtalk.refusal import Refusal
from sandbox.json_api import parse_json
from sandbox.kept import Kept
from sandbox.keyring import Keyring

_ROUTES_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Route:
    """Where the clicks of a route key go, and the secret that signs them."""

    url: str
    secret: str = field(repr=False)


class Callbacks:
    """The routes of every app by key."""

    def __init__(self, post: Post, keyring: Keyring) -> None:
        self._post = post
        self._keyring = keyring
        self._routes: Kept[tuple[str, str], Route] = Kept(_ROUTES_KEPT)

    def add_routes(self, app: web.Application, front: ApiFront) -> None:
        """Put the call where DingTalk has it."""
        app.router.add_post("/v1.0/card/callbacks/register", front.v1("register_callback", CARD_WRITE, self.register))

    def register(self, app: App, body: Json) -> Json:
        """Register a key, or replace what it stands for; another address needs forceUpdate."""
        key, url, secret = (_required(body, name) for name in ("callbackRouteKey", "callbackUrl", "apiSecret"))
        if not is_web_address(url):
            raise Refusal(400, "param.callbackUrlInvalid", "callbackUrl is invalid")
        force = body.get("forceUpdate", False)
        if not isinstance(force, bool):
            raise Refusal(400, "param.invalid", "forceUpdate is a boolean")
        known = self._routes.get((app.client_id, key))
        if known and known.url != url and not force:
            raise Refusal(400, "param.callbackRouteKeyExist", "callbackRouteKey is already registered")
        self._routes.put((app.client_id, key), Route(url, secret))
        self._keyring.keep(secret)
        return {"success": True, "result": {"callbackUrl": url, "apiSecret": secret}}

    async def ask(self, card: Card, frame: Mapping[str, Any]) -> dict[str, Any] | None:
        """POST a click to the address of its card; the response, None if none came that is right and in time."""
        route = self._routes.get((card.client_id, card.route_key))
        if route is None:
            return None
        sign = partial(card_headers, route.secret)
        responses: list[dict[str, Any]] = []
        letter = Letter(card.client_id, "click", route.url, card.out_track_id, frame, sign, CLICK_SECONDS)
        await self._post.send(letter, partial(_take, responses))
        return responses[0] if responses else None


def card_headers(secret: str, timestamp: str) -> dict[str, str]:
    """The headers that prove a card callback, by the secret that was registered."""
    return {"x-ddpaas-signature-timestamp": timestamp, "x-ddpaas-signature": signature(secret, timestamp)}


def _take(responses: list[dict[str, Any]], kind: str, content: bytes) -> str:
    try:
        response = parse_json(content) if "json" in kind else None
    except ValueError:
        response = None
    if not isinstance(response, dict):
        return "not a JSON object"
    responses.append(response)
    return ""


def _required(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refusal(400, f"param.{name}Empty", f"{name} is empty")
    return value
