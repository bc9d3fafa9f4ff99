"""Finds the agent that a bot's `agent` names."""

import imports
from backends.python.shapes import Agent


def load(path: str) -> Agent:
    """Return the agent at `package.module:object`. Raises Unloadable.

    Its module is imported once; nothing in it is called, and of a class no instance is made.
    """
    return Agent(imports.load(path), path)
