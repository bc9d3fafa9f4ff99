"""What is asked: the answers' pace, how many at once, under which limit, and what that makes unavoidable. Pure."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Script:
    """How the embedded Dify answers: `tokens` pieces, `rate` of them a second, the first one after `first` seconds."""

    tokens: int = 100
    rate: float = 30
    first: float = 0.5  # as a quick model needs it

    @property
    def question(self) -> str:
        """The words that make it answer so."""
        return f"[[tokens={self.tokens}]][[rate={self.rate:g}]][[first={self.first:g}]]"

    def due(self, number: int) -> float:
        """When a token (0, 1, ...) is due to leave Dify, in seconds from the question."""
        return self.first + number / self.rate

    @property
    def length(self) -> float:
        """Seconds from the question until Dify says that the answer is whole."""
        return self.due(self.tokens)


MINUTE = Script(tokens=120, rate=2)


@dataclass(frozen=True)
class Plan:
    """One trial: so many people write in the same moment; the platform takes `qps` calls a second per API (0: any number).

    One at a time is `in_turn` people, one after the other. Before that come `before` short answers, so that nothing is done
    for the first time. Times are seconds.
    """

    at_once: int
    qps: int = 0
    script: Script = field(default_factory=Script)
    short: Script = field(default_factory=lambda: Script(tokens=20))
    in_turn: int = 5
    card_call: float = 0.06
    quiet: float = 3

    @property
    def before(self) -> int:
        """How many short answers come before; where one at a time is measured, their times count too."""
        return 20 if self.at_once == 1 else 3

    @property
    def questions(self) -> int:
        """How many answers are measured whole."""
        return self.in_turn if self.at_once == 1 else self.at_once

    def slots(self) -> list[float]:
        """When the limit lets the calls of one API leave that all want to leave at 0, one for each person.

        So many leave at once, as many a second later: the window of a second is free again then, not sooner.
        """
        return [float(number // self.qps) if self.qps else 0.0 for number in range(self.at_once)]

    def least_first_texts(self) -> list[float]:
        """Seconds from the first token to the first text that the limit and one call's own duration make unavoidable.

        First texts leave through one API. The creations, through another, take as long and began earlier.
        """
        return [slot + self.card_call for slot in self.slots()]

    def least_ends(self) -> list[float]:
        """The same from the question to the finished card: an end waits for the answer's own end, then for its slot."""
        created = [slot + self.card_call for slot in self.slots()]
        ready = [self.script.length + slot for slot in self.slots()]
        return [max(both) + self.card_call for both in zip(created, ready, strict=True)]

    def least_closings(self) -> list[float]:
        """The same from the answer's last token to the finished card."""
        return [end - self.script.due(self.script.tokens - 1) for end in self.least_ends()]
