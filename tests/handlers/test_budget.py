"""What a company uses of its month: counted for all its bots, told once, and saved before it is gone."""

import time
from datetime import UTC, datetime
from queue import Queue

import pytest

from handlers.account import CALL, PUSH, Account
from handlers.budget import Budget, Teller
from handlers.pacing import PACES, Pace
from handlers.say import Speaker
from handlers.texts import Texts
from stores.base import Usage
from stores.memory import MemoryMeter

BALANCED = PACES["balanced"]
IN_NOVEMBER, IN_DECEMBER = (datetime(2026, month, day, hour, tzinfo=UTC).timestamp() for month, day, hour in
                            ((11, 30, 15), (11, 30, 17)))  # fmt: skip  # an hour before and after midnight in China


def _budget(meter: MemoryMeter, now: list[float], *, calls: int = 0, pushes: int = 0) -> Budget:
    return Budget(meter, Usage(calls, pushes), Texts("en"), clock=lambda: now[0])


def _account(budget: Budget, client_id: str = "app", corp: str = "corp") -> Account:
    account = Account(budget.companies, client_id)
    account.belongs_to(corp)
    return account


def test_what_an_app_used_before_its_company_was_known_counts() -> None:
    """The first message tells whose app it is; another company named later changes nothing."""
    budget = _budget(MemoryMeter(), [IN_NOVEMBER])
    account = Account(budget.companies, "app")
    assert budget.used() == {}
    account.add(CALL)
    assert budget.used() == {"app": Usage(calls=1)}
    account.belongs_to("")
    account.belongs_to("corp")
    account.belongs_to("other")
    account.add(PUSH)
    assert budget.used() == {"corp": Usage(calls=1, pushes=1)}
    budget.settle()
    assert budget.used() == {"corp": Usage(calls=1, pushes=1)}


def test_whose_an_app_is_the_next_process_knows_from_its_start() -> None:
    """What it uses counts with all that the company used before, though nobody writes to it."""
    meter, now = MemoryMeter(), [IN_NOVEMBER]
    before = _budget(meter, now)
    _account(before).add(Usage(calls=94))
    before.close(10)
    budget = _budget(meter, now, calls=100)
    account = Account(budget.companies, "app")
    assert (account.corp, budget.used()) == ("corp", {"corp": Usage(calls=94)})
    account.add(CALL)
    assert budget.pace(account, BALANCED) is None
    budget.close(10)
    assert meter.add("corp", "2026-11", Usage()) == Usage(calls=95)


def test_what_nobodys_app_used_outlives_restarts_until_its_company_is_known() -> None:
    """By itself it is held against the quota; then it is the company's, in every process, whoever counted it and when."""
    meter, now = MemoryMeter(), [IN_NOVEMBER]
    first = _budget(meter, now)
    Account(first.companies, "app").add(Usage(calls=50))
    first.close(10)
    here, there, elsewhere = (_budget(meter, now, calls=100) for _ in range(3))
    account, other = (Account(budget.companies, "app") for budget in (here, there))
    neighbour = _account(elsewhere, "neighbour")
    account.add(Usage(calls=30))
    assert here.pace(account, BALANCED) == PACES["thrifty"]
    account.belongs_to("corp")
    account.add(CALL)
    assert here.used() == {"corp": Usage(calls=81)}
    here.settle()
    other.add(CALL)  # that process was not told yet
    for budget in (there, here, elsewhere, here):
        now[0] += 31
        budget.settle()
    assert account.used == other.used == neighbour.used == Usage(calls=82)
    assert here.used() == there.used() == elsewhere.used() == {"corp": Usage(calls=82)}


