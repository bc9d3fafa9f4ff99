"""No AI at all: every question is its own answer, for trying all the rest of a bot."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from backends.base import Event, Question, Text


class EchoSettings(BaseModel):
    """An echo has no keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    session_timeout: ClassVar[None] = None
    pictures: ClassVar[None] = None

    def __str__(self) -> str:
        return "echo"


class EchoBackend:
    """Answers with what was asked, and remembers nothing."""

    sees_pictures = False

    def start(self, question: Question) -> "EchoAnswer":
        """Return the answer to come."""
        return EchoAnswer(question.text)

    def ping(self) -> None:
        """There is nothing that could be out of reach."""

    def close(self) -> None:
        """There is nothing to give back."""


class EchoAnswer:
    """One answer: the question."""

    conversation = ref = ""

    def __init__(self, text: str) -> None:
        self._text = text
        self._stopped = False

    def __iter__(self) -> Iterator[Event]:
        if not self._stopped:
            yield Text(self._text)

    def stop(self) -> None:
        """Say nothing, if nothing was said yet."""
        self._stopped = True
