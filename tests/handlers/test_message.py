"""Robot messages as DingTalk sends them, and as it should not."""

from typing import Any

import pytest

from handlers.message import UnreadableMessage, parse

BASE: dict[str, Any] = {
    "conversationId": "cidA==",
    "conversationType": "1",
    "msgId": "msgA==",
    "senderId": "$:LWCP_v1:$abc",
    "senderStaffId": "0421",
    "senderNick": "张三",
    "senderCorpId": "dingcorp",
    "chatbotCorpId": "dingcorp",
    "robotCode": "dingbot",
    "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=secret-session",
    "sessionWebhookExpiredTime": 1_695_290_404_201,
    "createAt": 1_695_284_999_360,
    "msgtype": "text",
    "text": {"content": " 你好 "},
}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "你好"),
        ({"text": {"content": None}}, ""),
        ({"text": None}, ""),
        ({"text": "no object"}, ""),
        ({"msgtype": "richText", "content": {"richText": [{"text": "一"}, {"type": "picture"}, {"text": "二"}]}}, "一二"),
        (
            {"msgtype": "richText", "content": {"richText": [{"type": "at", "atName": "李"}, {"type": "text", "text": "三"}]}},
            "三",
        ),
        ({"msgtype": "richText", "content": '{"richText":[{"text":"四"}]}'}, "四"),
        ({"msgtype": "richText", "content": {"richText": "broken"}}, ""),
        ({"msgtype": "richText", "content": {"richText": [None, 1, "x"]}}, ""),
        ({"msgtype": "markdown", "text": None, "content": {"text": "五"}}, "五"),
        ({"msgtype": "picture", "content": {"downloadCode": "c"}}, ""),
        ({"msgtype": None, "content": "{broken"}, ""),
    ],
)
def test_the_words_of_a_message(fields: dict[str, Any], text: str) -> None:
    """Text, rich text and markdown have words; odd shapes have none, and are no error."""
    assert text == parse({**BASE, **fields}).text


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({}, ()),
        ({"msgtype": "picture", "content": {"downloadCode": "a", "pictureDownloadCode": "b"}}, ("a",)),
        ({"msgtype": "picture", "content": {"pictureDownloadCode": "b"}}, ("b",)),
        ({"msgtype": "picture", "content": '{"downloadCode":"c"}'}, ("c",)),
        ({"msgtype": "picture", "content": {"downloadCode": None}}, ()),
        ({"msgtype": "picture", "content": "broken"}, ()),
        ({"msgtype": "file", "content": {"downloadCode": "a"}}, ()),
        (
            {
                "msgtype": "richText",
                "content": {
                    "richText": [
                        {"type": "picture", "downloadCode": "a"},
                        {"text": "between"},
                        {"type": "picture", "pictureDownloadCode": "b"},
                        {"type": "picture"},
                        {"type": "file", "downloadCode": "no"},
                        None,
                    ]
                },
            },
            ("a", "b"),
        ),
        ({"msgtype": "richText", "content": {"richText": "broken"}}, ()),
    ],
)
def test_the_pictures_of_a_message(fields: dict[str, Any], codes: tuple[str, ...]) -> None:
    """Their download codes, in the order of the pictures; odd shapes have none, and are no error."""
    assert codes == parse({**BASE, **fields}).pictures


def test_the_fields_of_a_message() -> None:
    """Ids, places and times, in seconds."""
    message = parse({**BASE, "conversationType": "2", "conversationTitle": "群", "errorCode": 20001})
    assert message.is_group
    assert message.user == "0421"
    assert message.error_code == "20001"
    assert int(message.created_at) == 1_695_284_999
    assert int(message.webhook_expires_at) == 1_695_290_404


def test_somebody_outside_the_company_is_known_by_sender_id() -> None:
    """Without a staffId (absent, or empty) the encrypted senderId tells people apart."""
    assert parse({**BASE, "senderStaffId": ""}).user == "$:LWCP_v1:$abc"
    assert parse({name: value for name, value in BASE.items() if name != "senderStaffId"}).user == "$:LWCP_v1:$abc"


@pytest.mark.parametrize("raw", [None, [], "text", {}, {**BASE, "msgId": ""}, {**BASE, "senderId": None}])
def test_what_is_no_message_is_refused_without_quoting_it(raw: object) -> None:
    """The error names what is missing, never what the delivery holds."""
    with pytest.raises(UnreadableMessage) as refused:
        parse(raw)
    assert "你好" not in str(refused.value)


def test_a_repr_shows_no_words_and_no_address() -> None:
    """What people say, who they are called and where to answer stay out of logs."""
    picture = parse({**BASE, "msgtype": "picture", "content": {"downloadCode": "secret-code"}})
    shown = f"{parse(BASE)!r} {picture!r}"
    assert not [secret for secret in ("你好", "张三", "secret-session", "secret-code") if secret in shown]
