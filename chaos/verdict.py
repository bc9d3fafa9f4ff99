"""Whether all was kept: each message exactly one end, each card closed, order, handles, memory, reconnects. Pure."""

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from chaos.ends import Outcome
from chaos.run import Evidence
from chaos.script import Line
from chaos.tape import Card
from chaos.troubled import SETTLING

RECONNECT_SECONDS: Final = 2.0
# Pools keep the threads and sockets of the busiest moment: for each bot the calls that are made side by side.
MORE_THREADS: Final = 24
MORE_FILES: Final = 36
# The interpreter gives freed memory back late, and what is known for two hours (messages, cards) still grows in a short run.
MORE_MEMORY: Final = 12.0  # megabytes
_STORY_SECONDS: Final = 60.0  # after a message, the kills that its story tells of
_AWAY_SECONDS: Final = 12.0  # after a kill or a cut, until when a message may find no connection


@dataclass(frozen=True)
class Verdict:
    """What was counted and measured, and a line for each thing that should not be."""

    ended: int
    undelivered: int
    unreceived: int
    cards: int
    reconnects: tuple[float, ...]
    violations: tuple[str, ...]


def judge(evidence: Evidence, *, all_must_strike: bool) -> Verdict:
    """Judge a run."""
    reconnects = tuple(_reconnects(evidence))
    outcomes = evidence.matched.outcomes.values()
    unreceived = [one for one in outcomes if not one.ends and _never_came(one, evidence)]
    found = [
        *_ends(evidence, {id(one) for one in unreceived}),
        *_strange(evidence),
        *_order(evidence),
        *_asked_twice(evidence),
        *_unheard(evidence),
        *_left_behind(evidence),
        *(f"a bot was back {late:.2f} s after a cut" for late in reconnects if late > RECONNECT_SECONDS),
        *(f"{name} never struck" for name, count in evidence.struck.items() if all_must_strike and not count),
        *(f"process {number} ended by itself" for number in evidence.ended),
        *(f"process {number} left with exit code {code}" for number, code in evidence.codes.items() if code),
        *(["a traceback stands in the log"] if "Traceback" in evidence.log else []),
    ]
    return Verdict(
        ended=sum(one.ends == 1 for one in outcomes),
        undelivered=sum(not one.delivered for one in evidence.spoken),
        unreceived=len(unreceived),
        cards=len(evidence.tape.cards),
        reconnects=reconnects,
        violations=tuple(found),
    )


def _ends(evidence: Evidence, excused: set[int]) -> Iterator[str]:
    for one in evidence.matched.outcomes.values():
        if one.growing:
            yield f"a card was left open: {_story(one, evidence)}"
        if one.ends > 1:
            yield f"{one.ends} ends: {_story(one, evidence)}"
        elif not one.ends and not one.growing and id(one) not in excused:
            yield f"no end: {_story(one, evidence)}"


def _never_came(one: Outcome, evidence: Evidence) -> bool:
    """Whether DingTalk gave the message up before the bridge saw any of it; the log names each message that came."""
    return not evidence.tape.deliveries[one.spoken.msg_id].acked and one.spoken.msg_id not in evidence.log


def _strange(evidence: Evidence) -> Iterator[str]:
    for end in evidence.matched.strange:
        subject = end.out_track_id if isinstance(end, Card) else end.conversation_id
        yield f"an end that belongs to no message: {'; '.join(evidence.tape.about(subject))}"


def _order(evidence: Evidence) -> Iterator[str]:
    """Compare within each conversation of one person: whom the bridge had before it got the later one must be asked first.

    Several processes cannot keep the order between them while Redis is away.
    """
    lanes = defaultdict[tuple[str, str, str], list[Outcome]](list)
    for one in evidence.matched.outcomes.values():
        lanes[_lane(one.spoken.line)].append(one)
    tape = evidence.tape
    for lane in lanes.values():
        reached = [one for one in lane if one.spoken.line.number in tape.asks]
        for first, second in combinations(sorted(reached, key=lambda one: one.spoken.at), 2):
            known = tape.deliveries[first.spoken.msg_id].acked
            in_time = known and known < tape.deliveries[second.spoken.msg_id].frames[0]
            asked, next_asked = (tape.asks[one.spoken.line.number][0] for one in (first, second))
            if in_time and asked > next_asked and not _apart(evidence, first.spoken.at, asked):
                yield f"out of order: {_story(first, evidence)} -- {_story(second, evidence)}"


def _apart(evidence: Evidence, began: float, ended: float) -> bool:
    """Whether there were several processes, and no Redis between them at some time."""
    return evidence.plan.instances > 1 and any(since < ended and began < until + SETTLING for since, until in evidence.away)


def _lane(line: Line) -> tuple[str, str, str]:
    return line.bot, line.group, line.person


def _asked_twice(evidence: Evidence) -> Iterator[str]:
    for number, times in evidence.tape.asks.items():
        if len(times) > 1 and number in evidence.matched.outcomes:
            yield f"the AI was asked {len(times)} times: {_story(evidence.matched.outcomes[number], evidence)}"


def _unheard(evidence: Evidence) -> Iterator[str]:
    """A message may find no connection after a kill or a cut, never because a disconnect was announced."""
    for one in evidence.spoken:
        away = [*evidence.kills, *(at for at, bot in evidence.cuts if bot == one.line.bot)]
        if not one.delivered and not any(at - 1 < one.at < at + _AWAY_SECONDS for at in away):
            yield f"line {one.line.number} found no connection, and nothing had been cut"


def _reconnects(evidence: Evidence) -> Iterator[float]:
    """Yield, for each connection that was cut, the seconds until the bot had as many connections again."""
    opened = defaultdict[str, list[float]](list)
    for at, client_id in evidence.tape.opened:
        opened[client_id].append(at)
    used = defaultdict[str, int](int)
    for closed in evidence.tape.closed:
        if closed.reason == "cut" and not closed.was_announced:
            times = opened[closed.client_id]
            place = max(bisect(times, closed.at), used[closed.client_id])
            used[closed.client_id] = place + 1
            yield times[place] - closed.at if place < len(times) else float("inf")


def _left_behind(evidence: Evidence) -> Iterator[str]:
    first = next(iter(evidence.before.values()))
    for number, held in evidence.after.items():
        for name, now, then, more in (
            ("threads", held.threads, first.threads, MORE_THREADS),
            ("open files", held.files, first.files, MORE_FILES),
        ):
            if now > then + more:
                yield f"process {number} has {now} {name} at rest, {then} before"
        before = evidence.last_third.get(number)
        if before and held.memory > before.memory + MORE_MEMORY:
            yield f"process {number} grew from {before.memory:.0f} MB to {held.memory:.0f} MB in the last third"


def _story(one: Outcome, evidence: Evidence) -> str:
    spoken = one.spoken
    subjects = [spoken.msg_id, f"line {spoken.line.number}", *(card.out_track_id for card in one.cards)]
    told = [*evidence.tape.about(*subjects), *(f"said {message.text[:40]!r}" for message in one.messages)]
    kills = "".join(f"; killed {at - spoken.at:+.2f} s" for at in evidence.kills if -1 < at - spoken.at < _STORY_SECONDS)
    what = f"command {spoken.line.words}" if spoken.line.is_command else "question"
    return f"line {spoken.line.number} ({what} to {spoken.line.bot}, msg={spoken.msg_id}): {'; '.join(told)}{kills}"
