"""Durable calls run side by side, and memory's picture is what they leave behind."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from errors import StoreUnavailable
from stores.base import ConversationKey, Session
from stores.memory import MemorySessions
from stores.memory_inbox import MemoryTurns
from stores.opened import open_stores
from stores.shelter import Notes, Places, Shelter
from stores.sheltered import ShelteredSessions
from stores.sheltered_inbox import ShelteredTurns
from stores.sqlite import SqliteSessions
from stores.sqlite_file import SqliteFile
from stores.sqlite_inbox import SqliteTurns
from tests.redis_server import LocalRedis
from tests.stores.kinds import NEVER, eventually
from tests.stores.outages import drawn

SIDE_BY_SIDE = 8
ANNA = ConversationKey("bot", "corp", "chat", "anna")
AWAY = StoreUnavailable("away")


def _nothing() -> None:
    pass


def _fail() -> None:
    raise AWAY


@pytest.fixture
def shelter() -> Iterator[Shelter]:
    """A shelter whose store can always be reached, but is not tried again by itself."""
    with closing(Shelter(_nothing, retry_seconds=NEVER)) as shelter:
        yield shelter


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """More threads than calls run side by side."""
    with ThreadPoolExecutor(40) as threads:
        yield threads


class Held:
    """A durable call that does not end before it is let go."""

    def __init__(self, threads: ThreadPoolExecutor, shelter: Shelter, then: Callable[[], None] = _nothing) -> None:
        self._begun, self._go, self._then = threading.Event(), threading.Event(), then
        self.call: Future[None] = threads.submit(shelter.call, self._durable, _nothing)
        assert self._begun.wait(10)

    def let_go(self) -> None:
        """Let it end, and wait until it has."""
        self._go.set()
        self.call.result(10)

    def _durable(self) -> None:
        self._begun.set()
        assert self._go.wait(10)
        self._then()


def test_calls_run_side_by_side(shelter: Shelter, threads: ThreadPoolExecutor) -> None:
    """Here each ends only when as many as may have begun."""
    others = threading.Barrier(SIDE_BY_SIDE)
    calls = [threads.submit(shelter.call, lambda: others.wait(10), lambda: -1) for _ in range(SIDE_BY_SIDE)]
    assert sorted(call.result(10) for call in calls) == list(range(SIDE_BY_SIDE))


def test_no_more_calls_run_at_once_than_may(shelter: Shelter, threads: ThreadPoolExecutor) -> None:
    """Whoever comes later begins when one has ended, so that none waits in the durable store for a connection."""
    held = [Held(threads, shelter) for _ in range(SIDE_BY_SIDE)]
    late = threads.submit(shelter.call, lambda: "late", lambda: "memory")
    assert eventually(lambda: shelter._places._waiting)
    assert not late.done()
    held.pop().let_go()
    assert late.result(10) == "late"
    for each in held:
        each.let_go()


def test_calls_about_the_same_thing_go_one_after_another(shelter: Shelter, threads: ThreadPoolExecutor) -> None:
    """Whatever is between a call's beginning and its end, no other call about it is."""
    under_way, most = [0], [0]

    def durable() -> None:
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        time.sleep(0.0001)
        under_way[0] -= 1

    for call in [threads.submit(shelter.call, durable, _nothing, about=ANNA) for _ in range(200)]:
        call.result(10)
    assert (most, under_way) == ([1], [0])


def test_waiting_for_ones_order_takes_no_place(shelter: Shelter, threads: ThreadPoolExecutor) -> None:
    """Many calls about one slow thing are in nobody else's way."""
    begun, go = threading.Event(), threading.Event()

    def slow() -> bool:
        begun.set()
        return go.wait(10)

    slow_ones = [threads.submit(shelter.call, slow, lambda: False, about=ANNA) for _ in range(2 * SIDE_BY_SIDE)]
    assert begun.wait(10)
    assert threads.submit(shelter.call, lambda: "quick", lambda: "memory").result(10) == "quick"
    go.set()
    assert all(call.result(10) for call in slow_ones)


def test_an_outage_begins_when_the_calls_beside_have_ended(shelter: Shelter, threads: ThreadPoolExecutor) -> None:
    """The one that failed answers from memory then; none begins in the durable store any more, not even one that has waited."""

    def ask() -> list[Future[str]]:
        waiting = len(shelter._places._waiting)
        asked = [threads.submit(shelter.call, lambda: "durable", lambda: "memory") for _ in range(SIDE_BY_SIDE)]
        assert eventually(lambda: len(shelter._places._waiting) == waiting + len(asked))
        return asked

    fails, *beside = [Held(threads, shelter, then=_fail), *(Held(threads, shelter) for _ in range(SIDE_BY_SIDE - 1))]
    waiting = ask()
    fails._go.set()
    assert eventually(lambda: len(shelter._places._waiting) == len(waiting) + 1)
    waiting += ask()
    assert not fails.call.done()
    assert shelter.trouble() == ""
    for each in beside:
        each.let_go()
    fails.call.result(10)
    assert {call.result(10) for call in waiting} == {"memory"}
    assert shelter.trouble() == "away"


def test_all_calls_under_way_may_fail_at_once(shelter: Shelter, threads: ThreadPoolExecutor) -> None:
    """It is one outage, told once, and each of them answers from memory."""
    held = [Held(threads, shelter, then=_fail) for _ in range(SIDE_BY_SIDE)]
    for each in held:
        each._go.set()
    for each in held:
        each.call.result(10)
    assert shelter.trouble() == "away"
    assert shelter.try_again()


