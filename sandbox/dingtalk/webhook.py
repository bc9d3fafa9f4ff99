"""What a bot says in answer to a message: through its sessionWebhook, or at once where it was POSTed to the bot."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.dingtalk.api import ApiFront, Exchange, Json, fail
from sandbox.dingtalk.apps import App, Apps
from sandbox.dingtalk.chats import Chat, Chats
from sandbox.dingtalk.quota import Quota
from sandbox.dingtalk.refusal import OldRefusal, pushes_over, session_over
from sandbox.dingtalk.shown import by_webhook
from sandbox.dingtalk.spaces import is_text_list
from sandbox.dingtalk.throttle import Throttle
from sandbox.json_api import parse_json
from sandbox.kept import Kept
from sandbox.records import Records

_BODY_BYTES = 20_000
_PENALTY_SECONDS = 600
_SESSIONS_KEPT = 20_000
_BANS_KEPT = 10_000
_REQUIRED = {
    "text": ("content",),
    "markdown": ("title", "text"),
    "link": ("title", "text", "messageUrl"),
    "actionCard": ("title", "text"),
    "feedCard": (),
    "empty": (),
}
_MENTIONS = ("atUserIds", "atMobiles", "atDingtalkIds")


@dataclass(frozen=True, slots=True)
class Session:
    """The right of a bot to answer in a chat until `expires` (epoch seconds), or until the chat is forgotten."""

    client_id: str
    conversation_id: str
    expires: float


class Webhook:
    """The sessions of all messages, and the answers that come through them."""

    def __init__(self, apps: Apps, chats: Chats, quota: Quota, front: ApiFront, records: Records) -> None:
        self._apps = apps
        self._chats = chats
        self._quota = quota
        self._front = front
        self._records = records
        self._sessions: Kept[str, Session] = Kept(_SESSIONS_KEPT)
        self._throttle = Throttle(window=60.0)
        self._banned_until: Kept[tuple[str, str], float] = Kept(_BANS_KEPT)

    def add_routes(self, app: web.Application) -> None:
        """Put the call where DingTalk has it."""
        app.router.add_post("/robot/sendBySession", self._front.wrap("webhook", self.send))

    def open(self, app: App, chat: Chat, create_at: float) -> tuple[str, int]:
        """A new session of a message: its hex id, and the epoch millisecond of its end."""
        session_id = self._apps.keyring.lend(uuid.uuid4().hex)
        expires = create_at + app.webhook_seconds
        self._sessions.put(session_id, Session(chat.client_id, chat.conversation_id, expires))
        return session_id, int(expires * 1000)

    async def send(self, exchange: Exchange) -> Json:
        """Take an answer; whatever is wrong with it, HTTP says 200 and errcode what."""
        session = self._sessions.get(exchange.request.query.get("session", ""))
        if session:
            exchange.facts["client_id"] = session.client_id
            exchange.facts["conversation_id"] = session.conversation_id
        raw = await exchange.request.read()
        body = _read(exchange.request.content_type, raw)
        if session is None or session.expires <= time.time():
            raise session_over()
        fault = await self._front.strike(exchange)
        app, chat = self._apps.find(session.client_id), self._chats.find(session.client_id, session.conversation_id)
        if app is None or chat is None:
            raise session_over()
        self._check(app, chat, raw, body)
        self._say(app, chat, body)
        fail(fault)
        return {"errcode": 0, "errmsg": "ok"}

    def answer(self, app: App, conversation_id: str, content_type: str, raw: bytes) -> None:
        """Take what a bot in HTTP mode answered a push with; OldRefusal for what the webhook would not take either.

        There is no session to expire, and it counts neither as a webhook message of the minute nor of the month.
        """
        body = _read(content_type, raw)
        _check_whole(raw, body)
        if chat := self._chats.find(app.client_id, conversation_id):
            self._say(app, chat, body)

    def _check(self, app: App, chat: Chat, raw: bytes, body: Json) -> None:
        _check_whole(raw, body)
        if chat.conversation_type == "2":
            self._pace(app, chat)
        if not self._quota.push(app):
            raise pushes_over()

    def _pace(self, app: App, chat: Chat) -> None:
        # Documented for custom robots in groups; assumed for sessions too.
        key = (app.client_id, chat.conversation_id)
        now = time.monotonic()
        if now < (self._banned_until.get(key) or 0):
            raise OldRefusal(410100, "发送速度太快而限流")
        if not self._throttle.admit(key, app.webhook_per_minute):
            self._banned_until.put(key, now + _PENALTY_SECONDS)
            raise OldRefusal(410100, "发送速度太快而限流")

    def _say(self, app: App, chat: Chat, body: Json) -> None:
        msgtype = body["msgtype"]
        if msgtype == "empty":
            return
        shown = by_webhook(msgtype, body[msgtype])
        text, at = shown["text"], _really_at(body, shown["text"])
        names = {each.staff_id: each.nick for each in chat.members.values()}
        chat.say("bot", app.name, msgtype, at=[names.get(user, user) for user in at], **shown)
        self._records.add(
            "dingtalk",
            "said",
            client_id=app.client_id,
            conversation_id=chat.conversation_id,
            msgtype=msgtype,
            text=text,
            at=at,
        )


def check_message(body: Mapping[str, Any]) -> None:
    """Refuse a message that the webhook would refuse for its shape."""
    msgtype = body.get("msgtype")
    if not isinstance(msgtype, str) or msgtype not in _REQUIRED:
        raise OldRefusal(400105, "unsupported msgtype")
    part = body.get(msgtype, {})
    if not isinstance(part, dict):
        raise _missing(msgtype)
    for name in _REQUIRED[msgtype]:
        if not isinstance(part.get(name), str) or not part[name].strip():
            raise _missing(f"{msgtype}.{name}")
    if msgtype == "actionCard":
        buttons = part.get("btns")
        if buttons is None:
            buttons = [{"title": part.get("singleTitle"), "actionURL": part.get("singleURL")}]
        _each(buttons, ("title", "actionURL"), "actionCard.btns")
    if msgtype == "feedCard":
        _each(part.get("links"), ("title", "messageURL", "picURL"), "feedCard.links")
    at = body.get("at", {})
    if not isinstance(at, dict) or not all(is_text_list(at.get(name, [])) for name in _MENTIONS):
        raise _missing("at")


def _check_whole(raw: bytes, body: Json) -> None:
    check_message(body)
    if len(raw) > _BODY_BYTES:
        raise OldRefusal(460101, "message too long, exceeds 20000 bytes")


def _read(content_type: str, raw: bytes) -> Json:
    if "json" not in content_type:
        raise OldRefusal(43004, "无效的HTTP HEADER Content-Type")
    try:
        body = parse_json(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise OldRefusal(40035, "缺少参数 json")
    return body


def _each(items: object, names: tuple[str, ...], what: str) -> None:
    if not isinstance(items, list) or not items:
        raise _missing(what)
    for item in items:
        if not isinstance(item, dict) or not all(isinstance(item.get(name), str) and item[name] for name in names):
            raise _missing(what)


def _missing(name: str) -> OldRefusal:
    return OldRefusal(40035, f"缺少参数 {name}")


def _really_at(body: Mapping[str, Any], text: str) -> list[str]:
    at = body.get("at")
    users = at.get("atUserIds", []) if isinstance(at, dict) else []
    # Only in markdown must the text itself name the person for the mention to ring.
    return [user for user in users if body["msgtype"] != "markdown" or f"@{user}" in text]
