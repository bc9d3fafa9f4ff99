"""The events of a run, in every order in which a Dify sends them, fold into one text and one end."""

from collections.abc import Sequence
from typing import Any

import pytest

import errors
from backends.base import Citations, Event, File, Progress, Replace, Text, Thinking
from dify.events import (
    Delta,
    DifyEvent,
    Failure,
    FileMade,
    MessageEnd,
    Reasoning,
    Replaced,
    RunFinished,
    RunPaused,
    RunStarted,
    Step,
)
from dify.fold import AppKind, End, Fold

GO, END, ANSWERED = RunStarted(), MessageEnd(), RunFinished("succeeded", {"answer": "你好"})
HELLO = (Delta("你"), Delta("好"))
MADE_UP = RunFinished("failed", {}, "Workflow stream ended without a terminal event")
BROKEN = Failure("completion_request_error", "model says 500", 400)
FAILED = RunFinished("failed", {}, "boom")
STOPPED = RunFinished("stopped", {}, "Stopped by user.")

# name: kind, events, text, how it stands after the last of them, the error or None
TABLE: dict[str, tuple[AppKind, Sequence[DifyEvent], str, End, type[errors.BackendError] | None]] = {
    "chat": ("chatbot", [*HELLO, END], "你好", "over", None),
    "completion": ("completion", [*HELLO, END], "你好", "over", None),
    "chat, moderated": ("chatbot", [*HELLO, Replaced("收回"), END], "收回", "over", None),
    "chat, replaced and more": ("chatbot", [*HELLO, Replaced("收回"), Delta("。"), END], "收回。", "over", None),
    "chat, nothing said": ("chatbot", [END], "", "over", None),
    "chat, torn": ("chatbot", [*HELLO], "你好", "open", errors.AnswerInterrupted),
    "chat, nothing at all": ("chatbot", [], "", "open", errors.AnswerInterrupted),
    "chat, error first": ("chatbot", [BROKEN], "", "over", errors.ModelFailed),
    "chat, error in the middle": ("chatbot", [*HELLO, BROKEN], "你好", "over", errors.ModelFailed),
    "chat, text by another name": (
        "chatbot",
        [Delta("你", "message_file"), Delta("好", "message_file"), END],
        "你好",
        "over",
        None,
    ),
    "agent": ("chatbot", [Delta("你", "agent_message"), Delta("好", "agent_message"), END], "你好", "over", None),
    "agent, two rounds": (
        "chatbot",
        [Delta("查。", "agent_message"), Step("t"), Delta("晴", "agent_message"), END],
        "查。晴",
        "over",
        None,
    ),
    "New Agent": (
        "chatbot",
        [Delta("查。", "agent_message"), Delta("晴", "agent_message"), Delta("今天晴"), END],
        "今天晴",
        "over",
        None,
    ),
    "New Agent, empty closing": ("chatbot", [Delta("晴", "agent_message"), Delta(""), END], "晴", "over", None),
    "agent, text by another name": (
        "chatbot",
        [Delta("你", "agent_message"), Delta("好", "message_file"), END],
        "你好",
        "over",
        None,
    ),
    "chatflow to 1.12, run ended": ("chatbot", [GO, *HELLO, ANSWERED], "你好", "settling", None),
    "chatflow to 1.12": ("chatbot", [GO, *HELLO, ANSWERED, END], "你好", "over", None),
    "chatflow to 1.12, moderated late": ("chatbot", [GO, *HELLO, ANSWERED, Replaced("收回"), END], "收回", "over", None),
    "chatflow from 1.13.1, message ended": ("chatbot", [GO, *HELLO, END], "你好", "settling", None),
    "chatflow from 1.13.1": ("chatbot", [GO, *HELLO, END, ANSWERED], "你好", "over", None),
    "chatflow, said at its end only": ("chatbot", [GO, ANSWERED], "你好", "settling", None),
    "chatflow, partial": ("chatbot", [GO, *HELLO, RunFinished("partial-succeeded"), END], "你好", "over", None),
    "chatflow, failed": ("chatbot", [GO, FAILED], "", "over", errors.RunFailed),
    "chatflow, failed after text": ("chatbot", [GO, *HELLO, FAILED], "你好", "over", errors.RunFailed),
    "chatflow, missing input (1.15)": (
        "chatbot",
        [GO, RunFinished("failed", {}, "name is required in input form")],
        "",
        "over",
        errors.InputRefused,
    ),
    "chatflow, made-up failure after a good answer": ("chatbot", [GO, *HELLO, END, MADE_UP], "你好", "over", None),
    "chatflow, made-up failure after nothing": ("chatbot", [GO, END, MADE_UP], "", "over", errors.RunFailed),
    "chatflow, error after a good answer": ("chatbot", [GO, *HELLO, END, BROKEN], "你好", "settling", None),
    "chatflow, annotation": ("chatbot", [*HELLO, END], "你好", "over", None),
    "chatflow, annotation, then a made-up failure": ("chatbot", [*HELLO, END, GO, MADE_UP], "你好", "over", None),
    "chatflow, stopped by Dify": ("chatbot", [GO, *HELLO, STOPPED], "你好", "over", errors.AnswerInterrupted),
    "chatflow, paused": ("chatbot", [GO, *HELLO, RunPaused()], "你好", "over", errors.RunPaused),
    "chatflow, torn": ("chatbot", [GO, *HELLO], "你好", "open", errors.AnswerInterrupted),
    "workflow": ("workflow", [GO, Delta("你"), RunFinished("succeeded", {"text": "你好"})], "你好", "over", None),
    "workflow, no outputs": ("workflow", [GO, RunFinished("succeeded", {})], "", "over", None),
    "workflow, a message_end means nothing": ("workflow", [GO, *HELLO, END], "你好", "open", errors.AnswerInterrupted),
    "workflow, failed": ("workflow", [GO, *HELLO, FAILED], "你好", "over", errors.RunFailed),
    "workflow, error event": ("workflow", [GO, BROKEN], "", "over", errors.ModelFailed),
    "workflow, stopped by Dify": ("workflow", [GO, STOPPED], "", "over", errors.AnswerInterrupted),
    "workflow, paused": ("workflow", [GO, RunPaused()], "", "over", errors.RunPaused),
    "thinking that is held back": ("chatbot", [Delta("<think>x</think>a <"), END], "a <", "over", None),
    "thinking in a replacement": ("chatbot", [*HELLO, Replaced("<think>x</think>\n收回"), END], "收回", "over", None),
    "nothing but thinking": ("chatbot", [Delta("<think>x"), END], "", "over", None),
}  # fmt: skip


