"""What people and bots write: how it is kept for a page, and what of it reaches the other side."""

import json
from typing import Any

import pytest
import requests

from tests.sandbox.dingtalk.foreign import SECONDS, Bot, Json

PNG = b"\x89PNG\r\n\x1a\npicture"


def seen(bot: Bot, conversation_id: str, after: int = 0) -> list[Json]:
    """The messages as a page gets them."""
    return bot.sandbox.messages(bot.client_id, conversation_id, after)


def said(bot: Bot, text: str = "", **message: Any) -> tuple[Json, Json]:
    """What the page keeps and what the bot gets of a message."""
    with bot.connected() as socket:
        sent = bot.sandbox.say(bot.client_id, text, **message)
        assert sent["delivered"], sent
        [kept] = seen(bot, sent["conversation_id"], sent["number"] - 1)
        return kept, socket.message()


def fetched(bot: Bot, code: str) -> bytes:
    """The bytes behind a downloadCode."""
    answer = bot.call("POST", "/robot/messageFiles/download", {"downloadCode": code, "robotCode": bot.client_id})
    return requests.get(answer.json()["downloadUrl"], timeout=SECONDS).content


def test_rich_text_with_a_picture(bot: Bot) -> None:
    """Texts and pictures keep their order on both sides, and the bot can fetch the very bytes."""
    file = bot.sandbox.put_file("chart.png", PNG)
    kept, got = said(bot, msgtype="richText", parts=[{"text": "看图"}, {"file": file}, {"text": "对吗"}])
    assert kept["parts"] == [{"text": "看图"}, {"picture": file}, {"text": "对吗"}]
    assert kept["text"] == "看图对吗"
    first, picture, last = got["content"]["richText"]
    assert (first, last, picture["type"]) == ({"text": "看图"}, {"text": "对吗"}, "picture")
    assert fetched(bot, picture["downloadCode"]) == PNG
    assert fetched(bot, picture["pictureDownloadCode"]) == PNG


def test_a_file_keeps_its_name_and_bytes(bot: Bot) -> None:
    """The page knows what to offer for download, the bot what to fetch."""
    file = bot.sandbox.put_file("季度报告.pdf", b"%PDF")
    kept, got = said(bot, msgtype="file", file=file)
    assert kept["file"] == {"media": file, "name": "季度报告.pdf", "bytes": 4}
    assert got["content"]["fileName"] == "季度报告.pdf"
    assert fetched(bot, got["content"]["downloadCode"]) == b"%PDF"
    assert bot.sandbox.media(file) == b"%PDF"


def test_voice_comes_with_its_recognised_text(bot: Bot) -> None:
    """The duration is in milliseconds on the wire, in seconds on the page."""
    kept, got = said(bot, "帮我订会议室", msgtype="audio", file=bot.sandbox.put_file("voice.amr", b"#!AMR\n"), seconds=3.5)
    assert (kept["seconds"], kept["text"]) == (3.5, "帮我订会议室")
    assert (got["content"]["duration"], got["content"]["recognition"]) == (3500, "帮我订会议室")


def test_colleagues_who_are_mentioned_are_in_at_users_but_not_in_the_text(bot: Bot) -> None:
    """The platform takes every mention out of a plain text."""
    bot.sandbox.say(bot.client_id, sender={"staff_id": "lilei", "nick": "李雷"}, conversation_type="2")
    kept, got = said(bot, "一起看看", conversation_type="2", mention=["李雷"])
    assert kept["at"] == ["测试机器人", "李雷"]
    assert got["text"]["content"] == " 一起看看"
    assert len(got["atUsers"]) == 2


QUOTED = [
    ({"text": "第一句"}, "text", {"text": "第一句"}),
    ({"msgtype": "audio", "text": "说的话", "file": b"#!AMR\n"}, "audio", {"recognition": "说的话"}),
    ({"msgtype": "file", "file": b"%PDF"}, "file", {"fileName": "a.bin"}),
    ({"msgtype": "richText", "parts": [{"text": "图文"}]}, "richText", {"richText": [{"msgType": "text", "content": "图文"}]}),
]


