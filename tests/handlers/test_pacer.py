"""Who is called for first, within which limit, and that each card has at most one call in flight."""

import threading
import time
from queue import Queue

import pytest

from handlers.pacer import Pacer, Window

WAIT = 10


def test_no_second_holds_more_calls_than_the_limit() -> None:
    """Twenty a second mean eighteen in a little more than a second; a refusal closes the window for that long."""
    window, now = Window(20), 100.0
    for _ in range(18):
        assert window.opens_at(now) <= now
        window.take(now)
        now += 0.01
    assert window.opens_at(now) == pytest.approx(101.05)
    window.refused(102.0)
    assert window.opens_at(now) == pytest.approx(103.05)


@pytest.mark.parametrize("limit", [20, 0])
def test_a_refusal_slows_down_and_good_seconds_speed_up_again(limit: float) -> None:
    """A third less after the second of silence, all of it again some seconds later; also where no limit of ours was set."""
    window, now = Window(limit), 100.0
    for _ in range(18):
        window.take(now)
    window.refused(now + 0.1)
    window.refused(now + 0.2)  # left with the other, and is the same news
    now = window.opens_at(now + 0.3)
    assert now == pytest.approx(101.15)

    def in_one_second(now: float) -> int:
        number = 0
        while window.opens_at(now) <= now and number < 100:
            window.take(now)
            number += 1
        return number

    assert in_one_second(now + 0.01) == 12
    assert in_one_second(now + 10) == (18 if limit else 31)


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
    pacer, card = Pacer(), Card("a", calls)
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
    pacer = Pacer(calls_at_once=1)

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
    pacer = Pacer(calls_at_once=1)
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
