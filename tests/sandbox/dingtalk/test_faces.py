"""What people see of a card, template by template."""

import json
from typing import Any

import pytest

from sandbox.dingtalk.face import face
from sandbox.dingtalk.templates import Templates, template_from_json
from tests.sandbox.dingtalk.foreign import PUBLIC, Bot, Json

SDK = "382e4302-551d-4880-bf29-a30acfab2e71.schema"
MARKDOWN = "589420e2-c1e2-46ef-a5ed-b8728e654da9.schema"
BUTTONS = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
RPA = "7f538f6d-ebb7-4533-a9ac-61a32da094cf.schema"
BLOCKS = "675cde2f-f526-40cb-b828-f5b2b57b8b77.schema"
NOTHING = {"title": "", "logo": "", "text": "", "static": "", "images": [], "list": [], "tips": "", "buttons": []}
EVERY_BLOCK = ["msgTitle", "msgContent", "staticMsgContent", "msgTextList", "msgImages", "msgSlider", "msgButtons"]
BUTTON = {"text": "详情", "url": "https://example.com", "color": "blue"}
SLIDE = {"title": "一", "image": "@lA1"}
BY_KEY = {"updateCardDataByKey": True}


def _seen(template_id: str, variables: dict[str, str], *, ended: bool = True) -> Json:
    template = Templates().find(template_id)
    assert template
    return face(template, variables, ended=ended).to_json()


def _full(order: list[str], **more: Any) -> str:
    return json.dumps({"order": order, **more})


def _public(order: list[str], flow_status: str = "3") -> dict[str, str]:
    blocks = {"msgTextList": ["甲", {"text": "乙"}], "msgImages": ["@lA2", {"image": "@lA3"}], "msgSlider": [SLIDE]}
    texts = {"msgTitle": "标题", "logo": "@lA0", "msgContent": "答", "staticMsgContent": "注", "flowStatus": flow_status}
    return {**texts, "sys_full_json_obj": _full(order, msgButtons=[BUTTON], **blocks)}


@pytest.mark.parametrize("template_id", [SDK, PUBLIC])
def test_public_template_shows_the_blocks_that_order_names(template_id: str) -> None:
    """All of them are shown when all are named; of those left out nothing is, except the logo."""
    assert _seen(template_id, _public(EVERY_BLOCK)) == {
        "title": "标题",
        "logo": "@lA0",
        "text": "答",
        "static": "注",
        "images": ["@lA2", "@lA3"],
        "list": ["甲", "乙"],
        "tips": "",
        "buttons": [BUTTON],
        "carousel": [SLIDE],
    }
    assert _seen(template_id, _public([])) == {**NOTHING, "logo": "@lA0"}


def test_public_template_shows_a_spinner_first() -> None:
    """In the state 处理中 there is a title, and nothing below it."""
    seen = _seen(PUBLIC, _public(["msgTitle", "msgContent", "staticMsgContent", "msgImages"], flow_status="1"))
    assert seen == {**NOTHING, "title": "标题", "logo": "@lA0"}


def test_public_template_tells_who_had_it_answered() -> None:
    """`source` shows a footer, as the SDK sets it for a hosted assistant."""
    variables = {"flowStatus": "3", "sys_full_json_obj": _full([], source={"text": "由小王的数字助理回答"})}
    assert _seen(SDK, variables)["tips"] == "由小王的数字助理回答"


def test_plain_templates() -> None:
    """The SDK's two cards without AI show their markdown, title, logo, tips and buttons."""
    shown = {"markdown": "**好**", "title": "标题", "logo": "@lA0", "tips": "提示"}
    buttons = {"sys_full_json_obj": json.dumps({"msgButtons": [BUTTON]})}
    expected = {**NOTHING, "text": "**好**", "title": "标题", "logo": "@lA0"}
    assert _seen(MARKDOWN, shown) == expected
    assert _seen(BUTTONS, {**shown, **buttons}) == {**expected, "tips": "提示", "buttons": [BUTTON]}
    assert _seen(RPA, {"goal": "打开网页", "plan": "{}"}) == {**NOTHING, "text": "打开网页"}


def test_block_card_ends_in_its_blocks() -> None:
    """While it grows it shows what is streamed; once ended, only what blockList holds: nothing, if nobody wrote it."""
    variables = {"content": "答到一半", "hasAction": "true"}
    growing = _seen(BLOCKS, variables, ended=False)
    assert (growing["text"], growing["buttons"][0]["id"]) == ("答到一半", "btn_stop")
    assert _seen(BLOCKS, variables)["text"] == ""
    blocks = json.dumps([{"type": 0, "markdown": "答"}, {"type": 3, "mediaId": "@lA1"}])
    ended = _seen(BLOCKS, {**variables, "blockList": blocks})
    assert (ended["text"], ended["images"]) == ("答", ["@lA1"])


