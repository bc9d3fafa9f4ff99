"""The keys of `.bots.yaml` that bind a bot to an agent written in Python."""

from typing import Annotated, Literal

from pydantic import Field

from backends.settings import RememberedSettings


class PythonSettings(RememberedSettings):
    """Which agent answers, and how far it is trusted."""

    agent: Annotated[str, Field(examples=["agents.hello:answer"])]
    agent_timeout: Annotated[float, Field(gt=0, le=86_400)] = 300  # seconds
    agent_isolation: Literal["thread", "process"] = "thread"

    def __str__(self) -> str:
        return f"Python {self.agent}"
