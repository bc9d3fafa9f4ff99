"""Replies as messages on DingTalk's wire: their form, their length, and who may send them."""

from functools import partial

import pytest

from backends.base import File, Text
from handlers.templates import MessageSettings
from sandbox.client import SandboxClient
from tests.handlers.replies.kinds import Talk, by_markdown, by_text, talk

GROUP = {"conversation_type": "2", "conversation_id": "cid-replies==", "conversation_title": "群"}
KINDS = {"markdown": (by_markdown, "markdown", "sampleMarkdown"), "text": (by_text, "text", "sampleText")}


def answer(chat: Talk, text: str, **message: str) -> list[tuple[str, str]]:
    """Answer a question with this text; return what was said, each with DingTalk's name of its form."""
    _, reply = chat.ask(**message)
    with reply:
        reply.show(Text(text))
        reply.finish()
    assert reply.delivered
    return [(record["msgtype"], record["text"]) for record in chat.records(kind="said")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_is_in_its_form_by_webhook_and_as_robot(sandbox: SandboxClient, kind: str) -> None:
    """Markdown is shaped, plain text left as it is."""
    replies, by_webhook, as_robot = KINDS[kind]
    text = "一\n**二**" if kind == "text" else "一<br>**二**"
    with talk(sandbox, replies) as chat:
        assert answer(chat, "一\n**二**") == [(by_webhook, text)]
        assert [record["api"] for record in chat.records(kind="api")] == ["webhook"]
    with talk(sandbox, replies, webhook_seconds=0) as chat:
        assert answer(chat, "一\n**二**") == [(as_robot, text)]
        assert answer(chat, "一\n**二**", **GROUP) == [(as_robot, text)]


def test_until_the_end_nothing_is_said(sandbox: SandboxClient) -> None:
    """A message cannot grow."""
    with talk(sandbox, by_markdown) as chat:
        _, reply = chat.ask()
        with reply:
            reply.show(Text("填表。"))
            reply.finish()
            assert not chat.records(kind="said")
        assert chat.seen() == ["填表。"]


def test_what_fell_to_another_process_is_not_said(sandbox: SandboxClient) -> None:
    """That one says it."""
    with talk(sandbox, by_markdown) as chat:
        turn, reply = chat.ask()
        with reply:
            reply.show(Text("填表。"))
            chat.shore.inbox.end(turn.message)
        assert not chat.records(kind="said")
        assert not reply.delivered


def test_no_message_is_longer_than_it_may_be(sandbox: SandboxClient) -> None:
    """`max_message_length` counts the number above it, too."""
    shortest = MessageSettings(max_message_length=500).max_message_length
    with talk(sandbox, partial(by_markdown, length=shortest)) as chat:
        parts = [text for _, text in answer(chat, "第一句。第二句。\n\n" * 100)]
    assert len(parts) > 5
    assert all(len(part.encode()) <= 500 for part in parts)
    assert parts[0].startswith("（1/")


def test_what_the_webhook_does_not_take_is_said_as_robot(sandbox: SandboxClient) -> None:
    """More messages a minute than a group takes: the rest goes on where it stopped, and keeps its numbers."""
    with talk(sandbox, partial(by_markdown, length=1_000), webhook_per_minute=2) as chat:
        said = answer(chat, "\n\n".join("字" * 250 for _ in range(5)), **GROUP)
    assert [form for form, _ in said] == ["markdown"] * 2 + ["sampleMarkdown"] * 3
    assert [text.partition("\n")[0] for _, text in said] == [f"（{number}/5）" for number in range(1, 6)]
    assert all(text.endswith("\n\n" + "字" * 250) for _, text in said)


def test_a_file_in_plain_text_is_its_name_and_its_address(sandbox: SandboxClient) -> None:
    """Nobody sees brackets that only Markdown understands."""
    with talk(sandbox, by_text) as chat:
        _, reply = chat.ask()
        with reply:
            reply.show(File("http://files/1", "表格.xlsx", is_image=False))
            reply.finish()
        assert chat.seen() == ["表格.xlsx http://files/1"]