def run(fold: Fold, sequence: Sequence[DifyEvent]) -> tuple[str, list[Event]]:
    """Feed all events; return the text as its reader sees it, and what was yielded."""
    given = [change for event in sequence for change in fold.feed(event)] + list(fold.flush())
    text = ""
    for change in given:
        match change:
            case Text(more):
                text += more
            case Replace(whole):
                text = whole
    return text, given


@pytest.mark.parametrize(("kind", "sequence", "text", "end", "error"), TABLE.values(), ids=TABLE.keys())
def test_a_sequence_folds_into(
    kind: AppKind, sequence: Sequence[DifyEvent], text: str, end: End, error: type[errors.BackendError] | None
) -> None:
    """Text, end and error of each sequence that a version sends; the fold's own text is the reader's."""
    fold = Fold(kind)
    assert run(fold, sequence)[0] == text
    assert fold.text == text
    assert fold.end == end
    if error is None:
        fold.judge()
    else:
        with pytest.raises(errors.BackendError) as raised:
            fold.judge()
        assert type(raised.value) is error


FILE = {"dify_model_identity": "__dify__file__", "url": "/files/tools/a.png?x"}
MADE = FileMade("/files/tools/a.png?x", "a.png", is_image=True)

# name: outputs, the configured key, what was streamed, the text that counts
OUTPUTS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "the only output": ({"text": "好"}, "", "好", "好"),
    "the only text": ({"n": 3, "text": "好"}, "", "3\n好", "好"),
    "the configured one": ({"a": "甲", "b": "乙"}, "b", "甲\n乙", "乙"),
    "the configured one, a number": ({"a": "甲", "b": 0}, "b", "", "0"),
    "the configured one, an object": ({"b": {"k": "值"}}, "b", "", '{\n  "k": "值"\n}'),
    "the configured one, empty": ({"a": "甲", "b": None}, "b", "甲", ""),
    "a configured one that does not exist": ({"a": "甲"}, "z", "", "甲"),
    "several texts, streamed": ({"a": "甲", "b": "乙"}, "", "甲\n乙", "甲\n乙"),
    "several texts, not streamed": ({"a": "甲", "b": "乙", "n": 3}, "", "", "甲\n乙\n3"),
    "no text, streamed": ({"n": 3}, "", "3", "3"),
    "no text, not streamed": ({"n": 3}, "", "", "3"),
    "none, streamed": ({}, "", "流出来的", "流出来的"),
    "a file beside the text": ({"text": "好", "pic": FILE}, "", "好", "好"),
    "a file alone": ({"pic": FILE}, "", "", ""),
    "files alone": ({"pics": [FILE, FILE]}, "", "", ""),
    "thinking in it": ({"text": "<think>x</think>\n好"}, "", "<think>x</think>\n好", "好"),
}


