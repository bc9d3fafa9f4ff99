"""The rows of the table: which figure, beside which floor, against which target (pure)."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.figures import Round, Times, Trial
from bench.plan import Plan
from bench.series import Column

Figure = Callable[[Column], float | None]  # None: there is none in this column
Format = Callable[[float], str]


def _nothing(_: Column) -> None:
    return None


@dataclass(frozen=True)
class Row:
    """One figure; less is better unless `more`. `target` is the least or most that is wanted."""

    label: str
    figure: Figure
    floor: Figure = _nothing
    target: Figure = _nothing
    written: Format = "{:.0f}".format
    more: bool = False

    def cell(self, column: Column) -> str:
        """The figure in bold, its floor in brackets, its target; a target is missed by the number that is shown."""
        value, floor, target = self.figure(column), self.floor(column), self.target(column)
        parts = [] if value is None else [f"**{self.written(value)}**"]
        parts += [] if floor is None or math.isnan(floor) else [f"({self.written(floor)})"]
        if value is not None and target is not None:
            shown, wanted = float(self.written(value)), float(self.written(target))
            parts += [f"{'≥' if self.more else '≤'} {self.written(target)}"]
            parts += ["missed"] if math.isnan(shown) or (shown < wanted if self.more else shown > wanted) else []
        return " ".join(parts)


def rows() -> Sequence[Row]:
    """Every figure that has a target, and a few that explain them; times in milliseconds unless the label says seconds."""
    return (
        Row(
            "complete and exact",
            _lowest(lambda it: it.round.exact),
            _floors(lambda it: it.round.exact, min),
            lambda it: it.plan.questions,
            more=True,
        ),
        Row("cards left open", _highest(lambda it: it.left_open), target=lambda _: 0),
        Row("acknowledged, p99, ms", *_times(lambda it: it.acked, 0.99), _free({1: 0.02, 100: 0.1, 500: 0.5}), _ms),
        Row("the same by a floor that answers nobody", _nothing, _acks, written=_ms),
        Row("Dify asked, p50, ms", *_times(lambda it: it.asked, 0.5), _free({1: 0.01, 100: 0.1, 500: 0.5}), _ms),
        Row("Dify asked, p99, ms", *_times(lambda it: it.asked, 0.99), _free({1: 0.05, 100: 0.3, 500: 2}), _ms),
        Row(
            "first text after the first token, p50, ms",
            *_times(lambda it: it.first_text, 0.5, Plan.least_first_texts),
            _first_text_target,
            _ms,
        ),
        Row("the same, p99, ms", *_times(lambda it: it.first_text, 0.99, Plan.least_first_texts), written=_ms),
        Row("of it one card call's own time, p50, ms", *_times(lambda it: it.call, 0.5), written=_ms),
        Row("a token's wait to be seen, p50, s", *_times(lambda it: it.waits, 0.5), _free({1: 0.5, 100: 0.6, 500: 2}), _s),
        Row("the same, p99, s", *_times(lambda it: it.waits, 0.99), written=_s),
        Row(
            "finished after the last token, p50, s",
            *_times(lambda it: it.closing, 0.5, Plan.least_closings),
            written=_s,
        ),
        Row("the same, p99, s", *_times(lambda it: it.closing, 0.99, Plan.least_closings), written=_s),
        Row("the last one complete after, s", *_times(lambda it: it.complete, 1, Plan.least_ends), written=_s),
        Row("the last one, in times of the limit alone", _end_ratio, target=_limited({100: 1.3}), written="{:.2f}".format),
        Row(
            "card calls per answer",
            _highest(lambda it: it.round.calls),
            _floors(lambda it: it.round.calls, max),
            _free({1: 6, 20: 6, 100: 6, 500: 6}),
            "{:.1f}".format,
        ),
        Row("calls refused as one too many", _refused),
        Row(
            "processor time per answer, ms",
            _lowest(lambda it: it.cpu),
            _floors(lambda it: it.cpu, min),
            written=lambda value: f"{value * 1000:.1f}",
        ),
        Row("processor time, in times of the floor", _cpu_ratio, target=_free({100: 1.5, 500: 1.5}), written="{:.1f}".format),
        Row(
            "memory above idle, MB",
            _lowest(lambda it: it.peak_memory - it.idle_memory),
            _floors(lambda it: it.peak_memory - it.idle_memory, min),
            _free({100: 20, 500: 60}),
            "{:.1f}".format,
        ),
        Row(
            "the sandbox's share of a core, %",
            _highest(lambda it: it.sandbox_busy * 100),
            _floors(lambda it: it.sandbox_busy * 100, max),
        ),
        Row("lines of WARNING and ERROR in the log", _highest(lambda it: it.warnings)),
    )


def _ms(value: float) -> str:
    return f"{value * 1000:.1f}" if value < 0.01 else f"{value * 1000:.0f}"


def _s(value: float) -> str:
    return f"{value:.2f}"


def _times(
    which: Callable[[Round], Times], share: float, unavoidable: Callable[[Plan], list[float]] | None = None
) -> tuple[Figure, Figure]:
    """Return a quantile's best run, of the bridge and of the floor: measured, or with a limit what is unavoidable."""

    def floor(column: Column) -> float | None:
        if column.floor:
            return min(which(trial.round).at(share) for trial in column.floor)
        return Times(tuple(unavoidable(column.plan))).at(share) if unavoidable else None

    return _lowest(lambda trial: which(trial.round).at(share)), floor


def _lowest(figure: Callable[[Trial], float]) -> Figure:
    """Of a time or a size that is the best run: others on the machine can only add to it."""
    return lambda column: min(map(figure, column.bridge))


def _highest(figure: Callable[[Trial], float]) -> Figure:
    """Of what is counted that is the worst run."""
    return lambda column: max(map(figure, column.bridge))


def _floors(figure: Callable[[Trial], float], pick: Callable[[Sequence[float]], float]) -> Figure:
    return lambda column: pick([figure(trial) for trial in column.floor]) if column.floor else None


def _acks(column: Column) -> float | None:
    return min(times.at(0.99) for times in column.acks) if column.acks else None


def _free(targets: Mapping[int, float]) -> Figure:
    """Return the targets of some sizes without a limit."""
    return lambda column: None if column.plan.qps else targets.get(column.plan.at_once)


def _limited(targets: Mapping[int, float]) -> Figure:
    return lambda column: targets.get(column.plan.at_once) if column.plan.qps else None


def _first_text_target(column: Column) -> float | None:
    """One call and a little: the call itself is not ours to make quicker."""
    more = _free({1: 0.01, 100: 0.05})(column)
    call = min(trial.round.call.at(0.5) for trial in column.bridge)
    return _free({500: 1.0})(column) if more is None else call + more


def _refused(column: Column) -> float | None:
    return max(trial.round.refused for trial in column.bridge) if column.plan.qps else None


def _end_ratio(column: Column) -> float | None:
    if not column.plan.qps:
        return None
    return min(trial.round.complete.at(1) for trial in column.bridge) / column.plan.least_ends()[-1]


def _cpu_ratio(column: Column) -> float | None:
    floor = min((trial.cpu for trial in column.floor), default=0.0)
    return min(trial.cpu for trial in column.bridge) / floor if floor else None
