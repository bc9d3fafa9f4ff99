"""Small promises of the wire that no story tells: headers, frames, acknowledgements, settings that reach what lives."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.sandbox.dingtalk.foreign import BOT_TOPIC, CARD_TOPIC, SECONDS, Bot, Json, refusal

SCOPES = {
    "Card.Instance.Write": [
        ("POST", "/card/instances"),
        ("POST", "/card/instances/deliver"),
        ("POST", "/card/instances/createAndDeliver"),
        ("PUT", "/card/instances"),
        ("PUT", "/card/instances/spaces"),
        ("POST", "/card/callbacks/register"),
    ],
    "Card.Streaming.Write": [("PUT", "/card/streaming")],
    "qyapi_robot_sendmsg": [
        ("POST", "/robot/groupMessages/send"),
        ("POST", "/robot/oToMessages/batchSend"),
        ("POST", "/robot/messageFiles/download"),
    ],
}


@pytest.mark.parametrize(("scope", "method", "path"), [(scope, *call) for scope, calls in SCOPES.items() for call in calls])
def test_every_call_has_its_permission(bot: Bot, scope: str, method: str, path: str) -> None:
    """An app without the scope is told which one it lacks, before its body is looked at."""
    bot.register(permissions=[each for each in SCOPES if each != scope])
    answer = bot.call(method, path, {"outTrackId": "x"})
    assert refusal(answer) == (403, "Forbidden.AccessDenied.AccessTokenPermissionDenied")
    assert answer.json()["accessdenieddetail"] == {"requiredScopes": [scope]}


def test_answers_carry_the_platforms_headers(bot: Bot) -> None:
    """Every answer can be traced."""
    headers = bot.update(bot.card(), {"content": "x"}).headers
    assert headers["Server"] == "DingTalk/1.0.0"
    assert headers["x-acs-request-id"]
    assert headers["x-acs-trace-id"]


def test_uploads_are_throttled_in_the_old_words(bot: Bot) -> None:
    """The rate holds for oapi too, as errcode 90018 under HTTP 200."""
    bot.register(qps=1)
    url = f"{bot.sandbox.url}/media/upload?access_token={bot.token()}&type=image"

    def upload(_: int) -> int:
        answer = requests.post(url, files={"media": ("a.png", b"x")}, timeout=SECONDS)
        return int(answer.json()["errcode"])

    with ThreadPoolExecutor(3) as at_once:
        assert sorted(at_once.map(upload, range(3))) == [0, 90018, 90018]


@pytest.mark.parametrize("wanted", [True, False])
def test_ready_frames_may_or_may_not_come(bot: Bot, wanted: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """CONNECTED and REGISTERED come first, or, as a setting, not at all."""
    bot.register(ready_frames=wanted)
    with bot.connected() as socket:
        bot.sandbox.say(bot.client_id, "你好")
        socket.frame(BOT_TOPIC)
    topics = [each["topic"] for each in bot.sandbox.records(kind="frame", client_id=bot.client_id)]
    assert topics == [*(["CONNECTED", "REGISTERED"] if wanted else []), BOT_TOPIC]


def test_pong_with_other_data_is_none(bot: Bot) -> None:
    """A pong must bring the ping's opaque value back."""
    bot.register(ping_seconds=0.1)
    with bot.connected() as socket:
        socket.ack(socket.frame("ping"), '{"opaque":"another"}')
        stray = bot.sandbox.wait_for(kind="ack.stray", client_id=bot.client_id)
    assert stray["reason"] == "pong without the ping's data"


@pytest.mark.parametrize("code", [200, 400, 404, 500])
def test_any_code_acknowledges_a_message(bot: Bot, code: int) -> None:
    """The frame was taken, whatever its handler made of it; it does not come again."""
    bot.register(redeliver_after=0.05)
    with bot.connected() as socket:
        bot.sandbox.say(bot.client_id, "你好")
        socket.ack(socket.frame(BOT_TOPIC), code=code)
        assert bot.sandbox.wait_for(kind="ack", client_id=bot.client_id)["code"] == code
        with pytest.raises(TimeoutError):
            socket.frame(BOT_TOPIC, seconds=0.3)


