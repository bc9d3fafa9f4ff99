"""Messages that the robot sends on its own."""

import json
from typing import Any

import pytest

from tests.sandbox.dingtalk.foreign import Bot, refusal

MARKDOWN = {"msgKey": "sampleMarkdown", "msgParam": json.dumps({"title": "t", "text": "早上好"})}


def _to_people(bot: Bot, **changes: object) -> Any:
    body = {"robotCode": bot.client_id, "userIds": ["staff-1"], **MARKDOWN, **changes}
    return bot.call("POST", "/robot/oToMessages/batchSend", body)


def test_person_gets_a_message_and_a_stranger_is_reported(bot: Bot) -> None:
    """HTTP 200 holds the ones who got nothing in invalidStaffIdList."""
    answer = _to_people(bot, userIds=["staff-1", "nobody"]).json()
    assert answer["processQueryKey"]
    assert answer["invalidStaffIdList"] == ["nobody"]
    assert [each["text"] for each in bot.sandbox.records(kind="said", client_id=bot.client_id)] == ["早上好"]


def test_group_gets_a_message(bot: Bot) -> None:
    """A group is named by its conversation id."""
    group = bot.sandbox.say(bot.client_id, "hi", conversation_type="2")["conversation_id"]
    body = {"robotCode": bot.client_id, "openConversationId": group, **MARKDOWN}
    assert bot.call("POST", "/robot/groupMessages/send", body).json()["processQueryKey"]
    assert bot.sandbox.wait_for(kind="said", client_id=bot.client_id)["conversation_id"] == group


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"robotCode": ""}, "invalidParameter.robotCode.empty"),
        ({"robotCode": "other"}, "invalidParameter.robotCode.notExsit"),
        ({"userIds": []}, "invalidParameter.userIds.empty"),
        ({"userIds": [str(number) for number in range(21)]}, "invalidParameter.userIds.overMax"),
        ({"msgKey": "sampleNothing"}, "invalidParameter.msgKey.invalid"),
        ({"msgParam": {"title": "t", "text": "x"}}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": '{"text":"x"}'}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": json.dumps({"title": "t", "text": "x" * 15_000})}, "invalidParameter.msgParam.tooLong"),
        ({"msgKey": "sampleAudio", "msgParam": '{"mediaId":"lA1","duration":"1000"}'}, "invalidParameter.msgParam.invalid"),
        ({"msgKey": "sampleAudio", "msgParam": '{"mediaId":"@lA1","duration":"1 s"}'}, "invalidParameter.msgParam.invalid"),
    ],
)
def test_bad_message_is_refused(bot: Bot, changes: dict[str, object], code: str) -> None:
    """Each flaw has its own code."""
    assert refusal(_to_people(bot, **changes)) == (400, code)


def test_unknown_group_is_refused(bot: Bot) -> None:
    """Unlike a person, an unknown group is an error."""
    body = {"robotCode": bot.client_id, "openConversationId": "cidnone", **MARKDOWN}
    assert refusal(bot.call("POST", "/robot/groupMessages/send", body)) == (400, "invalid.openConversationId")


CARD = {"title": "t", "text": "x"}
KINDS: dict[str, dict[str, str]] = {
    "sampleText": {"content": "早"},
    "sampleMarkdown": CARD,
    "sampleImageMsg": {"photoURL": "@lA1"},
    "sampleLink": {**CARD, "picUrl": "https://example.com/a.png", "messageUrl": "https://example.com"},
    "sampleActionCard": {**CARD, "singleTitle": "看", "singleURL": "https://example.com"},
    **{
        f"sampleActionCard{buttons}": {
            **CARD,
            **{f"actionTitle{number}": "看" for number in range(1, buttons + 1)},
            **{f"actionURL{number}": "https://example.com" for number in range(1, buttons + 1)},
        }
        for buttons in (2, 3, 4, 5)
    },
    "sampleActionCard6": {**CARD, "buttonTitle1": "是", "buttonUrl1": "u", "buttonTitle2": "否", "buttonUrl2": "u"},
    "sampleAudio": {"mediaId": "@lA1", "duration": "4000"},
    "sampleFile": {"mediaId": "@lA1", "fileName": "a.pdf", "fileType": "pdf"},
    "sampleVideo": {"duration": "5", "videoMediaId": "@lA1", "videoType": "mp4", "picMediaId": "@lA2"},
}


@pytest.mark.parametrize("key", KINDS)
def test_every_kind_of_message_needs_all_of_its_fields(bot: Bot, key: str) -> None:
    """Whole, it is sent; without any one of its fields it is refused."""
    assert _to_people(bot, msgKey=key, msgParam=json.dumps(KINDS[key])).status_code == 200
    for field in KINDS[key]:
        lacking = {name: value for name, value in KINDS[key].items() if name != field}
        answer = _to_people(bot, msgKey=key, msgParam=json.dumps(lacking))
        assert refusal(answer) == (400, "invalidParameter.msgParam.invalid"), field
