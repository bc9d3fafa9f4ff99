"""DingTalk's own Python SDK, unchanged, works with the sandbox: each of its card classes ends well on screen."""

import sys
from pathlib import Path

import pytest

from sandbox.client import Json
from tests.clients.conftest import Door, Running, Start

_SCRIPT = Path(__file__).parent / "sdk_bot.py"
_LOGO = "@lALPDfJ6V_FPDmvNAfTNAfQ"
_BUTTON = {"text": "详情", "url": "https://example.com", "iosUrl": "https://example.com", "color": "gray"}
_GROUP = {"conversation_type": "2"}


@pytest.fixture
def bot(start_bot: Start, door: Door, tmp_path: Path) -> Running:
    """The SDK's bot, connected; only its upload, whose address is fixed, goes through the door."""
    return start_bot([sys.executable, str(_SCRIPT)], {"DINGTALK_OPENAPI_ENDPOINT": door.sandbox.url}, tmp_path)


def _answer(bot: Running, word: str, *, state: str = "finished", **chat: object) -> Json:
    """The card that answers a word, once it has come to this state and the bot has acknowledged, so that all is done."""
    before = bot.sandbox.last()
    said = bot.ask(word, **chat)
    assert bot.wait_for(before, kind="ack", msg_id=said["msg_id"])["code"] == 200, bot.log.read_text()
    card = bot.sandbox.card(bot.card(before, state))
    assert card["conversation_id"] == said["conversation_id"]
    calls = bot.sandbox.records(before, kind="api", client_id=bot.client_id)
    assert {call["status"] for call in calls} == {200}
    return card


@pytest.mark.parametrize(
    ("word", "seen"),
    [
        ("markdown_card", {"title": "标题", "logo": _LOGO, "text": "第二稿", "buttons": []}),
        ("button_card", {"title": "标题", "text": "第二稿", "tips": "新提示", "buttons": [_BUTTON]}),
        ("ai_card", {"title": "标题", "logo": _LOGO, "text": "你好"}),
        ("ai_card_at_once", {"title": "标题", "text": "你好", "static": "补充", "buttons": [_BUTTON]}),
        ("rpa", {"text": "打开网页"}),
        ("old_card", {"title": "新标题", "text": "甲\n\n乙", "buttons": [], "images": []}),
        ("own_card", {"text": "你好"}),
        ("async_flow", {"text": "你好"}),
        ("async_ai_card", {"text": "你好"}),
    ],
)
@pytest.mark.parametrize("chat", [{}, _GROUP], ids=["private", "group"])
def test_card_is_right_and_ended(bot: Running, word: str, seen: Json, chat: Json) -> None:
    """What the class was given is what a person sees, in a card that has ended."""
    card = _answer(bot, word, **chat)
    assert {name: card[name] for name in seen} == seen
    assert card["state"] == "finished"


def test_ai_card_grows(bot: Running) -> None:
    """The AI card is seen to think, then to write, then to end with its button."""
    card = _answer(bot, "ai_card")
    assert [(each["state"], each["text"]) for each in card["history"]] == [
        ("processing", ""),
        ("inputing", ""),
        ("inputing", "你"),
        ("inputing", "你好"),
        ("finished", "你好"),
    ]
    assert card["buttons"] == [{"text": "再来", "id": "again", "request": True, "color": "blue"}]
    assert card["calls"] == 6


def test_ai_card_that_is_never_finalised_may_spin_on(bot: Running) -> None:
    """The strict reading is a setting: the SDK's class never closes the stream, and its card stays as it was."""
    bot.sandbox.put_app(bot.client_id, "s3cret", "严格", unfinalised="spins")
    assert _answer(bot, "ai_card", state="inputing")["state"] == "inputing"


def test_ai_card_fails(bot: Running) -> None:
    """ai_fail shows the failed state."""
    assert _answer(bot, "ai_failure", state="failed")["state"] == "failed"


def test_carousel_takes_a_choice(bot: Running) -> None:
    """Slides and a button are shown; a click reaches the bot, whose answer changes the view of who clicked."""
    card = _answer(bot, "carousel")
    assert (card["title"], card["static"], card["text"]) == ("轮播", "选一张", "")
    assert [slide["title"] for slide in card["carousel"]] == ["第一张", "第二张"]
    (button,) = card["buttons"]
    assert bot.sandbox.click(card["out_track_id"], "staff-1", button["id"])["answered"]
    shown = bot.sandbox.card(card["out_track_id"])
    assert shown["private"] == {"staff-1": {"msgTitle": "staff-1 选了 image_slider_select_button"}}
    assert shown["title"] == "轮播"


@pytest.mark.parametrize(("word", "text"), [("text", "一句话"), ("markdown", "# 一段话")])
def test_webhook_answers(bot: Running, word: str, text: str) -> None:
    """reply_text and reply_markdown are said."""
    before = bot.sandbox.last()
    bot.ask(word)
    assert bot.wait_for(before, kind="said")["text"] == text


def test_picture_goes_down_and_up_again(bot: Running) -> None:
    """A picture is downloaded, uploaded through the door to its fixed address, and shown by its media id."""
    before = bot.sandbox.last()
    bot.ask(msgtype="picture")
    assert bot.wait_for(before, kind="said")["text"].startswith("![图](@lA")
    assert bot.wait_for(before, kind="api", api="media")["status"] == 200
