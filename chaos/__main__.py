"""The command line of the chaos run: `python -m chaos --store sqlite`; the exit code is 0 only when all was kept."""

import argparse
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from chaos import report
from chaos.run import Plan, run
from chaos.verdict import judge

_STORES: Final = ("memory", "sqlite", "redis")
_KILLS: Final = 3
_SHORT_MESSAGES, _SHORT_KILLS, _SHORT_PER_SECOND = 60, 1, 4.0
_NOT_KEPT, _NOT_RUN = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as asked, print the figures, and return the exit code."""
    options = _parser().parse_args(arguments)
    if options.store == "memory" and options.instances > 1:
        print("several processes need a store that they share: --store sqlite or redis", file=sys.stderr)
        return _NOT_RUN
    plan = _plan(options)
    began = time.monotonic()

    def tell(text: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {text}", file=sys.stderr, flush=True)

    tell(f"seed {plan.seed}")
    try:
        evidence = run(plan, tell)
    except OSError as error:  # TimeoutError is one
        print(error, file=sys.stderr)
        return _NOT_RUN
    verdict = judge(evidence, all_must_strike=not plan.is_short)
    if options.markdown:
        options.markdown.write_text(f"{report.markdown(evidence, verdict)}\n", "utf-8")
    if options.log:
        options.log.write_text(evidence.log, "utf-8")
    print(report.text(evidence, verdict))
    return _NOT_KEPT if verdict.violations else 0


def _plan(options: argparse.Namespace) -> Plan:
    durable = options.store != "memory"
    return Plan(
        messages=options.messages or (_SHORT_MESSAGES if options.short else 1_000),
        seed=options.seed,
        store=options.store,
        instances=options.instances,
        kills=(_SHORT_KILLS if options.short else _KILLS) if durable else 0,
        is_short=options.short,
        **({"per_second": _SHORT_PER_SECOND} if options.short else {}),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m chaos", description="Messages through every trouble that the sandbox knows."
    )
    parser.add_argument("--messages", type=int, help="how many are written (1000; short: 60)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="repeats a run (drawn by lot)")  # noqa: S311 - no secret
    parser.add_argument("--store", choices=_STORES, default="sqlite", help="what outlives a kill (sqlite)")
    parser.add_argument("--instances", type=int, choices=(1, 2, 3), default=1, help="processes that run the bots (1)")
    parser.add_argument("--short", action="store_true", help="a short run, in which not every trouble has to strike")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables there")
    parser.add_argument("--log", type=Path, metavar="FILE", help="write the bots' log there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
