"""A bot that takes pushes, its own server, and people and groups of the sandbox to push to."""

import contextlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from handlers.account import Account, Companies
from handlers.card_calls import Labels
from handlers.delivery import Delivery
from handlers.dingtalk import DingTalkClient
from handlers.pacer import Pacer
from handlers.pacing import PACES, Pace
from handlers.push import PushDoor
from handlers.rates import Rates
from handlers.templates import CardSettings
from handlers.texts import Language, Texts
from ops.http import HttpServer
from sandbox.client import Json, SandboxClient
from settings import Endpoints
from stores.base import Cards
from stores.memory import MemoryCards

WAIT = 20
DOCS = Path(__file__).resolve().parents[2] / "docs"
TOKEN = "push-token"


@dataclass
class Pushing:
    """A bot that takes pushes; `anna` and the like are people who have met it."""

    sandbox: SandboxClient
    client_id: str
    url: str
    door: PushDoor
    account: Account
    cards: Cards
    rates: Rates
    client: DingTalkClient
    pacer: Pacer
    since: int
    opened: list[str] = field(default_factory=list)

    def push(self, order: object, token: str | None = TOKEN, **options: Any) -> requests.Response:
        """Push it, with the token unless told otherwise."""
        body = order if isinstance(order, bytes) else json.dumps(order).encode()
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return requests.post(self.url, data=body, headers=headers, timeout=90, **options)

    def meet(self, *people: str) -> None:
        """Let people of the company write to the bot, so that it can write to them."""
        for person in people:
            self.sandbox.say(self.client_id, "hi", sender=person)

    def group(self, title: str = "值班") -> str:
        """Put the bot into a group; its id."""
        said = self.sandbox.say(self.client_id, "@", conversation_type="2", conversation_title=title)
        return str(said["conversation_id"])

    def said(self) -> list[Json]:
        """What the robot has sent so far."""
        return self.sandbox.records(self.since, 0, kind="said", client_id=self.client_id)

    def calls(self, api: str) -> list[Json]:
        """The calls of an API so far."""
        return self.sandbox.records(self.since, 0, kind="api", api=api, client_id=self.client_id)

    def card(self) -> Json:
        """The one card that it has made."""
        (card,) = self.sandbox.cards(client_id=self.client_id)
        return card

    def heal(self) -> None:
        """Let DingTalk be well again."""
        while self.opened:
            self.sandbox.remove_fault(self.opened.pop())

    def fault(self, api: str, times: int | None = None, **params: object) -> None:
        """Let DingTalk do this with the next calls of an API."""
        self.opened.append(
            self.sandbox.put_fault("dingtalk.api", params, match={"client_id": self.client_id, "api": api}, times=times)
        )


MakePushing = Callable[..., Pushing]


def start_pushing(
    stack: contextlib.ExitStack,
    sandbox: SandboxClient,
    *,
    language: Language = "en",
    qps: float = 0,
    seconds: float = 60,
    pace: Callable[[], Pace | None] = lambda: PACES["balanced"],
    app: Mapping[str, Any] | None = None,
    cards: Cards | None = None,
) -> Pushing:
    """Start a bot's push door on a port of its own."""
    name, texts = f"客服-{uuid.uuid4().hex[:8]}", Texts(language)
    client_id = f"ding{uuid.uuid4().hex[:8]}"
    sandbox.put_app(client_id, "secret", name, **{"qps": 0, **(app or {})})
    account, cards, rates = Account(Companies()), cards or MemoryCards(), Rates(qps)
    client = DingTalkClient(Endpoints(sandbox.url, sandbox.url), client_id, "secret", account)
    stack.callback(client.close)
    pacer = Pacer(rates)
    stack.callback(pacer.close)
    delivery = Delivery(
        client,
        account,
        CardSettings.model_validate({}).template,
        rates=rates,
        pacer=pacer,
        pace=pace,
        labels=Labels("Stop", "(below)"),
        cards=cards,
    )
    door = PushDoor(name, TOKEN, delivery, texts, seconds=seconds)
    server = HttpServer("127.0.0.1", 0, door.doors())
    server.start()
    stack.callback(server.close)
    stack.callback(door.close, 0)
    url = f"http://127.0.0.1:{server.port}/push/{name}"
    pushing = Pushing(sandbox, client_id, url, door, account, cards, rates, client, pacer, sandbox.last())
    stack.callback(pushing.heal)
    return pushing
