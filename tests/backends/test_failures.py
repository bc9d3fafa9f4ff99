"""What a log may hold of an AI's own words: short, and without anything that people wrote."""

import pytest

from backends.failures import envelope, for_log
from errors import BackendBusy, InputRefused


@pytest.mark.parametrize(
    ("detail", "said", "kept"),
    [
        ("bad prompt 'hi'", ["hi"], "bad prompt '…'"),
        ("this is which", ["hi"], "this is which"),
        ("一个问题：工资", ["工资"], "一个问题：…"),
        ("query工资of x", ["工资"], "query…of x"),
        ("cut: of the chairman and his w", ["the salary of the chairman and his wife"], "cut:…"),
        ('escaped: "line\\nbreak"', ["line\nbreak"], 'escaped: "…"'),
        ("nothing of it", ["", "  "], "nothing of it"),
        ("", ["words"], ""),
    ],
)
def test_quotations_are_taken_out(detail: str, said: list[str], kept: str) -> None:
    """Whole, in part, escaped; a short word tears no hole into others."""
    assert for_log(InputRefused(detail), *said).detail == kept


def test_all_else_stays() -> None:
    """The class, and what a support asks for."""
    error = for_log(BackendBusy("d", code="c", status=429, request_id="r", ai="openai", retry_after=3))
    assert (type(error), error.code, error.status, error.request_id) == (BackendBusy, "c", 429, "r")
    assert (error.ai, error.retry_after) == ("openai", 3)


def test_a_long_detail_is_cut() -> None:
    """Its beginning and its end tell most."""
    detail = for_log(InputRefused("a" * 500 + "b" * 1_000)).detail
    assert len(detail) < 310
    assert (detail[0], detail[-1]) == ("a", "b")


def test_a_very_long_detail_keeps_its_end() -> None:
    """A trace tells most there, however far away it is."""
    assert for_log(InputRefused("a" * 60_000 + " ValueError: boom")).detail.endswith("ValueError: boom")


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[1]", b"null", b'"text"', b"[" * 100_000])
def test_what_is_no_object_is_no_envelope(body: bytes) -> None:
    """Nor does it fail."""
    assert envelope(body) == {}
    assert envelope(b'{"error": 1}') == {"error": 1}
