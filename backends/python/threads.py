"""Runs an agent in this process, each answer in a thread of its own."""

import logging
import threading

from backends.background import start
from backends.python.channel import Channel
from backends.python.failures import Failure, attempt
from backends.python.question import AgentQuestion
from backends.python.shapes import Agent
from errors import AgentFailed, AgentsStuck, AnswerInterrupted

log = logging.getLogger("dingbridge.ai")

MOST_STUCK = 8


class Threads:
    """The threads of one agent. One that hangs cannot be ended, only left behind and counted while it lives."""

    def __init__(self, agent: Agent, timeout: float) -> None:
        self._agent, self._timeout = agent, timeout
        self._lock = threading.Lock()
        self._live: set[Channel] = set()

    def start(self, question: AgentQuestion | None, channel: Channel) -> None:
        """Let the agent answer into the channel.

        Raises AgentsStuck while too many of its threads hang, BackendBusy when there is no thread to be had.
        """
        with self._lock:
            stuck = sum(other.is_stuck(self._timeout) for other in self._live)
            if stuck >= MOST_STUCK:
                raise AgentsStuck(f"{stuck} answers hang", ai="python")
            start(self._run, question, channel, name="agent", ai="python")
            self._live.add(channel)

    def close(self) -> None:
        """End all answers; an agent learns it when it next says something."""
        with self._lock:
            live = tuple(self._live)
        for channel in live:
            channel.end(AnswerInterrupted("the backend was closed", ai="python"))

    def _run(self, question: AgentQuestion | None, channel: Channel) -> None:
        try:
            channel.end(error_of(attempt(self._agent, question, channel.put)))
        finally:
            with self._lock:
                self._live.discard(channel)


def error_of(failure: Failure | None) -> AgentFailed | None:
    """Return a failure as the error that ends the answer; its trace goes to the log of those who look for it."""
    if failure is None:
        return None
    if failure.trace:
        log.debug("%s, called by:\n%s", failure.detail, failure.trace)
    return AgentFailed(failure.detail, ai="python")
