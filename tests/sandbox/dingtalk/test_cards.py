"""Card calls: what is refused, and what is delivered where."""

import uuid

import pytest

from sandbox.client import SandboxClient
from tests.sandbox.dingtalk.foreign import PUBLIC, Bot, refusal

GROUP = "dtv1.card//IM_GROUP."


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"outTrackId": None}, "param.outTrackIdEmpty"),
        ({"cardTemplateId": None}, "param.cardTemplateIdEmpty"),
        ({"cardTemplateId": "none.schema"}, "param.templateNotExist"),
        ({"cardTemplateId": "draft.schema"}, "param.templateUnpublished"),
        ({"cardData": None}, "param.cardPublicDataEmpty"),
        ({"cardData": {"cardParamMap": {"content": 1}}}, "param.invalid"),
        ({"cardData": {"cardParamMap": {"content": {"a": "b"}}}}, "param.invalid"),
        ({"cardData": {"cardParamMap": {"k" * 101: "v"}}}, "param.invalid"),
        ({"cardData": {"cardParamMap": {"content": "长" * 7_000}}}, "param.invalid"),
        ({"callbackType": "HTTP"}, "param.callbackRouteKeyEmpty"),
        ({"openSpaceId": None}, "param.openSpaceIdEmpty"),
        ({"openSpaceId": "IM_ROBOT.staff-1"}, "param.openSpaceIdInvalid"),
        ({"openSpaceId": "dtv1.card//IM_ROBOT."}, "param.openSpaceIdInvalid"),
        ({"openSpaceId": "dtv1.card//IM_NOWHERE.x"}, "param.openSpaceIdInvalid"),
        ({"imRobotOpenDeliverModel": None}, "param.openDeliverModelEmpty"),
        ({"openSpaceId": f"{GROUP}cid"}, "param.spaceDeliverModelEmpty"),
        ({"imRobotOpenDeliverModel": {"robotCode": "x"}}, "param.openDeliverModelError"),
        ({"openSpaceId": f"{GROUP}cid", "imGroupOpenDeliverModel": {"x": 1}}, "param.openDeliverModelError"),
        ({"imRobotOpenSpaceModel": {}}, "param.openSpaceModelInvalid"),
    ],
)
def test_create_and_deliver_refuses(bot: Bot, changes: dict[str, object], code: str) -> None:
    """Each flaw has its own code under HTTP 400."""
    bot.sandbox.put_template("draft.schema", published=False)
    assert refusal(bot.create(**changes)) == (400, code)


def test_card_id_is_taken_once(bot: Bot) -> None:
    """A second card of the same outTrackId is refused; apps that set it so get the first one back, unchanged."""
    card = bot.card()
    assert refusal(bot.create(outTrackId=card)) == (400, "param.cardAlreadyExist")
    bot.register(existing_card="ignore")
    assert bot.create(outTrackId=card, cardData={"cardParamMap": {"content": "new"}}).status_code == 200
    assert bot.sandbox.card(card)["text"] == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"openSpaceId": "dtv1.card//IM_ROBOT.nobody"},
        {"openSpaceId": f"{GROUP}cidnowhere==", "imGroupOpenDeliverModel": {"robotCode": "x"}},
        {"imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": "someone else's"}},
    ],
)
def test_undeliverable_card_is_an_http_200_without_success(bot: Bot, changes: dict[str, object]) -> None:
    """A stranger, an unknown group, a foreign robot: only deliverResults tells."""
    answer = bot.create(**changes)
    [result] = answer.json()["result"]["deliverResults"]
    assert answer.status_code == 200
    assert not result["success"]
    assert result["errorMsg"]


def test_delivery_can_fail_by_a_fault(bot: Bot) -> None:
    """The fault point dingtalk.deliver makes one delivery fail."""
    match = {"client_id": bot.client_id}
    bot.sandbox.put_fault("dingtalk.deliver", {"errorMsg": "robot is banned"}, match=match, times=1)
    [result] = bot.create().json()["result"]["deliverResults"]
    assert (result["success"], result["errorMsg"]) == (False, "robot is banned")


