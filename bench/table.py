"""What was measured -> the tables, in Markdown that can be read as it is, too (pure)."""

from collections.abc import Sequence

from bench.figures import Trial
from bench.rows import rows
from bench.series import Column, Measured


def written(told: Measured) -> str:
    """Return the table of all sizes, and a small one of what does not depend on them."""
    many = [["", *(_head(column) for column in told.columns)]]
    many += [[row.label, *cells] for row in rows() if any(cells := [row.cell(column) for column in told.columns])]
    return f"{_aligned(many)}\n\n{_aligned([['', 'target', 'bridge', 'floor'], *_beside(told)])}"


def _head(column: Column) -> str:
    plan = column.plan
    runs = f", {len(column.bridge)} runs" if len(column.bridge) > 1 else ""
    return f"{plan.at_once} at once{f', {plan.qps} a second' if plan.qps else ''}{runs}"


def _beside(told: Measured) -> list[list[str]]:
    bridges = [trial for column in told.columns for trial in column.bridge]
    floors = [trial for column in told.columns for trial in column.floor]
    found = [
        _row("all listeners of 3 bots connected, from exec, s", 2, *(_started(each) for each in (bridges, floors)), digits=2),
        _row("of it the interpreter's own start, s", None, told.interpreter, told.interpreter, digits=2),
        _row("idle memory (RSS), 3 bots, MB", 70, *(_idle_memory(each) for each in (bridges, floors))),
        _row("idle processor time per second, ms", None, *(_idle_cpu(each) for each in (bridges, floors))),
    ]
    if told.paces:
        found += [
            _row("card calls of an answer of 60 s, balanced", 25, told.paces.balanced, None, digits=0),
            _row("card calls of an answer of 60 s, thrifty", 8, told.paces.thrifty, None, digits=0),
            _row("card calls of 100 tokens, public template", 8, told.paces.public, None, digits=0),
        ]
    return found


def _row(label: str, target: float | None, bridge: float, floor: float | None, *, digits: int = 1) -> list[str]:
    missed = " missed" if target is not None and round(bridge, digits) > target else ""
    wanted, least = "" if target is None else f"≤ {target:g}", "" if floor is None else f"{floor:.{digits}f}"
    return [label, wanted, f"**{bridge:.{digits}f}**{missed}", least]


def _started(trials: Sequence[Trial]) -> float:
    return min(trial.connected for trial in trials)


def _idle_memory(trials: Sequence[Trial]) -> float:
    return min(trial.idle_memory for trial in trials)


def _idle_cpu(trials: Sequence[Trial]) -> float:
    return 1000 * min(trial.idle_cpu for trial in trials)


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; its first line is the head."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = [
        [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        for line in lines
    ]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(f"| {' | '.join(line)} |" for line in (padded[0], rule, *padded[1:]))
