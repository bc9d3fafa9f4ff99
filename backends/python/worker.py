"""A worker: runs the agent of its one argument in a process of its own, one question at a time, until its input ends."""

import os
import queue
import signal
import sys
import threading
import time
from types import FrameType
from typing import BinaryIO

from backends.base import Event
from backends.python import wire
from backends.python.agent import load
from backends.python.failures import Failure, GivenUp, attempt
from backends.python.question import AgentQuestion
from backends.python.shapes import Agent, Say
from errors import Unloadable
from problems import sentence

_GRACE_SECONDS = 2  # for an agent at work, once the bridge is gone


def main(path: str) -> None:
    """Answer each line of the standard input with lines on the standard output, out of the agent's reach."""
    asked, said = _own_pipes()
    for told_to_end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told_to_end, _leave_it_to_the_bridge)
    questions: queue.Queue[bytes] = queue.Queue(maxsize=2)  # one at a time, and the end
    threading.Thread(target=_listen, args=(asked, questions), name="listen", daemon=True).start()
    agent: Agent | None = None
    while line := questions.get():
        number, question = wire.read_question(line)
        lines = _Lines(said, number)
        agent, failure = _answer(agent, path, question, lines.say)
        lines.end(failure)


class _Lines:
    """The lines of one answer; behind its end there are none, though a thread that the agent left may go on."""

    def __init__(self, said: BinaryIO, number: int) -> None:
        self._said, self._number = said, number
        self._lock = threading.Lock()
        self._ended = False

    def say(self, event: Event) -> None:
        """Write an event. Raises GivenUp behind the end."""
        with self._lock:
            if self._ended:
                raise GivenUp
            self._write(wire.write_event(self._number, event))

    def end(self, failure: Failure | None) -> None:
        """Write how the answer ended."""
        with self._lock:
            self._ended = True
            self._write(wire.write_end(self._number, failure))

    def _write(self, line: bytes) -> None:
        try:
            self._said.write(line)
            self._said.flush()
        except OSError:
            os._exit(1)  # the bridge is gone


def _answer(agent: Agent | None, path: str, question: AgentQuestion | None, say: Say) -> tuple[Agent | None, Failure | None]:
    """Return the agent, which is loaded if it was not yet, and how it failed, if it did."""
    try:
        agent = agent or load(path)
    except Unloadable as error:
        return None, Failure(sentence(error.reason, "en", **error.values))
    return agent, attempt(agent, question, say)


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes to the bridge for ourselves: what an agent prints goes to the log, and it has nothing to read."""
    asked, said = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return asked, said


def _leave_it_to_the_bridge(_signal: int, _frame: FrameType | None) -> None:
    """The bridge lets answers finish, then closes our input. What an agent starts does not inherit this."""


def _listen(asked: BinaryIO, questions: queue.Queue[bytes]) -> None:
    """Hand on each question; at the end of the input an idle worker ends by itself, and one that hangs is ended."""
    for line in asked:
        questions.put(line)
    questions.put(b"")
    time.sleep(_GRACE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