def test_acknowledgement_whose_data_is_an_object_is_noted(bot: Bot) -> None:
    """Data is JSON text. An object in its place acknowledges, but the slip is on record; of a click it is no answer."""
    card = bot.card()
    with bot.connected() as socket, ThreadPoolExecutor(1) as finger:
        bot.sandbox.say(bot.client_id, "你好")
        socket.ack(socket.frame(BOT_TOPIC), data={"response": None})  # type: ignore[arg-type]  # the slip
        assert bot.sandbox.wait_for(kind="ack", client_id=bot.client_id)
        pressed = finger.submit(bot.sandbox.click, card, "staff-1", "b")
        socket.ack(socket.frame(CARD_TOPIC), data={"response": {}})  # type: ignore[arg-type]  # the slip
        assert not pressed.result()["answered"]
    strays = bot.sandbox.records(kind="ack.stray", client_id=bot.client_id)
    assert {each["reason"] for each in strays} == {"data must be a JSON text"}
    assert len(strays) == 2


@pytest.mark.parametrize("holders", [{"content"}, {"content", "value"}])
def test_click_frame_has_the_documented_fields(bot: Bot, holders: set[str]) -> None:
    """The holder `value` comes sometimes, so a bot must not rely on it; whether it does is a setting."""
    bot.register(click_value="value" in holders)
    group = bot.sandbox.say(bot.client_id, "hi", conversation_type="2")["conversation_id"]
    model = {"robotCode": bot.client_id}
    card = bot.card(openSpaceId=f"dtv1.card//IM_GROUP.{group}", imGroupOpenDeliverModel=model, userIdType=2)
    with bot.connected() as socket, ThreadPoolExecutor(1) as finger:
        pressed = finger.submit(bot.sandbox.click, card, "staff-1", "btn_stop", reason="慢")
        frame = socket.frame(CARD_TOPIC)
        socket.ack(frame, "{}")
        assert pressed.result()["answered"]
    asked = json.loads(frame["data"])
    [told] = {asked.pop(holder) for holder in holders}
    assert json.loads(told) == {"cardPrivateData": {"actionIds": ["btn_stop"], "params": {"reason": "慢"}}}
    assert asked == {
        "type": "actionCallback",
        "outTrackId": card,
        "corpId": "dingsandboxcorp",
        "userId": "staff-1",
        "userIdType": 2,
        "spaceId": group,
        "spaceType": "IM_GROUP",
        "extension": "{}",
    }


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("picture", {"downloadCode": "c"}),
        ("richText", {"richText": [{"msgType": "text", "content": "看"}, {"msgType": "picture", "downloadCode": "c"}]}),
        ("audio", {"downloadCode": "c", "recognition": "你好"}),
        ("file", {"downloadCode": "c", "fileName": "a.pdf"}),
        ("unknownMsgType", None),
    ],
)
def test_quote_of_every_kind(bot: Bot, kind: str, content: Json | None) -> None:
    """What was quoted keeps its own shape; a group's file may come without any."""
    quote: dict[str, Any] = {"msgtype": kind, **({"content": content} if content else {})}
    with bot.connected() as socket:
        bot.sandbox.say(bot.client_id, "这是什么", quote=quote)
        replied = socket.message()["text"]["repliedMsg"]
    assert (replied["msgType"], replied["content"]) == (kind, content or {})
    assert {"msgId", "senderId", "senderNick", "createdAt"} < {*replied}


def test_new_settings_reach_live_connections_and_sessions(bot: Bot) -> None:
    """An app that is registered anew has its new rules on the connection that it already has, and in old sessions."""
    with bot.connected() as socket:
        bot.sandbox.say(bot.client_id, "一", conversation_type="2")
        webhook = socket.message()["sessionWebhook"]
        bot.register(redeliver_after=0.05, redeliver_max=1, webhook_per_minute=1)
        text = {"msgtype": "text", "text": {"content": "好"}}
        codes = [requests.post(webhook, json=text, timeout=SECONDS).json()["errcode"] for _ in range(2)]
        assert codes == [0, 410100]
        bot.sandbox.say(bot.client_id, "二")
        first, again = socket.frame(BOT_TOPIC), socket.frame(BOT_TOPIC)
    assert json.loads(first["data"])["msgId"] == json.loads(again["data"])["msgId"]


def test_connections_of_an_app_are_limited(bot: Bot) -> None:
    """Fifty by default; the one too many gets no ticket."""
    bot.register(max_connections=1)
    with bot.connected():
        assert refusal(bot.open()) == (400, "connectionLimit")
    bot.sandbox.wait_for(kind="stream.closed", client_id=bot.client_id)
    assert bot.open().status_code == 200


def test_events_can_be_subscribed_to(bot: Bot) -> None:
    """As the Node client always does; a subscription to EVENT and nothing else gets no messages."""
    answer = bot.open(subscriptions=[{"type": "EVENT", "topic": "*"}], ua="x/1", localIp="10.0.0.1,10.0.0.2", extras={})
    assert answer.status_code == 200
    assert {*answer.json()} == {"endpoint", "ticket"}
