"""What an AI is to DingBridge: a question goes in, an answer of typed events comes out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Picture:
    """A picture that somebody sent: its bytes, and their media type (`image/png`)."""

    content: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True)
class Question:
    """What is asked; without a text it has pictures.

    `user` tells the AI who asks (an id, never a nick), `conversation` is what the last answer of this conversation left
    (opaque; "" begins anew), `facts` are what a setting may quote as a placeholder (`{sender_nick}` and the like).
    `pictures` are empty unless the AI `sees_pictures`.
    """

    text: str = field(repr=False)
    user: str
    conversation: str = field(default="", repr=False)
    facts: Mapping[str, str] = field(default_factory=dict, repr=False)
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Text:
    """More of the answer: append it."""

    text: str


@dataclass(frozen=True)
class Replace:
    """The whole answer so far is to be this instead (moderation, or a final text that differs from the stream)."""

    text: str


@dataclass(frozen=True)
class Thinking:
    """The model thinks aloud; no part of the answer."""

    text: str


@dataclass(frozen=True)
class Progress:
    """A step of the AI (a tool, a workflow's node) begins."""

    title: str


@dataclass(frozen=True)
class Working:
    """The AI is at work and will say nothing for minutes: whoever waits is told so."""


@dataclass(frozen=True)
class Tokens:
    """What the answer took, in tokens of the model: those asked and those answered."""

    asked: int
    answered: int


@dataclass(frozen=True)
class File:
    """A file that belongs to the answer; `url` is absolute and may expire within minutes; of `name` perhaps only the ending."""

    url: str
    name: str
    is_image: bool


@dataclass(frozen=True)
class Citations:
    """The documents that the answer rests on, by name, the most telling first."""

    titles: tuple[str, ...]


@dataclass(frozen=True)
class Shortened:
    """The model stopped at its limit of tokens: what was said is not the whole answer."""


Event = Text | Replace | Thinking | Progress | Working | Tokens | File | Citations | Shortened


class Answer(Protocol):
    """One answer on its way. Iterating it yields events and raises only BackendError.

    A plain end means a whole answer, unless it is told to be Shortened.
    """

    @property
    def conversation(self) -> str:
        """What to ask the next question of this conversation with; "" while not known."""

    @property
    def ref(self) -> str:
        """How the AI itself calls this answer (opaque; kept with the card); "" while not known."""

    def __iter__(self) -> Iterator[Event]:
        """Yield the events as they come; once."""

    def stop(self) -> None:
        """Stop the AI's work, then the reading. May be called from any thread, more than once; never raises."""


class Backend(Protocol):
    """An AI that a bot is bound to; shared by all its threads."""

    @property
    def sees_pictures(self) -> bool:
        """Whether questions may hold pictures."""

    def start(self, question: Question) -> Answer:
        """Return at once; the asking happens while the answer is iterated."""

    def ping(self) -> None:
        """Raise BackendError when the AI cannot be reached or refuses the key."""

    def close(self) -> None:
        """Give back connections and threads."""
