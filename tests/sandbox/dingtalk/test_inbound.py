"""What is pushed for what a person does."""

from typing import Any

import pytest

from tests.sandbox.dingtalk.foreign import Bot

KINDS = {
    "picture": {"downloadCode", "pictureDownloadCode"},
    "audio": {"duration", "downloadCode", "recognition"},
    "video": {"duration", "videoType", "downloadCode"},
    "file": {"downloadCode", "fileName", "spaceId", "fileId"},
    "richText": {"richText"},
    "chatRecord": {"title", "summary", "chatRecord"},
    "interactiveCard": {"biz_custom_action_url"},
    "actionCard": {"title", "text", "actionUrlItemList"},
    "unknownMsgType": {"unknownMsgType"},
}


def _pushed(bot: Bot, text: str = "你好", **message: Any) -> dict[str, Any]:
    with bot.connected() as socket:
        assert bot.sandbox.say(bot.client_id, text, **message)["delivered"]
        return socket.message()


def test_private_text(bot: Bot) -> None:
    """A private text has its common fields and no group ones."""
    message = _pushed(bot)
    assert message["text"] == {"content": "你好"}
    assert (message["msgtype"], message["conversationType"]) == ("text", "1")
    assert (message["senderStaffId"], message["robotCode"]) == ("staff-1", bot.client_id)
    assert message["sessionWebhookExpiredTime"] == message["createAt"] + 5_400_000
    assert "isInAtList" not in message


def test_group_text_keeps_the_blank_behind_the_mention(bot: Bot) -> None:
    """The mention is stripped, a leading blank remains."""
    message = _pushed(bot, conversation_type="2", conversation_title="研发群")
    assert message["text"] == {"content": " 你好"}
    assert (message["conversationType"], message["conversationTitle"]) == ("2", "研发群")
    assert message["isInAtList"] is True
    assert message["atUsers"] == [{"dingtalkId": message["chatbotUserId"]}]


@pytest.mark.parametrize("msgtype", KINDS)
def test_every_kind_of_message_in_private(bot: Bot, msgtype: str) -> None:
    """Each msgtype comes with its own content."""
    message = _pushed(bot, "内容", msgtype=msgtype)
    assert message["msgtype"] == msgtype
    assert set(message["content"]) == KINDS[msgtype]
    assert "text" not in message


def test_forwarded_markdown_is_under_text(bot: Bot) -> None:
    """Markdown comes as text.content."""
    assert _pushed(bot, "# 好", msgtype="markdown")["text"] == {"content": "# 好"}


@pytest.mark.parametrize("msgtype", ["audio", "video", "file"])
def test_audio_video_and_files_never_come_from_groups(bot: Bot, msgtype: str) -> None:
    """The platform does not deliver them there, mention or not."""
    with bot.connected():
        assert not bot.sandbox.say(bot.client_id, msgtype=msgtype, conversation_type="2")["delivered"]


def test_group_message_without_mention_is_not_delivered(bot: Bot) -> None:
    """A bot hears only what mentions it."""
    with bot.connected():
        assert not bot.sandbox.say(bot.client_id, "你好", conversation_type="2", at=False)["delivered"]


def test_outsider_has_no_staff_id(bot: Bot) -> None:
    """People from outside the organisation come with senderId and nick only."""
    message = _pushed(bot, sender={"staff_id": None, "nick": "访客"})
    assert message["senderId"].startswith("$:LWCP_v1:$")
    assert not {"senderStaffId", "senderCorpId"} & set(message)


def test_private_chat_is_the_same_for_the_same_person(bot: Bot) -> None:
    """Two messages, one conversation; another person, another one."""
    one, two = _pushed(bot), _pushed(bot)
    other = _pushed(bot, sender="staff-2")
    assert one["conversationId"] == two["conversationId"] != other["conversationId"]
    assert one["msgId"] != two["msgId"]


def test_quoted_text_comes_along(bot: Bot) -> None:
    """A reply carries the quoted message under text and its id on top."""
    message = _pushed(bot, quote={"msgtype": "text", "text": "原文", "msg_id": "msgold=="})
    assert message["originalMsgId"] == "msgold=="
    assert message["text"]["isReplyMsg"] is True
    assert message["text"]["repliedMsg"]["content"] == {"text": "原文"}


def test_quote_in_rich_text_is_under_content(bot: Bot) -> None:
    """The same keys sit beside richText."""
    message = _pushed(bot, msgtype="richText", quote={"text": "原文"})
    assert message["content"]["repliedMsg"]["msgType"] == "text"


def test_quote_may_be_no_more_than_an_id(bot: Bot) -> None:
    """OriginalMsgId alone is possible."""
    message = _pushed(bot, quote={"form": "id_only", "msg_id": "msgold=="})
    assert message["originalMsgId"] == "msgold=="
    assert "repliedMsg" not in message["text"]


def test_quoted_card_is_named_by_its_carrier(bot: Bot) -> None:
    """A quote of the bot's own card has its carrier id and the bot as its sender."""
    created = bot.create().json()["result"]
    message = _pushed(bot, quote={"form": "card", "out_track_id": created["outTrackId"]})
    replied = message["text"]["repliedMsg"]
    assert message["originalProcessQueryKey"] == created["deliverResults"][0]["carrierId"]
    assert (replied["msgType"], replied["senderId"]) == ("interactiveCard", message["chatbotUserId"])


def test_message_comes_without_content_when_the_quota_is_used_up(bot: Bot) -> None:
    """The 20001 notice has everything but what was said."""
    bot.sandbox.put_fault("dingtalk.inbound", {"errorCode": 20001}, match={"client_id": bot.client_id}, times=1)
    message = _pushed(bot)
    assert message["errorCode"] == 20001
    assert not {"text", "content"} & set(message)
    assert message["sessionWebhook"]


def test_any_field_can_be_overridden_or_removed(bot: Bot) -> None:
    """What the platform does on a strange day can be told field by field."""
    message = _pushed(bot, overrides={"msgId": None, "sceneGroupCode": "x"}, content=None)
    assert "msgId" not in message
    assert message["sceneGroupCode"] == "x"
