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
    ],
)
def test_bad_message_is_refused(bot: Bot, changes: dict[str, object], code: str) -> None:
    """Each flaw has its own code."""
    assert refusal(_to_people(bot, **changes)) == (400, code)


def test_unknown_group_is_refused(bot: Bot) -> None:
    """Unlike a person, an unknown group is an error."""
    body = {"robotCode": bot.client_id, "openConversationId": "cidnone", **MARKDOWN}
    assert refusal(bot.call("POST", "/robot/groupMessages/send", body)) == (400, "invalid.openConversationId")
