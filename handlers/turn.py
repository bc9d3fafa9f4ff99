"""One question on its way to its answer: what it asks, whose conversation it is, and how to end it."""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from backends.base import Answer, Tokens
from handlers.message import Incoming
from stores.base import ConversationKey, MessageKey

Ending = Literal["", "stopped", "interrupted", "taken over"]


class Endable(Protocol):
    """What is told at once that the answer ends: the reply. None of these blocks."""

    def stop(self) -> None:
        """Show what was written as all there will be."""

    def fail(self, sentence: str) -> None:
        """End with this sentence, below what was written."""

    def abandon(self) -> None:
        """Show nothing more: another process has ended it."""


class Turn:
    """A question and its answer. It may be ended from any thread, before, while or after it is answered."""

    def __init__(self, incoming: Incoming, key: ConversationKey) -> None:
        self.incoming, self.key = incoming, key
        self.message = MessageKey(key.client_id, incoming.robot_code, incoming.message_id)
        self.out_track_id = uuid.uuid4().hex  # of its card, if it gets one
        self.arrived = time.monotonic()
        self.released = False  # set by the gate: its conversation goes on without it
        self._begun = self._turned_away = False
        self._lock = threading.Lock()
        self._ending: Ending = ""
        self._last_words = ""  # of an interruption that came before the reply
        self._answer: Answer | None = None
        self._reply: Endable | None = None
        self._keep: Callable[[], object] = lambda: None

    @property
    def ending(self) -> Ending:
        """How it was ended from outside, if it was."""
        with self._lock:
            return self._ending

    def begin(self) -> bool:
        """It is being answered from now on; False when it was turned away before."""
        with self._lock:
            self._begun = not self._turned_away
            return self._begun

    def attach(self, answer: Answer, reply: Endable, keep: Callable[[], object] = lambda: None) -> None:
        """From now on an end reaches this answer and this reply; if it came already, it reaches them now.

        `keep` is how the conversation is kept as far as the answer has come; it waits for the store.
        """
        with self._lock:
            self._answer, self._reply, self._keep = answer, reply, keep
            ending, last_words = self._ending, self._last_words
        if ending:
            self._end(reply, ending, last_words)
            answer.stop()

    def stop(self) -> None:
        """Somebody stopped it: the reply shows at once what was written. Never blocks; `silence_backend` is to follow."""
        with self._lock:
            self._ending = self._ending or "stopped"
            reply = self._reply
        if reply:
            reply.stop()

    def keep(self) -> None:
        """Keep the conversation as far as it has come: the next turn is about to go on with it."""
        with self._lock:
            keep = self._keep
        keep()

    def interrupt(self, sentence: str) -> bool:
        """End it with a sentence, which its reply says; False when it was not begun: then it will not be. Never blocks."""
        with self._lock:
            self._turned_away = not self._begun
            self._ending = self._ending or "interrupted"
            reply, self._last_words = self._reply, sentence
        if reply:
            reply.fail(sentence)
        return not self._turned_away

    def abandon(self) -> None:
        """Another process has taken it over: nothing more of it is shown. Never blocks; `silence_backend` is to follow."""
        with self._lock:
            self._ending, reply = "taken over", self._reply
        if reply:
            reply.abandon()

    def silence_backend(self) -> None:
        """Tell the AI that nobody waits any more; this may take a call."""
        with self._lock:
            answer = self._answer
        if answer:
            answer.stop()

    @staticmethod
    def _end(reply: Endable, ending: Ending, last_words: str) -> None:
        if ending == "taken over":
            reply.abandon()
        elif last_words:
            reply.fail(last_words)
        else:
            reply.stop()


@dataclass(frozen=True)
class TurnRecord:
    """How a turn went, for logs and whatever else listens. Holds no words of anybody."""

    bot: str
    message_id: str
    outcome: str  # answered, stopped, interrupted, taken over, the error's class, or undelivered: nobody got to see the answer
    waited: float  # seconds from arrival until the AI was asked
    first_text: float  # seconds from arrival until the AI's first text; 0 without one
    seconds: float  # from arrival to the end
    characters: int
    card_calls: int
    ref: str = ""  # the AI's own name for the answer
    tokens: Tokens = Tokens(0, 0)  # noqa: RUF009 - frozen
