"""Answers through the session webhook."""

from typing import Any

import pytest
import requests

from tests.sandbox.dingtalk.foreign import SECONDS, Bot

TEXT = {"msgtype": "text", "text": {"content": "好"}}


def _webhook(bot: Bot, **message: Any) -> str:
    with bot.connected() as socket:
        bot.sandbox.say(bot.client_id, "你好", **message)
        return str(socket.message()["sessionWebhook"])


def _send(url: str, body: Any) -> int:
    answer = requests.post(url, json=body, timeout=SECONDS)
    assert answer.status_code == 200
    assert answer.headers["x-acs-request-id"]
    return int(answer.json()["errcode"])


@pytest.mark.parametrize(
    "body",
    [
        TEXT,
        {"msgtype": "markdown", "markdown": {"title": "t", "text": "**好**"}},
        {"msgtype": "link", "link": {"title": "t", "text": "x", "messageUrl": "https://a"}},
        {"msgtype": "actionCard", "actionCard": {"title": "t", "text": "x", "singleTitle": "s", "singleURL": "u"}},
        {
            "msgtype": "actionCard",
            "actionCard": {"title": "t", "text": "x", "btns": [{"title": "a", "actionURL": "u"}]},
        },
        {"msgtype": "feedCard", "feedCard": {"links": [{"title": "a", "messageURL": "u", "picURL": "p"}]}},
    ],
)
def test_well_formed_message_is_said_in_the_chat(bot: Bot, body: dict[str, Any]) -> None:
    """Every msgtype of the webhook arrives where the question was asked."""
    assert _send(_webhook(bot), body) == 0
    said = bot.sandbox.wait_for(kind="said", client_id=bot.client_id)
    [chat] = bot.sandbox.chats(client_id=bot.client_id)
    assert said["msgtype"] == body["msgtype"]
    assert chat["messages"][-1]["from"] == "bot"


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"msgtype": "file", "file": {}}, 400105),
        ({"msgtype": "text", "text": {"content": ""}}, 40035),
        ({"msgtype": "markdown", "markdown": {"title": "", "text": "x"}}, 40035),
        ({"msgtype": "markdown", "markdown": {"text": "x"}}, 40035),
        ({"msgtype": "actionCard", "actionCard": {"title": "t", "text": "x"}}, 40035),
        ({"msgtype": "feedCard", "feedCard": {"links": []}}, 40035),
        ([TEXT], 40035),
        ({**TEXT, "at": ["staff-1"]}, 40035),
        ({**TEXT, "at": {"atUserIds": "staff-1"}}, 40035),
        ({"msgtype": "text", "text": {"content": "长" * 6_700}}, 460101),
    ],
)
def test_ill_formed_message_is_an_errcode(bot: Bot, body: Any, errcode: int) -> None:
    """Errors come under HTTP 200, and nothing is said."""
    assert _send(_webhook(bot), body) == errcode
    assert not bot.sandbox.records(kind="said", client_id=bot.client_id)


def test_empty_message_says_nothing(bot: Bot) -> None:
    """`empty` is taken, and nobody sees it."""
    assert _send(_webhook(bot), {"msgtype": "empty"}) == 0
    assert not bot.sandbox.records(kind="said", client_id=bot.client_id)


def test_session_expires(bot: Bot) -> None:
    """A session ends at sessionWebhookExpiredTime; an unknown one never was."""
    old = _webhook(bot, create_at=1_700_000_000_000)
    assert _send(old, TEXT) == 300001
    assert _send(f"{bot.sandbox.url}/robot/sendBySession?session=none", TEXT) == 300001


def test_body_must_be_declared_json(bot: Bot) -> None:
    """Another content type is errcode 43004."""
    answer = requests.post(_webhook(bot), data="x=1", headers={"Content-Type": "text/plain"}, timeout=SECONDS)
    assert answer.json()["errcode"] == 43004


def test_markdown_mention_rings_only_if_the_text_names_the_person(bot: Bot) -> None:
    """at.atUserIds alone is not enough in markdown."""
    url = _webhook(bot, conversation_type="2")
    at = {"atUserIds": ["staff-1"]}
    _send(url, {"msgtype": "markdown", "markdown": {"title": "t", "text": "好"}, "at": at})
    _send(url, {"msgtype": "markdown", "markdown": {"title": "t", "text": "@staff-1 好"}, "at": at})
    silent, ringing = bot.sandbox.records(kind="said", client_id=bot.client_id)
    assert (silent["at"], ringing["at"]) == ([], ["staff-1"])


def test_group_takes_so_many_messages_a_minute(bot: Bot) -> None:
    """Beyond the limit the robot is throttled in that group."""
    bot.register(webhook_per_minute=2)
    url = _webhook(bot, conversation_type="2")
    assert [_send(url, TEXT) for _ in range(4)] == [0, 0, 410100, 410100]


def test_month_quota_is_a_fault(bot: Bot) -> None:
    """Errcode 90030 can be ordered."""
    url = _webhook(bot)
    match = {"client_id": bot.client_id, "api": "webhook"}
    bot.sandbox.put_fault("dingtalk.api", {"errcode": 90030, "errmsg": "webhook over limit"}, match=match)
    assert _send(url, TEXT) == 90030
