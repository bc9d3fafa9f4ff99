"""What can be looked at: apps, records, cards, chats, files, and the page's one feed of news."""

import asyncio
import uuid
from contextlib import ExitStack, suppress

from aiohttp import web

from sandbox.dingtalk.platform import DingTalk
from sandbox.faults import Faults
from sandbox.json_api import Json, add_routes, read_body, wait_of
from sandbox.markdown import render
from sandbox.records import Records
from sandbox.served import file_headers

_MOST_NEWS = 2_000
_GATHER_SECONDS = 0.03  # what comes so soon after the first news comes along, or many viewers would cost many answers


class Views:
    """The reading half of the control API."""

    def __init__(self, dingtalk: DingTalk, records: Records, faults: Faults, wire_log: Records) -> None:
        self._dingtalk = dingtalk
        self._records = records
        self._faults = faults
        self._wire_log = wire_log
        self._instance = uuid.uuid4().hex[:12]

    def add_routes(self, app: web.Application) -> None:
        """Put every view at its path."""
        views = {
            "apps": self.apps,
            "templates": self.templates,
            "records": self.records,
            "feed": self.feed,
            "cards": self.cards,
            "cards/{out_track_id}": self.card,
            "chats": self.chats,
            "messages": self.messages,
            "faults": self.faults,
        }
        add_routes(app, "GET", views)
        add_routes(app, "POST", {"markdown": self.markdown})
        app.router.add_get("/sandbox/media/{id}", self.media)

    async def apps(self, _: web.Request) -> Json:
        """Every app, without secret, with its connections, and what its organisation spent of the month's quota."""
        stream, quota = self._dingtalk.stream, self._dingtalk.quota
        return {
            "apps": [
                {**app.to_json(), "connections": len(stream.connections(app.client_id)), "spent": quota.spent(app)}
                for app in self._dingtalk.apps.all()
            ]
        }

    async def templates(self, _: web.Request) -> Json:
        """Every card template."""
        return {"templates": [template.to_json() for template in self._dingtalk.templates.all()]}

    async def records(self, request: web.Request) -> Json:
        """What happened after a sequence number, waits for the first match; `more` is there than one answer has."""
        match = dict(request.query)
        after, wait = int(match.pop("after", "0")), wait_of(match)
        match.pop("wait", None)
        found = await self._records.after(after, wait, match)
        more = bool(found and await self._records.after(found[-1]["seq"], 0, match, 1))
        return {"records": found, "more": more, "last": self._records.last, "oldest": self._records.oldest}

    async def feed(self, request: web.Request) -> Json:
        """What is new for a page: records and, if it has a position there too, the wire; waits for the first of either.

        Of each so many, and so much text, as `_MOST_NEWS` and Records.after say: the page goes on after the last one. The
        `instance` is another one after each start of the sandbox, when every position and number has begun anew.
        """
        logs = {"records": self._records, "wire": self._wire_log}
        wanted = {name: int(request.query[name]) for name in logs if name in request.query}
        if wanted and all(seq == logs[name].last for name, seq in wanted.items()):
            await self._news([logs[name] for name in wanted], wait_of(request.query))
        news: Json = {name: await logs[name].after(seq, 0, {}, _MOST_NEWS) for name, seq in wanted.items()}
        positions = {name: {each: getattr(log, name) for each, log in logs.items()} for name in ("last", "oldest")}
        return {"instance": self._instance, "records": [], "wire": [], **news, **positions}

    async def _news(self, logs: list[Records], wait: float) -> None:
        news = asyncio.Event()
        with ExitStack() as watching, suppress(TimeoutError):
            for log in logs:
                watching.enter_context(log.waking(news, {}))
            async with asyncio.timeout(wait):
                await news.wait()
            await asyncio.sleep(_GATHER_SECONDS)

    async def cards(self, request: web.Request) -> Json:
        """The cards of an app or a conversation, or those of some ids; in brief without history and variables."""
        query = request.query
        if "ids" in query:
            named = (self._dingtalk.cards.find(each) for each in query["ids"].split(","))
            found = [card for card in named if card]
        else:
            found = self._dingtalk.cards.all(query.get("client_id"), query.get("conversation_id"))
        return {"cards": [card.to_json(brief="brief" in query) for card in found]}

    async def card(self, request: web.Request) -> Json:
        """One card."""
        card = self._dingtalk.cards.find(request.match_info["out_track_id"])
        if card is None:
            raise LookupError(f"no card {request.match_info['out_track_id']!r}")
        return card.to_json()

    async def chats(self, request: web.Request) -> Json:
        """The conversations with their messages; in brief with the last one; those with news `after` a number."""
        query = request.query
        found, after = self._dingtalk.chats.all(query.get("client_id")), int(query.get("after", "-1"))
        return {"chats": [chat.to_json(brief="brief" in query) for chat in found if chat.newest > after]}

    async def messages(self, request: web.Request) -> Json:
        """The messages of one conversation after a number."""
        query = request.query
        chat = self._dingtalk.chats.find(query.get("client_id", ""), query.get("conversation_id", ""))
        if chat is None:
            raise LookupError("no such conversation")
        after = int(query.get("after", "0"))
        return {"messages": [message for message in chat.messages if message["number"] > after]}

    async def faults(self, _: web.Request) -> Json:
        """The standing faults."""
        return {"faults": [fault.to_json() for fault in self._faults.list()]}

    async def markdown(self, request: web.Request) -> Json:
        """The HTML of texts as DingTalk's client shows them, safe to be put into a page."""
        body = await read_body(request)
        texts, kind = body.get("texts"), body.get("kind", "message")
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise ValueError("texts must be a list of strings")
        if kind not in ("card", "message"):
            raise ValueError("kind must be card or message")
        return {"html": [await asyncio.to_thread(render, text, kind) for text in texts]}

    async def media(self, request: web.Request) -> web.Response:
        """A file's bytes: pictures to be shown, everything else only to be saved."""
        medium = self._dingtalk.files.media.find(request.match_info["id"])
        if medium is None:
            return web.json_response({"error": "no such file (any more)"}, status=404)
        headers = file_headers(medium.name, medium.content) | {"Cache-Control": "max-age=3600"}
        kind = medium.picture_type or "application/octet-stream"
        return web.Response(body=medium.content, content_type=kind, headers=headers)
