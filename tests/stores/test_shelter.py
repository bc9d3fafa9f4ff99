"""An outage of the durable store: nobody waits, and afterwards it knows everything that it missed."""

import logging
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from errors import StoreUnavailable
from stores.base import CardRecord, ConversationKey, MessageKey, Usage
from stores.memory import MemoryCards, MemorySessions
from stores.shelter import Shelter
from stores.sheltered import ShelteredSessions
from stores.sheltered_cards import ShelteredCards
from stores.sqlite import SqliteCards, SqliteSessions
from stores.sqlite_file import SqliteFile
from tests.stores.kinds import NEVER
from tests.stores.outages import Process, drawn

ANNA = ConversationKey("bot", "corp", "chat", "anna")
MESSAGE = MessageKey("bot", "robot", "message")
MONTH = "corp", "2026-11"


def test_an_outage_in_the_midst_of_the_writing_loses_and_doubles_nothing(ours: Process, other: Process) -> None:
    """However far the writing came; what changes in between is written as well."""
    keys = [ConversationKey("bot", "corp", "chat", str(number)) for number in range(10)]
    ours.lose()
    for answers in range(20):
        for number, key in enumerate(keys):
            ours.say(key, f"{answers} {number}")
            ours.meter.add("corp", f"month {number}", Usage(1))
        ours.lose(after=answers)
        assert not ours.shelter.try_again()
    ours.find()
    for number, key in enumerate(keys):
        assert other.sessions.load(key).conversation == f"19 {number}"
        assert other.meter.add("corp", f"month {number}", Usage()) == Usage(20)


def test_nobody_waits_while_the_file_is_out_of_reach(ours: Process) -> None:
    """Only the first call asks it; the others are not kept by a store that does not respond."""
    asked = ours.file.asked
    ours.lose()
    for number in range(100):
        ours.say(ANNA, str(number))
        ours.meter.add(*MONTH, Usage(1))
        ours.cards.find("card")
    assert ours.file.asked == asked + 1


def test_it_is_tried_again_by_itself(tmp_path: Path) -> None:
    """Without anybody calling; another outage after that is survived as well."""
    with closing(Process(tmp_path / "kept.db", retry_seconds=0.001)) as ours, closing(Process(ours.path)) as other:
        for outage in range(1, 4):
            ours.lose()
            ours.meter.add(*MONTH, Usage(1))
            ours.file.answer(float("inf"))
            assert ours.shelter._reached.wait(10)
            assert other.meter.add(*MONTH, Usage()) == Usage(outage)


def test_a_real_lock_is_an_outage(tmp_path: Path) -> None:
    """Another program holds the file; what is said meanwhile is written when it lets go."""
    path = tmp_path / "kept.db"
    file = SqliteFile(path, wait_seconds=0.01)
    shelter = Shelter(file.reach, retry_seconds=0.001)
    sessions = ShelteredSessions(shelter, SqliteSessions(file, 60), MemorySessions(60))
    with closing(file), closing(sqlite3.connect(path, isolation_level=None)) as lock, closing(SqliteFile(path)) as seen:
        lock.execute("BEGIN EXCLUSIVE")
        session = sessions.load(ANNA).continued("meanwhile")
        assert sessions.save(session)
        assert not shelter._reached.is_set()
        lock.execute("ROLLBACK")
        assert shelter._reached.wait(10)
        assert SqliteSessions(seen, 60).load(ANNA) == session
        shelter.close()


def test_closing_writes_what_waits(ours: Process, other: Process) -> None:
    """A process that is stopped in the second after an outage loses nothing."""
    ours.lose()
    ours.say(ANNA, "meanwhile")
    ours.file.answer(float("inf"))
    ours.close()
    assert other.sessions.load(ANNA).conversation == "meanwhile"


def test_closing_in_an_outage_says_how_much_is_lost(ours: Process, caplog: pytest.LogCaptureFixture) -> None:
    """And takes no longer than one more try."""
    ours.lose()
    ours.say(ANNA, "meanwhile")
    ours.meter.add(*MONTH, Usage(1))
    ours.close()
    assert caplog.messages[-1] == "changes that could not be kept: 2"
    assert ours.say(ANNA, "a late answer")


