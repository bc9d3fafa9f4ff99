"""Within which limit calls leave, and what a refusal changes."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from errors import Throttled
from handlers.rates import NoRoom, Rates, Window


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


def test_middle_frames_leave_room() -> None:
    """With half of the room taken nothing more of theirs leaves, and whatever is urgent does."""
    window, now = Window(20), 100.0
    for _ in range(9):
        assert window.opens_at(now, 0.5) <= now
        window.take(now)
    assert window.opens_at(now, 0.5) == pytest.approx(101.05)
    assert window.opens_at(now) <= now


def test_a_call_that_left_late_counts_from_when_it_arrived() -> None:
    """In a burst a call may leave long after it was allowed to: its answer tells, as calls usually take 60 ms here."""
    window, now = Window(20), 100.0
    for _ in range(40):
        slot = window.take(now)
        window.returned(slot, now + 0.06)
        now += 1
    slots = [window.take(now) for _ in range(18)]
    for slot in slots:
        window.returned(slot, now + 0.36)
    assert window.opens_at(now + 0.4) == pytest.approx(now + 0.3 + 1.05)


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


def test_a_slot_is_held_while_the_call_is_made() -> None:
    """One call a second: the next leaves a second later, and none that could not leave before its deadline."""
    rates, begun = Rates(1.2), time.monotonic()
    with rates.slot("api", begun):
        pass
    with pytest.raises(NoRoom), rates.slot("api", begun + 0.5):
        raise AssertionError("it was let in")
    with rates.slot("api", begun + 5):
        assert time.monotonic() - begun > 0.9


def test_a_refused_call_closes_its_window() -> None:
    """What DingTalk refuses for its number slows down all that use the API; any other error does not."""
    rates = Rates(20)
    for error in (ValueError(), Throttled("too fast")):
        assert rates.opens_at("api") <= time.monotonic()
        with suppress(ValueError, Throttled), rates.slot("api", 0):
            raise error
    assert rates.opens_at("api") > time.monotonic() + 0.5


@pytest.mark.parametrize("first", [threading.Event.set, lambda _: None], ids=["before", "meanwhile"])
def test_a_wait_for_a_slot_can_be_ended(first: Callable[[threading.Event], None]) -> None:
    """Whether it is ended before it begins or meanwhile, no call is made."""
    rates, stop = Rates(0.05), threading.Event()
    rates.take("api")
    first(stop)
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(NoRoom), rates.slot("api", time.monotonic() + 60, stop):
        raise AssertionError("it was let in")
