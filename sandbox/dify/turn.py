"""One question on its way to its answer: what every telling needs to know, and what comes out of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.dify.apps import App
from sandbox.dify.events import Event, Ids
from sandbox.dify.frames import Frames
from sandbox.scripted.script import Script, Step


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A checked question, the script of its answer, and the names of the run.

    `dialogue_count` counts the conversation's earlier questions; `sent_files` are the user's, as message_end lists
    them; `made_files` are the file objects of what the AI will make.
    """

    app: App
    frames: Frames
    ids: Ids
    script: Script
    user: str
    end_user_id: str
    query: str
    inputs: Mapping[str, Any]
    run_number: int = 1
    dialogue_count: int = 0
    sent_files: Sequence[Event] = ()
    made_files: Sequence[Event] = ()


@dataclass
class Outcome:
    """How a run ended: what Dify stores of it, and what a blocking caller gets.

    `status` is succeeded, failed or stopped; a failure has the `code` and text of its error; `outputs` are those of
    a workflow or chatflow.
    """

    status: str = "succeeded"
    text: str = ""
    code: str = ""
    error: str | None = None
    outputs: Mapping[str, Any] | None = None
    steps: int = 0
    files: list[Event] = field(default_factory=list)
    thoughts: list[Event] = field(default_factory=list)


class Telling(Protocol):
    """An answer being told, step by step; who plays it keeps the time and may break it off."""

    @property
    def hushed(self) -> bool:
        """Whether the stream stays open in silence after the last step."""

    def steps(self) -> Iterator[Step]:
        """Everything there is to say, in order."""

    def stopped(self) -> Iterator[bytes]:
        """What is still said when the user stops the run."""

    def outcome(self) -> Outcome:
        """How it ended."""
