"""The bodies of Dify's stream events, as dicts in the order of the wire (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.dify.profiles import Profile

Event = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Ids:
    """What names one run on the wire; what its kind of app does not have is None. `created_at` is in Unix seconds."""

    task_id: str
    created_at: int
    message_id: str | None = None
    conversation_id: str | None = None
    workflow_run_id: str | None = None

    def event(self, name: str, **payload: Any) -> Event:
        """An event of a chat, agent or completion app, or a text event of a chatflow."""
        return {**self._message(name), "task_id": self.task_id, **payload}

    def graph_event(self, name: str, data: Event) -> Event:
        """An event of the workflow engine."""
        if self.message_id is None:
            return {"event": name, "workflow_run_id": self.workflow_run_id, "task_id": self.task_id, "data": data}
        return {**self.event(name), "workflow_run_id": self.workflow_run_id, "data": data}

    def error(self, code: str, status: int, message: str) -> Event:
        """The event of a run that broke; it alone carries no task_id."""
        envelope = self._message("error") if self.message_id else {"event": "error", "workflow_run_id": self.workflow_run_id}
        return {**envelope, "code": code, "status": status, "message": message}

    def _message(self, name: str) -> Event:
        conversation = {"conversation_id": self.conversation_id} if self.conversation_id else {}
        return {"event": name, **conversation, "message_id": self.message_id, "created_at": self.created_at}


def text_delta(ids: Ids, profile: Profile, *, name: str = "message", selector: Sequence[str] | None = None) -> Event:
    """A piece of an answer, its text still empty."""
    event = ids.event(name, id=ids.message_id, answer="")
    if profile.selectors and name != "agent_message":
        event["from_variable_selector"] = selector
    return event


def message_replace(ids: Ids, profile: Profile, text: str, reason: str) -> Event:
    """Moderation takes everything said so far back and says `text` instead."""
    return ids.event("message_replace", answer=text, **({"reason": reason} if profile.replace_reason else {}))


def message_end(ids: Ids, profile: Profile, metadata: Event, files: list[Event] | None) -> Event:
    """The end of an answer."""
    return ids.event("message_end", id=ids.message_id, metadata=metadata, **({"files": files} if profile.end_files else {}))


def metadata(
    profile: Profile,
    usage: Event,
    *,
    sources: list[Event] | None = None,
    annotation: Event | None = None,
    reasoning: Event | None = None,
) -> Event:
    """What message_end tells about an answer."""
    told: Event = {"annotation_reply": None, "retriever_resources": []} if profile.full_metadata else {}
    if annotation:
        told["annotation_reply"] = annotation
    if sources:
        told["retriever_resources"] = sources
    told["usage"] = usage
    if profile.metadata_reasoning:
        told["reasoning"] = reasoning or {}
    return told


def usage(profile: Profile, tokens: int, latency: float, first: float) -> Event:
    """What an answer cost: prices are strings, tokens whole, times seconds."""
    told: Event = {
        "prompt_tokens": 12 if tokens else 0,
        "prompt_unit_price": "0",
        "prompt_price_unit": "0",
        "prompt_price": "0",
        "completion_tokens": tokens,
        "completion_unit_price": "0",
        "completion_price_unit": "0",
        "completion_price": "0",
        "total_tokens": 12 + tokens if tokens else 0,
        "total_price": "0",
        "currency": "USD",
        "latency": round(latency, 3),
    }
    if profile.usage_times:
        told |= {"time_to_first_token": round(first, 3), "time_to_generate": round(max(0.0, latency - first), 3)}
    return told


def agent_thought(ids: Ids, thought_id: str, position: int, **filled: Any) -> Event:
    """One round of an agent, sent again under the same id each time that more of it is known."""
    empty = {"thought": "", "observation": "", "tool": "", "tool_labels": {}, "tool_input": "", "message_files": []}
    return ids.event("agent_thought", id=thought_id, position=position, **{**empty, **filled})


def message_file(ids: Ids, file: Mapping[str, Any]) -> Event:
    """A file that a tool or a model made."""
    return ids.event("message_file", id=file["related_id"], type=file["type"], belongs_to="assistant", url=file["url"])


def workflow_started(ids: Ids, profile: Profile, workflow_id: str, number: int, inputs: Mapping[str, Any]) -> Event:
    """The engine begins; `number` counts the app's runs."""
    data: Event = {"id": ids.workflow_run_id, "workflow_id": workflow_id}
    if profile.sequence_number:
        data["sequence_number"] = number
    data |= {"inputs": inputs, "created_at": ids.created_at}
    if profile.start_reason:
        data["reason"] = "initial"
    return ids.graph_event("workflow_started", data)


def run_end(
    ids: Ids, profile: Profile, workflow_id: str, number: int, created_by: Event, *, outcome: Mapping[str, Any]
) -> Event:
    """The `data` of workflow_finished.

    `outcome` has status, outputs, error, elapsed_time, total_tokens, total_steps, finished_at and files.
    """
    data: Event = {"id": ids.workflow_run_id, "workflow_id": workflow_id}
    if profile.sequence_number:
        data["sequence_number"] = number
    for name in ("status", "outputs", "error", "elapsed_time", "total_tokens", "total_steps"):
        data[name] = outcome[name]
    data |= {"created_by": created_by, "created_at": ids.created_at, "finished_at": outcome["finished_at"]}
    if profile.exceptions_count:
        counted = outcome["status"] == "partial-succeeded" or (profile.new_engine and outcome["status"] == "failed")
        data["exceptions_count"] = int(counted)
    return {**data, "files": outcome["files"]}
