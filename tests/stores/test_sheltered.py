"""Conversations and counts in an outage of the durable store: they go on, and nothing is brought back."""

from contextlib import closing
from pathlib import Path

import pytest

from stores.base import ConversationKey, Session, Usage
from stores.memory import MemorySessions
from stores.sheltered import ShelteredSessions
from stores.sqlite import SqliteSessions
from tests.stores.outages import Process, drawn

ANNA, BEN = (ConversationKey("bot", "corp", "chat", person) for person in ("anna", "ben"))
MONTH = "corp", "2026-11"


def test_a_conversation_goes_on_through_an_outage(ours: Process, other: Process) -> None:
    """From what was said before it, and on from what is said in it."""
    ours.say(ANNA, "before")
    ours.lose()
    assert ours.sessions.load(ANNA).conversation == "before"
    ours.say(ANNA, "meanwhile")
    ours.say(BEN, "begun meanwhile")
    assert other.sessions.load(ANNA).conversation == "before"
    ours.find()
    assert other.sessions.load(ANNA).conversation == "meanwhile"
    assert other.sessions.load(BEN).conversation == "begun meanwhile"
    assert ours.sessions.load(BEN) == other.sessions.load(BEN)


def test_an_answer_that_grows_from_an_outage_to_after_it_is_kept(ours: Process) -> None:
    """Whether its conversation was begun by the question, by `renew`, or by an expiry."""
    ours.say(BEN, "expires")
    ours.now += 61
    ours.lose()
    ours.sessions.renew(ANNA)
    keys = ANNA, BEN, ConversationKey("bot", "corp", "chat", "carl")
    growing = [ours.sessions.load(key) for key in keys]
    assert [session.conversation for session in growing] == ["", "", ""]
    ours.find()
    assert all(ours.sessions.save(session.continued("grown")) for session in growing)
    assert [ours.sessions.load(key).conversation for key in keys] == ["grown"] * 3


def test_what_another_process_began_anew_stays_forgotten(ours: Process, other: Process) -> None:
    """What was said here meanwhile, in the old conversation, is not written over it; nor are answers kept that still grow."""
    ours.say(ANNA, "old")
    ours.lose()
    growing = ours.say(ANNA, "older")
    other.sessions.renew(ANNA)
    ours.find()
    assert other.sessions.load(ANNA).conversation == ""
    assert not ours.sessions.save(growing)
    other.say(ANNA, "new")
    assert ours.sessions.load(ANNA).conversation == "new"


def test_what_was_learned_when_an_outage_ended_holds_in_the_next(ours: Process, other: Process) -> None:
    """Another process's conversation goes on here, though nobody asked for it in between."""
    ours.say(ANNA, "old")
    ours.lose()
    ours.say(ANNA, "older")
    other.sessions.renew(ANNA)
    other.say(ANNA, "new")
    ours.find()
    ours.lose()
    assert ours.sessions.load(ANNA).conversation == "new"


def test_a_conversation_begun_anew_in_an_outage_is_the_one_that_goes_on(ours: Process, other: Process) -> None:
    """Answers to the old one are refused in it and after it, wherever they grew."""
    growing = ours.say(ANNA, "old")
    elsewhere = other.sessions.load(ANNA)
    ours.lose()
    ours.sessions.renew(ANNA)
    assert not ours.sessions.save(growing)
    assert ours.sessions.load(ANNA).conversation == ""
    ours.say(ANNA, "new")
    assert other.sessions.save(elsewhere)
    ours.find()
    assert other.sessions.load(ANNA).conversation == "new"
    assert not ours.sessions.save(growing)
    assert not other.sessions.save(elsewhere)


def test_what_was_begun_anew_unseen_is_forgotten_all_the_same(ours: Process, other: Process) -> None:
    """A process that has just started does not know what another one has kept; `renew` ends that, too."""
    elsewhere = other.say(ANNA, "old")
    ours.lose()
    ours.sessions.renew(ANNA)
    ours.find()
    assert other.sessions.load(ANNA).conversation == ""
    assert not other.sessions.save(elsewhere)


def test_when_two_processes_begin_anew_neither_brings_back_the_others(ours: Process, other: Process) -> None:
    """Nobody knows which was later, so both conversations are forgotten."""
    ours.say(ANNA, "old")
    ours.lose()
    ours.sessions.renew(ANNA)
    mine = ours.say(ANNA, "mine")
    other.sessions.renew(ANNA)
    theirs = other.say(ANNA, "theirs")
    ours.find()
    assert not ours.sessions.save(mine)
    assert not other.sessions.save(theirs)
    assert ours.sessions.load(ANNA).conversation == other.sessions.load(ANNA).conversation == ""