def test_outsider_without_staff_id_gets_no_private_card(bot: Bot) -> None:
    """Someone outside the organisation has no userId to deliver to."""
    bot.sandbox.say(bot.client_id, "hi", sender={"staff_id": None, "nick": "访客", "sender_id": "$:outsider"})
    [result] = bot.create(openSpaceId="dtv1.card//IM_ROBOT.$:outsider").json()["result"]["deliverResults"]
    assert not result["success"]


def test_card_appears_in_its_group(bot: Bot) -> None:
    """A group is addressed by the conversationId of its messages; the carrier id comes back."""
    group = bot.sandbox.say(bot.client_id, "大家好", conversation_type="2")["conversation_id"]
    answer = bot.create(
        openSpaceId=f"{GROUP}{group}",
        imGroupOpenDeliverModel={"robotCode": bot.client_id},
        imRobotOpenDeliverModel=None,
    )
    result = answer.json()["result"]
    [chat] = [each for each in bot.sandbox.chats(client_id=bot.client_id) if each["conversation_id"] == group]
    assert result["deliverResults"][0]["carrierId"]
    assert chat["messages"][-1]["card"] == result["outTrackId"]
    assert bot.sandbox.card(result["outTrackId"])["conversation_id"] == group


def test_create_then_deliver_shows_the_card_only_then(bot: Bot) -> None:
    """A card without delivery is in no conversation."""
    card = uuid.uuid4().hex
    body = {"cardTemplateId": PUBLIC, "outTrackId": card, "cardData": {"cardParamMap": {"flowStatus": "1"}}}
    assert bot.call("POST", "/card/instances", body).json() == {"success": True, "result": card}
    assert bot.sandbox.card(card)["conversation_id"] is None
    place = {
        "outTrackId": card,
        "openSpaceId": "dtv1.card//IM_ROBOT.staff-1",
        "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT"},
    }
    [result] = bot.call("POST", "/card/instances/deliver", place).json()["result"]
    assert result["success"]
    assert bot.sandbox.card(card)["conversation_id"]


def test_foreign_and_unknown_cards_do_not_exist(sandbox: SandboxClient, bot: Bot) -> None:
    """A card is its app's own."""
    other = Bot(sandbox)
    other.register()
    card = bot.card()
    assert refusal(other.update(card, {"content": "x"})) == (400, "param.cardNotExist")
    assert refusal(other.stream(card, "x")) == (400, "param.stream.outTrackId")


def test_update_without_options_replaces_the_whole_map(bot: Bot) -> None:
    """Variables that are not sent again are lost, unless updateCardDataByKey is true."""
    card = bot.card(cardData={"cardParamMap": {"content": "text", "hasAction": "true"}})
    by_key = {"updateCardDataByKey": True}
    bot.update(card, {"hasAction": "false"}, cardUpdateOptions=by_key)
    assert bot.sandbox.card(card)["variables"] == {"content": "text", "hasAction": "false"}
    bot.update(card, {"hasAction": "true"})
    assert bot.sandbox.card(card)["variables"] == {"hasAction": "true"}


def test_update_of_nothing_is_refused(bot: Bot) -> None:
    """One of cardData and privateData is needed."""
    answer = bot.call("PUT", "/card/instances", {"outTrackId": bot.card()})
    assert refusal(answer) == (400, "param.cardDataAndPrivateDataBothEmpty")


def test_private_data_is_one_persons_view(bot: Bot) -> None:
    """PrivateData changes nothing for the others."""
    card = bot.card()
    private = {"staff-1": {"cardParamMap": {"liked": "true"}}}
    bot.call("PUT", "/card/instances", {"outTrackId": card, "privateData": private})
    shown = bot.sandbox.card(card)
    assert shown["private"] == {"staff-1": {"liked": "true"}}
    assert shown["variables"] == {"content": ""}


def test_preview_of_the_conversation_list_is_kept(bot: Bot) -> None:
    """PUT .../spaces sets what the conversation list shows."""
    card = bot.card()
    model = {"supportForward": True, "lastMessageI18n": {"ZH_CN": "答完了"}}
    answer = bot.call("PUT", "/card/instances/spaces", {"outTrackId": card, "imRobotOpenSpaceModel": model})
    assert answer.json() == {"success": True, "result": True}
    assert bot.sandbox.card(card)["preview"] == {"imRobotOpenSpaceModel": model}
