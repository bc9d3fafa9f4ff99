"""What is measured, in its order: each size without a limit beside its floor, then with the limit, then the paces."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.contenders import bridge, floor
from bench.figures import Times, Trial
from bench.plan import Plan
from bench.trial import Paces, acks_alone, paces, trial

LIMIT = 20  # calls a second per app and API: DingTalk's standard edition
_LARGE = 100  # what is more is measured once


@dataclass
class Column:
    """One plan's trials: of the bridge, of the floor that answers, and the times of the floor that only acknowledges.

    With a limit there are no floors: what it makes unavoidable is computed (`Plan.least_...`).
    """

    plan: Plan
    bridge: list[Trial] = field(default_factory=list)
    floor: list[Trial] = field(default_factory=list)
    acks: list[Times] = field(default_factory=list)


@dataclass(frozen=True)
class Measured:
    """All of it; `interpreter` is how long a Python takes from exec to a program's first line, in seconds."""

    columns: Sequence[Column]
    paces: Paces | None
    interpreter: float
    seconds: float


def measured(sizes: Sequence[int], runs: int, *, minute: bool, tell: Callable[[str], None]) -> Measured:
    """Measure all of it; `tell` hears what comes next. Raises ChildFailed."""
    began = time.monotonic()
    free = [Column(Plan(size)) for size in sizes]
    limited = [Column(Plan(size, LIMIT)) for size in sizes if size > 1]
    for run in range(1, runs + 1):
        for column in free:
            if run == 1 or 1 < column.plan.at_once <= _LARGE:
                tell(f"{column.plan.at_once} at once, run {run}")
                _measure(column)
    for column in limited:
        tell(f"{column.plan.at_once} at once, {LIMIT} calls a second")
        column.bridge.append(trial(bridge(LIMIT), column.plan))
    if minute:
        tell("answers of a minute")
    told = paces() if minute else None
    return Measured([*free, *limited], told, _interpreter_seconds(), time.monotonic() - began)


def _measure(column: Column) -> None:
    """One run; the floor makes as many card calls as the bridge just made."""
    plan = column.plan
    column.bridge.append(trial(bridge(0), plan))
    calls = round(column.bridge[-1].round.calls)
    column.floor.append(trial(floor(calls, plan.script.tokens), plan))
    column.acks.append(acks_alone(plan))


def _interpreter_seconds() -> float:
    taken = []
    for _ in range(5):
        began = time.time()
        command = [sys.executable, "-c", "import time; print(time.time())"]
        ran = subprocess.run(command, capture_output=True, timeout=10, check=True)  # noqa: S603 - our own interpreter
        taken.append(float(ran.stdout) - began)
    return statistics.median(taken)
