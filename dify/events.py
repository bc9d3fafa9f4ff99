"""One JSON payload of Dify's event stream -> what it means. Pure.

Field names and the versions they belong to are those of Dify's Service API, 0.6 to 1.x. Unknown events and unknown
fields mean nothing: newer servers and forks add both.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Json = Mapping[str, Any]

_UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # how Dify's tools name what they make


class Ids(NamedTuple):
    """Dify's names for the run that an event belongs to; "" where the event does not tell."""

    task: str = ""
    conversation: str = ""
    message: str = ""
    run: str = ""


_ENDED = frozenset({"succeeded", "partial-succeeded", "failed", "stopped"})


@dataclass(frozen=True)
class Delta:
    """More text; `event` is the name of the event that brought it."""

    text: str
    event: str = "message"


@dataclass(frozen=True)
class Replaced:
    """The whole text so far is to be this (moderation)."""

    text: str


@dataclass(frozen=True)
class Reasoning:
    """The model's thinking, sent apart from the answer (1.15+)."""

    text: str


@dataclass(frozen=True)
class Step:
    """A node or a tool begins."""

    title: str


@dataclass(frozen=True)
class FileMade:
    """A file that the assistant made; `url` as Dify gave it, often relative; of a `name` only the ending may be known."""

    url: str
    name: str
    is_image: bool


@dataclass(frozen=True)
class MessageEnd:
    """The end of a message (chat kinds and completion); `sources` are the names of the documents it rests on, each once."""

    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunStarted:
    """A workflow (or a chatflow's) run began."""


@dataclass(frozen=True)
class RunFinished:
    """A run ended: `status` is succeeded, partial-succeeded, failed or stopped."""

    status: str
    outputs: Json = field(default_factory=dict)
    error: str = ""
    files: tuple[FileMade, ...] = ()


@dataclass(frozen=True)
class RunPaused:
    """A run waits for a person's input; the stream closes."""


@dataclass(frozen=True)
class Failure:
    """An `error` event: Dify's code, message and status."""

    code: str
    message: str
    status: int


DifyEvent = Delta | Replaced | Reasoning | Step | FileMade | MessageEnd | RunStarted | RunFinished | RunPaused | Failure


def ids(payload: Json) -> Ids:
    """Return the ids that a payload carries."""
    return Ids(
        task=_text(payload.get("task_id")),
        conversation=_text(payload.get("conversation_id")),
        message=_text(payload.get("message_id")),
        run=_text(payload.get("workflow_run_id")),
    )


def decode(payload: Json) -> DifyEvent | None:
    """Return what the payload means, or None for what has no meaning to us (ping, tts_*, node_finished, unknown)."""
    match payload.get("event"):
        case "message_file" if payload.get("url"):
            return _file(payload)
        case "message" | "agent_message" | "message_file" as name:
            # message_file with text: 1.11.2-1.12.1 rename plain deltas when the user sent a picture.
            return Delta(_text(payload.get("answer")), name)
        case "message_replace" if isinstance(payload.get("answer"), str):
            return Replaced(payload["answer"])
        case "agent_thought":
            # The same thought is sent again as it fills up; the tool is new exactly when no observation is there yet.
            tool = _text(payload.get("tool"))
            return Step(tool.replace(";", ", ")) if tool and not payload.get("observation") else None
        case "message_end":
            return MessageEnd(_sources(_object(payload.get("metadata")).get("retriever_resources")))
        case "error":
            return Failure(_text(payload.get("code")), _text(payload.get("message")), _number(payload.get("status")))
        case str(name):
            return _decode_run(name, _object(payload.get("data")))
        case _:
            return None


def saved_message(item: Json, *, of_chatflow: bool) -> tuple[DifyEvent, ...]:
    """Return what a stored message (an item of GET /messages) says in events; nothing while it is being written.

    Dify stores the answer when the run ends, not before. But 1.16 ends a run that nobody listens to, unless it is a
    chatflow's, and stores what there was: its items, which count tokens, say nothing of whether they are whole.
    """
    if item.get("status") == "error":
        return (Failure("", _text(item.get("error")), 0),)
    answer = _text(item.get("answer"))
    if not answer:
        return ()
    if "answer_tokens" in item and not of_chatflow:
        return (Replaced(answer), RunFinished("stopped", error="Dify 1.16 may have ended it when the stream broke off"))
    return (Replaced(answer), MessageEnd(_sources(item.get("retriever_resources"))))


def saved_run(detail: Json) -> tuple[DifyEvent, ...]:
    """Return what a run's detail (GET /workflows/run/{id}) says in events; nothing while it runs.

    Outputs are JSON in a string until 1.12.1; an unknown run is all nulls before 1.13.
    """
    if _text(detail.get("status")) not in _ENDED:
        return ()
    outputs = detail.get("outputs")
    if isinstance(outputs, str):
        try:
            outputs = json.loads(outputs)
        except (ValueError, RecursionError):
            outputs = {}
    return (_finished({**detail, "outputs": outputs}),)


def _decode_run(name: str, data: Json) -> DifyEvent | None:
    match name:
        case "text_chunk":
            return Delta(_text(data.get("text")), name)
        case "text_replace" if isinstance(data.get("text"), str):
            return Replaced(data["text"])
        case "reasoning_chunk":
            return Reasoning(_text(data.get("reasoning")))
        case "workflow_started":
            return RunStarted()
        case "node_started" | "iteration_started" | "loop_started":
            return Step(_text(data.get("title")))
        case "workflow_finished":
            return _finished(data)
        case "workflow_paused":
            return RunPaused()
        case _:
            return None


def _finished(data: Json) -> RunFinished:
    files = data.get("files")
    made = [_file(_object(file)) for file in files] if isinstance(files, list) else []
    return RunFinished(
        _text(data.get("status")),
        outputs=_object(data.get("outputs")),
        error=_text(data.get("error")),
        files=tuple(file for file in made if file),
    )


def _file(file: Json) -> FileMade | None:
    url = _text(file.get("url"))
    if not url or file.get("belongs_to") == "user":
        return None
    name = _text(file.get("filename")) or _UUID.sub("", url.partition("?")[0].rpartition("/")[2])
    return FileMade(url, name, is_image=file.get("type") == "image")


def _sources(resources: Any) -> tuple[str, ...]:
    """Return the documents' names in the order of `retriever_resources`, one for all the passages of a document."""
    found = [_text(_object(each).get("document_name")) for each in resources] if isinstance(resources, list) else []
    return tuple(dict.fromkeys(filter(None, found)))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _object(value: Any) -> Json:
    return value if isinstance(value, Mapping) else {}
