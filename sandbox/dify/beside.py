"""What a run does beside its model: tools, a look into the knowledge base, branches side by side."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Protocol

from sandbox.dify import citations
from sandbox.dify.nodes import Node, branch_event
from sandbox.dify.turn import Turn
from sandbox.dify.voice import Voice
from sandbox.scripted.script import LOOKING_UP, Step

_STUMBLED = "CodeExecutionError: the sandbox was asked to stumble here"


class MakeNode(Protocol):
    """Makes the run's next node."""

    def __call__(self, kind: str, branch: str | None = None, *, name: str = "", title: str = "") -> Node:
        """A node of a kind, perhaps on a branch, perhaps with a name of its own."""


def tools(turn: Turn, voice: Voice, make: MakeNode) -> Iterator[Step]:
    """Each tool of the script as a node, then its sources as what a knowledge-retrieval node finds."""
    ids, profile = turn.ids, turn.app.profile
    for place, tool in enumerate(turn.script.rounds, 1):
        node = make("tool", name=f"tool-{place}", title=tool.label["zh"])
        yield voice.frame(node.started(ids, profile))
        yield LOOKING_UP
        seen = tool.observation.replace("{now}", f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}")
        outputs = {"text": seen, "files": [], "json": []}
        yield voice.frame(node.finished(ids, profile, inputs=tool.arguments, outputs=outputs, seconds=LOOKING_UP))
    if turn.script.sources:
        node = make("knowledge-retrieval")
        yield voice.frame(node.started(ids, profile))
        yield LOOKING_UP
        result = {"result": citations.found(turn.script.sources)}
        yield voice.frame(node.finished(ids, profile, inputs={"query": turn.query}, outputs=result, seconds=LOOKING_UP))


def branches(turn: Turn, voice: Voice, make: MakeNode) -> Iterator[Step]:
    """Two nodes side by side; until 1.8 the branches are announced."""
    ids, profile = turn.ids, turn.app.profile
    for branch in ("left", "right"):
        if profile.parallel:
            yield voice.frame(branch_event(ids, "parallel_branch_started", branch))
        node = make("template", branch)
        yield voice.frame(node.started(ids, profile))
        yield voice.frame(node.finished(ids, profile, outputs={"output": branch}))
        if profile.parallel:
            yield voice.frame(branch_event(ids, "parallel_branch_finished", branch, status="succeeded", error=None))


def stumble(turn: Turn, voice: Voice, make: MakeNode) -> Iterator[Step]:
    """A node that fails and gives its default instead, so that the run goes on."""
    ids, profile = turn.ids, turn.app.profile
    node = make("code")
    yield voice.frame(node.started(ids, profile))
    outputs = {"result": "", "error_message": _STUMBLED, "error_type": "CodeExecutionError"}
    error = "Unknown error" if profile.new_engine else _STUMBLED
    yield voice.frame(node.finished(ids, profile, inputs={"q": turn.query}, outputs=outputs, error=error, rescued=True))
