"""Whatever a delivery holds, it is a message or told to be none; nothing of it leaks, and what is read can be kept."""

import math
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.message import Incoming, UnreadableMessage, parse
from tests.properties.strategies import JSON, WORDS, nested, spoilt

_OF_EVERY_KIND: dict[str, Any] = {
    "conversationId": "cidA==",
    "conversationType": "2",
    "conversationTitle": WORDS,
    "msgId": "msgA==",
    "senderId": "$:LWCP_v1:$abc",
    "senderStaffId": "0421",
    "senderNick": WORDS,
    "senderCorpId": "dingcorp",
    "chatbotCorpId": "dingcorp",
    "chatbotUserId": "$:LWCP_v1:$bot",
    "robotCode": "dingbot",
    "isAdmin": True,
    "isInAtList": True,
    "atUsers": [{"dingtalkId": "$:LWCP_v1:$bot"}, {"dingtalkId": "$:LWCP_v1:$abc", "staffId": "0421"}],
    "sessionWebhook": f"https://oapi.dingtalk.com/robot/sendBySession?session={WORDS}",
    "sessionWebhookExpiredTime": 1_695_290_404_201,
    "createAt": 1_695_284_999_360,
}
_BY_KIND: dict[str, dict[str, Any]] = {
    "text": {"text": {"content": WORDS}},
    "richText": {
        "content": {
            "richText": [
                {"type": "text", "text": WORDS},
                {"text": "二"},
                {"type": "at", "atName": WORDS},
                {"type": "picture", "downloadCode": "c1", "pictureDownloadCode": "c2"},
            ]
        }
    },
    "picture": {"content": {"downloadCode": "c1", "pictureDownloadCode": "c2"}},
    "audio": {"content": {"duration": 4000, "downloadCode": "c1", "recognition": WORDS}},
    "video": {"content": {"duration": "4000", "downloadCode": "c1", "videoType": "mp4"}},
    "file": {"content": {"spaceId": "s", "fileName": WORDS, "downloadCode": "c1", "fileId": "f"}},
    "markdown": {"text": {"content": WORDS}, "content": {"text": WORDS}},
    "chatRecord": {"content": {"title": WORDS, "summary": [{"senderNick": WORDS, "text": WORDS}]}},
    "unknownMsgType": {"content": {"unknownMsgType": "card"}, "errorCode": "20001"},
}
PAYLOADS = {kind: {**_OF_EVERY_KIND, "msgtype": kind, **body} for kind, body in _BY_KIND.items()}


def read(raw: object) -> Incoming | None:
    """Return the message, or None where it is told to be none; any other error is a crash."""
    told = ""
    try:
        return parse(raw)
    except UnreadableMessage as error:
        told = str(error)
    assert WORDS not in told
    return None


def check(incoming: Incoming) -> None:
    """Every field is of its type; a text can be written anywhere, and no time upsets an order."""
    assert incoming.message_id
    assert incoming.conversation_id
    assert incoming.user
    assert WORDS not in repr(incoming)
    for field in fields(incoming):
        value = getattr(incoming, field.name)
        assert type(value).__name__ == getattr(field.type, "__name__", field.type) or field.default == value, field.name
        if isinstance(value, str):
            value.encode()
    assert math.isfinite(incoming.created_at)
    assert math.isfinite(incoming.webhook_expires_at)


@given(JSON)
def test_any_json_is_a_message_or_none(raw: object) -> None:
    """No value breaks the parser."""
    assert read(raw) is None or isinstance(raw, dict)


@pytest.mark.parametrize("kind", PAYLOADS)
@given(changes=st.data())
def test_a_spoilt_message_is_a_message_or_none(kind: str, changes: st.DataObject) -> None:
    """Keys gone, other types, huge values, halves of characters: it is read or refused, and nobody's words are shown."""
    incoming = read(changes.draw(spoilt(PAYLOADS[kind])))
    if incoming:
        check(incoming)


@given(st.sampled_from(list(PAYLOADS)), st.sampled_from(list(_OF_EVERY_KIND)), JSON)
def test_one_odd_field_spoils_no_other(kind: str, name: str, value: object) -> None:
    """The words of a message are read whatever stands beside them."""
    incoming = read({**PAYLOADS[kind], name: value})
    if incoming:
        check(incoming)
        assert incoming.text == parse(PAYLOADS[kind]).text
    else:
        assert name in {"msgId", "conversationId", "senderId"}


@pytest.mark.parametrize("kind", PAYLOADS)
def test_nothing_is_nested_too_deep(kind: str) -> None:
    """Not even five times deeper than a parser of JSON goes."""
    for deep in nested(5_000):
        for name in PAYLOADS[kind]:
            read({**PAYLOADS[kind], name: deep})
