"""The body of a generate call: which fields it must have, of which type, and how each version complains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sandbox.dify.call import Call
from sandbox.dify.errors import RefusalError, accident, invalid_param, missing_field, not_found, wrong_field


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The fields of a generate call, of the right types."""

    query: str
    inputs: Mapping[str, Any]
    streaming: bool
    conversation_id: str
    workflow_id: str
    user: str
    files: Sequence[Mapping[str, Any]]
    names_conversation: bool

    def question(self, kind: str, known: Mapping[str, Any]) -> str:
        """What the AI is asked: a chat's query; elsewhere the input `query` or the first text among the `known` inputs.

        What the form does not know is dropped before, and a workflow has no query beside its inputs.
        """
        if kind not in {"workflow", "completion"}:
            return self.query
        texts = [value for value in known.values() if isinstance(value, str)]
        named = known.get("query")
        told = (named if isinstance(named, str) else "") or next(iter(texts), "")
        return told if kind == "workflow" else self.query or told


def asked_in(call: Call, model: str, *, in_conversation: bool = False) -> Asked:
    """The checked fields of a call; RefusalError in the version's own words (pydantic's name the `model`).

    Keys that the route does not know are ignored, so `conversation_id` and a missing query matter `in_conversation` only.
    """
    body, profile = call.body, call.profile
    if body.get("inputs") is None:
        raise missing_field(profile, model, "inputs")
    if not isinstance(body["inputs"], dict):
        raise invalid_param("inputs must be an object")
    if in_conversation and body.get("query") is None:
        raise missing_field(profile, model, "query")
    query = body.get("query") or ""
    if not isinstance(query, str):
        raise invalid_param("query must be a string")
    mode = body.get("response_mode") or "blocking"
    if mode not in {"streaming", "blocking"}:
        old, new = f"{mode} is not a valid choice", "Input should be 'blocking' or 'streaming' [type=literal_error]"
        raise wrong_field(profile, model, "response_mode", old=old, new=new)
    return Asked(
        query=query.replace("\0", ""),
        inputs=body["inputs"],
        streaming=mode == "streaming",
        conversation_id=_uuid(call, model, body.get("conversation_id") or "") if in_conversation else "",
        workflow_id=_workflow_id(call),
        user=call.user(required=True),
        files=_files(call, model),
        names_conversation=body.get("auto_generate_name") is not False,
    )


def _workflow_id(call: Call) -> str:
    """The published version that is asked for, "" for the current one; there is one version of an app here."""
    pinnable = call.profile.pins_workflows and call.app.is_graph
    text = call.request.match_info.get("workflow_id") or call.body.get("workflow_id") or ""
    if not text or not pinnable:
        return ""
    try:
        wanted = str(UUID(text))
    except (ValueError, AttributeError, TypeError) as error:
        raise RefusalError(400, "bad_request", f"Invalid workflow_id format: '{text}'. ") from error
    if wanted != call.app.workflow_id:
        raise not_found(f"Workflow not found with id: {text}")
    return wanted


def _files(call: Call, model: str) -> Sequence[Mapping[str, Any]]:
    """The file references; what is none stumbles where the version first looks at it."""
    files = call.body.get("files") or []
    if not isinstance(files, list):
        name, word = "files", "list"
    elif wrong := [place for place, file in enumerate(files) if not isinstance(file, dict)]:
        name, word = f"files.{wrong[0]}", "dictionary"
    else:
        return files
    if not call.profile.pydantic:
        raise accident(call.profile)
    raise wrong_field(call.profile, model, name, old="", new=f"Input should be a valid {word} [type={word[:4]}_type]")


def _uuid(call: Call, model: str, text: str) -> str:
    try:
        return str(UUID(text)) if text else ""
    except (ValueError, AttributeError, TypeError) as error:
        old, new = f"{text} is not a valid uuid.", "Value error, must be a valid UUID [type=value_error]"
        raise wrong_field(call.profile, model, "conversation_id", old=old, new=new) from error
