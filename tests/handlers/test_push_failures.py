"""Cards of a push that fails, or goes as a message instead: what failed is never shown later, and nothing twice."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from handlers.inheritance import Inheritance
from handlers.pacer import Pacer
from handlers.say import Speaker
from handlers.texts import Texts
from sandbox.client import Json
from stores.base import Stores
from stores.opened import open_stores
from tests.handlers.calling import until
from tests.handlers.pushing import MakePushing, Pushing

ALARM = "ALARM db-1"
UNSENT, BELOW = Texts("en").say("push_unsent"), "(below)"
ORDER = {"users": ["anna"], "markdown": ALARM, "card": True}
ENDS = ("streaming", "update")


@pytest.fixture
def open_process(tmp_path: Path) -> Iterator[Callable[[], Stores]]:
    """Return a function that opens the stores of one process after another, over the same file."""
    opened: list[Stores] = []

    def open_next() -> Stores:
        for stores in opened:
            stores.close()
        opened.append(open_stores(f"sqlite:///{tmp_path / 'kept.db'}", 60))
        return opened[-1]

    yield open_next
    opened[-1].close()


def _ended(bot: Pushing) -> Json:
    """Wait until its card has ended; its looks."""
    until(lambda: bot.card()["state"] in {"finished", "failed"})
    return bot.card()


def _never_shown(card: Json) -> bool:
    return not any(ALARM in row["text"] for row in card["history"])


def _next_start(bot: Pushing, stores: Stores) -> Json:
    """Let another process see to what this one has left; its card when that has ended."""
    stores.presence.look()
    with closing(Pacer(bot.rates)) as pacer:
        Inheritance(
            "bot",
            bot.client,
            lambda incoming, *, obeyed: None,  # noqa: ARG005 - there is no message
            inbox=stores.inbox,
            cards=stores.cards,
            pacer=pacer,
            speaker=Speaker(bot.client, bot.rates, Texts("en")),
            texts=Texts("en"),
        ).look()
        return _ended(bot)


def test_what_failed_is_not_shown_when_dingtalk_is_well_again(make_pushing: MakePushing) -> None:
    """The card was made; it ends as failed, with a sentence of its own."""
    bot = make_pushing(seconds=1)
    bot.meet("anna")
    for api in (*ENDS, "oto_send"):
        bot.fault(api, status=503, code="system.busy")
    answer = bot.push(ORDER)
    assert (answer.status_code, answer.json()["sent"]) == (502, 0)
    bot.heal()
    card = _ended(bot)
    assert (card["state"], card["text"].strip()) == ("failed", UNSENT)
    assert _never_shown(card)
    assert not bot.said()
    until(lambda: not (found := bot.cards.find(card["out_track_id"])) or not found.is_open)


def test_what_failed_when_the_bridge_shut_down_is_not_shown_by_the_next_start(
    make_pushing: MakePushing, open_process: Callable[[], Stores]
) -> None:
    """The caller was told that it was not sent; the card says the same."""
    bot = make_pushing(cards=open_process().cards)
    bot.meet("anna")
    for api in (*ENDS, "oto_send"):
        bot.fault(api, status=503, code="system.busy")
    with ThreadPoolExecutor(1) as callers:
        under_way = callers.submit(bot.push, ORDER)
        until(lambda: bot.calls("update"))
        bot.door.close(0)
        assert under_way.result().json()["failed"][0]["code"] == "shuttingDown"
    bot.pacer.close()
    bot.heal()
    card = _next_start(bot, open_process())
    assert (card["state"], card["text"].strip()) == ("failed", UNSENT)
    assert _never_shown(card)


def test_a_text_that_went_by_message_is_not_shown_in_the_card_as_well(make_pushing: MakePushing) -> None:
    """The card ends by saying where it is."""
    bot = make_pushing(seconds=2)
    bot.meet("anna")
    bot.fault("update", status=503, code="system.busy")
    assert bot.push(ORDER).json()["sent"] == 1
    assert [record["text"] for record in bot.said()] == [ALARM]
    bot.heal()
    card = _ended(bot)
    assert (card["state"], card["text"].strip()) == ("finished", BELOW)
    assert _never_shown(card)


def test_nor_does_the_next_start_show_it(make_pushing: MakePushing, open_process: Callable[[], Stores]) -> None:
    """Its record tells that it went by message."""
    bot = make_pushing(seconds=1, cards=open_process().cards)
    bot.meet("anna")
    bot.fault("update", status=503, code="system.busy")
    assert bot.push(ORDER).json()["sent"] == 1
    bot.pacer.close()
    bot.heal()
    card = _next_start(bot, open_process())
    assert (card["state"], card["text"].strip()) == ("finished", BELOW)
    assert _never_shown(card)


def test_a_card_in_flight_at_the_deadline_does_not_show_it_later(make_pushing: MakePushing) -> None:
    """Nobody knows what its call does; it is reported so, and whatever it does is replaced."""
    bot = make_pushing(seconds=0.6)
    bot.meet("anna")
    bot.fault("streaming", 1, delay=2)
    answer = bot.push(ORDER)
    assert (answer.status_code, answer.json()["failed"][0]["code"]) == (502, "unknown")
    until(lambda: bot.card()["state"] == "failed")
    assert bot.card()["text"].strip() == UNSENT
    assert not bot.said()


def test_the_deadline_holds_for_many_cards_in_flight(make_pushing: MakePushing) -> None:
    """However many: they are not waited for one after the other."""
    bot = make_pushing(seconds=1)
    people = [f"user-{number}" for number in range(30)]
    bot.meet(*people)
    bot.fault("streaming", delay=3)
    begun = time.monotonic()
    answer = bot.push({**ORDER, "users": people})
    assert time.monotonic() - begun < 2
    assert {failed["code"] for failed in answer.json()["failed"]} == {"unknown", "deadline"}


def test_a_card_that_showed_its_beginning_before_the_message_failed_says_so(make_pushing: MakePushing) -> None:
    """Longer than a card takes, and then no message either: nothing of it stays."""
    bot = make_pushing(seconds=2, app={"stream_content_bytes": 4_000})
    bot.meet("anna")
    bot.fault("oto_send", status=503, code="system.busy")
    answer = bot.push({**ORDER, "markdown": "word " * 2_000})
    assert answer.json()["sent"] == 0
    until(lambda: bot.card()["state"] == "failed")
    assert bot.card()["text"].strip() == UNSENT
