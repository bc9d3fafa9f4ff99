"""An answer that needs no AI: a handler gives it itself."""

from collections.abc import Iterator
from dataclasses import dataclass

from backends.base import Event, Text


@dataclass(frozen=True)
class Said:
    """Says one text; the conversation goes on as it was. An Answer like any other."""

    text: str
    conversation: str
    ref: str = ""

    def __iter__(self) -> Iterator[Event]:
        if self.text:
            yield Text(self.text)

    def stop(self) -> None:
        """There is nothing to stop."""
