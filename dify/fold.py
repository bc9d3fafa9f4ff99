"""Folds Dify's events into an answer: which text counts, and when and how it ends. Pure.

The rules are Dify's own, across versions: chat kinds end with message_end; a workflow ends with workflow_finished, whose
outputs are the authority; a chatflow sends both, in either order (message_end last before 1.13, lost in 1.13.0, first
since 1.13.1), and from 1.15 on a made-up failure may follow a good answer.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Literal

from backends.base import Citations, Event, File, Progress, Replace, Text, Thinking
from backends.thinking import ThinkingFilter
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
from dify.links import LinkFilter, whole
from errors import AnswerInterrupted, BackendError
from errors import RunPaused as WaitsForPerson

AppKind = Literal["chatbot", "completion", "workflow"]
End = Literal["open", "settling", "over"]


class Fold:
    """The answer so far: `feed` events in order until `end` is over, then `flush`, then `judge`.

    `place` is where this Dify is, without its `/v1`.
    """

    def __init__(self, kind: AppKind, *, output_key: str = "", place: str = "") -> None:
        self._kind, self._output_key, self._place = kind, output_key, place
        self._links, self._thinking = LinkFilter(place), ThinkingFilter()
        self._said: list[str] = []
        self._agent_spoke = False
        self._run_begun = self._run_ended = self._message_ended = False
        self._failure: BackendError | None = None

    @property
    def text(self) -> str:
        """The answer so far, without what is held back."""
        return "".join(self._said)

    @property
    def end(self) -> End:
        """`open`: more must come. `settling`: whole, but its counterpart may follow. `over`: nothing more counts."""
        if self._failure:
            return "over"
        if self._kind == "workflow":
            return "over" if self._run_ended else "open"
        if self._message_ended:
            return "settling" if self._run_begun and not self._run_ended else "over"
        return "settling" if self._run_ended else "open"

    @property
    def is_run(self) -> bool:
        """Whether a workflow's or a chatflow's run gives the answer."""
        return self._run_begun

    def feed(self, event: DifyEvent) -> Iterator[Event]:
        """Yield what the event changes."""
        match event:
            case Delta(text, name):
                yield from self._append(text, name)
            case Replaced(text):
                yield from self._replace(text)
            case Reasoning(text):
                yield Thinking(text)
            case Step(title):
                yield Progress(title)
            case FileMade():
                yield self._file(event)
            case RunStarted():
                self._run_begun = True
            case MessageEnd(sources):
                self._message_ended = True
                if sources:
                    yield Citations(sources)
            case RunFinished():
                yield from self.flush()
                yield from self._finish_run(event)
            case RunPaused():
                self._fail(WaitsForPerson(code="workflow_paused"))
            case Failure(code, message, status):
                self._fail(from_event(code, message, status))

    def flush(self) -> Iterator[Event]:
        """Yield what was held back, when no more text comes."""
        yield from self._keep(self._thinking.feed(self._links.flush()))
        yield from self._keep(self._thinking.flush())

    def judge(self) -> None:
        """Raise BackendError unless the answer is whole."""
        if self._failure:
            raise self._failure
        if self.end == "open":
            raise AnswerInterrupted("the stream ended before the answer did", code="eof")

    def _append(self, text: str, name: str) -> Iterator[Event]:
        if name == "message" and text and self._agent_spoke:
            # A New Agent (1.15+) closes with one `message` that holds the whole answer again.
            self._agent_spoke = False
            yield from self._replace(text)
            return
        self._agent_spoke = self._agent_spoke or name == "agent_message"
        yield from self._keep(self._thinking.feed(self._links.feed(text)))

    def _replace(self, text: str) -> Iterator[Event]:
        self._links, self._thinking, self._said = LinkFilter(self._place), ThinkingFilter(), []
        for _ in (*self._append(text, "replacement"), *self.flush()):
            pass  # what counts is what was kept
        yield Replace(self.text)

    def _keep(self, parts: Iterator[Text | Replace | Thinking]) -> Iterator[Event]:
        for part in parts:
            match part:
                case Text(text):
                    self._said.append(text)
                case Replace(text):
                    self._said = [text]
            yield part

    def _fail(self, error: BackendError) -> None:
        """Note how it failed, unless the whole answer was there before: from 1.15 on a made-up failure may follow it."""
        if not (self._message_ended and self.text):
            self._failure = error

    def _finish_run(self, run: RunFinished) -> Iterator[Event]:
        self._run_ended = True
        if run.status == "failed":
            self._fail(from_run(run.error))
        elif run.status == "stopped":  # not by us: we would no longer listen. Dify's own limit of 1200 s is told like this.
            self._fail(AnswerInterrupted(run.error, code="stopped"))
        elif self._kind == "workflow":
            yield from self._give_outputs(run)
        elif not self.text:
            yield from self._replace(_as_text(run.outputs.get("answer")))

    def _give_outputs(self, run: RunFinished) -> Iterator[Event]:
        streamed = self.text
        replaced = list(self._replace(_workflow_text(run.outputs, self._output_key, streamed=streamed)))
        if self.text != streamed:
            yield from replaced
        for file in run.files:
            if file.url.partition("?")[0] not in self.text:  # streamed text may hold it as Markdown
                yield self._file(file)

    def _file(self, file: FileMade) -> File:
        return File(whole(file.url, self._place), file.name, file.is_image)


def _workflow_text(outputs: Json, key: str, *, streamed: str) -> str:
    """Return the text of a workflow: the configured output, else the only text among them, else what was streamed.

    What was streamed is all outputs in one, their names lost; where nothing was, all outputs are given in their order.
    """
    if key in outputs:
        return _as_text(outputs[key])
    texts = [value for value in outputs.values() if isinstance(value, str)]
    if len(texts) == 1:
        return texts[0]
    return streamed or "\n".join(filter(None, map(_as_text, outputs.values())))


def _as_text(value: object) -> str:
    """Return an output as people read it; files are no text, they are given as files."""
    if value is None or _is_file(value) or (isinstance(value, list) and value and all(map(_is_file, value))):
        return ""
    try:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    except RecursionError:  # read by a parser that goes deeper than the writer
        return ""


def _is_file(value: object) -> bool:
    return isinstance(value, Mapping) and value.get("dify_model_identity") == "__dify__file__"
