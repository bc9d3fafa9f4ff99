"""When which trouble strikes whom, and for how long: the whole storm by a seed, before it begins. Pure."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chaos.troubles import LASTING, NOT_WITH_LASTING, Trouble

EVERYBODY: Final = ""
# A bot whose connection lived less than 5 s waits longer before it tries again; so none is cut soon after it came back.
CALM_AFTER_KILL: Final = 10.0
_CALM_BEFORE_KILL: Final = 3.0
_BETWEEN_DEEDS: Final = 2.5
_USUAL_SECONDS: Final = 100.0  # of a storm in which everything lasts as long as it is written here
_TRACKS: Final = 2  # standing troubles of DingTalk's at the same time; of the AI's, one


@dataclass(frozen=True)
class Strike:
    """A trouble begins `at` so many seconds, for `target`: a bot, everybody, or the number of a process to be killed.

    A standing one lasts `seconds`; what was killed or stopped comes back after them.
    """

    at: float
    trouble: Trouble
    target: str
    seconds: float


def storm(
    seconds: float,
    troubles: Sequence[Trouble],
    bots: Sequence[str],
    chance: random.Random,
    *,
    kills: int,
    instances: int,
) -> tuple[Strike, ...]:
    """Return what strikes within so many seconds, in order.

    Processes are killed in the first half only: in the last third, the memory of those that run by then is watched.
    """
    pace = min(1.0, seconds / _USUAL_SECONDS)
    killing = [each for each in troubles if each.deed == "kill"]
    calm = [_kill_time(number, kills, seconds, chance) for number in range(kills)] if killing else []
    strikes = [Strike(at, killing[0], str(chance.randrange(instances)), pace * chance.uniform(0.2, 2.0)) for at in calm]
    standing = [each for each in troubles if each.orders]
    of_the_ai = [each for each in standing if each.is_of_the_ai]
    others = [each for each in standing if not each.is_of_the_ai]
    for deck in (of_the_ai, *(others[track::_TRACKS] for track in range(_TRACKS))):
        strikes += _dealt(deck, seconds, pace, bots, chance)
    strikes += _deeds([each for each in troubles if each.deed and each not in killing], seconds, pace, bots, calm, chance)
    return tuple(sorted(strikes, key=lambda strike: strike.at))


def _kill_time(number: int, kills: int, seconds: float, chance: random.Random) -> float:
    """Return a time in this kill's share of the first half, with room around it."""
    share = seconds / 2 / kills
    return share * (number + chance.uniform(0.4, 0.7))


def _dealt(deck: Sequence[Trouble], seconds: float, pace: float, bots: Sequence[str], chance: random.Random) -> list[Strike]:
    """Deal one after the other, in another order each time round, with pauses in which all is well."""
    dealt, at = list[Strike](), pace * chance.uniform(0.5, 2.0)
    while deck:
        for trouble in chance.sample(deck, len(deck)):
            lasts = pace * chance.uniform(2.0, 5.0)
            if at + lasts > seconds:
                return dealt
            dealt.append(Strike(at, trouble, _target(trouble, bots, chance), lasts))
            at += lasts + pace * chance.uniform(0.2, 1.5)
    return dealt


def _target(trouble: Trouble, bots: Sequence[str], chance: random.Random) -> str:
    if trouble.name in LASTING:
        return bots[LASTING[trouble.name]]
    if trouble.name in NOT_WITH_LASTING:
        return chance.choice([bot for place, bot in enumerate(bots) if place not in LASTING.values()])
    return chance.choice((EVERYBODY, chance.choice(bots)))


def _deeds(
    deck: Sequence[Trouble], seconds: float, pace: float, bots: Sequence[str], calm: Sequence[float], chance: random.Random
) -> list[Strike]:
    """Deal the momentary ones, a bot after the other, and none around a kill."""
    dealt, at, bot = list[Strike](), pace * _BETWEEN_DEEDS, 0
    while deck:
        for trouble in chance.sample(deck, len(deck)):
            while any(kill - _CALM_BEFORE_KILL < at < kill + CALM_AFTER_KILL for kill in calm):
                at += 0.5
            if at > seconds:
                return dealt
            dealt.append(Strike(at, trouble, bots[bot % len(bots)], chance.uniform(0.5, 3.0)))
            bot, at = bot + 1, at + max(1.0, pace) * chance.uniform(0.8, 1.2) * _BETWEEN_DEEDS
    return dealt
