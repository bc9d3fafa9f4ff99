"""HTTP mode: messages are POSTed to the bot's address, signed, repeated while they fail, and answered on the spot."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest
import requests

from sandbox.testbed import DingTalkApp
from tests.sandbox.dingtalk.foreign import BOT_TOPIC, SECONDS, Bot, Json
from tests.sandbox.dingtalk.listening import Door, Reply, listening, now_ms
from tests.sandbox.looking import seen, whole


@pytest.fixture
def door(bot: Bot) -> Iterator[Door]:
    """The server of a bot in HTTP mode."""
    with listening() as door:
        bot.register(callback_url=door.url)
        yield door


def _sign(secret: str, timestamp: str) -> str:
    mac = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


def _pushes(bot: Bot, msg_id: object) -> list[Json]:
    return bot.sandbox.records(kind="push", client_id=bot.client_id, msg_id=str(msg_id))


def _said(bot: Bot, sent: Json) -> list[Json]:
    messages = bot.sandbox.messages(bot.client_id, sent["conversation_id"], sent["number"])
    return [message for message in messages if message["from"] == "bot"]


def test_a_message_is_posted_with_a_signature_that_verifies(bot: Bot, door: Door) -> None:
    """Headers, a fresh timestamp in milliseconds, and the fields of a Stream frame's data."""
    sent = bot.sandbox.say(bot.client_id, "你好")
    heard = door.next()
    assert heard.path == "/bot"
    assert heard.headers["content-type"] == "application/json; charset=utf-8"
    assert heard.headers["sign"] == _sign(bot.secret, heard.headers["timestamp"])
    assert abs(int(heard.headers["timestamp"]) - now_ms()) < 60_000
    assert (heard.payload["msgId"], heard.payload["text"]) == (sent["msg_id"], {"content": "你好"})
    assert {"conversationId", "senderStaffId", "robotCode", "sessionWebhook", "createAt"} <= set(heard.payload)
    assert sent["delivered"]
    [push] = _pushes(bot, sent["msg_id"])
    assert (push["api"], push["status"], push["verdict"]) == ("message", 200, "ok")
    assert push["took"] < 2.5


def test_nothing_comes_by_stream_then(bot: Bot, door: Door) -> None:
    """A connection does not divert the messages of an app in HTTP mode; without an address they come by Stream again."""
    with bot.connected() as socket:
        assert bot.sandbox.say(bot.client_id, "一")["delivered"]
        assert door.next().payload["text"]["content"] == "一"
        bot.register()
        bot.sandbox.say(bot.client_id, "二")
        assert socket.message()["text"]["content"] == "二"
    assert len(bot.sandbox.records(kind="frame", client_id=bot.client_id, topic=BOT_TOPIC)) == 1
    assert door.heard.empty()


def test_the_session_webhook_of_a_posted_message_works(bot: Bot, door: Door) -> None:
    """A slow answer goes the usual way."""
    sent = bot.sandbox.say(bot.client_id, "你好")
    text = {"msgtype": "text", "text": {"content": "慢慢来"}}
    answer = requests.post(door.next().payload["sessionWebhook"], json=text, timeout=SECONDS)
    assert answer.json()["errcode"] == 0
    assert [each["text"] for each in _said(bot, sent)] == ["慢慢来"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"msgtype": "text", "text": {"content": "好"}}, "好"),
        ({"msgtype": "markdown", "markdown": {"title": "t", "text": "# 好"}}, "# 好"),
        (
            {"msgtype": "actionCard", "actionCard": {"title": "t", "text": "选", "singleTitle": "a", "singleURL": "http://a"}},
            "选",
        ),
    ],
)
def test_the_answer_to_the_post_is_said_by_the_bot(bot: Bot, door: Door, body: Json, text: str) -> None:
    """Any message that the session webhook would take."""
    door.says(body)
    sent = bot.sandbox.say(bot.client_id, "你好")
    assert [(each["msgtype"], each["text"]) for each in _said(bot, sent)] == [(body["msgtype"], text)]
    assert bot.sandbox.wait_for(kind="said", client_id=bot.client_id)["text"] == text
    assert [push["verdict"] for push in _pushes(bot, sent["msg_id"])] == ["ok"]


