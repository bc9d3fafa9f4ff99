"""Some trials -> an SVG: what card calls were made, and how long texts waited to be seen, over time (pure)."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from bench.figures import Made, Seen, Times

_WIDTH, _HEIGHT = 1000, 566
_LEFT, _GAP, _RIGHT = 56, 64, 28
_UPPER, _LOWER = (148, 316), (382, 506)  # top and bottom of the plots of calls and of waiting
_BIN = 0.25  # seconds of waiting drawn as one point

_STYLE = """
  svg { --paper: #ffffff; --ink: #1f2328; --soft: #59636e; --rule: #d8dee4; --edge: #d1d9e0;
        --creation: #bc4c00; --text: #54aeff; --end: #0a53a8; --half: #0a53a8; --most: #8250df; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #e6edf3; --soft: #9198a1; --rule: #2a313c; --edge: #30363d;
          --creation: #f0883e; --text: #316dca; --end: #a5d6ff; --half: #79c0ff; --most: #d2a8ff; }
  }
  text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; fill: var(--soft); }
  .title { font-size: 19px; font-weight: 600; fill: var(--ink); }
  .panel { font-size: 15px; font-weight: 600; fill: var(--ink); }
  .plot { font-weight: 600; fill: var(--ink); }
  .number { font-variant-numeric: tabular-nums; }
  .rule { stroke: var(--rule); } .axis { stroke: var(--soft); }
  .mark { stroke: var(--ink); }
  .word { fill: var(--ink); stroke: var(--paper); stroke-width: 5; paint-order: stroke; }
  .dashed { stroke: var(--soft); stroke-dasharray: 4 3; }
  .creation { fill: none; stroke: var(--creation); stroke-width: 2.5; stroke-linejoin: round; }
  .creation-key { fill: var(--creation); }
  .text { fill: var(--text); } .end { fill: var(--end); }
  .half, .most { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
  .half { stroke: var(--half); } .most { stroke: var(--most); }
  .half-dot { fill: var(--half); } .most-dot { fill: var(--most); }
  .between { fill: var(--most); opacity: .13; }
"""


@dataclass(frozen=True)
class Panel:
    """One trial: its calls, what came to be seen, when the last card was finished; with a limit also that and its least end."""

    title: str
    made: Sequence[Made]
    seen: Sequence[Seen]
    ended: float
    limit: int = 0
    least: float | None = None


@dataclass(frozen=True)
class Scale:
    """Maps 0 to `most` onto the pixels from `start` to `end`; `step` is a round number that makes a handful of them."""

    most: float
    step: float
    start: float
    end: float

    @classmethod
    def up_to(cls, value: float, start: float, end: float, lines: int) -> "Scale":
        """Return one with about so many lines, whose last one is not below the value."""
        rough = max(value, 1e-9) / lines
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
        return cls(step * math.ceil(value / step - 1e-9), step, start, end)

    def at(self, value: float) -> float:
        """Where a value lies."""
        return round(self.start + (self.end - self.start) * value / self.most, 1)

    def ticks(self) -> list[float]:
        """The values that get a line and a number."""
        return [self.step * number for number in range(round(self.most / self.step) + 1)]


def drawn(title: str, subtitle: str, panels: Sequence[Panel]) -> str:
    """Return the SVG: one column for each panel, all over the same seconds."""
    width = (_WIDTH - _LEFT - _RIGHT - _GAP * (len(panels) - 1)) / len(panels)
    longest = max(max(panel.ended, panel.least or 0) for panel in panels)
    columns: list[str] = []
    for number, panel in enumerate(panels):
        left = _LEFT + number * (width + _GAP)
        columns += _column(panel, Scale.up_to(longest, left, left + width, 10))
    told = " ".join(f"{panel.title}: the last card is finished after {panel.ended:.1f} s." for panel in panels)
    body = "\n".join(columns)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="title desc">
<title id="title">{escape(title)}: card calls, and how long a text waits to be seen, over time</title>
<desc id="desc">{escape(subtitle)}. {escape(told)}</desc>
<style>{_STYLE}</style>
<rect x=".5" y=".5" width="{_WIDTH - 1}" height="{_HEIGHT - 1}" rx="10" fill="var(--paper)" stroke="var(--edge)"/>
{_text(_LEFT, 38, title, "title")}
{_text(_LEFT, 60, subtitle)}
{body}
</svg>
"""


def _column(panel: Panel, time: Scale) -> Iterable[str]:
    """Yield both plots of a panel, and what belongs to both."""
    yield _text(time.start, 98, panel.title, "panel")
    yield from _calls(panel, time)
    yield from _waits(panel, time)
    for tick in time.ticks():
        yield _text(time.at(tick), _LOWER[1] + 18, f"{tick:g}", "number", "middle")
    yield _text(time.end, _LOWER[1] + 38, "seconds since the first message", "", "end")
    marks = [(panel.ended, "mark", f"last card finished, {panel.ended:.1f} s")]
    if panel.least is not None:
        marks.append((panel.least, "dashed", f"the limit alone, {panel.least:.1f} s"))
    for at, line, _ in marks:
        for top, bottom in (_UPPER, _LOWER):
            yield _line(time.at(at), top, time.at(at), bottom, line)
    for row, (at, _, words) in enumerate(marks):
        x, y = time.at(at), _UPPER[0] + 18 + 16 * row
        right = x - time.start < (time.end - time.start) * 0.55  # where there is room for words
        yield _text(x + (6 if right else -6), y, words, "word", "start" if right else "end")


def _calls(panel: Panel, time: Scale) -> Iterable[str]:
    """Yield a bar and the outline of another for each second: what DingTalk limits is the calls of either API."""
    seconds = [Counter(call.kind for call in panel.made if int(call.at) == second) for second in range(math.ceil(time.most))]
    highest = max(max(one["creation"], one["text"] + one["end"]) for one in seconds)
    height = Scale.up_to(max(highest, panel.limit), _UPPER[1], _UPPER[0] + 44, 4)
    yield from _frame(time, height, "Card calls in each second", _UPPER[0])
    yield from _key(time, _UPPER[0], [("creation-key", "cards created"), ("text", "texts that grow"), ("end", "ends")])
    creations = []
    for second, one in enumerate(seconds):
        left, width = time.at(second), time.at(1) - time.at(0)
        yield _bar(left + 1, height, 0, one["end"], width - 2, "end")
        yield _bar(left + 1, height, one["end"], one["end"] + one["text"], width - 2, "text")
        creations += [(left, height.at(one["creation"])), (left + width, height.at(one["creation"]))]
    last = max((second for second, one in enumerate(seconds) if one["creation"]), default=-1)
    yield _curve([(time.start, height.at(0)), *creations[: 2 * last + 3]], "creation")
    if panel.limit:
        yield _line(time.start, height.at(panel.limit), time.end, height.at(panel.limit), "dashed")


def _waits(panel: Panel, time: Scale) -> Iterable[str]:
    """Yield how long the texts that came to be seen in each quarter of a second had waited."""
    bins: dict[int, list[float]] = defaultdict(list)
    for token in panel.seen:
        bins[int(token.at / _BIN)].append(token.wait)
    points = [(time.at((number + 0.5) * _BIN), Times(tuple(waits))) for number, waits in sorted(bins.items())]
    most = max((times.at(0.99) for _, times in points), default=1.0)
    height = Scale.up_to(most, _LOWER[1], _LOWER[0] + 6, 4)
    yield from _frame(time, height, "How long a token waited to be seen, seconds", _LOWER[0])
    yield from _key(time, _LOWER[0], [("half-dot", "p50"), ("most-dot", "p99")])
    half, nearly_all = ([(x, height.at(times.at(share))) for x, times in points] for share in (0.5, 0.99))
    yield _area([x for x, _ in points], [y for _, y in nearly_all], [y for _, y in half], "between")
    for name, line in (("most", nearly_all), ("half", half)):
        yield _curve(line, name)
        yield from (f'<circle class="{name}-dot" cx="{x:g}" cy="{y:g}" r="2.6"/>' for x, y in line)


def _frame(time: Scale, height: Scale, name: str, top: float) -> Iterable[str]:
    yield _text(time.start, top - 22, name, "plot")
    for tick in height.ticks():
        y = height.at(tick)
        yield _line(time.start, y, time.end, y, "rule" if tick else "axis")
        yield _text(time.start - 8, y + 4, f"{tick:g}", "number", "end")


def _key(time: Scale, top: float, entries: Sequence[tuple[str, str]]) -> Iterable[str]:
    """Yield the colours' names, below a plot's heading; the steps leave room for any reader's font."""
    x = time.start
    for name, word in entries:
        yield f'<rect class="{name}" x="{x:g}" y="{top - 11:g}" width="9" height="9" rx="2"/>'
        yield _text(x + 15, top - 2, word)
        x += 40 + 6.5 * len(word)


def _bar(left: float, height: Scale, low: float, high: float, width: float, name: str) -> str:
    top, bottom = height.at(high), height.at(low)
    return f'<rect class="{name}" x="{left:g}" y="{top:g}" width="{width:g}" height="{bottom - top:g}"/>' if high > low else ""


def _area(xs: Sequence[float], upper: Sequence[float], lower: Sequence[float], name: str) -> str:
    there = [f"{x:g},{y:g}" for x, y in zip(xs, upper, strict=True)]
    back = [f"{x:g},{y:g}" for x, y in zip(reversed(xs), reversed(lower), strict=True)]
    return f'<polygon class="{name}" points="{" ".join([*there, *back])}"/>'


def _curve(points: Iterable[tuple[float, float]], name: str) -> str:
    return f'<polyline class="{name}" points="{" ".join(f"{x:g},{y:g}" for x, y in points)}"/>'


def _line(x1: float, y1: float, x2: float, y2: float, name: str) -> str:
    return f'<line class="{name}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'


def _text(x: float, y: float, words: str, name: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" class="{name}" text-anchor="{anchor}">{escape(words)}</text>'
