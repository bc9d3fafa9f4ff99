"""When an update is worth its call, as a table."""

import pytest

from handlers.pacing import PACES, Pace, PaceName


def updates(pace: Pace, seconds: float) -> list[float]:
    """The times at which a text that always changes is shown before the answer ends after so many seconds."""
    shown: list[float] = []
    while (at := pace.next_update(shown[0] if shown else None, shown[-1] if shown else 0.0, len(shown))) is not None:
        if at >= seconds:
            break
        shown.append(at)
    return shown


@pytest.mark.parametrize(
    ("name", "age", "pause"),
    [
        ("smooth", 0, 0.3),
        ("smooth", 5, 0.8),
        ("smooth", 600, 1.5),
        ("balanced", 0, 0.6),
        ("balanced", 2, 1.2),
        ("balanced", 600, 4.0),
        ("thrifty", 0, 2.0),
        ("thrifty", 4, 6.0),
        ("thrifty", 600, 20.0),
    ],
)
def test_pauses_grow_with_the_age_of_an_answer(name: PaceName, age: float, pause: float) -> None:
    """Close behind a young answer, at leisure behind an old one."""
    assert PACES[name].pause(age) == pytest.approx(pause)


@pytest.mark.parametrize(
    ("name", "seconds", "number"),
    [
        ("smooth", 3.3, 8),
        ("balanced", 3.3, 4),
        ("thrifty", 3.3, 2),
        ("smooth", 60, 49),
        ("balanced", 60, 20),
        ("thrifty", 60, 6),
    ],
)
def test_an_answer_takes_few_updates(name: PaceName, seconds: float, number: int) -> None:
    """Before its last text, which costs one call more, and the card's creation, which costs another."""
    assert len(updates(PACES[name], seconds)) == number


@pytest.mark.parametrize("name", PACES)
def test_the_first_text_is_shown_at_once(name: PaceName) -> None:
    """Whatever the pace: the reader waits for it."""
    assert updates(PACES[name], 60)[0] == 0.0


@pytest.mark.parametrize("most", [0, 1, 3])
def test_the_hard_limit_holds(most: int) -> None:
    """So many updates and no more; then only the last text is worth a call."""
    pace = Pace(0.3, 0.1, 1.5, most=most)
    assert len(updates(pace, 600)) == most


def test_half_of_a_short_answer_is_seen_within_half_a_second() -> None:
    """100 tokens at 30 a second, in the balanced pace: how long a token waits for the update that shows it."""
    shown = [*updates(PACES["balanced"], 3.3), 3.3]
    tokens = [number / 30 for number in range(100)]
    waits = sorted(min(at for at in shown if at >= token) - token for token in tokens if token <= 3.3)
    assert waits[len(waits) // 2] < 0.45
