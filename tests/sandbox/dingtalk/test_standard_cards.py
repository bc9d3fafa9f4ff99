"""The robot's interactive cards of before 2023."""

import json
import uuid

import pytest

from tests.sandbox.dingtalk.foreign import Bot, Json, refusal

SEND, UPDATE = "/im/v1.0/robot/interactiveCards/send", "/im/robots/interactiveCards"
OPEN = {
    "type": "button",
    "label": {"type": "text", "text": "打开"},
    "actionType": "openLink",
    "id": "open",
    "status": "primary",
}
ASK = {"type": "button", "label": {"type": "text", "text": "回传"}, "actionType": "request", "id": "ask", "status": "normal"}
LAYOUT = {
    "header": {"title": {"type": "text", "text": "标题"}, "logo": "@lA0"},
    "contents": [
        {"type": "markdown", "text": "**一**"},
        {"type": "divider"},
        {"type": "section", "fields": {"list": [{"type": "text", "text": "二"}]}, "extra": ASK},
        {"type": "image", "image": "@lA1"},
        {"type": "imageList", "images": ["@lA2"]},
        {"type": "action", "actions": [{**OPEN, "url": {"all": "https://example.com"}}]},
    ],
}


def _card(bot: Bot, **changes: object) -> Json:
    body: Json = {
        "cardTemplateId": "StandardCard",
        "robotCode": bot.client_id,
        "cardBizId": uuid.uuid4().hex,
        "cardData": json.dumps(LAYOUT),
        "singleChatReceiver": json.dumps({"userId": "staff-1"}),
        "sendOptions": {},
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def test_old_card_is_shown_and_updated(bot: Bot) -> None:
    """Its layout becomes what a person sees; a second layout takes the first one's place."""
    body = _card(bot)
    assert bot.call("POST", SEND, body).json()["processQueryKey"]
    shown = bot.sandbox.card(body["cardBizId"])
    assert (shown["state"], shown["title"], shown["logo"], shown["text"]) == ("finished", "标题", "@lA0", "**一**\n\n二")
    assert shown["images"] == ["@lA1", "@lA2"]
    assert shown["buttons"] == [
        {"id": "ask", "text": "回传", "color": "gray", "request": True},
        {"id": "open", "text": "打开", "color": "blue", "url": "https://example.com"},
    ]
    new = {"cardBizId": body["cardBizId"], "cardData": json.dumps({"contents": [{"type": "text", "text": "三"}]})}
    assert bot.call("PUT", UPDATE, new).status_code == 200
    assert bot.sandbox.card(body["cardBizId"])["text"] == "三"


def test_old_card_goes_to_groups_and_again(bot: Bot) -> None:
    """The same cardBizId may be sent to several conversations."""
    group = bot.sandbox.say(bot.client_id, "hi", conversation_type="2")["conversation_id"]
    body = _card(bot, openConversationId=group, singleChatReceiver=None)
    assert bot.call("POST", SEND, body).status_code == 200
    assert bot.call("POST", SEND, _card(bot, cardBizId=body["cardBizId"])).status_code == 200
    assert bot.sandbox.card(body["cardBizId"])["conversation_id"] == group


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cardTemplateId": "own.schema"}, "param.templateNotExist"),
        ({"cardBizId": ""}, "param.outTrackIdEmpty"),
        ({"cardData": LAYOUT}, "param.error"),
        ({"cardData": '{"contents": [{}]}'}, "param.error"),
        ({"singleChatReceiver": None}, "param.error"),
        ({"singleChatReceiver": '{"userId": "nobody"}'}, "param.error"),
        ({"robotCode": "other"}, "param.error"),
    ],
)
def test_ill_formed_old_card_is_refused(bot: Bot, changes: Json, code: str) -> None:
    """The flaw is told."""
    assert refusal(bot.call("POST", SEND, _card(bot, **changes))) == (400, code)


def test_new_calls_know_no_standard_card(bot: Bot) -> None:
    """It is no template of today's card calls."""
    assert refusal(bot.create(cardTemplateId="StandardCard")) == (400, "param.templateNotExist")
