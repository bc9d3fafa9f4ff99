"""Finds the agent that a bot's `agent` names."""

import imports
from backends.python.settings import PythonSettings
from backends.python.shapes import Agent


def check(settings: PythonSettings) -> None:
    """Raise Unloadable when there is no such agent, as far as the bridge may know.

    With processes nothing of it may run here, so its module is only looked for; the rest is told by the worker's ping.
    """
    if settings.agent_isolation == "process":
        imports.look_for(settings.agent)
    else:
        load(settings.agent)


def load(path: str) -> Agent:
    """Return the agent at `package.module:object`. Raises Unloadable.

    Its module is imported once; nothing in it is called, and of a class no instance is made.
    """
    return Agent(imports.load(path), path)
