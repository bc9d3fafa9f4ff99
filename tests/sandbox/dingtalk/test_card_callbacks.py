"""Card callbacks over HTTP: the register call, and clicks that are POSTed to where it says."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest
import requests

from tests.sandbox.dingtalk.foreign import CARD_TOPIC, Bot, Json, refusal
from tests.sandbox.dingtalk.listening import Door, Reply, listening, now_ms
from tests.sandbox.looking import last, seen, whole

KEY, SECRET = "my-route", "the-callback-secret"
THANKS = {"cardData": {"cardParamMap": {"content": "谢谢"}}, "userPrivateData": {"cardParamMap": {"liked": "true"}}}


@pytest.fixture
def door(bot: Bot) -> Iterator[Door]:
    """The server to which the bot's clicks go."""
    with listening() as door:
        assert _register(bot, callbackUrl=door.url).json()["success"]
        yield door


def _register(bot: Bot, **changes: object) -> requests.Response:
    body = {"callbackRouteKey": KEY, "callbackUrl": "https://bot.example/cards", "apiSecret": SECRET, **changes}
    body = {name: value for name, value in body.items() if value is not None}
    return bot.call("POST", "/card/callbacks/register", body)


def _card(bot: Bot, key: str = KEY) -> str:
    return bot.card(callbackType="HTTP", callbackRouteKey=key)


def _click(bot: Bot, card: str) -> Json:
    return bot.sandbox.click(card, "staff-1", "btn_stop", action="stop")


def test_a_route_is_registered(bot: Bot) -> None:
    """The answer repeats what now holds."""
    answer = _register(bot)
    result = {"callbackUrl": "https://bot.example/cards", "apiSecret": SECRET}
    assert (answer.status_code, answer.json()) == (200, {"success": True, "result": result})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"callbackRouteKey": None}, "param.callbackRouteKeyEmpty"),
        ({"callbackRouteKey": 5}, "param.callbackRouteKeyEmpty"),
        ({"callbackUrl": ""}, "param.callbackUrlEmpty"),
        ({"callbackUrl": "bot.example/cards"}, "param.callbackUrlInvalid"),
        ({"apiSecret": None}, "param.apiSecretEmpty"),
        ({"forceUpdate": "true"}, "param.invalid"),
    ],
)
def test_unfit_parameters_are_refused(bot: Bot, changes: Json, code: str) -> None:
    """In DingTalk's shape."""
    assert refusal(_register(bot, **changes)) == (400, code)


def test_another_address_for_a_key_must_be_forced(bot: Bot) -> None:
    """The same one may be registered as often as a bot starts; another app's key of this name is its own."""
    assert _register(bot).ok
    assert _register(bot, apiSecret="new").ok
    elsewhere = "https://bot.example/elsewhere"
    assert refusal(_register(bot, callbackUrl=elsewhere)) == (400, "param.callbackRouteKeyExist")
    assert refusal(_register(bot, callbackUrl=elsewhere, forceUpdate=False)) == (400, "param.callbackRouteKeyExist")
    assert _register(bot, callbackUrl=elsewhere, forceUpdate=True).json()["result"]["callbackUrl"] == elsewhere
    other = Bot(bot.sandbox)
    other.register()
    assert _register(other).ok


@pytest.mark.parametrize("key", [None, "", 5])
def test_a_card_with_http_callbacks_needs_a_route_key(bot: Bot, key: object) -> None:
    """Which of the registered addresses it is."""
    assert refusal(bot.create(callbackType="HTTP", callbackRouteKey=key)) == (400, "param.callbackRouteKeyEmpty")


