"""What cannot have begun is asked again, with the pauses that the AI wants."""

import threading
from collections.abc import Collection

import pytest

from backends.retry import NOT_SENT, patiently
from errors import BackendBusy, BackendDown, BackendError, BackendUnreachable, ModelUnknown, QuotaExceeded


class Pauses(threading.Event):
    """Notes how long it was waited for, and lets nobody wait."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.made.append(timeout or 0)
        return self.is_set()


def pauses(error: BackendError, lasting: Collection[str] = ()) -> list[float]:
    """Return the pauses between the tries of what always fails like this."""
    stopping = Pauses()

    def ask() -> None:
        raise error

    with pytest.raises(type(error)):
        patiently(ask, pause=1, stopping=stopping, lasting=lasting)
    return stopping.made


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_three_more_tries(status: int) -> None:
    """Each pause is twice the one before."""
    kind = BackendBusy if status == 429 else BackendDown
    assert pauses(kind(status=status)) == [1, 2, 4]


def test_what_was_never_sent() -> None:
    """A refused connection may be an AI that is just started."""
    assert pauses(BackendUnreachable(code=NOT_SENT)) == [1, 2, 4]


@pytest.mark.parametrize(("wanted", "made"), [(3, [3, 3, 4]), (10, [10, 10, 10]), (10.5, []), (3_600, [])])
def test_an_ai_that_wants_to_be_left_alone(wanted: float, made: list[float]) -> None:
    """Shortly, it is; for longer than anybody waits for an answer, that is told at once."""
    assert pauses(BackendBusy(status=429, retry_after=wanted)) == made


def test_a_code_that_lasts_with_one_kind_of_ai() -> None:
    """Is told at once by that kind alone."""
    error = BackendBusy(status=429, code="rate_limit_error")
    assert pauses(error) == [1, 2, 4]
    assert pauses(error, lasting={"rate_limit_error"}) == []


@pytest.mark.parametrize(
    "error",
    [
        QuotaExceeded(status=429),
        ModelUnknown(status=503),
        BackendDown(status=500),
        BackendUnreachable(),
    ],
    ids=lambda error: f"{type(error).__name__} {error.status}",
)
def test_what_may_have_begun_or_stays_as_it_is(error: BackendError) -> None:
    """It is told at once."""
    assert pauses(error) == []
