"""The life of a streamed card: refusals, states, what people see."""

import json

import pytest

from tests.sandbox.dingtalk.foreign import PUBLIC, Bot, refusal

BY_KEY = {"updateCardDataByKey": True}
SHOWN = {"msgContent": "", "staticMsgContent": "", "sys_full_json_obj": json.dumps({"order": ["msgContent"]})}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"guid": ""}, 400, "param.stream.guidEmpty"),
        ({"key": ""}, 400, "param.stream.keyEmpty"),
        ({"content": None}, 400, "param.stream.contentEmpty"),
        ({"outTrackId": "none"}, 400, "param.stream.outTrackId"),
        ({"isFull": None}, 400, "param.stream.isFull"),
        ({"isFull": False}, 400, "param.stream.isFull"),
        ({"isFull": "true"}, 400, "param.error"),
        ({"key": "msgContent"}, 500, "unknownError"),
        ({"key": "hasAction"}, 500, "unknownError"),
        ({"key": "blocks"}, 500, "unknownError"),
        ({"content": "长" * 6_667}, 400, "param.stream.content"),
    ],
)
def test_streaming_refuses(bot: Bot, changes: dict[str, object], status: int, code: str) -> None:
    """Each flaw has its status and code; a wrong key is but an unknown error."""
    assert refusal(bot.stream(bot.card(), **{"content": "x", **changes})) == (status, code)


def test_own_template_goes_through_its_states_by_streaming_alone(bot: Bot) -> None:
    """Processing until the first call, inputing while it grows, finished by isFinalize."""
    card = bot.card()
    bot.stream(card, "你")
    bot.stream(card, "你好")
    bot.stream(card, "你好。", isFinalize=True)
    history = [(each["state"], each["text"]) for each in bot.sandbox.card(card)["history"]]
    assert history == [("processing", ""), ("inputing", "你"), ("inputing", "你好"), ("finished", "你好。")]
    states = [each["state"] for each in bot.sandbox.records(kind="card", out_track_id=card)]
    assert states == ["processing", "inputing", "inputing", "finished"]


def test_error_ends_in_the_failed_state(bot: Bot) -> None:
    """An error shows the failed state, where the template has one."""
    card = bot.card()
    bot.stream(card, "糟了", isError=True)
    assert bot.sandbox.card(card)["state"] == "failed"
    bot.sandbox.put_template("plain.schema", error_state=False)
    assert refusal(bot.stream(bot.card(cardTemplateId="plain.schema"), "x", isError=True)) == (500, "unknownError")


def test_nothing_streams_into_a_finished_card(bot: Bot) -> None:
    """By default; an app may be set to the other behaviour that was seen."""
    card = bot.card()
    bot.stream(card, "fertig", isFinalize=True)
    assert refusal(bot.stream(card, "zu spät")) == (500, "unknownError")
    bot.register(after_finalize="accept")
    assert bot.stream(card, "doch").status_code == 200
    assert (bot.sandbox.card(card)["text"], bot.sandbox.card(card)["state"]) == ("doch", "finished")


def test_same_guid_takes_effect_once(bot: Bot) -> None:
    """A repeated request is answered well and changes nothing."""
    card = bot.card()
    bot.stream(card, "eins", guid="g1")
    assert bot.stream(card, "zwei", guid="g1").json() == {"success": True, "result": True}
    assert bot.sandbox.card(card)["text"] == "eins"


def test_plain_variable_may_append(bot: Bot) -> None:
    """Only a markdown variable insists on the whole text."""
    card = bot.card()
    bot.stream(card, "ab", key="plain", isFull=False)
    bot.stream(card, "cd", key="plain", isFull=False)
    assert bot.sandbox.card(card)["variables"]["plain"] == "abcd"


def test_empty_content_opens_and_closes_a_life_cycle(bot: Bot) -> None:
    """An empty text is content, a missing one is not."""
    card = bot.card()
    assert bot.stream(card, "", isFinalize=True).status_code == 200
    assert bot.sandbox.card(card)["state"] == "finished"


def test_public_template_follows_flow_status_and_streaming(bot: Bot) -> None:
    """The documented order leads through all states to the text."""
    card = bot.card(cardTemplateId=PUBLIC, cardData={"cardParamMap": {"flowStatus": "1"}})
    bot.update(card, {"flowStatus": "2", **SHOWN}, cardUpdateOptions=BY_KEY)
    bot.stream(card, "答", key="msgContent")
    bot.stream(card, "答案", key="msgContent", isFinalize=True)
    bot.update(card, {"flowStatus": "3", "msgContent": "答案"}, cardUpdateOptions=BY_KEY)
    history = [(each["state"], each["text"]) for each in bot.sandbox.card(card)["history"]]
    assert history == [
        ("processing", ""),
        ("inputing", ""),
        ("inputing", "答"),
        ("inputing", "答案"),
        ("finished", "答案"),
    ]


def test_public_template_spins_on_when_the_life_cycle_is_not_closed(bot: Bot) -> None:
    """The flow status alone does not finish a card whose streaming was never finalised."""
    card = bot.card(cardTemplateId=PUBLIC, cardData={"cardParamMap": {"flowStatus": "2", **SHOWN}})
    bot.stream(card, "答", key="msgContent")
    bot.update(card, {"flowStatus": "3"}, cardUpdateOptions=BY_KEY)
    assert bot.sandbox.card(card)["state"] == "inputing"


@pytest.mark.parametrize("missing", ["staticMsgContent", "sys_full_json_obj"])
def test_public_template_is_blank_without_its_layout(bot: Bot, missing: str) -> None:
    """The text shows only where order names it and staticMsgContent is there."""
    variables = {"flowStatus": "3", **SHOWN, "msgContent": "text"}
    del variables[missing]
    card = bot.card(cardTemplateId=PUBLIC, cardData={"cardParamMap": variables})
    assert bot.sandbox.card(card)["text"] == ""


def test_public_template_fails_by_flow_status(bot: Bot) -> None:
    """Status 5 is the failed state."""
    card = bot.card(cardTemplateId=PUBLIC, cardData={"cardParamMap": {"flowStatus": "5", **SHOWN}})
    assert bot.sandbox.card(card)["state"] == "failed"
