"""The agent that stands behind the kinds `python` in the contract suite."""

import time
from collections.abc import Iterator

from backends.python.question import AgentQuestion

HANGS = "停"
FAILS = "坏"


def answer(question: AgentQuestion) -> Iterator[str]:
    """Say what was asked before and now, in two pieces; of the others, one begins and never ends, one is refused."""
    if question.text == FAILS:
        raise ValueError(f"bad {question}")
    asked = [exchange.question for exchange in question.history]
    yield "答："
    while question.text == HANGS:
        time.sleep(0.02)  # as an agent that works; it is left where it next says something
        yield ""
    yield "|".join([*asked, question.text])