@pytest.mark.parametrize("body", [b"", b" \n", b'{"msgtype": "empty"}'])
def test_an_empty_answer_says_nothing(bot: Bot, door: Door, body: bytes) -> None:
    """It is an acknowledgement."""
    door.reply = Reply(body=body)
    sent = bot.sandbox.say(bot.client_id, "你好")
    assert sent["delivered"]
    assert not _said(bot, sent)
    assert [push["verdict"] for push in _pushes(bot, sent["msg_id"])] == ["ok"]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(body=b"{}"), "400105 "),
        (Reply(body=b"[1]"), "40035 "),
        (Reply(body=b"ok", headers={"Content-Type": "text/plain"}), "43004 "),
        (Reply(body=b'{"msgtype": "markdown", "markdown": {"text": "x"}}'), "40035 "),
        (Reply(body=json.dumps({"msgtype": "text", "text": {"content": "x" * 20_000}}).encode()), "460101 "),
        (Reply(body=b"x" * 3_000_000), "40035 "),
    ],
)
def test_an_answer_that_is_no_message_is_flawed(bot: Bot, door: Door, reply: Reply, reason: str) -> None:
    """It acknowledges the message, so that it is not repeated, and nobody sees anything of it."""
    bot.register(callback_url=door.url, redeliver_after=0)
    door.reply = reply
    sent = bot.sandbox.say(bot.client_id, "你好")
    assert sent["delivered"]
    assert not _said(bot, sent)
    [push] = _pushes(bot, sent["msg_id"])
    assert (push["verdict"], push["status"]) == ("flawed", 200)
    assert push["reason"].startswith(reason)


def test_a_failed_push_is_repeated_under_the_same_id_until_it_is_acknowledged(bot: Bot, door: Door) -> None:
    """With a signature of its own each time."""
    bot.register(callback_url=door.url, redeliver_after=0.05, redeliver_max=200)
    door.reply = Reply(500)
    sent = bot.sandbox.say(bot.client_id, "你好")
    assert (sent["delivered"], sent["reason"]) == (False, "answered 500")
    door.reply = Reply()
    bot.sandbox.wait_for(kind="push", client_id=bot.client_id, msg_id=sent["msg_id"], verdict="ok")
    verdicts = [push["verdict"] for push in _pushes(bot, sent["msg_id"])]
    assert verdicts[:-1] == ["failed"] * (len(verdicts) - 1)
    heard = [door.next() for _ in verdicts]
    assert {each.payload["msgId"] for each in heard} == {sent["msg_id"]}
    assert all(each.headers["sign"] == _sign(bot.secret, each.headers["timestamp"]) for each in heard)


def test_repetition_gives_up(bot: Bot, door: Door) -> None:
    """After redeliver_max repeats the message is dropped."""
    bot.register(callback_url=door.url, redeliver_after=0, redeliver_max=2)
    door.reply = Reply(403)
    sent = bot.sandbox.say(bot.client_id, "你好")
    for _ in range(3):
        door.next()
    door.reply = Reply()
    bot.sandbox.say(bot.client_id, "下一条")
    assert door.next().payload["text"]["content"] == "下一条"
    assert [push["verdict"] for push in _pushes(bot, sent["msg_id"])] == ["refused"] * 3


def test_an_answer_after_the_time_out_is_none(bot: Bot, door: Door) -> None:
    """The platform waits for 2.5 seconds, hears no late message, and pushes again."""
    bot.register(callback_url=door.url, redeliver_after=0, redeliver_max=1)
    door.reply = Reply(body=b'{"msgtype": "text", "text": {"content": "x"}}', seconds=4)
    sent = bot.sandbox.say(bot.client_id, "你好")
    door.reply = Reply()
    assert (sent["delivered"], sent["reason"]) == (False, "no answer within 2.5 s")
    assert bot.sandbox.wait_for(kind="undelivered", client_id=bot.client_id, msg_id=sent["msg_id"])
    bot.sandbox.wait_for(kind="push", client_id=bot.client_id, msg_id=sent["msg_id"], verdict="unanswered")
    assert door.next().payload["msgId"] == door.next().payload["msgId"] == sent["msg_id"]
    assert 2.5 <= _pushes(bot, sent["msg_id"])[0]["took"] < 4
    assert not _said(bot, sent)


def test_an_address_where_nobody_listens_fails_at_once(bot: Bot) -> None:
    """The message's sender learns why; so does the chat."""
    with listening() as gone:
        pass
    bot.register(callback_url=gone.url, redeliver_max=0)
    sent = bot.sandbox.say(bot.client_id, "在吗")
    assert not sent["delivered"]
    assert sent["reason"].startswith("no answer (")
    [push] = _pushes(bot, sent["msg_id"])
    assert (push["verdict"], push["status"]) == ("failed", None)


