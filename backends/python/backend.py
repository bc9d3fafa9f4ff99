"""A Python agent as a Backend: an object of the team's own answers."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Protocol

from backends import memory
from backends.base import Event, Question, Replace, Text
from backends.memory import Exchange
from backends.python.agent import load
from backends.python.channel import Channel
from backends.python.question import AgentQuestion
from backends.python.settings import PythonSettings
from backends.python.threads import Threads
from backends.python.workers import Workers
from errors import AnswerTooLong

_MOST_CHARACTERS = 1_000_000  # of an answer
_MOST_EVENTS = 200_000  # a piece for each character of a long answer, or empty ones as signs of life
_REMEMBERED_TOKENS = 8_000  # of what was said before


class Host(Protocol):
    """Where an agent runs."""

    def start(self, question: AgentQuestion | None, channel: Channel) -> None:
        """Let it answer into the channel; None only asks whether it is ready. Raises BackendError."""

    def close(self) -> None:
        """Give up all answers."""


class PythonBackend:
    """One agent; shared by all threads of a bot. `clock` is the time by which its silences are judged.

    Raises Unloadable when there is none; with processes that is told by `ping`, and by the end of each answer.
    """

    sees_pictures = True

    def __init__(self, settings: PythonSettings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.timeout, self.clock = settings.agent_timeout, clock
        self.host: Host
        if settings.agent_isolation == "process":
            self.host = Workers(settings.agent, self.timeout)
        else:
            self.host = Threads(load(settings.agent), self.timeout)

    def start(self, question: Question) -> "PythonAnswer":
        """Return the answer to come; the agent is asked when it is iterated."""
        return PythonAnswer(self, question)

    def ping(self) -> None:
        """Raise BackendError when the agent is not to be had."""
        with closing(Channel(self.clock)) as channel:
            self.host.start(None, channel)
            channel.take(self.timeout)

    def close(self) -> None:
        """Give up all answers, and end the processes."""
        self.host.close()


class PythonAnswer:
    """One answer. Iterate it once, in one thread; `stop` may come from any other."""

    ref = ""

    def __init__(self, backend: PythonBackend, question: Question) -> None:
        self._host, self._timeout = backend.host, backend.timeout
        self._before = question.conversation
        self._history = memory.read(question.conversation)
        self._asked = AgentQuestion(
            question.text,
            user=question.user,
            facts=question.facts,
            history=self._history,
            pictures=question.pictures,
        )
        self._channel = Channel(backend.clock)
        self._said: list[str] = []
        self._length = 0

    @property
    def conversation(self) -> str:
        """What was said before, and this question with its answer so far."""
        said = "".join(self._said)
        if not said:
            return self._before
        return memory.write(memory.newest((*self._history, Exchange(self._asked.text, said)), _REMEMBERED_TOKENS))

    def __iter__(self) -> Iterator[Event]:
        with closing(self._channel) as channel:
            if channel.closed:
                return
            self._host.start(self._asked, channel)
            for _ in range(_MOST_EVENTS):
                event = channel.take(self._timeout)
                if event is None:
                    return
                self._note(event)
                if event != Text(""):  # a sign of life, no more
                    yield event
            raise AnswerTooLong(f"more than {_MOST_EVENTS:,} pieces", ai="python")

    def stop(self) -> None:
        """End the reading; the agent is told when it next says something, or its process is killed."""
        self._channel.close()

    def _note(self, event: Event) -> None:
        """Remember what was said, as long as it is no flood."""
        if not isinstance(event, (Text, Replace)):
            return
        if isinstance(event, Replace):
            self._said, self._length = [], 0
        self._length += len(event.text)
        if self._length > _MOST_CHARACTERS:
            raise AnswerTooLong(f"more than {_MOST_CHARACTERS:,} characters", ai="python")
        self._said.append(event.text)
