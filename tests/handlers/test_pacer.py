"""Who is called for first, and that each card has at most one call in flight."""

import threading
import time
from queue import Queue

from handlers.pacer import Pacer
from handlers.rates import Rates

WAIT = 10


class Card:
    """A card that is due when told, and whose call lasts until the test ends it."""

    def __init__(self, name: str, calls: "Queue[str]", priority: int = 0) -> None:
        self.name, self.priority, self._calls = name, priority, calls
        self.api = "streaming"
        self.wanted = 1
        self.in_flight = 0
        self.most_in_flight = 0
        self.may_return = threading.Event()

    def due(self) -> float | None:
        return time.monotonic() if self.wanted else None

    def call(self) -> bool:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.wanted -= 1
        self._calls.put(self.name)
        self.may_return.wait(WAIT)
        self.in_flight -= 1
        return True

    def give_up(self) -> None:
        self.wanted = 0


def test_one_call_in_flight_per_card() -> None:
    """A card that is woken during its call is called again after it, not beside it."""
    calls: Queue[str] = Queue()
    pacer, card = Pacer(Rates()), Card("a", calls)
    pacer.wake(card)
    assert calls.get(timeout=WAIT) == "a"
    card.wanted = 1
    pacer.wake(card)
    card.may_return.set()
    assert calls.get(timeout=WAIT) == "a"
    pacer.close()
    assert card.most_in_flight == 1


def test_a_bug_in_one_card_takes_no_caller_from_the_others() -> None:
    """A call that raises ends its card; the caller serves the next."""
    calls: Queue[str] = Queue()
    pacer = Pacer(Rates(), calls_at_once=1)

    class Broken(Card):
        def call(self) -> bool:
            raise RuntimeError("a bug")

    broken, card = Broken("broken", calls), Card("good", calls)
    card.may_return.set()
    pacer.wake(broken)
    pacer.wake(card)
    assert calls.get(timeout=WAIT) == "good"
    pacer.close()
    assert broken.wanted == 0


def test_the_most_urgent_goes_first() -> None:
    """With one caller busy, those who wait go by priority."""
    calls: Queue[str] = Queue()
    pacer = Pacer(Rates(), calls_at_once=1)
    first = Card("first", calls)
    pacer.wake(first)
    assert calls.get(timeout=WAIT) == "first"
    for name, priority in (("middle", 3), ("create", 1), ("end", 0)):
        card = Card(name, calls, priority)
        card.may_return.set()
        pacer.wake(card)
    first.may_return.set()
    assert [calls.get(timeout=WAIT) for _ in range(3)] == ["end", "create", "middle"]
    pacer.close()


def test_all_cards_get_their_share() -> None:
    """Cards that always have something new are called in turn, however few calls there is room for."""
    calls: Queue[str] = Queue()
    pacer = Pacer(Rates(40))
    cards = [Card(name, calls) for name in "abcdefg"]
    for card in cards:
        card.wanted = 1_000
        card.may_return.set()
        pacer.wake(card)
    for _ in range(36):  # in the first second some cards begin before the others are there
        calls.get(timeout=WAIT)
    called = [calls.get(timeout=WAIT) for _ in range(70)]
    pacer.close()
    # Ten each, but for a thread that the machine lets wait for its turn.
    assert all(8 <= called.count(name) <= 12 for name in "abcdefg"), called


def test_no_more_threads_than_calls_at_once() -> None:
    """What is due beyond that waits for one that returns; none is left when the pacer is closed."""
    calls: Queue[str] = Queue()
    pacer = Pacer(Rates(), calls_at_once=3)
    cards = [Card(str(number), calls) for number in range(10)]
    before = threading.active_count()
    for card in cards:
        pacer.wake(card)
    begun = [calls.get(timeout=WAIT) for _ in range(3)]
    assert threading.active_count() == before + 3
    assert calls.empty()
    for card in cards:
        card.may_return.set()
    assert sorted([*begun, *(calls.get(timeout=WAIT) for _ in range(7))]) == sorted(map(str, range(10)))
    pacer.close()
    assert threading.active_count() == before
