"""What an agent does with one prompt: `[[directives]]` obeyed (pure)."""

from dataclasses import dataclass
from typing import Final

from sandbox.codebuddy.agents import Agent
from sandbox.scripted import answers
from sandbox.scripted.directives import number, ordered_status, taken_out

_OWN: Final = frozenset({"status", "html"})
_SHAPED: Final = frozenset({"len", "newline", "table", "code", "empty"})
_STATUSES: Final = range(400, 600)


@dataclass(frozen=True)
class Work:
    """The seconds that it takes, and the text at its end; or a `status` instead, or a proxy's page with status 200."""

    seconds: float
    text: str
    status: int = 0
    html: bool = False


def work(prompt: str, agent: Agent) -> Work:
    """What this agent makes of a prompt."""
    rest, own = taken_out(prompt, _OWN)
    plain, orders = answers.directed(rest)
    shaped = answers.script(rest, turn=None, rate=0, chunk=1).text
    return Work(
        seconds=number(orders.get("first"), agent.seconds),
        text=shaped if orders.keys() & _SHAPED else answers.repeated(plain),
        status=ordered_status(own.get("status", ""), _STATUSES),
        html="html" in own,
    )
