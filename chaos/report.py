"""A run's figures as text for a terminal and as a markdown table. Pure."""

from collections.abc import Iterator

from chaos.run import Evidence
from chaos.verdict import MORE_FILES, MORE_MEMORY, MORE_THREADS, RECONNECT_SECONDS, Verdict


def text(evidence: Evidence, verdict: Verdict) -> str:
    """Return all figures, each strike's count, and a line for each violation with the way to repeat it."""
    lines = [f"{name:<34} {value}" for name, value in _figures(evidence, verdict)]
    lines += ["", "how often each trouble struck:"]
    lines += [f"  {name:<32} {count}" for name, count in evidence.struck.items()]
    if verdict.violations:
        lines += ["", f"{len(verdict.violations)} violations; again with: {command(evidence)}"]
        lines += [f"  {violation}" for violation in verdict.violations]
    return "\n".join([*lines, "", "all was kept" if not verdict.violations else "NOT all was kept"])


def markdown(evidence: Evidence, verdict: Verdict) -> str:
    """Return two tables: the figures, and the strikes."""
    lines = [f"`{command(evidence)}`", "", "| Figure | Value |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in _figures(evidence, verdict)]
    lines += ["", "| Trouble | Struck |", "|---|---:|"]
    lines += [f"| `{name}` | {count} |" for name, count in evidence.struck.items()]
    return "\n".join(lines)


def command(evidence: Evidence) -> str:
    """Return the command that repeats the run."""
    plan = evidence.plan
    options = f"--messages {plan.messages} --seed {plan.seed} --store {plan.store} --instances {plan.instances}"
    return f"python -m chaos {options}{' --short' if plan.is_short else ''}"


def _figures(evidence: Evidence, verdict: Verdict) -> Iterator[tuple[str, str]]:
    outcomes = evidence.matched.outcomes
    yield "messages delivered", f"{len(outcomes)} within {evidence.seconds:.0f} s"
    yield "with exactly one end", str(verdict.ended)
    yield "found no connection, written again", str(verdict.undelivered)
    yield "given up by DingTalk, never received", str(verdict.unreceived)
    yield "cards, of them left open", f"{verdict.cards}, {sum(not card.ended for card in evidence.tape.cards.values())}"
    yield "processes killed", str(len(evidence.kills))
    if times := sorted(verdict.reconnects):
        middle, most = times[len(times) // 2], times[-1]
        yield "back after a cut", f"{middle:.2f} s in the middle, {most:.2f} s at most (allowed {RECONNECT_SECONDS:g} s)"
    for number, held in evidence.after.items():
        first, third = next(iter(evidence.before.values())), evidence.last_third.get(number)
        yield (
            f"threads at rest, process {number}",
            f"{first.threads} before, {held.threads} after (allowed {MORE_THREADS} more)",
        )
        yield f"open files at rest, process {number}", f"{first.files} before, {held.files} after (allowed {MORE_FILES} more)"
        if third:
            grown = f"{third.memory:.0f} MB in the last third, {held.memory:.0f} MB at the end"
            yield f"memory, process {number}", f"{grown} (allowed {MORE_MEMORY:g} MB more)"
    yield "violations", str(len(verdict.violations))
