"""How chat, agent and completion apps tell an answer: messages, thoughts, the end."""

import json
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from sandbox.dify import citations, events
from sandbox.dify.errors import model_status, model_words
from sandbox.dify.turn import Outcome, Turn
from sandbox.scripted.script import LOOKING_UP, Round, Step, half, reasoning_text

_SILENT = Round(talk="", name="draw", label={"zh": "画图", "en": "Draw"}, arguments={}, observation="done")
_ANNOTATION_GAP = 0.01  # Dify says a stored answer character by character


class ChatTelling:
    """A chat or completion app's answer; runs inside the API's own process in every version."""

    hushed = False

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._profile = turn.app.profile
        self._begun = time.monotonic()
        self._said: list[str] = []
        self._outcome = Outcome()

    def steps(self) -> Iterator[Step]:
        """Deltas, perhaps a picture or a replacement, then message_end."""
        script = self._turn.script
        if script.annotation:
            yield from self._annotated()
            return
        yield script.first
        pieces = script.pieces(reasoning_text(script.thoughts, self._profile.think) + script.text)
        if script.error or script.fail:
            yield from self._say(half(pieces))
            yield self._failure(script.error or "completion_request_error")
            return
        for file in self._turn.made_files:
            yield self._frame(events.message_file(self._turn.ids, file))
        yield from self._say([*pieces, ""])
        if script.replacement:
            self._said = [script.replacement]
            yield self._frame(events.message_replace(self._turn.ids, self._profile, script.replacement, ""))
        yield self._end()

    def stopped(self) -> Iterator[bytes]:
        """A stopped answer just ends."""
        self._outcome.status = "stopped"
        yield self._end()

    def outcome(self) -> Outcome:
        """What was said so far."""
        self._outcome.text = "".join(self._said)
        return self._outcome

    def _say(self, pieces: list[str]) -> Iterator[Step]:
        as_file = self._profile.text_as_file and self._turn.sent_files and self._turn.app.kind == "chat"
        as_file = as_file or (self._profile.text_as_own_file and self._turn.made_files)
        event = events.text_delta(self._turn.ids, self._profile, name="message_file" if as_file else "message")
        frame = self._turn.frames.deltas(event, "answer")
        gap = self._turn.script.gap
        for piece in pieces:
            self._said.append(piece)
            yield frame(piece)
            yield gap

    def _annotated(self) -> Iterator[Step]:
        frame = self._turn.frames.deltas(events.text_delta(self._turn.ids, self._profile), "answer")
        for character in self._turn.script.text:
            self._said.append(character)
            yield frame(character)
            yield _ANNOTATION_GAP
        yield self._end({"id": str(uuid4()), "account": {"id": str(uuid4()), "name": "sandbox"}})

    def _end(self, annotation: events.Event | None = None) -> bytes:
        latency = time.monotonic() - self._begun
        usage = events.usage(self._profile, len(self._said), latency, self._turn.script.first)
        sources = citations.cited(self._turn.app, self._turn.script.sources)
        metadata = events.metadata(self._profile, usage, sources=sources, annotation=annotation)
        sent = list(self._turn.sent_files) if self._profile.users_files_in_end else []
        return self._frame(events.message_end(self._turn.ids, self._profile, metadata, sent or None))

    def _failure(self, code: str) -> bytes:
        self._outcome.status, self._outcome.code, self._outcome.error = "failed", code, model_words(code)
        return self._frame(self._turn.ids.error(code, model_status(code), model_words(code)))

    def _frame(self, event: events.Event) -> bytes:
        return self._turn.frames.event(event)


class AgentTelling(ChatTelling):
    """An agent's answer: each round is an agent_thought that fills up, its words come as agent_message."""

    def __init__(self, turn: Turn) -> None:
        super().__init__(turn)
        self._rounds: list[str] = []

    def steps(self) -> Iterator[Step]:
        """A round for each tool and one for the answer, then message_end."""
        script = self._turn.script
        if script.annotation:
            yield from self._annotated()
            return
        yield script.first
        rounds = script.rounds or ([_SILENT] if self._turn.made_files else [])
        for place, tool in enumerate(rounds):
            yield from self._tool_round(tool, self._turn.made_files if place == len(rounds) - 1 else ())
        position = len(self._rounds) + 1
        thought_id = str(uuid4())
        yield self._thought(thought_id, position)
        pieces = script.pieces(reasoning_text(script.thoughts, self._profile.think) + script.text)
        if script.error or script.fail:
            yield from self._say(half(pieces))
            yield self._failure(script.error or "completion_request_error")
            return
        yield from self._say([*pieces, ""])
        yield self._thought(thought_id, position, thought="".join(self._said))
        if script.replacement:
            self._rounds, self._said = [], [script.replacement]
            yield self._frame(events.message_replace(self._turn.ids, self._profile, script.replacement, ""))
        yield self._end()

    def outcome(self) -> Outcome:
        """Dify stores an agent's rounds with a line break between them, though none was streamed."""
        self._outcome.text = "\n".join([*self._rounds, "".join(self._said)])
        return self._outcome

    def _tool_round(self, tool: Round, made: Sequence[events.Event]) -> Iterator[Step]:
        thought_id, position = str(uuid4()), len(self._rounds) + 1
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        name = f"dataset_{citations.DATASET_ID}" if tool.name == "dataset" else tool.name
        labels = {name: {"zh_Hans": tool.label["zh"], "en_US": tool.label["en"]}}
        arguments = json.dumps({name: tool.arguments}, ensure_ascii=False)
        known = {"thought": tool.talk, "tool": name, "tool_labels": labels, "tool_input": arguments}
        yield self._thought(thought_id, position)
        yield from self._say([*self._turn.script.pieces(tool.talk), ""])
        yield self._thought(thought_id, position, **known)
        yield LOOKING_UP
        for file in made:
            yield self._frame(events.message_file(self._turn.ids, file))
        observation = json.dumps({name: tool.observation.replace("{now}", now)}, ensure_ascii=False)
        seen = {"observation": observation, "message_files": [file["related_id"] for file in made]}
        yield self._thought(thought_id, position, **known, **seen)
        self._rounds, self._said = [*self._rounds, tool.talk], []

    def _say(self, pieces: list[str]) -> Iterator[Step]:
        frame = self._turn.frames.deltas(events.text_delta(self._turn.ids, self._profile, name="agent_message"), "answer")
        gap = self._turn.script.gap
        for piece in pieces:
            self._said.append(piece)
            yield frame(piece)
            yield gap

    def _thought(self, thought_id: str, position: int, **filled: object) -> bytes:
        event = events.agent_thought(self._turn.ids, thought_id, position, **filled)
        self._outcome.thoughts = [*(t for t in self._outcome.thoughts if t["id"] != thought_id), event]
        return self._frame(event)
