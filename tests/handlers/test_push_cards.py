"""Pushes in cards: whole, ended, and messages where there is no card."""

import time
from concurrent.futures import ThreadPoolExecutor

from handlers.templates import CardSettings, Template
from tests.handlers.calling import until
from tests.handlers.pushing import MakePushing


def test_a_card_shows_the_whole_text_and_has_ended(make_pushing: MakePushing) -> None:
    """One for each, without a button; no message beside it."""
    bot = make_pushing()
    bot.meet("anna", "ben")
    group = bot.group()
    answer = bot.push({"users": ["anna", "ben"], "groups": [group], "markdown": "# 日报\n\n一切正常", "card": True})
    assert (answer.status_code, answer.json()["sent"]) == (200, 3)
    cards = bot.sandbox.cards(client_id=bot.client_id)
    assert [(card["state"], card["text"], card["buttons"]) for card in cards] == [("finished", "# 日报\n\n一切正常", [])] * 3
    assert not bot.said()
    assert not bot.cards.orphans(bot.client_id)
    assert all((record := bot.cards.find(card["out_track_id"])) and not record.is_open for card in cards)


def test_a_refused_card_becomes_a_message(make_pushing: MakePushing) -> None:
    """For a reason that holds for all, no further card is tried."""
    bot = make_pushing(app={"permissions": ["qyapi_robot_sendmsg"]})
    people = [f"user-{number}" for number in range(30)]
    bot.meet(*people)
    answer = bot.push({"users": people, "markdown": "x", "card": True})
    assert (answer.status_code, answer.json()["sent"]) == (200, 30)
    assert len(bot.said()) == 30
    assert len(bot.calls("create_and_deliver")) < 30


def test_a_card_for_nobody_is_a_failure(make_pushing: MakePushing) -> None:
    """Neither a card nor a message reaches who is not there; the others have theirs."""
    bot = make_pushing()
    bot.meet("anna")
    answer = bot.push({"users": ["anna", "nobody"], "markdown": "x", "card": True})
    assert answer.status_code == 207
    assert [entry["user"] for entry in answer.json()["failed"]] == ["nobody"]
    assert not bot.said()


def test_a_scarce_month_sends_messages(make_pushing: MakePushing) -> None:
    """A card takes several calls, a message for twenty people one."""
    bot = make_pushing(pace=lambda: None)
    bot.meet("anna", "ben")
    assert bot.push({"users": ["anna", "ben"], "markdown": "x", "card": True}).json()["sent"] == 2
    assert not bot.sandbox.cards(client_id=bot.client_id)
    assert len(bot.calls("oto_send")) == 1


def test_a_card_that_cannot_be_made_in_time_is_not_made_later(make_pushing: MakePushing) -> None:
    """Nor the message in its place; it is reported, and the deadline holds."""
    bot = make_pushing(seconds=1)
    bot.meet("anna")
    for api in ("create_and_deliver", "oto_send"):
        bot.fault(api, status=503, code="system.busy")
    begun = time.monotonic()
    answer = bot.push({"users": ["anna"], "markdown": "x", "card": True})
    assert time.monotonic() - begun < 5
    assert (answer.status_code, answer.json()["failed"][0]["code"]) == (502, "system.busy")
    assert not bot.sandbox.cards(client_id=bot.client_id)
    assert not bot.said()


def test_a_card_under_way_is_kept_for_whoever_has_to_end_it(make_pushing: MakePushing) -> None:
    """Should this process end, another one finds it open, with how it is made, and without the text: nobody is to show it."""
    bot = make_pushing()
    bot.meet("anna")
    bot.fault("streaming", delay=1)
    with ThreadPoolExecutor(1) as callers:
        under_way = callers.submit(bot.push, {"users": ["anna"], "markdown": "whole text", "card": True})
        until(lambda: bot.sandbox.cards(client_id=bot.client_id))
        (card,) = bot.sandbox.cards(client_id=bot.client_id)
        record = bot.cards.find(card["out_track_id"])
        assert under_way.result().json()["sent"] == 1
    assert record
    assert (record.is_open, record.client_id, record.text) == (True, bot.client_id, "")
    assert Template.read(record.template) == CardSettings.model_validate({}).template
