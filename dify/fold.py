"""Folds Dify's events into an answer: which text counts, and when and how it ends. Pure.

The rules are Dify's own, across versions: chat kinds end with message_end; a workflow ends with workflow_finished, whose
outputs are the authority; a chatflow sends both, in either order (message_end last before 1.13, lost in 1.13.0, first
since 1.13.1), and from 1.15 on a made-up failure may follow a good answer.
"""

import json
from collections.abc import Iterator
from typing import Literal

from backends.base import Event, File, Progress, Replace, Text, Thinking
from dify.events import (
    Delta,
    DifyEvent,
    Failure,
    FileMade,
    Json,
    MessageEnd,
    Reasoning,
    Replaced,
    RunFinished,
    RunPaused,
    RunStarted,
    Step,
)
from dify.failures import from_event, from_run
from dify.thinking import ThinkingFilter
from errors import AnswerInterrupted, BackendError
from errors import RunPaused as WaitsForPerson

AppKind = Literal["chatbot", "completion", "workflow"]
End = Literal["open", "settling", "over"]


class Fold:
    """The answer so far: `feed` events in order, read `end`, then call `close`."""

    def __init__(self, kind: AppKind, output_key: str = "") -> None:
        self._kind, self._output_key = kind, output_key
        self._thinking = ThinkingFilter()
        self._agent_spoke = False
        self._run_seen = False
        self._message_ended = False
        self._run: RunFinished | None = None
        self._failure: BackendError | None = None
        self.text = ""

    @property
    def end(self) -> End:
        """`open`: more must come. `settling`: whole, but its counterpart may follow. `over`: nothing more counts."""
        if self._failure:
            return "over"
        if self._kind == "workflow":
            return "over" if self._run else "open"
        if self._run and not self._settled():
            return "over"
        if self._message_ended:
            return "settling" if self._run_seen and not self._run else "over"
        return "settling" if self._run else "open"

    def feed(self, event: DifyEvent) -> Iterator[Event]:
        """Yield what the event changes."""
        match event:
            case Delta(text, agent):
                yield from self._delta(text, agent=agent)
            case Replaced(text):
                yield from self._replace(text)
            case Reasoning(text):
                yield Thinking(text)
            case Step(title):
                yield Progress(title)
            case FileMade(url, name, is_image):
                yield File(url, name, is_image)
            case RunStarted():
                self._run_seen = True
            case MessageEnd():
                self._message_ended = True
            case RunFinished():
                yield from self._finish_run(event)
            case RunPaused():
                self._failure = WaitsForPerson(code="workflow_paused")
            case Failure(code, message, status):
                # 1.17 and some older servers report an error after a whole answer: the answer stands.
                self._failure = None if self._message_ended and self.text else from_event(code, message, status)

    def close(self) -> Iterator[Event]:
        """Yield what was held back at the end of the stream; raise BackendError unless the answer is whole."""
        yield from self._track(self._thinking.flush())
        if self._failure:
            raise self._failure
        if self._run and not self._settled():
            raise from_run(self._run.error)
        if self.end == "open":
            raise AnswerInterrupted(code="eof")

    def _delta(self, text: str, *, agent: bool) -> Iterator[Event]:
        if self._agent_spoke and not agent and self._kind == "chatbot" and text:
            # A New Agent (1.15+) closes with one `message` that holds the whole answer again.
            self._agent_spoke = False
            yield from self._replace(text)
            return
        self._agent_spoke = self._agent_spoke or agent
        yield from self._track(self._thinking.feed(text))

    def _replace(self, text: str) -> Iterator[Event]:
        self._thinking = ThinkingFilter()
        self.text = ""
        whole = "".join(part.text for part in (*self._thinking.feed(text), *self._thinking.flush()) if isinstance(part, Text))
        self.text = whole
        yield Replace(whole)

    def _track(self, parts: Iterator[Text | Replace | Thinking]) -> Iterator[Event]:
        for part in parts:
            if isinstance(part, Text):
                self.text += part.text
            elif isinstance(part, Replace):
                self.text = part.text
            yield part

    def _finish_run(self, run: RunFinished) -> Iterator[Event]:
        if self._message_ended and self.text and run.status == "failed":
            run = RunFinished("succeeded", run.outputs)  # the made-up failure of 1.15+
        self._run = run
        yield from self._track(self._thinking.flush())
        if self._kind == "workflow":
            final = _workflow_text(run.outputs, self._output_key, streamed=self.text)
        else:
            final = self.text or _as_text(run.outputs.get("answer", ""))
        if not final:
            return
        before = self.text
        replaced = list(self._replace(final))
        if self.text != before:
            yield from replaced

    def _settled(self) -> bool:
        """Whether the run's end is the end of an answer; a stopped one keeps what was written."""
        return self._run is None or self._run.status in {"succeeded", "partial-succeeded", "stopped"}


def _workflow_text(outputs: Json, key: str, *, streamed: str) -> str:
    """Return the text of a workflow: the configured output, else the only text among them, else what was streamed.

    What was streamed is all outputs in one, their names lost; where nothing was, all outputs are given in their order.
    """
    if key in outputs:
        return _as_text(outputs[key])
    texts = [value for value in outputs.values() if isinstance(value, str)]
    if len(texts) == 1:
        return texts[0]
    return streamed or "\n".join(_as_text(value) for value in outputs.values())


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