@pytest.mark.parametrize(("message", "msgtype", "content"), QUOTED, ids=[each[1] for each in QUOTED])
def test_a_quote_of_a_person(bot: Bot, message: Json, msgtype: str, content: Json) -> None:
    """The bot is told whose message it was, when it was written, and what it held."""
    if isinstance(message.get("file"), bytes):
        message = {**message, "file": bot.sandbox.put_file("a.bin", message["file"])}
    quoted = bot.sandbox.say(bot.client_id, **message)
    kept, got = said(bot, "什么意思", quote={"number": quoted["number"]})
    assert (kept["quote"]["number"], kept["quote"]["nick"]) == (quoted["number"], "staff-1")
    replied = got["text"]["repliedMsg"]
    assert got["text"]["isReplyMsg"] is True
    assert (replied["msgType"], replied["msgId"]) == (msgtype, quoted["msg_id"])
    assert replied["senderId"] == got["senderId"]
    assert content.items() <= replied["content"].items()
    assert got["originalMsgId"] == quoted["msg_id"]


def test_a_quote_of_the_bots_card_names_its_carrier(bot: Bot) -> None:
    """So that a bot can find which of its answers is meant."""
    delivery = bot.create().json()["result"]["deliverResults"][0]
    [chat] = bot.sandbox.chats(client_id=bot.client_id)
    kept, got = said(bot, "再说说", quote={"number": chat["messages"][-1]["number"]})
    assert kept["quote"]["nick"] == "测试机器人"
    assert got["text"]["repliedMsg"]["msgType"] == "interactiveCard"
    assert got["text"]["repliedMsg"]["senderId"] == got["chatbotUserId"]
    assert got["originalProcessQueryKey"] == delivery["carrierId"]


def test_what_was_not_delivered_says_why(bot: Bot) -> None:
    """On the page the message stays, marked; a record tells viewers who saw it before."""
    before = bot.sandbox.last()
    sent = bot.sandbox.say(bot.client_id, "有人吗")
    assert (sent["delivered"], sent["reason"]) == (False, "no connection")
    [kept] = seen(bot, sent["conversation_id"], sent["number"] - 1)
    assert (kept["delivered"], kept["reason"]) == (False, "no connection")
    record = bot.sandbox.wait_for(before, kind="undelivered", client_id=bot.client_id)
    assert record["number"] == sent["number"]


@pytest.mark.parametrize(
    "message",
    [
        {"msgtype": "file", "file": "gone"},
        {"msgtype": "richText", "parts": []},
        {"msgtype": "richText", "parts": [{"video": 1}]},
        {"msgtype": "richText", "parts": "text"},
        {"quote": {"number": 999_999_999}},
        {"mention": "李雷"},
        {"content": "text"},
    ],
)
def test_an_unfit_message_is_refused_and_leaves_nothing_behind(bot: Bot, message: Json) -> None:
    """A sentence, and no half of a message in the chat."""
    [before] = bot.sandbox.chats(client_id=bot.client_id)
    with pytest.raises(ValueError, match="400"):
        bot.sandbox.say(bot.client_id, **message)
    [after] = bot.sandbox.chats(client_id=bot.client_id)
    assert len(after["messages"]) == len(before["messages"])


def test_twenty_megabytes_is_the_most(bot: Bot) -> None:
    """Exactly so much is taken, one byte more is refused with its name."""
    assert bot.sandbox.put_file("big.bin", bytes(20 * 1024 * 1024))
    with pytest.raises(ValueError, match=r"413 huge\.bin is larger than 20 MB"):
        bot.sandbox.put_file("huge.bin", bytes(20 * 1024 * 1024 + 1))
    with pytest.raises(ValueError, match="400"):
        bot.sandbox.put_file("empty.bin", b"")


def test_only_pictures_are_shown_in_place(bot: Bot) -> None:
    """A page named .png, or an SVG that could act, is something to save."""
    for name, content, kind in (
        ("a.txt", PNG, "image/png"),
        ("a.png", b"<script>alert(1)</script>", None),
        ("a.svg", b"<svg/>", None),
    ):
        answer = requests.get(f"{bot.sandbox.url}/sandbox/media/{bot.sandbox.put_file(name, content)}", timeout=SECONDS)
        assert answer.headers["Content-Type"] == (kind or "application/octet-stream")
        assert ("attachment" in answer.headers.get("Content-Disposition", "")) is (kind is None)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def webhook(bot: Bot, body: Json) -> Json:
    """Answer a message through its session; what the page shows of it."""
    with bot.connected() as socket:
        sent = bot.sandbox.say(bot.client_id, "请回答")
        answer = requests.post(socket.message()["sessionWebhook"], json=body, timeout=SECONDS)
        assert answer.json()["errcode"] == 0
    [shown] = seen(bot, sent["conversation_id"], sent["number"])
    return shown


