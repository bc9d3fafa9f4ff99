"""The shapes of what a card call may carry beside the card itself."""

import pytest

from tests.sandbox.dingtalk.foreign import Bot, Json, refusal

SPACE, DELIVER = "imRobotOpenSpaceModel", "imRobotOpenDeliverModel"
MAY_FORWARD = {"supportForward": True}
IM_ROBOT = {"spaceType": "IM_ROBOT"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({SPACE: []}, "param.openSpaceModelInvalid"),
        ({SPACE: {"supportForward": "true"}}, "param.openSpaceModelInvalid"),
        ({SPACE: {**MAY_FORWARD, "lastMessageI18n": "答完了"}}, "param.openSpaceModelInvalid"),
        ({SPACE: {**MAY_FORWARD, "lastMessageI18n": {"zh_CN": "答完了"}}}, "param.openSpaceModelInvalid"),
        ({SPACE: {**MAY_FORWARD, "lastMessageI18n": {"ZH_CN": 1}}}, "param.openSpaceModelInvalid"),
        ({SPACE: {**MAY_FORWARD, "searchSupport": {"searchDesc": "长" * 201}}}, "param.openSpaceModelInvalid"),
        ({SPACE: {**MAY_FORWARD, "notification": "ring"}}, "param.openSpaceModelInvalid"),
        ({DELIVER: []}, "param.openDeliverModelEmpty"),
        ({DELIVER: {**IM_ROBOT, "atUserIds": ["staff-1"]}}, "param.openDeliverModelError"),
        ({DELIVER: {**IM_ROBOT, "recipients": "staff-1"}}, "param.openDeliverModelError"),
        ({DELIVER: {**IM_ROBOT, "extension": {"dynamicSummary": True}}}, "param.openDeliverModelError"),
        ({"cardAtUserIds": "staff-1"}, "param.invalid"),
        ({"userId": 7}, "param.invalid"),
        ({"userIdType": 3}, "param.invalid"),
        ({"callbackType": "stream"}, "param.invalid"),
        ({"privateData": []}, "param.invalid"),
        ({"privateData": {"staff-1": {"cardParamMap": {"a": 1}}}}, "param.invalid"),
    ],
)
def test_ill_shaped_part_is_refused(bot: Bot, changes: Json, code: str) -> None:
    """Nothing is taken for what it was probably meant to be."""
    assert refusal(bot.create(**changes)) == (400, code)


def test_everything_documented_is_taken(bot: Bot) -> None:
    """Every optional part in its documented shape passes, and the preview is the space model's."""
    space = {
        **MAY_FORWARD,
        "lastMessageI18n": {"ZH_CN": "正在回答", "EN_US": "answering"},
        "searchSupport": {"searchIcon": "@lA1", "searchTypeName": "卡片", "searchDesc": "回答"},
        "notification": {"alertContent": "回答来了", "notificationOff": False},
    }
    deliver = {**IM_ROBOT, "robotCode": bot.client_id, "extension": {"dynamicSummary": "true"}}
    more = {"userId": "staff-1", "userIdType": 1, "cardAtUserIds": ["staff-1"], "openDynamicDataConfig": {}}
    answer = bot.create(**{SPACE: space, DELIVER: deliver}, **more)
    [result] = answer.json()["result"]["deliverResults"]
    assert result["success"]
    assert bot.sandbox.card(answer.json()["result"]["outTrackId"])["preview"] == {SPACE: space}


def test_group_is_mentioned_by_a_map_and_all_at_once(bot: Bot) -> None:
    """AtUserIds is a map of ids to names, or @ALL; recipients is a list."""
    group = bot.sandbox.say(bot.client_id, "大家好", conversation_type="2")["conversation_id"]
    for mentioned in ({"staff-1": "小王"}, {"@ALL": "@ALL"}):
        model = {"robotCode": bot.client_id, "atUserIds": mentioned, "recipients": ["staff-1"]}
        answer = bot.create(openSpaceId=f"dtv1.card//IM_GROUP.{group}", imGroupOpenDeliverModel=model)
        assert answer.json()["result"]["deliverResults"][0]["success"]


def test_several_spaces_are_delivered_one_by_one(bot: Bot) -> None:
    """Spaces joined by a semicolon have a result each; one that is not imitated fails in it alone."""
    answer = bot.create(
        openSpaceId="dtv1.card//IM_ROBOT.staff-1;dtv1.card//ONE_BOX.x", topOpenDeliverModel={"expiredTimeMillis": 1}
    )
    results = answer.json()["result"]["deliverResults"]
    assert [(each["spaceType"], each["success"]) for each in results] == [("IM_ROBOT", True), ("ONE_BOX", False)]


def test_union_ids_name_nobody_here(bot: Bot) -> None:
    """With userIdType 2 the space is a unionId; no person has one."""
    [result] = bot.create(userIdType=2).json()["result"]["deliverResults"]
    assert (result["success"], result["errorMsg"]) == (False, "user does not exist")


@pytest.mark.parametrize(
    "models",
    [{}, {"unknownOpenSpaceModel": {}}, {SPACE: "x"}, {SPACE: {"lastMessageI18n": {"zh": "x"}}}],
)
def test_preview_in_the_wrong_shape_is_refused(bot: Bot, models: Json) -> None:
    """PUT .../spaces wants a known model, and its texts under the known languages."""
    answer = bot.call("PUT", "/card/instances/spaces", {"outTrackId": bot.card(), **models})
    assert refusal(answer) == (400, "param.openSpaceModelInvalid")


def test_preview_alone_needs_no_forwarding(bot: Bot) -> None:
    """What the conversation list shows can be set without saying again whether the card may be forwarded."""
    card, model = bot.card(), {"lastMessageI18n": {"ZH_CN": "答完了"}}
    assert bot.call("PUT", "/card/instances/spaces", {"outTrackId": card, SPACE: model}).status_code == 200
    assert bot.sandbox.card(card)["preview"] == {SPACE: model}