def test_own_template_shows_what_it_declares() -> None:
    """A variable of a known name is shown if the template has it, each complex one as JSON text of its own."""
    names = ["title", "tips", "list", {"name": "images", "type": "complex"}, {"name": "buttons", "type": "complex"}]
    template = template_from_json({"template_id": "t", "content_key": "answer", "variables": names})
    variables = {"title": "标题", "tips": "提示", "answer": "答", "logo": "undeclared"}
    complex_ones = {"list": '["甲"]', "images": '["@lA1"]', "buttons": json.dumps([BUTTON])}
    assert face(template, {**variables, **complex_ones}, ended=True).to_json() == {
        **NOTHING,
        "title": "标题",
        "tips": "提示",
        "text": "答",
        "list": ["甲"],
        "images": ["@lA1"],
        "buttons": [BUTTON],
    }


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"order": "msgContent"}', "null"])
def test_broken_layout_shows_nothing(broken: str) -> None:
    """What is no layout is as good as none."""
    assert _seen(PUBLIC, {"flowStatus": "3", "staticMsgContent": "", "msgContent": "x", "sys_full_json_obj": broken}) == NOTHING


@pytest.mark.parametrize("odd", [5, None, True, {"a": 1}, ["x"]])
def test_odd_values_of_buttons_and_slides_are_left_out(odd: Any) -> None:
    """A button or slide stays, without the text or address that is none."""
    layout = _full(
        ["msgButtons", "msgSlider"], msgButtons=[{"text": "开", "url": odd}, odd], msgSlider=[{"title": "一", "image": odd}]
    )
    seen = _seen(PUBLIC, {"flowStatus": "3", "sys_full_json_obj": layout})
    kept = ([{"text": "开"}, *([odd] if isinstance(odd, dict) else [])], [{"title": "一"}])
    assert (seen["buttons"], seen["carousel"]) == kept


@pytest.mark.parametrize("broken", ['[{"text": NaN}]', '[{"text": "\\ud800"}]', "[" * 100_000])
def test_what_cannot_be_told_on_is_no_layout(broken: str) -> None:
    """`NaN` is no JSON, half a character no text: either would break the answers that show the card."""
    template = template_from_json({"template_id": "t", "content_key": "answer", "variables": ["buttons"]})
    assert face(template, {"answer": "答", "buttons": broken}, ended=True).to_json() == {**NOTHING, "text": "答"}


def test_brief_card_is_what_people_see(bot: Bot) -> None:
    """Brief leaves out what only the bot's author wants to know."""
    card = bot.card(cardTemplateId=PUBLIC, cardData={"cardParamMap": _public(EVERY_BLOCK)})
    [brief] = bot.sandbox.cards(ids=card, brief="1")
    whole = bot.sandbox.card(card)
    assert {*whole} - {*brief} == {"history", "variables", "private", "preview"}
    assert {name: whole[name] for name in brief} == brief
    assert (brief["flow"], brief["state"], brief["calls"]) == ("flow_status", "finished", 1)


def test_person_with_private_variables_has_a_view(bot: Bot) -> None:
    """Private variables lie over the public ones, in that person's view alone; a change of it is a record."""
    card = bot.card(cardTemplateId=PUBLIC, cardData={"cardParamMap": _public(EVERY_BLOCK)})
    assert bot.sandbox.card(card)["views"] == {}
    before = bot.sandbox.last()
    private = {"staff-1": {"cardParamMap": {"msgContent": "只给你看"}}}
    bot.call("PUT", "/card/instances", {"outTrackId": card, "privateData": private})
    assert bot.sandbox.wait_for(before, kind="card", out_track_id=card)["text"] == "答"
    shown = bot.sandbox.card(card)
    assert shown["views"] == {"staff-1": {"state": "finished", "text": "只给你看", "buttons": [BUTTON], "tips": ""}}
    assert len(shown["history"]) == 1


@pytest.mark.parametrize(
    ("template_id", "setting", "state"),
    [
        (SDK, "template", "finished"),
        (PUBLIC, "template", "inputing"),
        (SDK, "spins", "inputing"),
        (PUBLIC, "ends", "finished"),
    ],
)
def test_open_life_cycle_ends_by_flow_status_as_set(bot: Bot, template_id: str, setting: str, state: str) -> None:
    """The SDK's template ends although nobody finalised the stream; the other one spins on; an app may say otherwise."""
    bot.register(unfinalised=setting)
    card = bot.card(cardTemplateId=template_id, cardData={"cardParamMap": {"flowStatus": "2"}})
    bot.stream(card, "答", key="msgContent")
    bot.update(card, {"flowStatus": "3"}, cardUpdateOptions=BY_KEY)
    assert bot.sandbox.card(card)["state"] == state
