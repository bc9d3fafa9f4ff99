"""The frames of a chatflow's or workflow's run, whose order is the telling's business."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.dify import events
from sandbox.dify.citations import cited
from sandbox.dify.turn import Outcome, Turn


class Voice:
    """Makes the frames of one run; keeps its clock and nothing else."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._profile = turn.app.profile
        self._chatflow = turn.app.kind == "advanced-chat"
        self._begun = time.monotonic()

    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._begun

    def frame(self, event: Mapping[str, Any]) -> bytes:
        """Any event as a frame."""
        return self._turn.frames.event(event)

    def deltas(self, selector: Sequence[str]) -> Callable[[str], bytes]:
        """A maker of text frames that name the variable of which they are a piece."""
        ids, profile = self._turn.ids, self._profile
        if self._chatflow:
            name = "message_file" if profile.text_as_file and self._turn.sent_files else "message"
            event = events.text_delta(ids, profile, name=name, selector=selector)
            return self._turn.frames.deltas(event, "answer")
        data = {"text": "", **({"from_variable_selector": selector} if profile.selectors else {})}
        return self._turn.frames.deltas(ids.graph_event("text_chunk", data), "text")

    def reasoning(self, piece: str, *, is_final: bool) -> bytes:
        """A piece of a model's thoughts, told beside the answer."""
        data = {"message_id": self._turn.ids.message_id, "reasoning": piece, "node_id": "llm", "is_final": is_final}
        return self.frame(self._turn.ids.graph_event("reasoning_chunk", data))

    def run_started(self, inputs: Mapping[str, Any]) -> bytes:
        """The event workflow_started."""
        turn = self._turn
        return self.frame(events.workflow_started(turn.ids, self._profile, turn.app.workflow_id, turn.run_number, inputs))

    def run_finished(self, outcome: Outcome, tokens: int) -> bytes:
        """The event workflow_finished; the old engine says null where there are no outputs."""
        turn = self._turn
        nothing: dict[str, Any] | None = {} if self._profile.new_engine else None
        facts = {
            "status": outcome.status,
            "outputs": outcome.outputs if outcome.outputs is not None else nothing,
            "error": outcome.error,
            "elapsed_time": round(self.elapsed(), 6),
            "total_tokens": tokens,
            "total_steps": outcome.steps,
            "finished_at": int(time.time()),
            "files": outcome.files,
        }
        by = {"id": turn.end_user_id, "user": turn.user}
        data = events.run_end(turn.ids, self._profile, turn.app.workflow_id, turn.run_number, by, outcome=facts)
        return self.frame(turn.ids.graph_event("workflow_finished", data))

    def message_end(self, tokens: int, files: list[events.Event], thoughts: str) -> bytes:
        """The event message_end; `thoughts` are those that were kept out of the answer."""
        usage = events.usage(self._profile, tokens, self.elapsed(), self._turn.script.first)
        sources = cited(self._turn.app, self._turn.script.sources)
        metadata = events.metadata(self._profile, usage, sources=sources, reasoning={"llm": thoughts} if thoughts else None)
        return self.frame(events.message_end(self._turn.ids, self._profile, metadata, files))

    def engine_inputs(self) -> dict[str, Any]:
        """The app's inputs and the engine's own `sys.*` ones."""
        ids, app = self._turn.ids, self._turn.app
        inputs: dict[str, Any] = dict(self._turn.inputs)
        if self._chatflow:
            inputs["sys.query"] = self._turn.query
        inputs["sys.files"] = list(self._turn.sent_files)
        if self._chatflow and self._profile.sys_conversation:
            inputs["sys.conversation_id"] = ids.conversation_id
        inputs["sys.user_id"] = self._turn.user
        if self._chatflow:
            inputs["sys.dialogue_count"] = self._turn.dialogue_count + (not self._profile.sys_conversation)
        inputs |= {"sys.app_id": app.id, "sys.workflow_id": app.workflow_id}
        return {**inputs, "sys.workflow_run_id": ids.workflow_run_id}


def as_markdown(file: Mapping[str, Any]) -> str:
    """How a file looks inside an answer."""
    return f"{'!' if file['type'] == 'image' else ''}[{file['filename']}]({file['url']})"


def as_text(value: Any) -> str:
    """How an End output that is no text looks inside the streamed text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(f"- {as_text(item)}" for item in value)
    return json.dumps(value, ensure_ascii=False, indent=2)