def test_a_renewal_that_was_told_before_an_outage_holds_in_it(ours: Process, other: Process) -> None:
    """When an answer was refused because another process began anew, memory forgets the conversation as well."""
    growing = ours.say(ANNA, "old")
    other.sessions.renew(ANNA)
    assert not ours.sessions.save(growing)
    ours.lose()
    assert not ours.sessions.save(growing)
    assert ours.sessions.load(ANNA).conversation == ""


def test_a_renewal_that_was_signalled_before_an_outage_holds_in_it(ours: Process, other: Process) -> None:
    """Another process began anew; the old conversation does not come back here, and the new one is not written over."""
    ours.say(ANNA, "old")
    generation = other.sessions.renew(ANNA)
    ours.sessions.learn(ANNA, generation)
    ours.lose()
    assert ours.sessions.load(ANNA) == Session(ANNA, generation)
    ours.say(ANNA, "new")
    ours.find()
    assert other.sessions.load(ANNA) == Session(ANNA, generation, "new")


def test_a_renewal_that_is_signalled_in_an_outage_holds_in_it(ours: Process, other: Process) -> None:
    """What was said here in the old conversation is not written; what the other process says meanwhile stays."""
    ours.say(ANNA, "old")
    ours.lose()
    growing = ours.say(ANNA, "older")
    ours.sessions.learn(ANNA, other.sessions.renew(ANNA))
    new = other.say(ANNA, "new")
    assert not ours.sessions.save(growing)
    assert ours.sessions.load(ANNA).conversation == ""
    ours.find()
    assert ours.sessions.load(ANNA) == other.sessions.load(ANNA) == new


def test_a_signal_that_comes_late_ends_nothing(ours: Process, other: Process) -> None:
    """The conversation that it tells of has gone on here by then."""
    ours.sessions.load(ANNA)
    generation = other.sessions.renew(ANNA)
    new = ours.say(ANNA, "new")
    ours.sessions.learn(ANNA, generation)
    ours.lose()
    assert ours.sessions.load(ANNA) == new


def test_when_two_processes_begin_anew_the_signal_brings_back_neither(ours: Process, other: Process) -> None:
    """Though it says which one the other has begun."""
    ours.lose()
    ours.sessions.renew(ANNA)
    ours.sessions.learn(ANNA, other.sessions.renew(ANNA))
    theirs = other.say(ANNA, "theirs")
    ours.find()
    assert ours.sessions.load(ANNA).conversation == ""
    assert not other.sessions.save(theirs)


def test_a_conversation_whose_beginning_was_not_confirmed_is_kept(ours: Process, other: Process) -> None:
    """The file has kept it, only its answer did not arrive."""
    ours.lose_an_answer(after=1)
    begun = ours.sessions.load(ANNA)
    assert ours.sessions.save(begun.continued("meanwhile"))
    assert other.sessions.load(ANNA).generation == begun.generation
    ours.find()
    assert other.sessions.load(ANNA) == begun.continued("meanwhile")


def test_a_conversation_that_expires_in_an_outage_is_not_revived(ours: Process, other: Process) -> None:
    """What is written after a long outage begins no remain time of a conversation that has had its own."""
    ours.lose()
    ours.say(ANNA, "long ago")
    ours.now += 61
    other.now = ours.now
    ours.find()
    assert other.sessions.load(ANNA).conversation == ""


def test_what_is_written_after_an_outage_keeps_its_remain_time(ours: Process, other: Process) -> None:
    """The one that it was last saved with, or the store's own; before an outage, in it, and after it."""
    assert ours.sessions.save(ours.sessions.load(ANNA).continued("longer"), 600)
    ours.lose()
    ours.now += 300
    assert ours.sessions.load(ANNA).conversation == "longer"
    assert ours.sessions.save(ours.sessions.load(ANNA).continued("meanwhile"), 600)
    assert ours.sessions.save(ours.sessions.load(BEN).continued("shorter"), 10)
    ours.find()
    other.now = ours.now + 11
    assert other.sessions.load(BEN).conversation == ""
    other.now = ours.now + 590
    assert other.sessions.load(ANNA).conversation == "meanwhile"
    other.now = ours.now + 601
    assert other.sessions.load(ANNA).conversation == ""


def test_what_no_longer_fits_in_an_outage_is_begun_anew_after_it(ours: Process, other: Process) -> None:
    """What waits to be written holds no conversation of its own, or memory's bounds would bind nothing."""
    memory = MemorySessions(60, characters=100, clock=lambda: ours.now)
    sessions = ShelteredSessions(ours.shelter, SqliteSessions(ours.file, 60, clock=lambda: ours.now), memory)
    ours.lose()
    for key in (ANNA, BEN):
        assert sessions.save(sessions.load(key).continued("." * 60))
    ours.find()
    assert [len(other.sessions.load(key).conversation) for key in (ANNA, BEN)] == [0, 60]