def test_a_click_is_posted_with_a_signature_that_verifies(bot: Bot, door: Door) -> None:
    """The body is a click frame's data; nothing goes by Stream."""
    card = _card(bot)
    door.says({})
    with bot.connected():
        assert _click(bot, card) | {"took": 0} == {"answered": True, "response": {}, "took": 0}
    heard = door.next()
    timestamp = heard.headers["x-ddpaas-signature-timestamp"]
    mac = hmac.new(SECRET.encode(), timestamp.encode(), hashlib.sha256)
    assert heard.headers["x-ddpaas-signature"] == base64.b64encode(mac.digest()).decode()
    assert abs(int(timestamp) - now_ms()) < 60_000
    assert (heard.payload["type"], heard.payload["outTrackId"], heard.payload["userId"]) == ("actionCallback", card, "staff-1")
    private = json.loads(heard.payload["content"])["cardPrivateData"]
    assert private == {"actionIds": ["btn_stop"], "params": {"action": "stop"}}
    assert not bot.sandbox.records(kind="frame", client_id=bot.client_id, topic=CARD_TOPIC)
    [push] = bot.sandbox.records(kind="push", client_id=bot.client_id, out_track_id=card)
    assert (push["api"], push["verdict"], push["status"]) == ("click", "ok", 200)


def test_the_response_changes_the_card(bot: Bot, door: Door) -> None:
    """As one that acknowledges a frame does."""
    card = _card(bot)
    door.says(THANKS)
    assert _click(bot, card)["response"] == THANKS
    assert bot.sandbox.card(card)["private"]["staff-1"] == {"liked": "true", "content": "谢谢"}


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (Reply(), "flawed"),
        (Reply(body=b"[]"), "flawed"),
        (Reply(body=b"{}", headers={"Content-Type": "text/plain"}), "flawed"),
        (Reply(401, b"{}"), "refused"),
        (Reply(302, headers={"Location": "/elsewhere"}), "refused"),
        (Reply(503), "failed"),
        (Reply(body=b"{}", seconds=3), "unanswered"),
    ],
)
def test_a_click_without_a_right_answer_in_time_is_unanswered(bot: Bot, door: Door, reply: Reply, verdict: str) -> None:
    """And it is not repeated."""
    bot.register(redeliver_after=0)
    door.reply = reply
    card = _card(bot)
    assert not _click(bot, card)["answered"]
    assert bot.sandbox.wait_for(kind="click", out_track_id=card)["answered"] is False
    assert [push["verdict"] for push in bot.sandbox.records(kind="push", out_track_id=card)] == [verdict]


def test_a_click_on_a_card_of_an_unknown_route_is_unanswered(bot: Bot, door: Door) -> None:
    """It goes nowhere."""
    card = _card(bot, "nobody-s")
    assert not _click(bot, card)["answered"]
    assert bot.sandbox.wait_for(kind="click", out_track_id=card)["answered"] is False
    assert not bot.sandbox.records(kind="push", out_track_id=card)
    assert door.heard.empty()


def test_a_click_can_be_forged_by_a_fault(bot: Bot, door: Door) -> None:
    """Without harm to messages, if the fault names clicks."""
    bot.sandbox.put_fault("dingtalk.push", {"sign": "forged"}, match={"client_id": bot.client_id, "api": "click"}, times=1)
    _click(bot, _card(bot))
    assert door.next().headers["x-ddpaas-signature"] == "forged"


def test_the_wire_shows_the_click_and_no_secret(bot: Bot, door: Door) -> None:
    """Neither that of the register call nor the signature."""
    before = last(bot.sandbox)
    assert _register(bot, callbackUrl=door.url).ok
    card = _card(bot)
    door.says({})
    _click(bot, card)
    [registered] = seen(bot.sandbox, before, api="register_callback", client_id=bot.client_id)
    [click] = seen(bot.sandbox, before, api="click", client_id=bot.client_id)
    assert (click["way"], click["answer"], click["verdict"], registered["counted"]) == ("out", card, "ok", True)
    shown = json.dumps([whole(bot.sandbox, each) for each in (registered, click)])
    assert SECRET not in shown
    assert door.next().headers["x-ddpaas-signature"] not in shown