def test_a_bots_messages_show_all_that_they_hold(bot: Bot) -> None:
    """Titles, buttons, pictures and mentions of the webhook's kinds."""
    markdown = {"title": "预览", "text": "**好** @staff-1"}
    shown = webhook(bot, {"msgtype": "markdown", "markdown": markdown, "at": {"atUserIds": ["staff-1"]}})
    assert (shown["title"], shown["text"], shown["at"]) == ("预览", "**好** @staff-1", ["staff-1"])
    buttons = [{"title": "同意", "actionURL": "https://example.com/yes"}]
    shown = webhook(bot, {"msgtype": "actionCard", "actionCard": {"title": "审批", "text": "请审批", "btns": buttons}})
    assert shown["buttons"] == [{"text": "同意", "url": "https://example.com/yes"}]
    link = {"title": "文档", "text": "点开", "messageUrl": "https://example.com/doc", "picUrl": "https://example.com/p.png"}
    shown = webhook(bot, {"msgtype": "link", "link": link})
    assert (shown["buttons"][0]["url"], shown["pictures"]) == (link["messageUrl"], [link["picUrl"]])


def test_a_robots_picture_and_file(bot: Bot) -> None:
    """What was uploaded before is what people see."""
    upload = requests.post(
        f"{bot.sandbox.url}/media/upload",
        params={"access_token": bot.token(), "type": "image"},
        files={"media": ("chart.png", PNG)},
        timeout=SECONDS,
    )
    media_id = upload.json()["media_id"]
    assert bot.sandbox.media(media_id) == PNG
    [chat] = bot.sandbox.chats(client_id=bot.client_id)
    for key, param in (
        ("sampleImageMsg", {"photoURL": media_id}),
        ("sampleFile", {"mediaId": media_id, "fileName": "a.xlsx", "fileType": "xlsx"}),
    ):
        body = {"robotCode": bot.client_id, "userIds": ["staff-1"], "msgKey": key, "msgParam": json.dumps(param)}
        assert bot.call("POST", "/robot/oToMessages/batchSend", body).status_code == 200
    picture, file = seen(bot, chat["conversation_id"], chat["messages"][-1]["number"])
    assert (picture["msgtype"], picture["pictures"]) == ("picture", [media_id])
    assert (file["msgtype"], file["file"]) == ("file", {"media": media_id, "name": "a.xlsx", "bytes": len(PNG)})


def test_chats_in_brief_tell_the_last_message_only(bot: Bot) -> None:
    """What a list of conversations needs, and no more."""
    url = f"{bot.sandbox.url}/sandbox/chats"
    [chat] = requests.get(url, params={"brief": "1", "client_id": bot.client_id}, timeout=SECONDS).json()["chats"]
    assert "messages" not in chat
    assert (chat["last"]["text"], chat["last"]["nick"]) == ("在吗", "staff-1")


def test_the_feed_gives_records_and_its_own_bounds(bot: Bot) -> None:
    """A page that was away knows by `oldest` whether it missed something."""
    start = requests.get(f"{bot.sandbox.url}/sandbox/feed", timeout=SECONDS).json()
    bot.sandbox.say(bot.client_id, "新消息")
    query = {"records": start["last"]["records"], "wait": 5}
    news = requests.get(f"{bot.sandbox.url}/sandbox/feed", params=query, timeout=SECONDS).json()
    assert [record["text"] for record in news["records"] if record["kind"] == "message"] == ["新消息"]
    assert news["oldest"]["records"] <= start["last"]["records"] + 1 <= news["last"]["records"]
    assert news["wire"] == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "localhost:1"}, 200),
    ],
)
def test_other_web_pages_cannot_reach_the_control_api(bot: Bot, headers: dict[str, str], status: int) -> None:
    """Neither from their own origin nor under a name of theirs that leads to this machine; programs can."""
    assert requests.get(f"{bot.sandbox.url}/sandbox/apps", headers=headers, timeout=SECONDS).status_code == status


def test_the_pages_own_origin_is_let_through(bot: Bot) -> None:
    """The page that this server gave."""
    headers = {"Origin": bot.sandbox.url}
    assert requests.get(f"{bot.sandbox.url}/sandbox/apps", headers=headers, timeout=SECONDS).status_code == 200
