"""What the user sees of an answer: a reply opens, shows events, and always ends: finished, failed or stopped."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from backends.base import Citations, Event, File, Replace, Shortened, Text
from handlers.texts import Texts
from handlers.turn import Endable, Turn

BY_MESSAGE = "by message"  # in the inbox, in place of a card's name, when there is none


class Reply(Endable, Protocol):
    """How one turn is answered. Entered once; leaving it ends it if nobody did, and waits until DingTalk has the end.

    `finish` and the ends of `Endable` may come from any thread and never block; a second end does nothing.
    """

    @property
    def text(self) -> str:
        """The AI's answer so far, and nothing else."""

    @property
    def card_calls(self) -> int:
        """How many calls its card took; 0 without one."""

    @property
    def delivered(self) -> bool:
        """Whether DingTalk has the end, known once it is left."""

    def __enter__(self) -> Self:
        """Begin; returns at once."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End it, with a sentence when an error got here, and see it delivered."""

    def show(self, event: Event) -> None:
        """Let an event of the answer be seen."""

    def finish(self) -> None:
        """The answer is whole."""

    def refer(self, ref: str) -> None:
        """Keep the AI's own name for this answer, for clicks on it."""


class Replies(Protocol):
    """One bot's way to reply."""

    def open(self, turn: Turn) -> Reply:
        """Return the reply to a turn, to be entered."""


@dataclass(frozen=True)
class End:
    """What a reply ends with; `bare` when that is the bot's sentence about a failure, and nothing of the AI's."""

    text: str
    bare: bool = False


class Written:
    """An answer as it is written, event by event, until its end, of which there is one; safe in many threads.

    `plain` when what is made of a file has to do without Markdown. `shape` is what becomes of a text that is not whole, or
    never will be, before anybody sees it. The ways to end return None when it had ended already.
    """

    def __init__(self, texts: Texts, *, plain: bool = False, shape: Callable[[str], str] = str) -> None:
        self._texts, self._plain, self._shape = texts, plain, shape
        self._lock = threading.Lock()
        self._citations: tuple[str, ...] = ()
        self._shortened = False
        self._over = False
        self.text = ""
        self.end = End("")

    @property
    def shown(self) -> str:
        """The answer so far, as it may be seen."""
        return self._shape(self.text)

    def add(self, event: Event) -> bool:
        """Take in an event; return whether it was one of the text."""
        with self._lock:
            if self._over:
                return False
            match event:
                case Text(text):
                    self.text += text
                case Replace(text):
                    self.text = text
                case File():
                    gap = "\n\n" if self.text else ""
                    self.text += f"{gap}{self._link(event)}\n\n"
                case Citations(titles):
                    self._citations = titles  # shown below the whole answer, whatever text still comes
                    return False
                case Shortened():
                    self._shortened = True
                    return False
                case _:
                    return False
            return True

    def finish(self) -> End | None:
        """It is whole; what it rests on stands below it."""
        shortened = self._texts.say("shortened") if self._shortened else ""
        sources = self._texts.citations(self._citations) if self._citations else ""
        below = "\n\n".join(filter(None, (shortened, sources)))
        return self._end(self.text, below=below if self.text.strip() else self._texts.say("empty_answer"))

    def fail(self, sentence: str) -> End | None:
        """It ends with this sentence, below what was written."""
        return self._end(self.shown, below=sentence, failed=True)

    def stop(self) -> End | None:
        """Somebody stopped it: what was written is all."""
        return self._end(self.shown, below=self._texts.say("stopped"))

    def abandon(self) -> None:
        """It ends elsewhere."""
        with self._lock:
            self._over = True

    def _end(self, text: str, *, below: str, failed: bool = False) -> End | None:
        with self._lock:
            if self._over:
                return None
            self._over = True
            written = text.rstrip()
            self.end = End("\n\n".join(filter(None, (written, below))), bare=failed and not written)
            return self.end

    def _link(self, file: File) -> str:
        kind = "made_picture" if file.is_image else "made_file"
        named = self._texts.say(kind) + file.name if file.name.startswith(".") or not file.name else file.name
        return f"{named} {file.url}" if self._plain else f"{'!' if file.is_image else ''}[{named}]({file.url})"
