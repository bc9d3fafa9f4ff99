"""`python -m bench`: measure the bridge and its floor in the sandbox on this machine, and print one table."""

import argparse
import os
import platform
import signal
import sys
import time

from bench import table
from bench.child import ChildFailed
from bench.contenders import bridge, floor
from bench.trial import Plan, acks_alone, trial


def main() -> int:
    """Run everything as often as asked; exit code 1 when a contender failed, 130 or 143 when it was ended."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the bridge in the sandbox.")
    parser.add_argument(
        "--runs", type=int, default=3, help="how often; the table shows the best time, the worst count, and all (%(default)s)"
    )
    parser.add_argument("--at-once", type=int, default=Plan.at_once, help="conversations at once (%(default)s, at most 1000)")
    options = parser.parse_args()
    if not (options.runs >= 1 and 1 <= options.at_once <= 1000):
        parser.error("--runs must be at least 1, --at-once 1 to 1000")
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # an exception, so that every child is ended
    try:
        runs = [_run(number, options.runs, Plan(at_once=options.at_once)) for number in range(1, options.runs + 1)]
    except (ChildFailed, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{time.strftime('%Y-%m-%d')}, {system}, {options.runs} runs: the best time, the worst count\n")
    print(table.written(runs))
    return 0


def _run(number: int, of: int, plan: Plan) -> table.Run:
    """One run; the floor makes as many card calls as the bridge just made."""
    _tell(f"run {number} of {of}: the bridge")
    measured = trial(bridge, plan)
    _tell(f"run {number} of {of}: the floor")
    bare = trial(floor(round(measured.together.calls), plan.tokens), plan)
    return table.Run(measured, bare, acks_alone(plan))


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
