"""What every store promises: memory, a SQLite file, that file sheltered, and the shelter in an outage that never ends."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from errors import StoreUnavailable
from stores.base import CardRecord, ConversationKey, Stores, Usage
from stores.memory import MemoryCards, MemoryMeter, MemorySessions
from stores.shelter import Shelter
from stores.sheltered import ShelteredCards, ShelteredMeter, ShelteredSessions
from stores.sqlite import SqliteCards, SqliteMeter, SqliteSessions
from stores.sqlite_file import SqliteFile

ANNA, BEN = (ConversationKey("bot", "corp", "chat", person) for person in ("anna", "ben"))
REMAIN, LIMIT, MONTHS = 60.0, 3, 3


def _out_of_reach() -> None:
    raise StoreUnavailable("gone for good")


def _open(kind: str, path: Path, now: Callable[[], float]) -> Stores:
    sessions, cards, meter = MemorySessions(REMAIN, limit=LIMIT, clock=now), MemoryCards(limit=LIMIT), MemoryMeter(limit=MONTHS)
    if kind == "memory":
        return Stores(sessions, cards, meter, close=lambda: None)
    file = SqliteFile(path)
    kept_sessions = SqliteSessions(file, REMAIN, limit=LIMIT, clock=now, tidy_seconds=0)
    kept_cards = SqliteCards(file, limit=LIMIT, tidy_seconds=0)
    kept_meter = SqliteMeter(file, limit=MONTHS, tidy_seconds=0)
    if kind == "sqlite":
        return Stores(kept_sessions, kept_cards, kept_meter, close=file.close)
    if kind == "outage":
        file.close()
    shelter = Shelter(file.reach if kind == "sheltered" else _out_of_reach, retry_seconds=3_600)

    def close() -> None:
        shelter.close()
        file.close()

    return Stores(
        ShelteredSessions(shelter, kept_sessions, sessions),
        ShelteredCards(shelter, kept_cards, cards),
        ShelteredMeter(shelter, kept_meter, meter),
        close,
    )


@pytest.fixture
def now() -> list[float]:
    """The time on every clock of the test."""
    return [1_000_000.0]


@pytest.fixture(params=["memory", "sqlite", "sheltered", "outage"])
def stores(request: pytest.FixtureRequest, tmp_path: Path, now: list[float]) -> Iterator[Stores]:
    """An empty store of each kind."""
    opened = _open(request.param, tmp_path / "kept.db", lambda: now[0])
    yield opened
    opened.close()


def test_a_session_is_kept_for_the_remain_time_after_its_last_use(stores: Stores, now: list[float]) -> None:
    """Each save starts the time again; after it the next question begins anew."""
    assert stores.sessions.save(stores.sessions.load(ANNA).continued("c1"))
    now[0] += 50
    assert stores.sessions.save(stores.sessions.load(ANNA))
    now[0] += 50
    assert stores.sessions.load(ANNA).conversation == "c1"
    now[0] += 11
    assert stores.sessions.load(ANNA).conversation == ""


def test_a_session_that_is_loaded_twice_is_one(stores: Stores) -> None:
    """Two questions that begin a conversation at once both go on with it."""
    one, two = stores.sessions.load(ANNA), stores.sessions.load(ANNA)
    assert one == two
    assert stores.sessions.save(one.continued("c1"))
    assert stores.sessions.save(two.continued("c2"))
    assert stores.sessions.load(ANNA).conversation == "c2"


def test_an_answer_does_not_bring_back_what_was_begun_anew(stores: Stores) -> None:
    """A session loaded before `renew` is not kept; one of somebody else is."""
    old, other = stores.sessions.load(ANNA), stores.sessions.load(BEN)
    stores.sessions.renew(ANNA)
    assert not stores.sessions.save(old.continued("old"))
    assert stores.sessions.save(other.continued("other"))
    assert stores.sessions.load(ANNA).conversation == ""
    assert stores.sessions.load(BEN).conversation == "other"


def test_a_renewal_outlives_the_remain_time(stores: Stores, now: list[float]) -> None:
    """An answer that grows for longer than the remain time does not bring back what was begun anew meanwhile."""
    old = stores.sessions.load(ANNA).continued("old")
    stores.sessions.renew(ANNA)
    now[0] += 600
    assert not stores.sessions.save(old)
    assert stores.sessions.load(ANNA).conversation == ""


def test_a_renewal_outlives_the_conversation_after_it(stores: Stores, now: list[float]) -> None:
    """Nor when the conversation that was begun anew has gone on and expired."""
    old = stores.sessions.load(ANNA).continued("old")
    stores.sessions.renew(ANNA)
    assert stores.sessions.save(stores.sessions.load(ANNA).continued("new"))
    now[0] += 1_400
    assert not stores.sessions.save(old)


def test_an_answer_that_outgrows_the_remain_time_is_kept(stores: Stores, now: list[float]) -> None:
    """When nobody has begun anew meanwhile."""
    growing = stores.sessions.load(ANNA)
    now[0] += 1_400
    assert stores.sessions.save(growing.continued("c1"))
    assert stores.sessions.load(ANNA).conversation == "c1"


def test_no_generation_is_used_twice(stores: Stores, now: list[float]) -> None:
    """Neither after a renewal, nor after an expiry, nor for another key."""
    generations = [stores.sessions.load(ANNA).generation, stores.sessions.load(BEN).generation]
    for _ in range(20):
        stores.sessions.renew(ANNA)
        generations.append(stores.sessions.load(ANNA).generation)
        now[0] += 2_000
        generations.append(stores.sessions.load(ANNA).generation)
    assert len(set(generations)) == len(generations)


def test_the_longest_unused_sessions_leave_first(stores: Stores, now: list[float]) -> None:
    """What is kept is bounded."""
    keys = [ConversationKey("bot", "corp", "chat", f"person {number}") for number in range(LIMIT + 2)]
    for key in keys:
        now[0] += 1
        stores.sessions.save(stores.sessions.load(key).continued("c"))
    assert stores.sessions.load(keys[-1]).conversation == "c"
    assert stores.sessions.load(keys[0]).conversation == ""


def test_ids_are_kept_whole(stores: Stores) -> None:
    """Whatever characters they have, and however alike they are; no two keys share a conversation."""
    odd = 'quote " comma , null \0 half a pair \ud83d 钉钉 ' + "long" * 100
    for one, two in (
        (ConversationKey("a", "b", "", ""), ConversationKey("a", "", "b", "")),
        (ConversationKey(odd, odd, odd, odd), ConversationKey(odd, odd, odd, odd + " ")),
    ):
        for key in (one, two):
            assert stores.sessions.save(stores.sessions.load(key).continued(f"{key}{odd}"))
        assert stores.sessions.load(one).conversation == f"{one}{odd}"
    card = CardRecord(odd, odd, odd, odd, ConversationKey(odd, odd, odd, odd), odd)
    stores.cards.put(card)
    assert stores.cards.find(odd) == card
    assert stores.meter.add(odd, "2026-11", Usage(1)) == stores.meter.add(odd, "2026-11", Usage())
    assert stores.meter.first(odd, "2026-11", odd)


def test_a_card_is_found_as_it_was_put_last(stores: Stores) -> None:
    """By its id only."""
    stores.cards.put(CardRecord("card", "bot", "anna", "message", ANNA))
    stores.cards.put(CardRecord("card", "bot", "anna", "message", ANNA, "task"))
    assert stores.cards.find("card") == CardRecord("card", "bot", "anna", "message", ANNA, "task")
    assert stores.cards.find("another") is None


def test_the_last_cards_are_found(stores: Stores) -> None:
    """Older ones than the limit are not; one that is put again is the newest."""
    stores.cards.put(CardRecord("first", "bot", "anna", "message", ANNA))
    for number in range(LIMIT + 1):
        stores.cards.put(CardRecord(f"card {number}", "bot", "anna", "message", ANNA))
        stores.cards.put(CardRecord("again", "bot", "anna", "message", ANNA))
    assert stores.cards.find("first") is None
    assert stores.cards.find("card 0") is None
    assert stores.cards.find("again")
    assert stores.cards.find(f"card {LIMIT}")


def test_counts_are_summed_by_company_and_month(stores: Stores) -> None:
    """Adding returns the sums, adding nothing asks for them."""
    assert stores.meter.add("corp", "2026-11", Usage()) == Usage()
    assert stores.meter.add("corp", "2026-11", Usage(calls=2)) == Usage(2, 0)
    assert stores.meter.add("corp", "2026-11", Usage(1, 5)) == Usage(3, 5)
    assert stores.meter.add("other", "2026-11", Usage(pushes=1)) == Usage(0, 1)
    assert stores.meter.add("corp", "2026-12", Usage(1)) == Usage(1, 0)
    assert stores.meter.add("corp", "2026-11", Usage()) == Usage(3, 5)


def test_an_event_is_the_first_of_its_month_once(stores: Stores) -> None:
    """For each company, month and event."""
    events = [
        ("corp", "2026-11", "80 %"),
        ("corp", "2026-11", "100 %"),
        ("other", "2026-11", "80 %"),
        ("corp", "2026-12", "80 %"),
    ]
    assert not any(stores.meter.has(*event) for event in events)
    assert [stores.meter.first(*event) for event in events] == [True] * 4
    assert all(stores.meter.has(*event) for event in events)
    assert [stores.meter.first(*event) for event in events] == [False] * 4


def test_the_newest_months_are_kept(stores: Stores) -> None:
    """What companies used long ago is forgotten; asking about any month removes nothing."""
    for month in range(1, MONTHS + 3):
        stores.meter.add("corp", f"2026-{month:02}", Usage(month))
        stores.meter.first("corp", f"2026-{month:02}", "80 %")
        stores.meter.add("corp", "2031-01", Usage())
    assert stores.meter.add("corp", "2026-01", Usage()) == Usage()
    assert [stores.meter.add("corp", f"2026-{month:02}", Usage()).calls for month in (3, 4, 5)] == [3, 4, 5]


def test_hundreds_of_threads_at_once_lose_nothing(stores: Stores) -> None:
    """Every count is summed, an event is first for one thread, and all load the same beginning."""
    threads, firsts, sessions = 300, [], []

    def work() -> None:
        sessions.append(stores.sessions.load(ANNA))
        for number in range(3):
            stores.meter.add("corp", "2026-11", Usage(1, number))
            firsts.append(stores.meter.first("corp", "2026-11", f"event {number}"))

    running = [threading.Thread(target=work) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert stores.meter.add("corp", "2026-11", Usage()) == Usage(3 * threads, 3 * threads)
    assert len(firsts) == 3 * threads
    assert firsts.count(True) == 3
    assert len(set(sessions)) == 1