@pytest.mark.parametrize(("outputs", "key", "streamed", "text"), OUTPUTS.values(), ids=OUTPUTS.keys())
def test_a_workflow_s_outputs_decide(outputs: dict[str, Any], key: str, streamed: str, text: str) -> None:
    """The configured output, else the only text, else what was streamed; whatever was shown before."""
    assert (
        run(Fold("workflow", output_key=key), [GO, Delta(streamed, "text_chunk"), RunFinished("succeeded", outputs)])[0] == text
    )


def test_an_answer_that_was_streamed_exactly_is_not_shown_again() -> None:
    """The final outputs cause a change only if they differ."""
    assert run(Fold("workflow"), [GO, Delta("好"), RunFinished("succeeded", {"text": "好"})])[1] == [Text("好")]


def test_a_workflow_s_files_are_given_once() -> None:
    """A file among the outputs belongs to the answer, unless the text shows it already."""
    finished = RunFinished("succeeded", {"text": "好", "pic": FILE}, files=(MADE,))
    assert run(Fold("workflow"), [GO, Delta("好"), finished])[1] == [
        Text("好"),
        File("/files/tools/a.png?x", "a.png", is_image=True),
    ]
    shown = Delta("好\n![a.png](/files/tools/a.png?y)")
    finished = RunFinished("succeeded", {"a": "好", "b": "的", "pic": FILE}, files=(MADE,))
    assert not any(isinstance(change, File) for change in run(Fold("workflow"), [GO, shown, finished])[1])


def test_thinking_steps_and_files_are_told_beside_the_text() -> None:
    """What is no text has an event of its own."""
    given = run(Fold("chatbot"), [Step("查天气"), Reasoning("嗯"), MADE, Delta("<think>想</think>晴"), END])[1]
    picture = File("/files/tools/a.png?x", "a.png", is_image=True)
    assert given == [Progress("查天气"), Thinking("嗯"), picture, Thinking("想"), Text("晴")]


def test_the_documents_an_answer_rests_on_are_told_at_its_end() -> None:
    """Dify names them when the message ends."""
    assert run(Fold("chatbot"), [Delta("三天"), MessageEnd(("手册.pdf",))])[1] == [Text("三天"), Citations(("手册.pdf",))]


def test_relative_links_are_made_whole_wherever_they_are_cut() -> None:
    """Files in the Markdown of an answer open from anywhere; other links and a torn one are left alone."""
    text = "看 ![图](/files/tools/a.png?x) 和 [b](https://h/files/b) [c](/x) ](/fi"
    expected = "看 ![图](http://dify/files/tools/a.png?x) 和 [b](https://h/files/b) [c](/x) ](/fi"
    for cut in range(len(text) + 1):
        assert run(Fold("chatbot", place="http://dify"), [Delta(text[:cut]), Delta(text[cut:]), END])[0] == expected
    assert run(Fold("chatbot", place="http://dify"), [*map(Delta, text), END])[0] == expected
    assert run(Fold("chatbot", place="http://dify"), [Replaced(text), END])[0] == expected
