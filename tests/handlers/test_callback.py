"""How a bot that is called over HTTP lets DingTalk know where clicks on its cards go."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from handlers.account import Account, Companies
from handlers.callback import CardCallback
from handlers.card_calls import BY_STREAM, NO_CALLBACK, Callback, CardCalls, FlowStatus, Labels
from handlers.dingtalk import DingTalkClient
from handlers.message import Incoming
from handlers.templates import CardSettings
from handlers.texts import Texts
from ops.door import Answer, Door, Visit
from ops.http import HttpServer
from settings import Endpoints

WAIT = 10
URL = "https://bots.example.com/dingtalk/bot/card"


@dataclass
class DingTalk:
    """An HTTP server that takes registrations and cards as DingTalk does, once it has refused as often as told."""

    client: DingTalkClient
    refusals: list[Answer] = field(default_factory=list)
    bodies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


@pytest.fixture
def dingtalk() -> Iterator[DingTalk]:
    """DingTalk, and a client to it."""

    def taking(path: str) -> Callable[[Visit], Any]:
        async def take(visit: Visit) -> Answer:
            found.bodies.setdefault(path, []).append(json.loads(visit.body))
            return found.refusals.pop() if found.refusals else Answer.json(200, {"success": True})

        return take

    async def token(_: Visit) -> Answer:
        return Answer.json(200, {"accessToken": "token", "expireIn": 7200})

    paths = ("/v1.0/card/callbacks/register", "/v1.0/card/instances/createAndDeliver")
    doors = [Door("POST", path, taking(path)) for path in paths]
    server = HttpServer("127.0.0.1", 0, (Door("POST", "/v1.0/oauth2/accessToken", token), *doors))
    server.start()
    url = f"http://127.0.0.1:{server.port}"
    client = DingTalkClient(Endpoints(url, url), "dingbot", "secret", Account(Companies()))
    found = DingTalk(client)
    yield found
    client.close()
    server.close()


def _callback(dingtalk: DingTalk, url: str = URL) -> CardCallback:
    return CardCallback("bot", dingtalk.client, url, "card-secret", Texts("en"), first_pause=0.01)


def test_the_address_is_registered_for_the_bot(dingtalk: DingTalk) -> None:
    """With the secret that signs what comes; from then on cards send their clicks there, not before."""
    callback = _callback(dingtalk)
    assert callback.current() == NO_CALLBACK
    callback.register(threading.Event())
    assert callback.current() == Callback("HTTP", "dingbridge-dingbot")
    assert dingtalk.bodies["/v1.0/card/callbacks/register"] == [
        {"callbackRouteKey": "dingbridge-dingbot", "callbackUrl": URL, "apiSecret": "card-secret", "forceUpdate": True}
    ]


def test_what_fails_is_tried_again(dingtalk: DingTalk, caplog: pytest.LogCaptureFixture) -> None:
    """After a pause, whatever the reason; the log has no secret."""
    dingtalk.refusals += [Answer.json(403, {"code": "Forbidden"}), Answer.json(503, {}), Answer.json(429, {})]
    callback = _callback(dingtalk)
    callback.register(threading.Event())
    assert callback.current().kind == "HTTP"
    assert len(dingtalk.bodies["/v1.0/card/callbacks/register"]) == 4
    assert "card-secret" not in caplog.text


def test_it_ends_when_the_bot_does(dingtalk: DingTalk) -> None:
    """Also in the middle of a pause."""
    dingtalk.refusals += [Answer.json(400, {"code": "invalidParameter", "message": "no"})] * 100
    callback, stopping = CardCallback("bot", dingtalk.client, URL, "s", Texts(), first_pause=60), threading.Event()
    thread = threading.Thread(target=callback.register, args=(stopping,))
    thread.start()
    deadline = time.monotonic() + WAIT
    while not dingtalk.bodies and time.monotonic() < deadline:
        time.sleep(0.01)
    stopping.set()
    thread.join(WAIT)
    assert not thread.is_alive()
    assert callback.current() == NO_CALLBACK


def test_without_a_public_address_nothing_is_registered(dingtalk: DingTalk) -> None:
    """And no card has a button that leads nowhere."""
    callback = _callback(dingtalk, "")
    callback.register(threading.Event())
    assert callback.current() == NO_CALLBACK
    assert not dingtalk.bodies


@pytest.mark.parametrize(
    ("callback", "fields", "has_button"),
    [
        (BY_STREAM, {"callbackType": "STREAM"}, True),
        (Callback("HTTP", "key"), {"callbackType": "HTTP", "callbackRouteKey": "key"}, True),
        (NO_CALLBACK, {}, False),
    ],
)
def test_a_card_says_where_its_clicks_go(
    dingtalk: DingTalk, callback: Callback, fields: dict[str, str], *, has_button: bool
) -> None:
    """One without a callback has no stop button."""
    calls = CardCalls("card", CardSettings.model_validate({}).template, dingtalk.client, Labels("Stop", "…"), callback)
    calls.create(Incoming("m", "dingbot", "text", "cid", is_group=True, sender_id="anna"))
    (body,) = dingtalk.bodies["/v1.0/card/instances/createAndDeliver"]
    assert {name: value for name, value in body.items() if name.startswith("callback")} == fields
    growing = calls._variables(FlowStatus.INPUTING, "text", stoppable=True)
    assert ("btn_stop" in growing["sys_full_json_obj"]) is has_button
