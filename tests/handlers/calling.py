"""A bot that is called over HTTP, its own server, and signatures as DingTalk makes them."""

import base64
import contextlib
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from handlers.account import Account, Companies
from handlers.callback import CardCallback
from handlers.dingtalk import DingTalkClient
from handlers.hand_over import Arrivals
from handlers.message import parse
from handlers.signature import card_secret
from handlers.texts import Language, Texts
from handlers.webhook import WebhookReceiver
from ops.door import Door
from ops.http import HttpServer
from settings import Endpoints

WAIT = 10
DOCS = Path(__file__).resolve().parents[2] / "docs"
CLIENT_ID, SECRET = "dingwebhook", "webhook-secret"
CARD_SECRET = card_secret(SECRET, CLIENT_ID)
RAW: Mapping[str, Any] = {
    "msgId": "m1",
    "robotCode": CLIENT_ID,
    "conversationId": "cid",
    "senderId": "anna",
    "msgtype": "text",
    "text": {"content": "问题"},
}
CLICK: Mapping[str, Any] = {"type": "actionCallback", "outTrackId": "card", "userId": "anna", "content": "{}"}


def signed(age: float = 0, secret: str = SECRET) -> dict[str, str]:
    """Return the headers of a message that was signed so many seconds ago."""
    timestamp = str(int((time.time() - age) * 1000))
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}


def signed_click(age: float = 0, secret: str = CARD_SECRET) -> dict[str, str]:
    """Return the headers of a click that was signed so many seconds ago."""
    timestamp = str(int((time.time() - age) * 1000))
    digest = hmac.new(secret.encode(), timestamp.encode(), hashlib.sha256).digest()
    return {"x-ddpaas-signature-timestamp": timestamp, "x-ddpaas-signature": base64.b64encode(digest).decode()}


@dataclass
class Way:
    """A bot at its address; `taken` and `clicked` are what reached it."""

    url: str = ""
    taken: list[str] = field(default_factory=list)
    clicked: list[Mapping[str, Any]] = field(default_factory=list)
    receiver: WebhookReceiver | None = None

    def post(self, value: object, headers: Mapping[str, str] | None = None, below: str = "") -> requests.Response:
        """Send a message as DingTalk does, or with other headers."""
        body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
        return requests.post(self.url + below, data=body, headers=signed() if headers is None else headers, timeout=WAIT)


MakeWay = Callable[..., Way]


def start_way(
    stack: contextlib.ExitStack,
    message: Callable[[Mapping[str, Any]], None] = lambda _: None,
    click: Callable[[Mapping[str, Any]], dict[str, Any]] = lambda _: {},
    *,
    name: str = "客服 & <b>co</b>",
    language: Language = "en",
    others: tuple[Door, ...] = (),
) -> Way:
    """Put a bot at an address of its own."""
    way, texts = Way(), Texts(language)

    def take(raw: Mapping[str, Any]) -> None:
        message(raw)
        way.taken.append(parse(raw).text)

    def press(raw: Mapping[str, Any]) -> dict[str, Any]:
        way.clicked.append(raw)
        return click(raw)

    client = DingTalkClient(Endpoints("http://127.0.0.1:9", ""), CLIENT_ID, SECRET, Account(Companies()))
    stack.callback(client.close)
    callback = CardCallback(name, client, "", CARD_SECRET, texts)
    receiver = WebhookReceiver(
        name,
        SECRET,
        Arrivals(take, press),
        "/dingtalk/bot",
        texts,
        callback,
        card_secret=CARD_SECRET,
    )
    server = HttpServer("127.0.0.1", 0, (*receiver.doors(), *others))
    server.start()
    stack.callback(server.close)
    thread = threading.Thread(target=receiver.run)
    thread.start()
    stack.callback(thread.join, WAIT)
    stack.callback(receiver.stop)
    way.url, way.receiver = f"http://127.0.0.1:{server.port}/dingtalk/bot", receiver
    return way


def until(true: Callable[[], object]) -> None:
    """Wait until it is true."""
    deadline = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
