"""How chatflow and workflow apps tell a run: the engine's events around the text, and each version's way to end."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from sandbox.dify import beside, events
from sandbox.dify.apps import ANSWER
from sandbox.dify.errors import model_status, model_words
from sandbox.dify.nodes import Node
from sandbox.dify.stillborn import synthetic_failure
from sandbox.dify.turn import Outcome, Turn
from sandbox.dify.voice import Voice, as_markdown, as_text
from sandbox.scripted.script import Step, half, reasoning_text

_STOPPED = "Stopped by user."
_ABORTED = "User requested stop"
_NODE_FAILED = "CodeExecutionError: the sandbox was asked to fail here"
_NO_END = "Workflow stream ended without a terminal event"
_ANNOTATION_GAP = 0.01  # Dify says a stored answer character by character
_BETWEEN_OUTPUTS = ["end", "answer"]


class GraphTelling:
    """A run of start -> [tools] -> [knowledge-retrieval] -> [code] -> llm -> answer (chatflow) or end (workflow)."""

    def __init__(self, turn: Turn) -> None:
        self.hushed = False
        self._turn = turn
        self._profile = turn.app.profile
        self._chatflow = turn.app.kind == "advanced-chat"
        self._separated = turn.app.separated_reasoning and self._profile.new_engine
        self._voice = Voice(turn)
        self._text = ""
        self._said: list[str] = []
        self._places = 0
        self._last_node: str | None = None
        self._outcome = Outcome()

    def steps(self) -> Iterator[Step]:
        """The run from workflow_started to the end of the stream."""
        if self._turn.script.annotation and self._chatflow:
            yield from self._annotated()
            return
        if self._turn.script.error and not self._turn.script.text:
            yield from self._broken(self._turn.script.error)
            return
        inputs = self._voice.engine_inputs()
        yield self._voice.run_started(inputs)
        start = self._node("start")
        yield self._voice.frame(start.started(self._turn.ids, self._profile))
        known = dict(self._turn.inputs) if self._profile.new_engine else inputs
        yield self._voice.frame(start.finished(self._turn.ids, self._profile, inputs=known, outputs=known))
        if self._turn.script.parallel:
            yield from beside.branches(self._turn, self._voice, self._node)
        if self._turn.script.fail:
            yield from self._failing_node()
        else:
            yield from self._working_nodes()

    def stopped(self) -> Iterator[bytes]:
        """The engine's last word, and before 1.13 also the message's."""
        abort = self._profile.stop_aborts and not self._chatflow
        self._outcome.status = "failed" if abort else "stopped"
        self._outcome.error = _ABORTED if abort else _STOPPED
        yield self._finished()
        if self._chatflow and not self._profile.worker:
            yield self._message_end()

    def outcome(self) -> Outcome:
        """How the run stands."""
        self._outcome.text, self._outcome.steps = "".join(self._said), self._places
        return self._outcome

    def _working_nodes(self) -> Iterator[Step]:
        constants = {name: value for name, value in self._turn.app.outputs.items() if value != ANSWER}
        if constants and not self._chatflow:
            code = self._node("code")
            yield self._voice.frame(code.started(self._turn.ids, self._profile))
            yield self._voice.frame(code.finished(self._turn.ids, self._profile, outputs=constants))
        yield from beside.tools(self._turn, self._voice, self._node)
        yield from self._llm()
        if self._turn.script.partial and self._profile.exceptions_count:
            yield from beside.stumble(self._turn, self._voice, self._node)
            self._outcome.status = "partial-succeeded"
        if self._turn.script.error:
            yield from self._failed(model_words(self._turn.script.error))
        elif self._chatflow:
            yield from self._chatflow_end()
        else:
            yield from self._workflow_end()

    def _llm(self) -> Iterator[Step]:
        script, profile = self._turn.script, self._profile
        llm = self._node("llm")
        yield self._voice.frame(llm.started(self._turn.ids, profile))
        yield script.first
        if self._separated and script.thoughts and profile.reasoning_chunk:
            yield from self._reasoning()
        prefix = "" if self._separated else reasoning_text(script.thoughts, profile.think)
        self._text = prefix + script.text
        pieces = script.pieces(self._text)
        if script.error:
            yield from self._say(half(pieces))
            yield self._voice.frame(llm.finished(self._turn.ids, profile, error=model_words(self._turn.script.error)))
            return
        if self._chatflow:
            yield from self._say([*pieces, ""])
        else:
            yield from self._say_outputs([*pieces, ""])
        tokens = len(self._said)
        usage = events.usage(profile, tokens, self._voice.elapsed(), script.first)
        outputs: dict[str, Any] = {"text": self._text, "usage": usage, "finish_reason": "stop"}
        if profile.new_engine:
            outputs["reasoning_content"] = script.thoughts if self._separated else ""
        prompts = [{"role": "user", "text": self._turn.query, "files": []}]
        details = {"model_mode": "chat", "prompts": prompts, "model_provider": "sandbox", "model_name": "scripted"}
        yield self._voice.frame(
            llm.finished(
                self._turn.ids, profile, details=details, outputs=outputs, seconds=self._voice.elapsed(), tokens=12 + tokens
            )
        )

    def _say(self, pieces: list[str]) -> Iterator[Step]:
        frame = self._voice.deltas(["llm", "text"])
        gap = self._turn.script.gap
        for piece in pieces:
            self._said.append(piece)
            yield frame(piece)
            yield gap

    def _say_outputs(self, pieces: list[str]) -> Iterator[Step]:
        """The End outputs as one text: values after each other with a line break between; before 1.9 the LLM's only."""
        for place, (name, value) in enumerate(self._turn.app.outputs.items()):
            if value == ANSWER:
                yield from self._say(pieces)
            elif self._profile.new_engine:
                yield self._voice.deltas(["code", name])(as_text(value))
            if self._profile.new_engine and place < len(self._turn.app.outputs) - 1:
                yield self._voice.deltas(_BETWEEN_OUTPUTS)("\n")
        for file in self._turn.made_files if self._profile.new_engine else ():
            yield self._voice.deltas(_BETWEEN_OUTPUTS)("\n")
            yield self._voice.deltas(["code", _output_name(file)])(as_markdown(file))

    def _reasoning(self) -> Iterator[Step]:
        for piece in [*self._turn.script.pieces(self._turn.script.thoughts), ""]:
            yield self._voice.reasoning(piece, is_final=not piece)
            yield self._turn.script.gap

    def _chatflow_end(self) -> Iterator[Step]:
        for file in self._turn.made_files:
            link = f"\n\n{as_markdown(file)}"
            self._said.append(link)
            yield self._voice.deltas(["answer", "answer"])(link)
        self._outcome.files = list(self._turn.made_files)
        answer = self._node("answer")
        outputs = {"answer": "".join(self._said), "files": self._outcome.files}
        yield self._voice.frame(answer.started(self._turn.ids, self._profile))
        yield self._voice.frame(answer.finished(self._turn.ids, self._profile, outputs=outputs))
        self._outcome.outputs = outputs if self._profile.new_engine else {"answer": outputs["answer"]}
        if replacement := self._turn.script.replacement:
            self._said = [replacement]
            yield self._voice.frame(events.message_replace(self._turn.ids, self._profile, replacement, "output_moderation"))
        if self._profile.message_end == "before":
            yield self._message_end()
        yield self._finished()
        if self._profile.message_end == "last":
            yield self._message_end()

    def _workflow_end(self) -> Iterator[Step]:
        outputs = {name: self._text if value == ANSWER else value for name, value in self._turn.app.outputs.items()}
        outputs |= {_output_name(file): file for file in self._turn.made_files}
        self._outcome.files = list(self._turn.made_files)
        end = self._node("end")
        yield self._voice.frame(end.started(self._turn.ids, self._profile))
        yield self._voice.frame(end.finished(self._turn.ids, self._profile, inputs=outputs, outputs=outputs))
        self._outcome.outputs = outputs or None
        yield self._finished()

    def _failing_node(self) -> Iterator[Step]:
        yield self._turn.script.first
        code = self._node("code")
        yield self._voice.frame(code.started(self._turn.ids, self._profile))
        yield self._voice.frame(
            code.finished(self._turn.ids, self._profile, inputs={"q": self._turn.query}, error=_NODE_FAILED)
        )
        yield from self._failed(_NODE_FAILED)

    def _failed(self, why: str) -> Iterator[Step]:
        """A failed node fails the run; before 1.13 a chatflow says so twice."""
        self._outcome.status, self._outcome.code, self._outcome.error = "failed", "invalid_param", why
        yield self._finished()
        if self._chatflow and not self._profile.worker:
            yield self._voice.frame(self._turn.ids.error("invalid_param", 400, f"Run failed: {why}"))

    def _annotated(self) -> Iterator[Step]:
        """A stored answer instead of a run: no engine, so a worker's stream finds no end of its own."""
        frame = self._voice.deltas([])
        for character in self._turn.script.text:
            self._said.append(character)
            yield frame(character)
            yield _ANNOTATION_GAP
        yield self._message_end()
        if self._profile.synthetic:
            yield from synthetic_failure(self._turn, _NO_END)
        else:
            self.hushed = self._profile.worker

    def _broken(self, code: str) -> Iterator[Step]:
        """An error before the run began, a removed model's: in a worker silence follows, since 1.15 an invented finish."""
        self._outcome.status, self._outcome.code, self._outcome.error = "failed", code, model_words(code)
        yield self._voice.frame(self._turn.ids.error(code, model_status(code), model_words(code)))
        if self._profile.synthetic:
            self._outcome.error = _NO_END
            yield self._finished()
            self._outcome.error = model_words(code)
        else:
            self.hushed = self._profile.worker

    def _finished(self) -> bytes:
        return self._voice.run_finished(self.outcome(), len(self._said))

    def _message_end(self) -> bytes:
        thoughts = self._turn.script.thoughts if self._separated else ""
        return self._voice.message_end(len(self._said), self._outcome.files, thoughts)

    def _node(self, kind: str, branch: str | None = None, *, name: str = "", title: str = "") -> Node:
        self._places += 1
        after, self._last_node = self._last_node, name or kind
        identity = str(uuid4())
        return Node(execution_id=identity, kind=kind, place=self._places, after=after, branch=branch, name=name, title=title)


def _output_name(file: events.Event) -> str:
    return "picture" if file["type"] == "image" else "file"
