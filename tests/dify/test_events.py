"""Every event of Dify's catalogue means what Dify says, and no payload can make the decoder fail."""

from typing import Any

import pytest

from dify.events import (
    Delta,
    DifyEvent,
    Failure,
    FileMade,
    Ids,
    MessageEnd,
    Reasoning,
    Replaced,
    RunFinished,
    RunPaused,
    RunStarted,
    Step,
    decode,
    ids,
)

PICTURE = {"type": "image", "belongs_to": "assistant", "url": "/files/tools/a.png?sign=x"}

CITED = [
    {"position": 1, "document_name": "员工手册.pdf", "content": "年假"},
    {"position": 2, "document_name": "员工手册.pdf", "content": "病假"},
    {"position": 3, "document_name": "制度.md"},
    {"document_name": None},
    "?",
]

TABLE: list[tuple[str, dict[str, Any], DifyEvent | None]] = [
    ("message", {"answer": "好", "from_variable_selector": []}, Delta("好", "message")),
    ("message", {"answer": ""}, Delta("", "message")),
    ("agent_message", {"answer": "好"}, Delta("好", "agent_message")),
    ("message_file", {"answer": "字", "from_variable_selector": []}, Delta("字", "message_file")),
    ("message_file", PICTURE, FileMade("/files/tools/a.png?sign=x", "a.png", is_image=True)),
    ("message_file", {**PICTURE, "type": "document"}, FileMade("/files/tools/a.png?sign=x", "a.png", is_image=False)),
    ("message_file", {**PICTURE, "belongs_to": "user"}, None),
    ("message_replace", {"answer": "收回", "reason": ""}, Replaced("收回")),
    ("message_end", {"metadata": {"usage": {}}, "files": None}, MessageEnd()),
    ("message_end", {"metadata": {"retriever_resources": CITED}}, MessageEnd(("员工手册.pdf", "制度.md"))),
    ("message_end", {"metadata": {"retriever_resources": None}}, MessageEnd()),
    ("message_end", {"metadata": None}, MessageEnd()),
    ("agent_thought", {"tool": "", "observation": "", "thought": ""}, None),
    ("agent_thought", {"tool": "a;b", "observation": "", "thought": "嗯"}, Step("a, b")),
    ("agent_thought", {"tool": "a;b", "observation": "{}", "thought": "嗯"}, None),
    ("tts_message", {"audio": "AAAA"}, None),
    ("tts_message_end", {"audio": ""}, None),
    ("error", {"code": "invalid_param", "message": "m", "status": 400}, Failure("invalid_param", "m", 400)),
    ("ping", {}, None),
    ("workflow_started", {"data": {"id": "r"}}, RunStarted()),
    ("workflow_paused", {"data": {"reasons": []}}, RunPaused()),
    ("node_started", {"data": {"title": "查天气"}}, Step("查天气")),
    ("iteration_started", {"data": {"title": "逐条"}}, Step("逐条")),
    ("loop_started", {"data": {"title": "循环"}}, Step("循环")),
    ("text_chunk", {"data": {"text": "块"}}, Delta("块", "text_chunk")),
    ("text_replace", {"data": {"text": "换"}}, Replaced("换")),
    ("reasoning_chunk", {"data": {"reasoning": "想", "is_final": False}}, Reasoning("想")),
    (
        "workflow_finished",
        {"data": {"status": "partial-succeeded", "outputs": {"a": 1}, "error": None, "files": [{**PICTURE, "filename": "图"}]}},
        RunFinished("partial-succeeded", {"a": 1}, "", (FileMade("/files/tools/a.png?sign=x", "图", is_image=True),)),
    ),
    ("workflow_finished", {"data": {"status": "failed", "outputs": None, "error": "E"}}, RunFinished("failed", {}, "E")),
    *(
        (name, {"data": {"title": "t", "text": "t", "outputs": {}}}, None)
        for name in (
            "node_finished", "node_retry", "iteration_next", "iteration_completed", "loop_next", "loop_completed",
            "parallel_branch_started", "parallel_branch_finished", "agent_log", "human_input_required",
            "human_input_form_filled", "human_input_form_timeout", "never_seen_before",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fields", "meaning"), TABLE, ids=[f"{name}-{i}" for i, (name, *_) in enumerate(TABLE)])
def test_an_event_means(name: str, fields: dict[str, Any], meaning: DifyEvent | None) -> None:
    """Each event of the catalogue, in the shapes that it comes in."""
    assert decode({"event": name, "task_id": "t", **fields}) == meaning


WRONG: list[Any] = [None, 0, 1.5, True, "text", [], [1], {}, {"text": 1}, [{"url": 3}]]


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_a_wrong_type_never_fails(wrong: Any) -> None:
    """Whatever stands in any field of any event, decoding and reading the ids go on."""
    for name, fields, _ in TABLE:
        payload = {"event": name, **fields}
        for field in (*payload, "task_id", "conversation_id", "message_id", "workflow_run_id", "data"):
            decode({**payload, field: wrong})
            ids({**payload, field: wrong})
        for field in payload.get("data", ()):
            decode({**payload, "data": {**payload["data"], field: wrong}})


def test_a_replacement_without_text_takes_nothing_back() -> None:
    """A message_replace that holds no text is noise, not an empty answer."""
    assert decode({"event": "message_replace", "answer": None}) is None
    assert decode({"event": "text_replace", "data": {"text": 5}}) is None


def test_the_ids_are_read_where_they_are() -> None:
    """A run's id is null before it has begun, and an error has no task."""
    payload = {"event": "x", "task_id": "t", "conversation_id": "c", "message_id": "m", "workflow_run_id": None}
    assert ids(payload) == Ids(task="t", conversation="c", message="m", run="")
