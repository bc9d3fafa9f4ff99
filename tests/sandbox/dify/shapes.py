"""The shapes of 0.15's and 1.14's streams: which events in which order, with which keys, as real servers send them."""

import itertools
import json
from collections.abc import Iterable
from typing import Any

Shape = tuple[str, ...]

_MESSAGE = "conversation_id message_id created_at task_id"
_THOUGHT = f"agent_thought: {_MESSAGE} id position thought observation tool tool_labels tool_input message_files"
_OLD_NODE = "id node_id node_type title index predecessor_node_id inputs"
_OLD_TAIL = "parallel_id parallel_start_node_id parent_parallel_id parent_parallel_start_node_id iteration_id"
_NEW_NODE = f"{_OLD_NODE} inputs_truncated"
_RUN_END = "error elapsed_time total_tokens total_steps created_by created_at finished_at exceptions_count files"

_B = {
    "started": "id workflow_id sequence_number inputs created_at",
    "node_started": f"{_OLD_NODE} created_at extras {_OLD_TAIL} parallel_run_id",
    "node_finished": f"{_OLD_NODE} process_data outputs status error elapsed_time execution_metadata"
    f" created_at finished_at files {_OLD_TAIL}",
    "finished": f"id workflow_id sequence_number status outputs {_RUN_END}",
    "metadata": "usage",
    "usage": "prompt_tokens prompt_unit_price prompt_price_unit prompt_price completion_tokens completion_unit_price"
    " completion_price_unit completion_price total_tokens total_price currency latency",
}
_G = {
    "started": "id workflow_id inputs created_at reason",
    "node_started": f"{_NEW_NODE} created_at extras iteration_id loop_id agent_strategy",
    "node_finished": f"{_NEW_NODE} process_data process_data_truncated outputs outputs_truncated status error"
    " elapsed_time execution_metadata created_at finished_at files iteration_id loop_id",
    "finished": f"id workflow_id status outputs {_RUN_END}",
    "metadata": "annotation_reply retriever_resources usage",
    "usage": f"{_B['usage']} time_to_first_token time_to_generate",
}


def _graph(parts: dict[str, str], head: str, *middle: str, last_node: str) -> Shape:
    started, finished = (f"node_{name}: {head} | {parts[f'node_{name}']}" for name in ("started", "finished"))
    nodes = [f"start {started}", f"start {finished}", f"llm {started}", *middle, f"llm {finished}"]
    nodes += [f"{last_node} {started}", f"{last_node} {finished}"]
    return (f"workflow_started: {head} | {parts['started']}", *nodes)


def _end(parts: dict[str, str]) -> str:
    return f"message_end: {_MESSAGE} id metadata({parts['metadata']} ({parts['usage']})) files"


def _run_end(parts: dict[str, str], head: str) -> str:
    return f"workflow_finished: {head} | {parts['finished']}"


_CHATFLOW, _WORKFLOW = f"{_MESSAGE} workflow_run_id", "workflow_run_id task_id"
_DELTA = f"message: {_MESSAGE} id answer from_variable_selector"
_AGENT_DELTA = f"agent_message: {_MESSAGE} id answer"
_CHUNK = f"text_chunk: {_WORKFLOW} | text from_variable_selector"
_ERROR = "error: conversation_id message_id created_at code status message"


def _both(parts: dict[str, str]) -> dict[str, Shape]:
    without_conversation = [line.replace("conversation_id ", "") for line in (_DELTA, _end(parts))]
    round_ = (_THOUGHT, _AGENT_DELTA, _THOUGHT)
    return {
        "chat": (_DELTA, _end(parts)),
        "completion": tuple(without_conversation),
        "agent": (*round_, _end(parts)),
        "agent-tool": (*round_, _AGENT_DELTA, _THOUGHT, _end(parts)),
        "chat-error": (_DELTA, _ERROR),
    }


def _old() -> dict[str, Shape]:
    chatflow = _graph(_B, _CHATFLOW, _DELTA, last_node="answer")
    failed = _failed(_B, _CHATFLOW)
    replaced = f"message_replace: {_MESSAGE} answer"
    return {
        **_both(_B),
        "chat-replaced": (_DELTA, replaced, _end(_B)),
        "chatflow": (*chatflow, _run_end(_B, _CHATFLOW), _end(_B)),
        "chatflow-stopped": (*chatflow[:5], _run_end(_B, _CHATFLOW), _end(_B)),
        "chatflow-failed": (*failed, _run_end(_B, _CHATFLOW), _ERROR),
        "workflow": (*_graph(_B, _WORKFLOW, _CHUNK, last_node="end"), _run_end(_B, _WORKFLOW)),
        "workflow-failed": (*_failed(_B, _WORKFLOW), _run_end(_B, _WORKFLOW)),
    }


def _new() -> dict[str, Shape]:
    chatflow = _graph(_G, _CHATFLOW, _DELTA, last_node="answer")
    replaced = f"message_replace: {_MESSAGE} answer reason"
    return {
        **_both(_G),
        "chat-replaced": (_DELTA, replaced, _end(_G)),
        "chatflow": ("ping", *chatflow, _end(_G), _run_end(_G, _CHATFLOW)),
        "chatflow-stopped": ("ping", *chatflow[:5], _run_end(_G, _CHATFLOW)),
        "chatflow-failed": ("ping", *_failed(_G, _CHATFLOW), _run_end(_G, _CHATFLOW)),
        "workflow": ("ping", *_graph(_G, _WORKFLOW, _CHUNK, last_node="end"), _run_end(_G, _WORKFLOW)),
        "workflow-failed": ("ping", *_failed(_G, _WORKFLOW), _run_end(_G, _WORKFLOW)),
    }


def _failed(parts: dict[str, str], head: str) -> Shape:
    whole = _graph(parts, head, last_node="code")
    return tuple(line for line in whole if not line.startswith("llm "))


SHAPES = {"B": _old(), "G": _new()}


def shape(frames: Iterable[bytes]) -> Shape:
    """The shape of a stream: one line for each event, repeated lines once."""
    told = [_line(json.loads(frame[6:])) if frame.startswith(b"data: {") else "ping" for frame in frames]
    return tuple(line for line, _ in itertools.groupby(told))


def _line(event: dict[str, Any]) -> str:
    name, payload = event["event"], {key: value for key, value in event.items() if key not in {"event", "data"}}
    keys = " ".join(_key(key, value) for key, value in payload.items())
    if "data" not in event:
        return f"{name}: {keys}"
    node = f"{event['data']['node_type']} " if name.startswith("node_") else ""
    return f"{node}{name}: {keys} | {' '.join(event['data'])}"


def _key(key: str, value: Any) -> str:
    if key != "metadata":
        return key
    return f"metadata({' '.join(value)} ({' '.join(value['usage'])}))"