def test_nothing_is_under_way_while_notes_are_written(threads: ThreadPoolExecutor) -> None:
    """Nor while the durable store becomes the one that answers again; here it comes and goes under many threads."""
    chance, counting = drawn(2), threading.Lock()
    under_way, wrong = {"durable": 0, "memory": 0, "written": 0}, list[dict[str, int]]()

    def during(kind: str, *forbidden: str) -> None:
        with counting:
            under_way[kind] += 1
            if any(under_way[other] for other in forbidden) or (kind != "durable" and under_way[kind] > 1):
                wrong.append(dict(under_way))
        time.sleep(0)
        with counting:
            under_way[kind] -= 1

    def durable() -> None:
        during("durable", "memory", "written")
        if chance.random() < 0.1:
            raise AWAY

    def write(_key: int, _note: None) -> None:
        during("written", "durable", "memory")

    def work(number: int) -> int:
        calls = 0
        while not end.is_set():
            shelter.call(durable, memory_of(number), about=number % 3 or None)
            calls += 1
        return calls

    def memory_of(number: int) -> Callable[[], None]:
        def memory() -> None:
            during("memory", "durable", "written")
            notes.put(number, None)

        return memory

    with closing(Shelter(_nothing, retry_seconds=0.0001)) as shelter:
        notes: Notes[int, None] = shelter.notes(write, 1_000)
        end = threading.Event()
        working = [threads.submit(work, number) for number in range(30)]
        for _ in range(200):
            shelter.lose(AWAY)
            assert shelter._reached.wait(10)
        end.set()
        calls = [each.result(10) for each in working]
    assert wrong == []
    assert all(calls)


def test_who_must_be_alone_is_not_kept_waiting(threads: ThreadPoolExecutor) -> None:
    """Though there is always somebody with a place; and those who share get one though somebody always wants to be alone."""
    places, end = Places(4), threading.Event()

    def share() -> int:
        had = 0
        while not end.is_set():
            with places.one():
                had += 1
                time.sleep(0.0001)
        return had

    def be_alone() -> int:
        had = 0
        while not end.is_set():
            with places.all():
                had += 1
        return had

    busy = [threads.submit(each) for each in (share, share, share, share, share, share, be_alone, be_alone)]
    for _ in range(50):
        with places.all():
            assert places._free == 0
    end.set()
    assert all(each.result(10) > 1 for each in busy)
    assert places._free == 4


def test_a_place_is_given_back_by_who_fails_or_stops_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the main thread does when it is told to end."""
    places = Places(2)
    with pytest.raises(StoreUnavailable), places.one():
        _fail()

    def interrupted(_: threading.Event) -> None:
        raise KeyboardInterrupt

    with places.one():
        with monkeypatch.context() as patch:
            patch.setattr(threading.Event, "wait", interrupted)
            with pytest.raises(KeyboardInterrupt):
                places.all().__enter__()
        with places.one():
            assert places._free == 0
    assert places._free == 2


def _meanwhile(act: Callable[[], object]) -> threading.Thread:
    """Begin an act in the midst of a call: it is over at once, or it waits for that call to end."""
    thread = threading.Thread(target=act)
    thread.start()
    thread.join(0.05)
    return thread


@pytest.mark.parametrize("what", ["renew", "learn"])
def test_what_was_loaded_before_a_renewal_does_not_come_back(tmp_path: Path, what: str, shelter: Shelter) -> None:
    """The old conversation was on its way here when it was begun anew; an outage does not bring it back."""

    class Slow(SqliteSessions):
        def begin(self, session: Session) -> Session:
            found = super().begin(session)
            if generations and not acts:
                acts.append(_meanwhile(renew))
            return found

    def renew() -> None:
        if what == "renew":
            generations.append(sessions.renew(ANNA))
        else:
            generations.append(elsewhere.renew(ANNA))
            sessions.learn(ANNA, generations[-1])

    acts, generations = list[threading.Thread](), list[int]()
    with closing(SqliteFile(tmp_path / "kept.db")) as file:
        elsewhere = SqliteSessions(file, 60)
        sessions = ShelteredSessions(shelter, Slow(file, 60), MemorySessions(60))
        old = sessions.load(ANNA)
        assert sessions.save(old.continued("old"))
        generations.append(old.generation)
        sessions.load(ANNA)
        acts[0].join(10)
        shelter.lose(AWAY)
        assert sessions.load(ANNA) == Session(ANNA, generations[-1])


def test_a_turn_that_begins_as_another_joins_is_the_one_in_an_outage(tmp_path: Path, shelter: Shelter) -> None:
    """Memory begins the same turn as the durable line, though one that was written before joins in between."""

    class Slow(SqliteTurns):
        def next(self, key: ConversationKey) -> str | None:
            found = super().next(key)
            acts.append(_meanwhile(lambda: turns.join(ANNA, "written before", 10.0)))
            return found

    acts = list[threading.Thread]()
    with closing(SqliteFile(tmp_path / "kept.db")) as file:
        turns = ShelteredTurns(shelter, Slow(file, "ours"), MemoryTurns())
        turns.join(ANNA, "begun", 20.0)
        assert turns.next(ANNA) == "begun"
        acts[0].join(10)
        shelter.lose(AWAY)
        assert turns.next(ANNA) == "begun"


def test_a_frozen_server_keeps_nobody_for_long(redis: LocalRedis) -> None:
    """With a call in every place and many more waiting, nobody is kept for much longer than its time limit (0.5 s), twice."""
    with closing(open_stores(redis.url, 60)) as stores, ThreadPoolExecutor(100) as threads:

        def load(number: int) -> float:
            begun = time.monotonic()
            stores.sessions.load(ConversationKey("bot", "corp", "chat", str(number)))
            return time.monotonic() - begun

        list(threads.map(load, range(100)))
        redis.freeze()
        assert max(threads.map(load, range(100))) < 2.5
        redis.thaw()
        assert eventually(lambda: stores.trouble() == "")
