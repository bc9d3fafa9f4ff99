"""What is remembered of a conversation fits into its budget, and survives being kept as text."""

import pytest

from backends.memory import Exchange, newest, read, shorten, tokens, write

OLD, NEW = Exchange("旧问", "旧答"), Exchange("新问", "新答")


def test_what_is_written_is_read() -> None:
    """In its order."""
    assert read(write([OLD, NEW])) == (OLD, NEW)


@pytest.mark.parametrize("left", ["", "b54b9d4e-7d2b-4f3b-b2bb-4b5e6ab5a3ff", "5", "null", "[1]", '[["a"]]', "[" * 100_000])
def test_what_another_kind_left_is_nothing(left: str) -> None:
    """Nor is what broke."""
    assert read(left) == ()


@pytest.mark.parametrize(
    ("budget", "kept"),
    [(100, (OLD, NEW)), (8, (OLD, NEW)), (7, (NEW,)), (4, (NEW,)), (0, ()), (-1, ())],
)
def test_the_newest_fit_into_the_budget(budget: int, kept: tuple[Exchange, ...]) -> None:
    """The oldest are left out first, and each with its answer."""
    assert newest([OLD, NEW], budget) == kept


def test_the_last_is_cut_rather_than_left_out() -> None:
    """A long answer would else make the next question the first."""
    (only,) = newest([Exchange("问" * 100, "答" * 100)], 20)
    assert tokens(only.question) + tokens(only.answer) <= 20
    assert only.question.endswith("…")


@pytest.mark.parametrize("budget", range(6))
def test_shortened_fits(budget: int) -> None:
    """Whatever the budget."""
    assert tokens(shorten("一二三四五六七八 and more", budget)) <= budget
