"""`python -m bench`: measure the bridge and its floor in the sandbox on this machine; print the tables, draw the picture."""

import argparse
import os
import platform
import signal
import sys
import time
from pathlib import Path

from bench import picture, table
from bench.child import ChildFailed
from bench.contenders import ROOT
from bench.series import LIMIT, Column, Measured, measured
from bench.tape import RecordsLost

_SIZES = (1, 20, 100, 500)
_DRAWN = 100  # at once: the size of the picture in the docs


def main() -> int:
    """Measure as told; exit code 1 when a contender failed, 130 or 143 when it was ended."""
    options = _options().parse_args()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # an exception, so that every child is ended
    try:
        told = measured(options.at_once, options.runs, minute=not options.no_minute, tell=_tell)
    except (ChildFailed, RecordsLost, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{time.strftime('%Y-%m-%d')}, {system}; measured in {told.seconds / 60:.1f} minutes\n")
    print(table.written(told))
    _draw(told, options.picture)
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the bridge in the sandbox.")
    parser.add_argument("--runs", type=_count, default=3, help="of 2 to 100 at once; all else is measured once (%(default)s)")
    parser.add_argument("--at-once", type=_sizes, default=_SIZES, help="conversations at once (1,20,100,500; at most 1000)")
    parser.add_argument("--no-minute", action="store_true", help="leave out the answers that take a minute")
    parser.add_argument("--picture", type=Path, help=f"where to draw (docs/bench.svg if {_DRAWN} at once are measured)")
    return parser


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1000:
        raise argparse.ArgumentTypeError("1 to 1000")
    return number


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted({_count(part) for part in text.split(",")}))


def _draw(told: Measured, path: Path | None) -> None:
    """Draw one size without and with the limit: 100 at once, or what is next to it if a path is given."""
    limited = [column for column in told.columns if column.plan.qps]
    drawn = min(limited, key=lambda column: abs(column.plan.at_once - _DRAWN), default=None)
    if drawn is None or (path is None and drawn.plan.at_once != _DRAWN):
        return
    size, script = drawn.plan.at_once, drawn.plan.script
    free = next(column for column in told.columns if column.plan.at_once == size)
    titles = ("Without a limit", f"DingTalk takes {LIMIT} calls a second per API")
    panels = [_panel(title, column) for title, column in zip(titles, (free, drawn), strict=True)]
    call = f"a card call takes {drawn.plan.card_call * 1000:.0f} ms"
    subtitle = f"Answers of {script.tokens} tokens, {script.rate:g} a second, the first after {script.first} s; {call}"
    path = path or ROOT / "docs" / "bench.svg"
    path.write_text(picture.drawn(f"{size} people ask at once", subtitle, panels), "utf-8")
    _tell(f"drew {path}")


def _panel(title: str, column: Column) -> picture.Panel:
    plan, seen = column.plan, column.bridge[-1].round
    least = plan.least_ends()[-1] if plan.qps else None
    return picture.Panel(title, seen.made, seen.seen, seen.complete.at(1), plan.qps, least)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
