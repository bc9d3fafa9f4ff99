"""How chat, agent and completion apps tell an answer: messages, thoughts, the end."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

from sandbox.dify import events
from sandbox.dify.errors import model_status
from sandbox.dify.turn import Outcome, Step, Turn, half, reasoning_text

_TOOL = "current_time"
_TOOL_LABELS = {_TOOL: {"zh_Hans": "当前时间", "en_US": "Current Time"}}
_MODEL_FAILED = "[sandbox] the model answered with status code 500"
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
        if self._turn.made_file:
            yield self._frame(
                events.message_file(self._turn.ids, self._turn.made_file["related_id"], self._turn.made_file["url"])
            )
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
        metadata = events.metadata(self._profile, usage, annotation=annotation)
        sent = list(self._turn.sent_files) if self._profile.users_files_in_end else []
        return self._frame(events.message_end(self._turn.ids, self._profile, metadata, sent or None))

    def _failure(self, code: str) -> bytes:
        self._outcome.status, self._outcome.code, self._outcome.error = "failed", code, _MODEL_FAILED
        return self._frame(self._turn.ids.error(code, model_status(code), _MODEL_FAILED))

    def _frame(self, event: events.Event) -> bytes:
        return self._turn.frames.event(event)


class AgentTelling(ChatTelling):
    """An agent's answer: each round is an agent_thought that fills up, its words come as agent_message."""

    def __init__(self, turn: Turn) -> None:
        super().__init__(turn)
        self._rounds: list[str] = []

    def steps(self) -> Iterator[Step]:
        """One round, or two with a tool between them, then message_end."""
        script = self._turn.script
        if script.annotation:
            yield from self._annotated()
            return
        yield script.first
        if script.tool_talk or script.file:
            yield from self._tool_round(script.tool_talk)
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

    def _tool_round(self, talk: str) -> Iterator[Step]:
        thought_id, made = str(uuid4()), self._turn.made_file
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        known = {"thought": talk, "tool": _TOOL, "tool_labels": _TOOL_LABELS, "tool_input": json.dumps({_TOOL: {}})}
        yield self._thought(thought_id, 1)
        yield from self._say([*self._turn.script.pieces(talk), ""])
        yield self._thought(thought_id, 1, **known)
        if made:
            yield self._frame(events.message_file(self._turn.ids, made["related_id"], made["url"]))
        seen = {"observation": json.dumps({_TOOL: now}), "message_files": [made["related_id"]] if made else []}
        yield self._thought(thought_id, 1, **known, **seen)
        self._rounds, self._said = [talk], []

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
