"""A button pressed on a card."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.sandbox.dingtalk.foreign import CARD_TOPIC, Bot

LIKED = {"userPrivateData": {"cardParamMap": {"liked": "true"}}, "cardData": {"cardParamMap": {"content": "谢谢"}}}


def _click(bot: Bot, card: str, response: object) -> tuple[dict[str, Any], dict[str, Any]]:
    with bot.connected() as socket, ThreadPoolExecutor(1) as finger:
        pressed = finger.submit(bot.sandbox.click, card, "staff-1", "btn_stop", action="stop")
        frame = socket.frame(CARD_TOPIC)
        socket.ack(frame, json.dumps({"response": response}))
        return json.loads(frame["data"]), pressed.result()


def test_click_is_pushed_and_answered(bot: Bot) -> None:
    """The frame tells card, person, action and parameters; the answer comes back to the one who clicked."""
    card = bot.card()
    asked, answered = _click(bot, card, {})
    assert (asked["type"], asked["outTrackId"], asked["userId"]) == ("actionCallback", card, "staff-1")
    private = json.loads(asked["content"])["cardPrivateData"]
    assert private == {"actionIds": ["btn_stop"], "params": {"action": "stop"}}
    assert answered["answered"] is True
    assert bot.sandbox.wait_for(kind="click", out_track_id=card)["action_id"] == "btn_stop"


def test_response_changes_the_view_of_the_one_who_clicked(bot: Bot) -> None:
    """By default the response is for the clicker's eyes."""
    card = bot.card()
    _click(bot, card, LIKED)
    shown = bot.sandbox.card(card)
    assert shown["private"]["staff-1"] == {"liked": "true", "content": "谢谢"}
    assert shown["text"] == ""


def test_response_may_reach_everyone(bot: Bot) -> None:
    """The other reading of the documentation is a setting of the app."""
    bot.register(click_updates="everyone")
    card = bot.card()
    _click(bot, card, LIKED)
    assert bot.sandbox.card(card)["text"] == "谢谢"


def test_silence_is_no_answer(bot: Bot) -> None:
    """After two seconds the person is told nothing came; the frame is not repeated."""
    bot.register(redeliver_after=0.1)
    card = bot.card()
    with bot.connected():
        assert not bot.sandbox.click(card, "staff-1", "btn_stop")["answered"]
    assert len(bot.sandbox.records(kind="frame", client_id=bot.client_id, topic=CARD_TOPIC)) == 1


def test_card_without_callback_type_pushes_nothing(bot: Bot) -> None:
    """CallbackType STREAM must be said when the card is made."""
    card = bot.card(callbackType=None)
    with bot.connected():
        assert not bot.sandbox.click(card, "staff-1", "btn_stop")["answered"]
    assert not bot.sandbox.records(kind="frame", client_id=bot.client_id, topic=CARD_TOPIC)
