"""Messages and their lines in an outage of the durable store: each is answered once, and none waits for ever."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from stores.base import ConversationKey, MessageKey
from stores.memory_inbox import MemoryInbox, MemoryTurns
from tests.stores.outages import Process, drawn

ANNA, BEN = (ConversationKey("bot", "corp", "chat", person) for person in ("anna", "ben"))
MESSAGE, SECOND, THIRD = (MessageKey("bot", "robot", name) for name in ("message", "second", "third"))


def test_a_message_that_came_before_an_outage_is_known_in_it(ours: Process, other: Process) -> None:
    """Whether it was accepted, taken over or has ended."""
    other.inbox.accept(THIRD, "{}")
    other.die()
    ours.presence.look()
    assert [message.key for message in ours.inbox.take_over("bot")] == [THIRD]
    for key in (MESSAGE, SECOND):
        assert ours.inbox.accept(key, "{}")
    ours.inbox.end(SECOND)
    ours.lose()
    for key in (MESSAGE, SECOND, THIRD):
        assert not ours.inbox.accept(key, "{}")
    assert [ours.inbox.is_open(key) for key in (MESSAGE, SECOND, THIRD)] == [True, False, True]


def test_a_message_that_comes_in_an_outage_is_known_to_all_afterwards(ours: Process, other: Process) -> None:
    """Under way or ended; the words of one that ended are not written."""
    ours.lose()
    for key in (MESSAGE, SECOND):
        assert ours.inbox.accept(key, '"private"')
        assert not ours.inbox.accept(key, '"private"')
        assert ours.inbox.ask(key, "card")
    ours.inbox.end(SECOND)
    assert ours.inbox.take_over("bot") == ()
    ours.find()
    assert not other.inbox.accept(MESSAGE, "{}")
    assert not other.inbox.accept(SECOND, "{}")
    assert [other.inbox.is_open(key) for key in (MESSAGE, SECOND)] == [True, False]
    assert other.file.run("SELECT count(*) FROM inbox WHERE raw LIKE '%private%'") == [(1,)]


def test_messages_of_an_outage_fall_to_another_process_after_it(ours: Process, other: Process) -> None:
    """With their words and whether the AI was asked, when their own is gone."""
    ours.inbox.accept(THIRD, "3")
    ours.lose()
    ours.inbox.accept(MESSAGE, "1")
    ours.inbox.accept(SECOND, "2")
    ours.inbox.ask(SECOND, "card 2")
    ours.inbox.ask(THIRD, "card 3")
    ours.find()
    assert other.inbox.take_over("bot") == ()
    ours.die()
    other.presence.look()
    taken = {message.key: (message.raw, message.card) for message in other.inbox.take_over("bot")}
    assert taken == {MESSAGE: ("1", ""), SECOND: ("2", "card 2"), THIRD: ("3", "card 3")}


def test_what_others_took_over_in_an_outage_stays_theirs(ours: Process, other: Process) -> None:
    """The one that had them could not renew its lease; it learns that once, and then asks no more for what it lost."""
    for key in (MESSAGE, SECOND):
        ours.inbox.accept(key, "{}")
    ours.lose()
    ours.now = other.now = ours.now + 16
    assert ours.presence.renew()
    other.presence.renew()
    other.presence.look()
    assert [message.key for message in other.inbox.take_over("bot")] == [MESSAGE, SECOND]
    ours.inbox.end(SECOND)
    ours.find()
    assert [ours.presence.renew() for _ in range(3)] == [False, True, True]
    assert not ours.inbox.ask(MESSAGE, "card")
    assert other.inbox.is_open(MESSAGE)
    assert other.inbox.is_open(SECOND)
    ours.lose()
    assert not ours.inbox.is_open(MESSAGE)
    assert not ours.inbox.accept(MESSAGE, "{}")


def test_a_message_whose_acceptance_was_not_confirmed_is_this_processs(ours: Process, other: Process) -> None:
    """The file has kept it, only its answer did not arrive."""
    ours.lose_an_answer()
    assert ours.inbox.accept(MESSAGE, "{}")
    assert not other.inbox.accept(MESSAGE, "{}")
    ours.find()
    assert ours.inbox.ask(MESSAGE, "card")
    ours.inbox.end(MESSAGE)
    assert not other.inbox.is_open(MESSAGE)


def test_in_an_outage_only_our_own_turns_count(ours: Process, other: Process) -> None:
    """Nobody can tell how far the others are; in the order in which ours were written."""
    other.turns.join(ANNA, "theirs", 1.0)
    ours.turns.join(ANNA, "before", 20.0)
    assert ours.turns.next(ANNA) is None
    ours.lose()
    ours.turns.join(ANNA, "in it", 10.0)
    assert not ours.turns.elsewhere(ANNA)
    assert ours.turns.next(ANNA) == "in it"
    assert not ours.turns.leave(ANNA, "in it")
    assert ours.turns.next(ANNA) == "before"


def test_a_turn_that_joins_in_an_outage_has_its_turn_after_it(ours: Process, other: Process) -> None:
    """In the line of all."""
    other.turns.join(ANNA, "theirs", 10.0)
    ours.lose()
    ours.turns.join(ANNA, "ours", 20.0)
    ours.find()
    assert other.turns.elsewhere(ANNA)
    assert ours.turns.next(ANNA) is None
    assert other.turns.next(ANNA) == "theirs"
    assert other.turns.leave(ANNA, "theirs")
    assert ours.turns.next(ANNA) == "ours"


def test_a_turn_that_leaves_in_an_outage_is_not_waited_for_after_it(ours: Process, other: Process) -> None:
    """Though it had begun before."""
    ours.turns.join(ANNA, "ours", 10.0)
    assert ours.turns.next(ANNA) == "ours"
    other.turns.join(ANNA, "theirs", 20.0)
    ours.lose()
    assert ours.turns.next(ANNA) == "ours"
    ours.turns.leave(ANNA, "ours")
    ours.turns.join(BEN, "short", 10.0)
    ours.turns.leave(BEN, "short")
    assert other.turns.next(ANNA) is None
    ours.find()
    assert other.turns.next(ANNA) == "theirs"
    assert not other.turns.elsewhere(BEN)


def test_a_turn_that_has_begun_before_an_outage_stays_the_one(ours: Process) -> None:
    """In it and after it, whatever joins before it."""
    ours.turns.join(ANNA, "begun", 20.0)
    assert ours.turns.next(ANNA) == "begun"
    ours.lose()
    ours.turns.join(ANNA, "written before", 10.0)
    assert ours.turns.next(ANNA) == "begun"
    ours.find()
    assert ours.turns.next(ANNA) == "begun"
    ours.turns.leave(ANNA, "begun")
    assert ours.turns.next(ANNA) == "written before"


def test_a_place_that_was_not_confirmed_is_one(ours: Process, other: Process) -> None:
    """The file has kept it, only its answer did not arrive."""
    ours.lose_an_answer()
    ours.turns.join(ANNA, "ours", 10.0)
    other.turns.join(ANNA, "theirs", 20.0)
    assert other.turns.next(ANNA) is None
    ours.find()
    assert ours.turns.leave(ANNA, "ours")
    assert other.turns.next(ANNA) == "theirs"


@pytest.mark.parametrize("answers", range(6))
def test_the_places_of_a_process_that_was_taken_for_gone_come_back(ours: Process, other: Process, answers: int) -> None:
    """When it renews; also when another outage begins in the midst of that."""
    for turn in ("first", "second", "third"):
        ours.turns.join(ANNA, turn, 10.0)
    ours.turns.leave(ANNA, "second")
    ours.now = other.now = ours.now + 16
    other.presence.renew()
    other.presence.look()
    assert not other.turns.elsewhere(ANNA)
    ours.lose(after=answers)
    heard = [ours.presence.renew()]
    ours.find()
    heard += [ours.presence.renew() for _ in range(2)]
    assert heard.count(False) == 1
    assert other.turns.elsewhere(ANNA)
    for turn in ("first", "third"):
        assert ours.turns.next(ANNA) == turn
        ours.turns.leave(ANNA, turn)
    assert not other.turns.elsewhere(ANNA)


@pytest.mark.parametrize("seed", range(10))
def test_one_process_with_outages_is_like_memory(tmp_path: Path, seed: int) -> None:
    """Whatever is done in whatever order: outages, and answers that get lost, change no result."""
    chance, messages = drawn(seed), [replace(MESSAGE, message_id=str(number)) for number in range(6)]
    with closing(Process(tmp_path / "kept.db")) as ours:
        line, inbox = MemoryTurns(), MemoryInbox(clock=lambda: ours.now)
        for step in range(400):
            key, message = chance.choice((ANNA, BEN)), chance.choice(messages)
            turn = str(step - chance.randrange(20))  # one that came lately, if any
            match chance.choices(
                ("join", "leave", "next", "accept", "ask", "end", "time", "lose", "lose an answer", "find"),
                (6, 4, 6, 4, 3, 3, 1, 1, 1, 2),
            )[0]:
                case "join":
                    written_at = float(chance.randrange(5))
                    ours.turns.join(key, str(step), written_at)
                    line.join(key, str(step), written_at)
                case "leave":
                    assert ours.turns.leave(key, turn) == line.leave(key, turn), step
                case "next":
                    assert ours.turns.next(key) == line.next(key), step
                case "accept":
                    assert ours.inbox.accept(message, "{}") == inbox.accept(message, "{}"), step
                case "ask" if inbox.is_open(message):
                    assert ours.inbox.ask(message, "card"), step
                    inbox.ask(message, "card")
                case "end" if inbox.is_open(message):
                    ours.inbox.end(message)
                    inbox.end(message)
                    assert ours.inbox.is_open(message) == inbox.is_open(message), step
                case "time" if ours.stores.trouble() == "":
                    ours.now += 7_201
                case "lose":
                    ours.lose(after=chance.randrange(5))
                case "lose an answer":
                    ours.lose_an_answer(after=chance.randrange(5))
                case "find":
                    ours.find()
