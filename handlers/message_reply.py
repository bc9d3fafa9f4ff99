"""Replies as messages: nothing is shown until the answer has ended, then it is sent, in as many messages as it needs."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from backends.base import Event
from handlers.reply import BY_MESSAGE, Written
from handlers.say import ANSWER_PATIENCE, Speaker
from handlers.texts import Texts
from handlers.turn import Turn
from stores.base import Inbox


class MessageReply:
    """A reply as messages, in the form that its speaker writes. A message cannot grow: until the end, nothing is said."""

    card_calls = 0

    def __init__(self, turn: Turn, *, speaker: Speaker, texts: Texts, inbox: Inbox, shape: Callable[[str], str] = str) -> None:
        self._turn, self._speaker, self._texts, self._inbox = turn, speaker, texts, inbox
        self._written = Written(texts, plain=speaker.form.kind == "text", shape=shape)
        self._abandoned = False
        self.delivered = True

    @property
    def text(self) -> str:
        """The answer so far."""
        return self._written.text

    def __enter__(self) -> Self:
        """Begin; there is nothing to open."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End it if nobody did, and send it, if it is still this process's to send."""
        if error:
            self.fail(self._texts.error(error))
        self.finish()
        may_send = not self._abandoned and self._inbox.ask(self._turn.message, BY_MESSAGE)
        self.delivered = may_send and self._speaker.say(self._turn.incoming, self._written.end.text, patience=ANSWER_PATIENCE)

    def show(self, event: Event) -> None:
        """Take in an event of the answer."""
        self._written.add(event)

    def finish(self) -> None:
        """The answer is whole."""
        self._written.finish()

    def fail(self, sentence: str) -> None:
        """The answer ends with this sentence, below what was written."""
        self._written.fail(sentence)

    def stop(self) -> None:
        """Somebody stopped it: what was written is all."""
        self._written.stop()

    def abandon(self) -> None:
        """Another process has ended it: nothing is said."""
        self._abandoned = True
        self._written.abandon()

    def refer(self, ref: str) -> None:
        """Messages have no buttons that would ask for the AI's name of the answer."""


class MessageReplies:
    """Opens a reply for each turn of one bot."""

    def __init__(self, *, speaker: Speaker, texts: Texts, inbox: Inbox, shape: Callable[[str], str] = str) -> None:
        self._speaker, self._texts, self._inbox, self._shape = speaker, texts, inbox, shape

    def open(self, turn: Turn) -> MessageReply:
        """Return the reply to a turn, to be entered."""
        return MessageReply(turn, speaker=self._speaker, texts=self._texts, inbox=self._inbox, shape=self._shape)