def test_a_redirect_is_not_followed(bot: Bot, door: Door) -> None:
    """A signed message goes to the address that was set, and nowhere else."""
    bot.register(callback_url=door.url, redeliver_max=0)
    with listening() as elsewhere:
        door.reply = Reply(307, headers={"Location": elsewhere.url})
        sent = bot.sandbox.say(bot.client_id, "你好")
        assert sent["reason"] == "answered 307"
        assert elsewhere.heard.empty()


def test_a_push_is_repeated_to_the_address_of_that_moment(bot: Bot, door: Door) -> None:
    """`redeliver` too goes where the app receives now."""
    sent = bot.sandbox.say(bot.client_id, "你好")
    with listening() as moved:
        bot.register(callback_url=moved.url)
        assert bot.sandbox.redeliver(sent["msg_id"])
        assert moved.next().payload == door.next().payload


def test_faults_forge_age_break_and_double_a_push(bot: Bot, door: Door) -> None:
    """A wrong signature, a right one of an old timestamp, a body that is no JSON, and a replay to the letter."""

    def pushed(**params: object) -> Json:
        match = {"client_id": bot.client_id, "api": "message"}
        bot.sandbox.put_fault("dingtalk.push", params, match=match, times=1)
        return bot.sandbox.say(bot.client_id, "你好")

    pushed(sign="forged")
    assert door.next().headers["sign"] == "forged"
    pushed(age=3_700)
    old = door.next()
    assert int(old.headers["timestamp"]) < now_ms() - 3_600_000
    assert old.headers["sign"] == _sign(bot.secret, old.headers["timestamp"])
    pushed(age=-7_200)
    assert int(door.next().headers["timestamp"]) > now_ms() + 3_600_000
    pushed(body="{")
    assert door.next().body == b"{"
    twice = pushed(copies=2)
    assert door.next() == door.next()
    assert len(_pushes(bot, twice["msg_id"])) == 2
    pushed(delay=0.05)
    door.next()
    assert not [fault for fault in bot.sandbox.faults() if fault["match"].get("client_id") == bot.client_id]


def test_a_push_beyond_the_month_is_posted_without_content(bot: Bot, door: Door) -> None:
    """It counts as a push by Stream does."""
    bot.register(callback_url=door.url, corp_id=f"corp-{bot.client_id}", monthly_pushes=1)
    for _ in range(2):
        bot.sandbox.say(bot.client_id, "你好")
    assert "text" in door.next().payload
    notice = door.next().payload
    assert (notice["errorCode"], "text" in notice) == (20001, False)


def test_a_push_is_on_the_wire(bot: Bot, door: Door) -> None:
    """Both ways, the signature masked; a repeat is marked as one."""
    sent = bot.sandbox.say(bot.client_id, "你好")
    bot.sandbox.redeliver(sent["msg_id"])
    first, again = seen(bot.sandbox, api="message", client_id=bot.client_id, answer=sent["msg_id"])
    told = (first["kind"], first["way"], first["what"], first["verdict"], first["status"])
    assert told == ("call", "out", "POST /bot", "ok", 200)
    assert ("again" in first, again["again"]) == (False, True)
    request = whole(bot.sandbox, first)["request"]
    assert request["headers"]["sign"] != door.next().headers["sign"]
    assert request["body"]["text"]["content"] == "你好"


def test_the_apps_tell_how_they_receive(bot: Bot, door: Door) -> None:
    """And the address, which is no secret."""
    [app] = [each for each in bot.sandbox.apps() if each["client_id"] == bot.client_id]
    assert (app["receive"], app["callback_url"], app["connections"]) == ("webhook", door.url, 0)
    bot.register()
    [app] = [each for each in bot.sandbox.apps() if each["client_id"] == bot.client_id]
    assert app["receive"] == "stream"


@pytest.mark.parametrize("url", ["bot", "ftp://a/b", "http://", "http://a:x/", "http://a/ b", "http://a/\nb"])
def test_what_is_no_web_address_is_refused(bot: Bot, url: str) -> None:
    """As an unfit setting."""
    with pytest.raises(ValueError, match="callback_url must be"):
        bot.register(callback_url=url)


def test_the_test_beds_app_says_to_a_bot_in_http_mode(bot: Bot) -> None:
    """Without a Stream connection to wait for."""
    with listening() as door:
        app = DingTalkApp(bot.sandbox, callback_url=door.url)
        door.says({"msgtype": "text", "text": {"content": "好"}})
        app.say("你好")
        assert app.said() == "好"
