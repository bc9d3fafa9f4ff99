"""Brings a person's message to its bot: as a frame by Stream, or in HTTP mode by a signed POST to the bot's address."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import web

from sandbox.dingtalk.apps import App, Apps
from sandbox.dingtalk.post import Letter, Post, signature
from sandbox.dingtalk.refusal import OldRefusal
from sandbox.dingtalk.stream import Stream
from sandbox.dingtalk.webhook import Webhook

_PUSH_SECONDS = 2.5


@dataclass(frozen=True, slots=True)
class Pushed:
    """A message as it is pushed; its ids stand beside it, as those in it may have been changed on purpose."""

    client_id: str
    conversation_id: str
    msg_id: str
    message: Mapping[str, Any]


class Push:
    """Pushes messages the way that their app receives them at that moment."""

    def __init__(self, apps: Apps, stream: Stream, post: Post, webhook: Webhook) -> None:
        self._apps = apps
        self._stream = stream
        self._post = post
        self._webhook = webhook
        self._repeats: set[asyncio.Task[None]] = set()

    async def deliver(self, pushed: Pushed) -> str | None:
        """Push a message, and again while it is not acknowledged; why it did not reach the bot now, None if it did."""
        app = self._in_http_mode(pushed)
        if app is None:
            delivered = await self._stream.deliver(pushed.client_id, pushed.message, pushed.msg_id)
            return None if delivered else "no connection"
        reason = await self._send(app, pushed)
        if reason:
            task = asyncio.create_task(self._repeat(app, pushed))
            self._repeats.add(task)
            task.add_done_callback(self._repeats.discard)
        return reason

    async def close(self, _: web.Application) -> None:
        """End every wait."""
        for task in self._repeats:
            task.cancel()

    def _in_http_mode(self, pushed: Pushed) -> App | None:
        app = self._apps.find(pushed.client_id)
        return app if app and app.callback_url else None

    async def _repeat(self, app: App, pushed: Pushed) -> None:
        for _ in range(app.redeliver_max):
            await asyncio.sleep(app.redeliver_after)
            now = self._in_http_mode(pushed)
            if now is None or await self._send(now, pushed) is None:
                return

    async def _send(self, app: App, pushed: Pushed) -> str | None:
        sign = partial(robot_headers, app.client_secret)
        letter = Letter(app.client_id, "message", app.callback_url, pushed.msg_id, pushed.message, sign, _PUSH_SECONDS)
        outcomes = await self._post.send(letter, partial(self._take, app, pushed))
        return None if any(outcome.arrived for outcome in outcomes) else outcomes[0].reason

    def _take(self, app: App, pushed: Pushed, kind: str, content: bytes) -> str:
        """Let the bot say what it answered with, if anything; what is wrong with that."""
        if not content.strip():
            return ""
        try:
            self._webhook.answer(app, pushed.conversation_id, kind, content)
        except OldRefusal as refusal:
            return f"{refusal.errcode} {refusal.errmsg}"
        return ""


def robot_headers(secret: str, timestamp: str) -> dict[str, str]:
    """The headers that prove a robot's message, by the app's secret."""
    return {"timestamp": timestamp, "sign": signature(secret, f"{timestamp}\n{secret}")}
