"""What people write to the bots: lines by a seed, each with a mark of its own that the AI's answer repeats. Pure."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

PER_SECOND: Final = 7.0  # lines, all bots together: what two cores carry with the sandbox beside it
APP_TYPES: Final = ("chatbot", "completion", "workflow")

_MARK: Final = re.compile(r"〔(\d+)·\d+〕")
_WORDS: Final = ("春江潮水连海平", "海上明月共潮生", "滟滟随波千万里", "何处春江无月明", "江流宛转绕芳甸", "月照花林皆似霰")
_LONG: Final = 1_400  # pieces of text: more than a card takes at once
# Which share of the lines are commands, too long for a card, stopped by its button, delivered twice.
_COMMAND, _TOO_LONG, _PRESSED, _AGAIN = 0.08, 0.01, 0.04, 0.05
_COMMANDS: Final = ("/new", "/stop", "/status", "/help")
_LINES_A_CONVERSATION: Final = 4


@dataclass(frozen=True)
class Bot:
    """A bot, by its client id. The AI's kind differs, and whether the card's template is the company's own."""

    client_id: str
    app_type: str
    own_template: bool


@dataclass(frozen=True)
class Line:
    """What somebody writes, in private or in a `group`, so many seconds after the beginning.

    `pressed_after` is when the asker presses the stop button of the answer's card, if ever; `again_after` is when DingTalk
    delivers the message once more, if ever: both in seconds after it was written.
    """

    number: int
    at: float
    bot: str
    person: str
    group: str
    words: str
    pressed_after: float | None = None
    again_after: float | None = None

    def numbered(self, number: int) -> "Line":
        """Return the same line under another number, which a question bears as its mark."""
        return replace(self, number=number, words=self.words if self.is_command else f"〔{number}·1〕{self.words}")

    @property
    def is_command(self) -> bool:
        """Whether it is for the bot itself, which answers with a sentence."""
        return self.words in _COMMANDS


def bots() -> tuple[Bot, ...]:
    """Return two bots of each kind of AI, one with the public template and one with an own."""
    return tuple(
        Bot(f"chaos-{app_type}-{name}", app_type, own_template=own)
        for number, app_type in enumerate(APP_TYPES)
        for name, own in (("a", bool(number % 2)), ("b", not number % 2))
    )


def greetings(all_bots: Sequence[Bot], people: int) -> tuple[Line, ...]:
    """Return what so many people say at once to each bot, and a command; to be numbered."""
    asked = [Line(0, 0.0, bot.client_id, f"guest-{guest}", "", "早安") for guest in range(people) for bot in all_bots]
    return (*asked, *(Line(0, 0.0, bot.client_id, "guest-0", "", "/help") for bot in all_bots))


def lines(count: int, per_second: float, chance: random.Random) -> tuple[Line, ...]:
    """Return so many lines in the order in which they are written; most people wait for a while, some write in bursts."""
    places = _places(max(1, count // _LINES_A_CONVERSATION), chance)
    at, written = 0.0, list[Line]()
    while len(written) < count:
        bot, person, group = chance.choice(places)
        for _ in range(chance.choice((1, 1, 1, 1, 2, 3))):
            at += chance.expovariate(per_second)
            number = len(written) + 1
            words = _words(number, chance)
            pressed = chance.uniform(0.3, 2.0) if chance.random() < _PRESSED else None
            again = chance.uniform(0.1, 15.0) if chance.random() < _AGAIN else None
            written.append(Line(number, at, bot, person, group, words, pressed, again))
    return tuple(written[:count])


def marks(text: str) -> frozenset[int]:
    """Return the numbers of the lines that a text repeats."""
    return frozenset(int(number) for number in _MARK.findall(text))


def _places(count: int, chance: random.Random) -> list[tuple[str, str, str]]:
    """Return (bot, person, group or ""): two thirds in private, the others four to a group."""
    all_bots = bots()
    found = []
    for number in range(count):
        bot = all_bots[number % len(all_bots)].client_id
        is_private = chance.random() < 2 / 3
        found.append((bot, f"staff-{number:03}", "" if is_private else f"{bot} 群 {number // (4 * len(all_bots))}"))
    return found


def _words(number: int, chance: random.Random) -> str:
    if chance.random() < _COMMAND:
        return chance.choice(_COMMANDS)
    pieces = _LONG if chance.random() < _TOO_LONG else chance.randint(1, 25)
    text = "，".join(f"{chance.choice(_WORDS)}〔{number}·{place}〕" for place in range(1, pieces + 1))
    directive = {0: "[[think]] ", 1: "[[error]] ", 2: "[[replace]] "}.get(chance.randrange(30), "")
    return f"{directive}{'[[rate=0]] ' if pieces == _LONG else ''}{text}"