def test_counts_of_an_outage_are_added_once(ours: Process, other: Process) -> None:
    """The sums go on from the last that were seen, and are the true ones afterwards."""
    ours.meter.add(*MONTH, Usage(10, 1))
    ours.lose()
    assert ours.meter.add(*MONTH, Usage(1)) == Usage(11, 1)
    assert other.meter.add(*MONTH, Usage(100)) == Usage(110, 1)
    assert ours.meter.add(*MONTH, Usage(1, 1)) == Usage(12, 2)
    assert ours.meter.add(*MONTH, Usage()) == Usage(12, 2)
    ours.find()
    assert other.meter.add(*MONTH, Usage()) == Usage(112, 2)
    ours.lose()
    assert ours.meter.add(*MONTH, Usage()) == Usage(112, 2)


def test_an_event_of_an_outage_is_first_once(ours: Process, other: Process) -> None:
    """What was first before stays so; what was first in it is first for no other process afterwards."""
    assert other.meter.first(*MONTH, "seen")
    assert not ours.meter.first(*MONTH, "seen")
    ours.lose()
    assert not ours.meter.first(*MONTH, "seen")
    assert [ours.meter.first(*MONTH, "new") for _ in range(2)] == [True, False]
    ours.find()
    assert not ours.meter.first(*MONTH, "new")
    assert not other.meter.first(*MONTH, "new")


def test_whose_an_app_is_outlives_an_outage(ours: Process, other: Process) -> None:
    """What was known before is known in it; what is told in it is known to all afterwards."""
    other.meter.remember("one", "corp")
    assert ours.meter.apps() == {"one": "corp"}
    ours.lose()
    assert ours.meter.apps() == {"one": "corp"}
    ours.meter.remember("two", "corp")
    assert ours.meter.apps() == {"one": "corp", "two": "corp"}
    assert other.meter.apps() == {"one": "corp"}
    ours.find()
    assert ours.meter.apps() == other.meter.apps() == {"one": "corp", "two": "corp"}


@pytest.mark.parametrize("seed", range(10))
def test_one_process_with_outages_is_like_memory(tmp_path: Path, seed: int) -> None:
    """Whatever is asked in whatever order, with answers growing for any while: outages change no result."""
    chance, keys = drawn(seed), (ANNA, BEN)
    with closing(Process(tmp_path / "kept.db")) as ours:
        model, growing = MemorySessions(60, clock=lambda: ours.now), list[tuple[Session, Session]]()
        for step in range(400):
            key = chance.choice(keys)
            match chance.choices(("load", "save", "renew", "time", "lose", "find"), (6, 6, 1, 2, 1, 1))[0]:
                case "load":
                    growing.append((ours.sessions.load(key), model.load(key)))
                    assert growing[-1][0].conversation == growing[-1][1].conversation, step
                case "save" if growing:
                    one, two = chance.choice(growing[-6:])
                    assert ours.sessions.save(one.continued(str(step))) == model.save(two.continued(str(step))), step
                case "renew":
                    ours.sessions.renew(key)
                    model.renew(key)
                case "time" if ours.shelter._reached.is_set():
                    ours.now += 61
                case "lose":
                    ours.lose(after=chance.randrange(5))
                case "find":
                    ours.find()


@pytest.mark.parametrize("seed", range(10))
def test_no_outage_of_any_process_brings_back_what_somebody_began_anew(tmp_path: Path, seed: int) -> None:
    """Three processes, cut off at random: at the end, no conversation is older than the last renewal that anybody asked for."""
    chance = drawn(seed)
    path, keys = tmp_path / "kept.db", (ANNA, BEN)
    processes = [Process(path) for _ in range(3)]
    for _ in range(30):
        growing, begun, renewed = list[tuple[Process, Session]](), dict[Session, int](), dict.fromkeys(keys, -1)
        for step in range(30):
            process, key = chance.choice(processes), chance.choice(keys)
            match chance.choices(("load", "save", "renew", "lose", "find"), (6, 6, 1, 1, 1))[0]:
                case "load":
                    session = process.sessions.load(key)
                    begun.setdefault(session.continued(""), step)
                    growing.append((process, session))
                case "save" if growing:
                    process, session = chance.choice(growing)
                    process.sessions.save(session.continued(f"begun at {begun[session.continued('')]}"))
                case "renew":
                    process.sessions.renew(key)
                    renewed[key] = step
                case "lose":
                    process.lose()
                case "find":
                    process.find()
        for process in processes:
            process.find()
        for key in keys:
            (conversation,) = {process.sessions.load(key).conversation for process in processes}
            assert not conversation or int(conversation.removeprefix("begun at ")) > renewed[key]
            processes[0].sessions.renew(key)
    for process in processes:
        process.close()
