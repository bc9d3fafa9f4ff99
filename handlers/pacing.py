"""When a growing card is worth another call: every update counts, and the reader wants to follow. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

PaceName = Literal["smooth", "balanced", "thrifty"]


@dataclass(frozen=True)
class Pace:
    """How closely a card follows its answer; all times are seconds.

    The first text is shown at once, the last one always. Between them pauses begin with `shortest` and grow by `growth` for
    each second that the text has been growing, up to `longest`. `most` is the hard limit of updates before the last one.
    """

    shortest: float
    growth: float
    longest: float
    most: int | None = None

    def next_update(self, first_at: float | None, last_at: float, updates: int) -> float | None:
        """Return when a changed text is worth its call, or None when only the last one still is.

        `first_at` and `last_at` are when the first and the newest of so many `updates` were shown; none yet: None.
        """
        if self.most is not None and updates >= self.most:
            return None
        if first_at is None:
            return 0.0
        return last_at + self.pause(last_at - first_at)

    def pause(self, age: float) -> float:
        """Return the seconds from one update to the next when the text has been growing for `age` seconds.

        Readers follow a young answer closely, and DingTalk's client types at its own speed anyway.
        """
        return min(self.longest, self.shortest + self.growth * age)


# Updates before the last text, in an answer of 60 s: 49, 20 and 6; in one of 3 s: 8, 4 and 2.
PACES: Final[Mapping[PaceName, Pace]] = {
    "smooth": Pace(shortest=0.3, growth=0.1, longest=1.5),
    "balanced": Pace(shortest=0.6, growth=0.3, longest=4.0),
    "thrifty": Pace(shortest=2.0, growth=1.0, longest=20.0),
}

# From these shares of the month's calls on, cards are updated rarely, and answers sent as messages.
SPARING: Final = 0.80
MESSAGES_ONLY: Final = 0.95


def spare(pace: Pace, calls: float, pushes: float) -> Pace | None:
    """Return the pace for a card when these shares of the month are used (1.0 is all of it, 0.0 when there is no quota).

    None means one message instead of a card: it takes no API call but a push. When the pushes are as scarce, a card that is
    made and shows the whole answer at once is the least; when no call is left, only the message is.
    """
    if calls < SPARING:
        return pace
    thrifty = PACES["thrifty"]
    slow = Pace(
        shortest=max(pace.shortest, thrifty.shortest),
        growth=max(pace.growth, thrifty.growth),
        longest=max(pace.longest, thrifty.longest),
        most=pace.most,
    )
    if calls < MESSAGES_ONLY:
        return slow
    return replace(slow, most=0) if calls < 1 and pushes >= MESSAGES_ONLY else None
