"""The embedded DingTalk: its parts put together."""

from aiohttp import web

from sandbox.dingtalk.api import ApiFront, Exchange, Json
from sandbox.dingtalk.apps import App, Apps
from sandbox.dingtalk.callbacks import Callbacks
from sandbox.dingtalk.cards import Cards
from sandbox.dingtalk.chats import Chats
from sandbox.dingtalk.clicks import Clicks
from sandbox.dingtalk.files import Files
from sandbox.dingtalk.gateway import Gateway
from sandbox.dingtalk.inbound import Inbound
from sandbox.dingtalk.login import Login
from sandbox.dingtalk.post import Post
from sandbox.dingtalk.push import Push
from sandbox.dingtalk.quota import Quota
from sandbox.dingtalk.refusal import Refusal
from sandbox.dingtalk.robot import Robot
from sandbox.dingtalk.standard import StandardCards
from sandbox.dingtalk.stream import Stream
from sandbox.dingtalk.templates import Templates
from sandbox.dingtalk.tokens import Tokens
from sandbox.dingtalk.webhook import Webhook
from sandbox.faults import Faults
from sandbox.records import Records
from sandbox.wire import Wire


class DingTalk:
    """Everything of DingTalk that a bot can reach, and the levers that the control API pulls."""

    def __init__(self, records: Records, faults: Faults, wire: Wire) -> None:
        self._records = records
        self.apps = Apps(wire.keyring)
        self.templates = Templates()
        self.chats = Chats()
        self.tokens = Tokens(self.apps)
        self.stream = Stream(records, faults, wire)
        self.quota = Quota()
        self._front = ApiFront(self.apps, self.tokens, self.quota, records, faults)
        self.gateway = Gateway(self.apps, self.stream, self._front, records)
        self.cards = Cards(self.templates, self.chats, records, faults)
        self.files = Files(self.apps, self.tokens, self._front)
        self.webhook = Webhook(self.apps, self.chats, self.quota, self._front, records)
        post = Post(records, faults, wire)
        self._push = Push(self.apps, self.stream, post, self.webhook)
        self.inbound = Inbound(self.chats, self.cards, self.files, self.webhook, self._push, self.quota, records, faults)
        self._callbacks = Callbacks(post, wire.keyring)
        self.clicks = Clicks(self.cards, self.stream, self._callbacks, records)
        self._login = Login(self.apps, self.tokens, self._front)
        self._robot = Robot(self.chats, self.files.media, records)

    def register(self, app: App) -> None:
        """Add an app, or replace it for everything that it does from now on, on its live connections too."""
        self.apps.register(app)
        self.stream.adopt(app)
        self._records.add("dingtalk", "app", client_id=app.client_id)

    def add_routes(self, app: web.Application) -> None:
        """Put every call at its place; what is under /v1.0 and not imitated says so as DingTalk does."""
        self._login.add_routes(app)
        self.gateway.add_routes(app)
        self.cards.add_routes(app, self._front)
        self._callbacks.add_routes(app, self._front)
        StandardCards(self.cards).add_routes(app, self._front)
        self._robot.add_routes(app, self._front)
        self.webhook.add_routes(app)
        self.files.add_routes(app)
        app.on_shutdown.append(self._push.close)
        app.router.add_route("*", "/v1.0/{path:.*}", self._front.wrap("unknown", _nothing))


async def _nothing(_: Exchange) -> Json:
    raise Refusal(404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method.")
