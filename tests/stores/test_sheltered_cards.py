"""Cards in an outage of the durable store: clicks find them, and afterwards somebody closes those that are open."""

from dataclasses import replace

from stores.base import CardRecord, ConversationKey, MessageKey
from tests.stores.outages import Process

ANNA = ConversationKey("bot", "corp", "chat", "anna")
MESSAGE = MessageKey("bot", "robot", "message")
CARD = CardRecord("card", "bot", "anna", MESSAGE, ANNA)


def test_cards_of_an_outage_are_found_in_it_and_after_it(ours: Process, other: Process) -> None:
    """And so are those that passed by before."""
    cards = [CardRecord(f"card {number}", "bot", "anna", MESSAGE, ANNA) for number in range(3)]
    ours.cards.open(cards[0])
    other.cards.open(cards[1])
    assert ours.cards.find("card 1") == cards[1]
    ours.lose()
    ours.cards.open(cards[2])
    assert [ours.cards.find(card.out_track_id) for card in cards] == cards
    assert other.cards.find("card 2") is None
    ours.find()
    assert other.cards.find("card 2") == cards[2]


def test_a_card_that_grows_through_an_outage_is_whole_afterwards(ours: Process, other: Process) -> None:
    """With what was noted before it and in it; it belongs to the process that opened it."""
    ours.cards.open(CARD)
    ours.cards.note("card", ref="task", text="before")
    ours.lose()
    ours.cards.note("card", text="in it")
    ours.cards.note("card", text="later in it")
    ours.find()
    assert other.cards.orphans("bot") == ()
    ours.die()
    other.presence.look()
    assert other.cards.orphans("bot") == (replace(CARD, ref="task", text="later in it"),)


def test_a_card_that_is_opened_in_an_outage_falls_to_another_process_after_it(ours: Process, other: Process) -> None:
    """With all that was noted of it meanwhile, when its own is gone."""
    ours.lose()
    ours.cards.open(CARD)
    ours.cards.note("card", ref="task")
    ours.cards.note("card", text="grown")
    assert ours.cards.orphans("bot") == ()
    ours.find()
    ours.die()
    other.presence.look()
    assert other.cards.orphans("bot") == (replace(CARD, ref="task", text="grown"),)


def test_a_card_that_is_closed_in_an_outage_is_nobodys_afterwards(ours: Process, other: Process) -> None:
    """Whether it was opened before or in it; its text is not written."""
    ours.cards.open(CARD)
    ours.lose()
    ours.cards.open(replace(CARD, out_track_id="short"))
    for name in ("card", "short"):
        ours.cards.note(name, ref="task", text="private")
        ours.cards.close(name)
    ours.find()
    ours.die()
    other.presence.look()
    assert other.cards.orphans("bot") == ()
    assert other.file.run("SELECT DISTINCT text FROM card") == [('""',)]
    for name in ("card", "short"):
        assert other.cards.find(name) == replace(CARD, out_track_id=name, ref="task", is_open=False)


def test_a_card_whose_opening_was_not_confirmed_is_one(ours: Process, other: Process) -> None:
    """The file has kept it, only its answer did not arrive."""
    ours.lose_an_answer()
    ours.cards.open(CARD)
    ours.cards.close("card")
    ours.find()
    assert other.cards.find("card") == replace(CARD, is_open=False)
