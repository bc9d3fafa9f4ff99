"""The trials of all runs -> one table, each figure beside its target and its floor (pure)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.figures import Round, Times, Trial

Figure = Callable[["Run"], float]
_HEAD = (
    "| | target | bridge | its runs | floor | bridge / floor |",
    "|---|---:|---:|---:|---:|---:|",
)


@dataclass(frozen=True)
class Run:
    """One run: the bridge, the floor that answers, and the floor that only acknowledges."""

    bridge: Trial
    floor: Trial
    acks: Times


@dataclass(frozen=True)
class Row:
    """One figure, in `unit` after multiplying by `scale`; less is better unless `more`.

    `pick` chooses among the runs: for a time the best, since others on the machine can only lengthen it, for a count the
    worst. `limit` is the target's number, `ratio_limit` that of a target which counts in floors. A target in italics is the
    next aim, one in plain letters has to hold now.
    """

    label: str
    target: str
    limit: float | None
    bridge: Figure
    floor: Figure | None = None
    unit: str = "ms"
    scale: float = 1000
    digits: int = 0
    more: bool = False
    pick: Callable[[Sequence[float]], float] = min
    ratio_limit: float | None = None

    def written(self, runs: Sequence[Run]) -> str:
        """The row of the table."""
        values = [self.bridge(run) * self.scale for run in runs]
        told = self.pick(values)
        missed = self.limit is not None and (told < self.limit if self.more else told > self.limit)
        floor, ratio = "", ""
        if self.floor:
            least = min(self.floor(run) * self.scale for run in runs)
            floor, ratio = self._number(least), f"{told / least:.1f}" if least > 0 else ""
            missed |= self.ratio_limit is not None and told > self.ratio_limit * least
        shown = f"**{self._number(told)}**{' missed' if missed else ''}"
        spread = " · ".join(self._number(value, unit=False) for value in values)
        return f"| {self.label} | {self.target} | {shown} | {spread} | {floor} | {ratio} |"

    def _number(self, value: float, *, unit: bool = True) -> str:
        return f"{value:.{self.digits}f}{f' {self.unit}' if unit and self.unit else ''}"


def written(runs: Sequence[Run]) -> str:
    """Return the table of all runs, in Markdown."""
    at_once = runs[0].bridge.together.questions
    return "\n".join([*_HEAD, *(row.written(runs) for row in rows(at_once))])


def rows(at_once: int) -> list[Row]:
    """Return every figure that has a target, and a few that explain them."""
    many = f"{at_once} at once"
    return [
        Row("message acknowledged, alone, p50", "", None, *_both(_alone, lambda it: it.acked.at(0.5)), digits=1),
        Row("message acknowledged, alone, p99", "*20 ms*", 20, *_both(_alone, lambda it: it.acked.at(0.99)), digits=1),
        Row(
            f"acknowledged, {many}, p50", "", None, lambda run: run.bridge.together.acked.at(0.5), lambda run: run.acks.at(0.5)
        ),
        Row(
            f"acknowledged, {many}, p99 (floor: only acknowledges)",
            "100 ms",
            100,
            lambda run: run.bridge.together.acked.at(0.99),
            lambda run: run.acks.at(0.99),
        ),
        Row("the same (floor: answers too)", "100 ms", 100, *_both(_many, lambda it: it.acked.at(0.99))),
        Row("Dify asked after arrival, alone, p50", "*10 ms*", 10, *_both(_alone, lambda it: it.asked.at(0.5)), digits=1),
        Row("Dify asked after arrival, alone, p99", "*50 ms*", 50, *_both(_alone, lambda it: it.asked.at(0.99)), digits=1),
        Row(f"Dify asked, {many}, p50", "*100 ms*", 100, *_both(_many, lambda it: it.asked.at(0.5))),
        Row(f"Dify asked, {many}, p99", "*300 ms*", 300, *_both(_many, lambda it: it.asked.at(0.99))),
        Row("one card call takes, alone, p50", "", None, *_both(_alone, lambda it: it.call.at(0.5))),
        Row("first text after the first token, alone, p50", "one call, *+ 10 ms*", 70, *_both(_alone, _first_text(0.5))),
        Row("first text after the first token, alone, p99", "", None, *_both(_alone, _first_text(0.99))),
        Row("of this waited before the call, alone, p50", "", None, *_both(_alone, lambda it: it.own_delay.at(0.5)), digits=1),
        Row(f"one card call takes, {many}, p50", "", None, *_both(_many, lambda it: it.call.at(0.5))),
        Row(f"first text, {many}, p50", "one call, *+ 50 ms*", 110, *_both(_many, _first_text(0.5))),
        Row(f"first text, {many}, p99", "", None, *_both(_many, _first_text(0.99))),
        Row(f"of this waited before the call, {many}, p50", "", None, *_both(_many, lambda it: it.own_delay.at(0.5)), digits=1),
        Row(
            f"complete and exact of {many}",
            str(at_once),
            at_once,
            *_both(_many, lambda it: it.exact),
            unit="",
            scale=1,
            more=True,
        ),
        Row(f"all {at_once} complete after", "", None, *_each(lambda it: it.together_seconds), unit="s", scale=1, digits=2),
        Row("processor time per answer", "*1.5 x floor*", None, *_each(lambda it: it.together_cpu), digits=1, ratio_limit=1.5),
        Row(
            "card calls per answer, own template",
            "*6*",
            6,
            *_both(_many, lambda it: it.calls),
            unit="",
            scale=1,
            digits=1,
            pick=max,
        ),
        Row(
            "card calls per answer, public template",
            "*8*",
            8,
            lambda run: run.bridge.public_calls,
            unit="",
            scale=1,
            digits=1,
            pick=max,
        ),
        Row("idle memory (RSS), 3 bots", "70 MB", 70, *_each(lambda it: it.idle_memory), unit="MB", scale=1, digits=1),
        Row(
            f"memory above idle, peak of {many}",
            "*20 MB*",
            20,
            *_each(lambda it: it.peak_memory - it.idle_memory),
            unit="MB",
            scale=1,
            digits=1,
        ),
        Row("idle processor time per second", "", None, *_each(lambda it: it.idle_cpu), digits=1),
        Row("all listeners connected, from exec", "2 s", 2, *_each(lambda it: it.connected), unit="s", scale=1, digits=2),
        Row(
            "the same from the program's first line",
            "2 s",
            2,
            *_each(lambda it: it.connected - it.first_line),
            unit="s",
            scale=1,
            digits=2,
        ),
        Row("the sandbox's share of a core meanwhile", "", None, *_each(lambda it: it.sandbox_busy), unit="%", scale=100),
        Row("lines of WARNING and ERROR in the log", "0", 0, lambda run: run.bridge.warnings, unit="", scale=1, pick=max),
    ]


def _alone(trial: Trial) -> Round:
    return trial.alone


def _many(trial: Trial) -> Round:
    return trial.together


def _first_text(share: float) -> Callable[[Round], float]:
    return lambda it: it.first_text.at(share)


def _both(which: Callable[[Trial], Round], figure: Callable[[Round], float]) -> tuple[Figure, Figure]:
    """Return the same figure of a round for the bridge and for the floor."""
    return _each(lambda trial: figure(which(trial)))


def _each(figure: Callable[[Trial], float]) -> tuple[Figure, Figure]:
    return lambda run: figure(run.bridge), lambda run: figure(run.floor)
