"""The keys of `.bots.yaml` that bind a bot to an agent written in Python."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class PythonSettings(BaseModel):
    """Which agent answers, and how far it is trusted."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    agent: Annotated[str, Field(examples=["agents.hello:answer"])]
    agent_timeout: Annotated[float, Field(gt=0, le=86_400)] = 300  # seconds
    agent_isolation: Literal["thread", "process"] = "thread"
    session_timeout: Annotated[float, Field(ge=0)] = 30  # minutes
    media_root: str = "media"

    def __str__(self) -> str:
        return f"Python {self.agent}"