class Asked(MemoryMeter):
    """Notes what it was told of apps, and can lose it."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, str]] = []

    def remember(self, client_id: str, corp: str) -> None:
        self.told.append((client_id, corp))
        super().remember(client_id, corp)

    def lose(self) -> None:
        """Know of no app any more."""
        self._apps.clear()


def test_whose_an_app_is_the_meter_is_told_once() -> None:
    """Not with every message or start; again when it has changed, or when the meter has lost it."""
    meter, now = Asked(), [IN_NOVEMBER]

    def process(corp: str) -> Budget:
        budget = _budget(meter, now)
        account = _account(budget, corp=corp)
        for _ in range(3):
            account.belongs_to(corp)
            budget.settle()
            now[0] += 31
        return budget

    process("old")
    process("old")
    assert meter.told == [("app", "old")]
    budget = process("corp")
    assert meter.told == [("app", "old"), ("app", "corp")]
    meter.lose()
    for _ in range(3):
        now[0] += 31
        budget.settle()
    assert meter.told == [("app", "old"), ("app", "corp"), ("app", "corp")]


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


class Desk(Speaker):
    """Notes whom it told what; while it is away, nobody is reached."""

    def __init__(self) -> None:
        self.told: Queue[tuple[str, str]] = Queue()
        self.away = False

    def tell(self, staff_id: str, text: str, *, patience: float = 0.0) -> bool:  # noqa: ARG002 - as the speaker has it
        self.told.put((staff_id, "" if self.away else text))
        return not self.away

    def next(self) -> tuple[str, str]:
        """Return the first words of what was told next, and to whom."""
        staff_id, text = self.told.get(timeout=10)
        return staff_id, text[:40]


def _settled(budget: Budget) -> Budget:
    """Return the budget when all that it has to say is said."""
    budget.settle()
    budget.close(10)
    return budget


def test_each_level_is_told_once() -> None:
    """Each administrator, over all processes and restarts; of two levels reached at once only the higher."""
    meter, now, desk = MemoryMeter(), [IN_NOVEMBER], Desk()

    def process(calls: int, *, quota: int = 100) -> None:
        budget = _budget(meter, now, calls=quota)
        account = _account(budget)
        budget.watch(Teller(account, ["anna", "ben"], desk, Texts("en")))
        account.add(Usage(calls=calls))
        _settled(budget)

    process(79)
    assert desk.told.empty()
    process(1)
    assert sorted([desk.next(), desk.next()]) == [
        (admin, "80 of the company's 100 DingTalk API cal") for admin in ("anna", "ben")
    ]
    process(10)
    assert desk.told.empty()
    process(6)
    assert desk.next()[1].startswith("96 of")
    assert desk.next()[1].startswith("96 of")
    process(1)
    assert desk.told.empty()
    process(100, quota=200)  # raised in the middle of the month: it has levels of its own
    assert desk.next()[1].startswith("197 of the company's 200")
    assert desk.next()[1].startswith("197 of")
    now[0] = IN_DECEMBER
    process(80)
    assert desk.next()[1].startswith("80 of")
    assert desk.next()[1].startswith("80 of")


def test_an_administrator_who_was_not_reached_is_tried_again() -> None:
    """After a pause, and after a restart; a bot that learns of its company later tells its own administrators then."""
    meter, now, desk = MemoryMeter(), [IN_NOVEMBER - 20 * 86_400], Desk()
    budget = _budget(meter, now, calls=100)
    account, silent = _account(budget), Account(budget.companies, "silent")
    budget.watch(Teller(account, ["anna"], desk, Texts("en")))
    budget.watch(Teller(silent, ["ben"], desk, Texts("en")))
    account.add(Usage(calls=80))
    desk.away = True
    budget.settle()
    assert desk.next() == ("anna", "")
    silent.belongs_to("corp")
    budget.settle()
    assert desk.next() == ("ben", "")
    desk.away = False
    deadline = time.monotonic() + 10
    while desk.told.qsize() < 2 and time.monotonic() < deadline:
        now[0] += 130  # longer than the first pause
        budget.settle()
        time.sleep(0.01)
    assert {desk.next(), desk.next()} == {(admin, "80 of the company's 100 DingTalk API cal") for admin in ("anna", "ben")}
    budget.close(10)
    assert desk.told.empty()


def test_what_dingtalk_says_is_used_up_is_told_without_any_quota() -> None:
    """Other programs use the same month: the bots' own count may be small."""
    now, desk = [IN_NOVEMBER], Desk()
    budget = _budget(MemoryMeter(), now)
    account = _account(budget)
    budget.watch(Teller(account, ["anna"], desk, Texts("en")))
    account.exhausted("pushes")
    _settled(budget)
    assert desk.next() == ("anna", "DingTalk says that the company's pushes ")


def test_what_was_used_before_a_restart_counts_from_the_first_message_on() -> None:
    """Not only after the next settling."""
    meter = MemoryMeter()
    meter.add("corp", "2026-11", Usage(calls=96))
    budget = _budget(meter, [IN_NOVEMBER], calls=100)
    assert budget.pace(_account(budget), BALANCED) is None


def test_the_administrators_of_nobodys_app_are_told_of_what_it_used() -> None:
    """A bot that only pushes may spend the month of a company that no message has named."""
    now, desk = [IN_NOVEMBER], Desk()
    budget = _budget(MemoryMeter(), now, calls=100)
    account = Account(budget.companies, "app")
    budget.watch(Teller(account, ["anna"], desk, Texts("en")))
    account.add(Usage(calls=80))
    _settled(budget)
    assert desk.next() == ("anna", "80 of the company's 100 DingTalk API cal")


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
