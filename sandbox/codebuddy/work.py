"""What an agent does with one prompt: `[[directives]]` obeyed (pure)."""

from dataclasses import dataclass
from typing import Final

from sandbox.codebuddy.agents import Agent
from sandbox.dify import answers
from sandbox.directives import repeated, taken_out

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
    ordered = own.get("status", "")
    return Work(
        seconds=answers.number(orders.get("first"), agent.seconds),
        text=shaped if orders.keys() & _SHAPED else repeated(plain),
        status=int(ordered) if ordered.isdecimal() and int(ordered) in _STATUSES else 0,
        html="html" in own,
    )
