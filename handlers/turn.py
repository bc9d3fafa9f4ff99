"""One question on its way to its answer: what it asks, whose conversation it is, and how to stop it."""

import threading
import time
from dataclasses import dataclass
from typing import Protocol

from backends.base import Answer
from handlers.message import Incoming
from stores.base import ConversationKey


class Endable(Protocol):
    """What is told at once that the answer ends: the reply. Neither blocks."""

    def stop(self) -> None:
        """Show what was written as all there will be."""

    def fail(self, sentence: str) -> None:
        """End with this sentence, below what was written."""


class Turn:
    """A question and its answer. `stop` may come from any thread, before, while or after it is answered."""

    def __init__(self, incoming: Incoming, key: ConversationKey) -> None:
        self.incoming, self.key = incoming, key
        self.arrived = time.monotonic()
        self._lock = threading.Lock()
        self._stopped = False
        self._answer: Answer | None = None
        self._reply: Endable | None = None

    @property
    def stopped(self) -> bool:
        """Whether somebody stopped it."""
        with self._lock:
            return self._stopped

    def attach(self, answer: Answer, reply: Endable) -> None:
        """From now on `stop` reaches this answer and this reply; if it came already, it reaches them now."""
        with self._lock:
            self._answer, self._reply = answer, reply
            stopped = self._stopped
        if stopped:
            reply.stop()
            answer.stop()

    def stop(self) -> None:
        """End the answer: the reply shows at once what was written, then the AI is told (this may take a call)."""
        with self._lock:
            self._stopped = True
            answer, reply = self._answer, self._reply
        if reply:
            reply.stop()
        if answer:
            answer.stop()

    def interrupt(self, sentence: str) -> bool:
        """End the answer from outside, with a sentence; False when it has not begun, so that nobody shows the sentence."""
        with self._lock:
            self._stopped = True
            answer, reply = self._answer, self._reply
        if reply is None or answer is None:
            return False
        reply.fail(sentence)
        answer.stop()
        return True


@dataclass(frozen=True)
class TurnRecord:
    """How a turn went, for logs and whatever else listens. Holds no words of anybody."""

    bot: str
    message_id: str
    outcome: str  # answered, stopped, or the error's class
    waited: float  # seconds from arrival until the AI was asked
    first_text: float  # seconds from arrival until the AI's first text; 0 without one
    seconds: float  # from arrival to the end
    characters: int
    ref: str = ""  # the AI's own name for the answer
