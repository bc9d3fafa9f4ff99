"""What a company uses of its month: counted for all its bots, told once, and saved before it is gone."""

from datetime import UTC, datetime

import pytest

from handlers.account import CALL, PUSH, Account
from handlers.budget import Budget
from handlers.pacing import PACES, Pace
from handlers.texts import Texts
from stores.base import Usage
from stores.memory import MemoryMeter

BALANCED = PACES["balanced"]
IN_NOVEMBER, IN_DECEMBER = (datetime(2026, month, day, hour, tzinfo=UTC).timestamp() for month, day, hour in
                            ((11, 30, 15), (11, 30, 17)))  # fmt: skip  # an hour before and after midnight in China


def _budget(meter: MemoryMeter, now: list[float], *, calls: int = 0, pushes: int = 0) -> Budget:
    return Budget(meter, Usage(calls, pushes), Texts("en"), clock=lambda: now[0])


def _account(budget: Budget, corp: str = "corp") -> Account:
    account = Account(budget.companies)
    account.belongs_to(corp)
    return account


def test_what_an_app_used_before_its_company_was_known_counts() -> None:
    """The first message tells whose app it is; another company named later changes nothing."""
    budget = _budget(MemoryMeter(), [IN_NOVEMBER])
    account = Account(budget.companies)
    account.add(CALL)
    account.belongs_to("")
    account.belongs_to("corp")
    account.belongs_to("other")
    account.add(PUSH)
    assert budget.used() == {"corp": Usage(calls=1, pushes=1)}
    budget.settle()
    assert budget.used() == {"corp": Usage(calls=1, pushes=1)}


def test_the_bots_of_a_company_share_its_quota_over_processes() -> None:
    """Another process's calls are learned when something is settled, its own known at once."""
    meter, now = MemoryMeter(), [IN_NOVEMBER]
    here, there = (_budget(meter, now, calls=100) for _ in range(2))
    one, two, other = _account(here), _account(here), _account(there)
    for account, number in ((one, 30), (two, 30), (other, 30)):
        for _ in range(number):
            account.add(CALL)
    assert one.used == two.used == Usage(calls=60)
    assert here.pace(one, BALANCED) == BALANCED
    there.settle()
    here.settle()
    assert one.used == Usage(calls=90)
    assert here.pace(one, BALANCED) == PACES["thrifty"]


def test_a_new_month_begins_at_midnight_in_china() -> None:
    """What was not settled yet counts for the month that ended; the quota is whole again."""
    meter, now = MemoryMeter(), [IN_NOVEMBER]
    budget = _budget(meter, now, calls=10)
    account = _account(budget)
    for _ in range(10):
        account.add(CALL)
    assert budget.pace(account, BALANCED) is None
    now[0] = IN_DECEMBER
    budget.settle()
    assert meter.add("corp", "2026-11", Usage()) == Usage(calls=10)
    assert account.used == Usage()
    assert budget.pace(account, BALANCED) == BALANCED


def test_each_level_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """Over all processes, and of two levels reached at once only the higher; anew in the next month."""
    meter, now = MemoryMeter(), [IN_NOVEMBER]
    here, there = (_budget(meter, now, calls=100, pushes=100) for _ in range(2))
    account, other = _account(here), _account(there)

    def said() -> list[str]:
        here.settle()
        there.settle()
        lines = [record.getMessage() for record in caplog.records if "company's" in record.getMessage()]
        caplog.clear()
        return lines

    for _ in range(79):
        account.add(CALL)
    assert said() == []
    account.add(CALL)
    (line,) = said()
    assert line.startswith("corp=corp 80 of the company's 100 DingTalk API calls")
    for _ in range(100):
        other.add(PUSH)
    (line,) = said()
    assert line.startswith("corp=corp 100 of the company's 100 DingTalk pushes")
    assert said() == []
    now[0] = IN_DECEMBER
    said()
    for _ in range(80):
        account.add(CALL)
    assert len(said()) == 1


def test_nobody_hears_of_a_quota_that_is_not_set(caplog: pytest.LogCaptureFixture) -> None:
    """What is used is only counted, and the pace stays."""
    budget = _budget(MemoryMeter(), [IN_NOVEMBER])
    account = _account(budget)
    for _ in range(100_000):
        account.add(CALL)
    budget.settle()
    assert budget.pace(account, BALANCED) == BALANCED
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []


@pytest.mark.parametrize(
    ("calls", "pushes", "wanted"),
    [
        (0, 0, BALANCED),
        (79, 0, BALANCED),
        (80, 0, PACES["thrifty"]),
        (94, 99, PACES["thrifty"]),
        (95, 0, None),
        (95, 94, None),
        (95, 95, Pace(2.0, 1.0, 20.0, most=0)),
        (99, 100, Pace(2.0, 1.0, 20.0, most=0)),
        (100, 100, None),
        (0, 100, BALANCED),
    ],
)
def test_the_pace_steps_down(calls: int, pushes: int, wanted: Pace | None) -> None:
    """In percent of the month: cards grow in fewer steps, then a message takes their place, as far as pushes allow."""
    budget = _budget(MemoryMeter(), [IN_NOVEMBER], calls=100, pushes=100)
    account = _account(budget)
    account.add(Usage(calls, pushes))
    assert budget.pace(account, BALANCED) == wanted


def test_a_bot_that_is_sparing_by_itself_stays_so() -> None:
    """Its limit of updates holds at every step."""
    budget = _budget(MemoryMeter(), [IN_NOVEMBER], calls=100)
    account = _account(budget)
    account.add(Usage(calls=80))
    assert budget.pace(account, Pace(5.0, 0.0, 30.0, most=1)) == Pace(5.0, 1.0, 30.0, most=1)
