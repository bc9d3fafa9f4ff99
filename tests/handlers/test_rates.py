"""Within which limit calls leave, and what a refusal changes."""

import pytest

from handlers.rates import Window


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