def test_what_waits_to_be_written_is_bounded(ours: Process, other: Process) -> None:
    """The oldest leave first, as in the store itself."""
    sessions = ShelteredSessions(ours.shelter, SqliteSessions(ours.file, 60), MemorySessions(60), limit=2)
    cards = ShelteredCards(ours.shelter, SqliteCards(ours.file, "owner"), MemoryCards(), limit=2)
    ours.lose()
    keys = [ConversationKey("bot", "corp", "chat", str(number)) for number in range(3)]
    for key in keys:
        assert sessions.save(sessions.load(key).continued("said"))
        cards.open(CardRecord(key.person, "bot", "anna", MESSAGE, key))
    ours.find()
    assert [other.sessions.load(key).conversation for key in keys] == ["", "said", "said"]
    assert [other.cards.find(key.person) is not None for key in keys] == [False, True, True]


def test_it_may_begin_in_an_outage(ours: Process, other: Process, caplog: pytest.LogCaptureFixture) -> None:
    """As when a server is away at the start; what is said until it is there is written then."""
    caplog.set_level(logging.INFO, "dingbridge.stores")
    shelter = Shelter(ours.file.reach, retry_seconds=NEVER)
    shelter.lose(StoreUnavailable("not there yet"))
    shelter.lose(StoreUnavailable("still not"))
    sessions = ShelteredSessions(shelter, SqliteSessions(ours.file, 60), MemorySessions(60))
    session = sessions.load(ANNA).continued("meanwhile")
    assert sessions.save(session)
    assert shelter.trouble() == "not there yet"
    assert shelter.try_again()
    assert SqliteSessions(other.file, 60).load(ANNA) == session
    assert len(caplog.messages) == 2
    shelter.close()


def test_the_trouble_is_told_while_it_lasts(ours: Process) -> None:
    """In one line, as the store said it last."""
    assert ours.stores.trouble() == ""
    ours.lose()
    assert ours.stores.trouble() == ""
    ours.cards.find("card")
    assert ours.stores.trouble() == "out of reach"
    ours.find()
    assert ours.stores.trouble() == ""
    ours.shelter.lose(StoreUnavailable("another reason"))
    ours.lose()
    assert not ours.shelter.try_again()
    assert ours.stores.trouble() == "out of reach"


def test_an_outage_is_told_once_a_minute_and_so_is_its_end(ours: Process, caplog: pytest.LogCaptureFixture) -> None:
    """With the reason, what to do, and nothing of what is kept."""
    caplog.set_level(logging.INFO, "dingbridge.stores")
    warning = "the store cannot be reached, memory stands in for it: out of reach; look after it"
    end = "the store can be reached again, and has been told what it missed"
    ours.lose()
    ours.say(ANNA, "private")
    for _ in range(3):
        assert not ours.shelter.try_again()
    assert caplog.messages == [warning]
    ours.now += 60
    assert not ours.shelter.try_again()
    ours.find()
    assert caplog.messages == [warning, warning, end]
    ours.lose()
    ours.say(ANNA, "private")
    ours.find()
    assert caplog.messages == [warning, warning, end]
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING", "INFO"]


def test_threads_in_many_outages_lose_and_double_nothing(tmp_path: Path) -> None:
    """Sixteen threads count and speak while the file comes and goes."""
    with closing(Process(tmp_path / "kept.db", retry_seconds=0.0005)) as ours:

        def work(number: int) -> None:
            for turn in range(200):
                ours.meter.add(*MONTH, Usage(1))
                ours.say(ConversationKey("bot", "corp", "chat", str(number)), str(turn))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        chance = drawn(1)
        outages = 0
        while any(thread.is_alive() for thread in threads):
            ours.lose(after=chance.randrange(50))
            threads[0].join(0.002)
            ours.file.answer(float("inf"))
            outages += ours.shelter._reached.wait(10)
        for thread in threads:
            thread.join()
        assert ours.shelter._reached.wait(10)
        assert outages
        with closing(Process(ours.path)) as other:
            assert other.meter.add(*MONTH, Usage()) == Usage(16 * 200)
            said = [other.sessions.load(ConversationKey("bot", "corp", "chat", str(number))) for number in range(16)]
            assert [session.conversation for session in said] == ["199"] * 16
