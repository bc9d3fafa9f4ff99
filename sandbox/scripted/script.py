"""What the AI will do with one question: frozen values, told by the tellings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

LOOKING_UP: Final = 0.3  # seconds that a tool or a knowledge base takes

Step = bytes | float  # of an answer that is told: a frame to write, or seconds to wait


@dataclass(frozen=True, kw_only=True)
class Round:
    """A tool's round: the AI says `talk`, calls the tool `name` with `arguments`, and sees the `observation`.

    `label` is the tool's name for people, {"zh", "en"}; `{now}` in the observation stands for the time of the call.
    """

    talk: str
    name: str
    label: Mapping[str, str]
    arguments: Mapping[str, object]
    observation: str


@dataclass(frozen=True, kw_only=True)
class Source:
    """A passage of a knowledge base that the answer rests on; `score` is between 0 and 1."""

    document: str
    content: str
    score: float


@dataclass(frozen=True, kw_only=True)
class Script:
    """What the AI will do with one question.

    `text` is the whole answer, in which `made:NAME` stands for the address of a file; it is said `rate` pieces a second
    (0: as fast as can be), `chunk` characters each, after `first` seconds. `error` is the code of an error event that
    breaks the answer off half-way; `makes` names the files that are made; `hurt` names what the question itself orders to
    go wrong with the stream.
    """

    text: str
    chunk: int
    rate: float
    first: float = 0.0
    thoughts: str = ""
    replacement: str = ""
    error: str = ""
    fail: bool = False
    rounds: Sequence[Round] = ()
    sources: Sequence[Source] = ()
    makes: Sequence[str] = ()
    questions: Sequence[str] = ()
    annotation: bool = False
    parallel: bool = False
    partial: bool = False
    hurt: str = ""

    @property
    def gap(self) -> float:
        """Seconds between two pieces."""
        return 1 / self.rate if self.rate > 0 else 0.0

    def pieces(self, text: str) -> list[str]:
        """Any text, in the pieces in which this AI speaks."""
        return [text[at : at + self.chunk] for at in range(0, len(text), self.chunk)]


def reasoning_text(thoughts: str, tag: str) -> str:
    """A model's thoughts, as they stand in front of its answer."""
    if not thoughts:
        return ""
    if tag == "details":
        style = "color:gray;background-color: #f8f8f8;padding: 8px;border-radius: 4px;"
        opening = f'<details style="{style}" open> <summary> Thinking... </summary>'
        return f"{opening}\n{thoughts}\n</details>\n\n"
    return f"<think>\n{thoughts}\n</think>\n\n"


def half(pieces: list[str]) -> list[str]:
    """As much of an answer as a failing model gets out."""
    return pieces[: max(1, len(pieces) // 2)]
