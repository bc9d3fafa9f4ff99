"""JSON of the wrong types, on either side: told as the caller's mistake, and nothing remains of it."""

from typing import Any

import pytest
import requests

from sandbox.client import Json
from tests.sandbox.dingtalk.foreign import SECONDS, Bot, refusal

SAID: Json = {"sender": {"staff_id": "staff-1", "nick": "staff-1"}, "text": "GHOST"}


def _status(bot: Bot, path: str, body: Json | bytes) -> int:
    sent: dict[str, Any] = {"data": body} if isinstance(body, bytes) else {"json": body}
    headers = {"Content-Type": "application/json"}
    with requests.post(f"{bot.sandbox.url}/sandbox/{path}", headers=headers, timeout=SECONDS, **sent) as answer:
        return answer.status_code


@pytest.mark.parametrize(
    "wrong",
    [
        {"create_at": "x"},
        {"create_at": 1e300},
        {"overrides": 5},
        {"conversation_id": 5},
        {"conversation_title": 5},
        {"quote": {"out_track_id": {}}},
        {"quote": {"created_at": "x"}},
        {"quote": {"number": 99}},
        {"msgtype": "audio", "seconds": 1e300},
        {"at": "yes"},
    ],
)
def test_a_refused_message_was_never_said(bot: Bot, wrong: Json) -> None:
    """Neither in its chat nor in a new one."""
    before = bot.sandbox.chats(client_id=bot.client_id)
    body = {"client_id": bot.client_id, **SAID, "sender": {"staff_id": "new", "nick": "new"}, **wrong}
    assert _status(bot, "messages", body) == 400
    assert _status(bot, "messages", {"client_id": bot.client_id, **SAID, **wrong}) == 400
    assert bot.sandbox.chats(client_id=bot.client_id) == before


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("messages", b"[" * 100_000),
        ("templates", {"template_id": "t", "content_key": []}),
        ("templates", {"template_id": "t", "variables": 5}),
        ("templates", {"template_id": "t", "variables": [5]}),
        ("dify/apps", {"api_key": [1], "name": "n"}),
        ("dify/apps", {"api_key": "k", "name": "n", "pace": [1]}),
        ("dify/apps", {"api_key": "k", "name": "n", "tokens_per_second": "x"}),
        ("faults", {"point": "dingtlak.api"}),
    ],
)
def test_the_control_api_refuses_what_it_cannot_use(bot: Bot, path: str, body: Json | bytes) -> None:
    """A 400, never a traceback."""
    assert _status(bot, path, body) == 400


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/card/instances", {"cardTemplateId": "own.schema", "outTrackId": "o", "callbackType": []}),
        ("POST", "/robot/oToMessages/batchSend", {"msgKey": {}, "msgParam": "{}", "userIds": ["staff-1"]}),
        ("PUT", "/card/streaming", {"outTrackId": "o", "guid": "g", "key": "content", "content": "\ud800"}),
        ("PUT", "/im/robots/interactiveCards", {"cardBizId": [], "cardData": '{"contents": []}'}),
    ],
)
def test_dingtalk_refuses_odd_types(bot: Bot, method: str, path: str, body: Json) -> None:
    """In its own words, as a 400."""
    answer = bot.call(method, path, {"robotCode": bot.client_id, **body})
    assert (answer.status_code, bool(answer.json()["code"])) == (400, True)


@pytest.mark.parametrize(
    "body", [{"msgtype": ["text"]}, {"msgtype": "text", "text": {"content": "x"}, "at": {"atUserIds": [["a"]]}}]
)
def test_the_webhook_refuses_odd_types(bot: Bot, body: Json) -> None:
    """With an errcode under HTTP 200."""
    with bot.connected() as socket:
        bot.sandbox.say(bot.client_id, "你好")
        session = str(socket.message()["sessionWebhook"])
    answer = requests.post(session, json=body, timeout=SECONDS)
    assert (answer.status_code, answer.json()["errcode"] in (400105, 40035)) == (200, True)


def test_appending_ends_where_a_whole_text_does(bot: Bot) -> None:
    """Streaming with isFull false is no way around the limit of a variable."""
    card = bot.card()
    first = bot.stream(card, "x" * 15_000, key="plain", isFull=False)
    second = bot.stream(card, "x" * 15_000, key="plain", isFull=False)
    assert (first.status_code, refusal(second)) == (200, (400, "param.stream.content"))
    assert len(bot.sandbox.card(card)["variables"]["plain"]) == 15_000


def test_the_feed_names_its_sandbox(bot: Bot) -> None:
    """The same one for as long as it runs, also to a reader whose position is from another time."""
    feeds = [requests.get(f"{bot.sandbox.url}/sandbox/feed?records={at}&wait=20", timeout=SECONDS).json() for at in (0, 2**53)]
    assert feeds[0]["instance"] == feeds[1]["instance"] != ""
    assert feeds[1]["records"] == []


def test_a_file_address_signed_in_other_letters_is_refused(bot: Bot) -> None:
    """As any wrong signature is."""
    path = "/files/x/file-preview?timestamp=1&nonce=1&sign=%C3%A9"
    assert requests.get(f"{bot.sandbox.url}{path}", timeout=SECONDS).status_code == 403


def test_brief_chats_after_a_number(bot: Bot) -> None:
    """Only those in which something was said since."""
    newest = bot.sandbox.say(bot.client_id, "x" * 1_000)["number"]
    [chat] = bot.sandbox.chats(client_id=bot.client_id, brief="1", after=str(newest - 1))
    assert chat["last"]["text"] == "x" * 200
    assert not bot.sandbox.chats(client_id=bot.client_id, brief="1", after=str(newest))
