"""Markdown as DingTalk shows it."""

import pytest

from handlers.markdown import open_fence, shape, split


@pytest.mark.parametrize(
    ("text", "shaped"),
    [
        ("one line", "one line"),
        ("one\ntwo", "one<br>two"),
        ("one\r\ntwo", "one<br>two"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("one  \ntwo", "one  \ntwo"),
        ("list:\n- a\n- b", "list:\n- a\n- b"),
        ("list:\n1. a\n2. b", "list:\n1. a\n2. b"),
        ("# head\ntext", "# head\ntext"),
        ("text\n# head", "text\n# head"),
        ("> a\n> b", "> a<br>\n> b"),
        ("text\n> quote", "text\n> quote"),
        ("text\n---\ntext", "text\n---\ntext"),
        ("head:\n| a |\n| - |\n| 1 |", "head:\n\n| a |\n| - |\n| 1 |"),
        ("```\na\nb\n```", "```\na\nb\n```"),
        ("see:\n```py\na\n```\nend", "see:\n```py\na\n```\nend"),
        ("```py\na", "```py\na\n```"),
        ("~~~\n```\na", "~~~\n```\na\n~~~"),
        ("half \ud83d\ude00 and \ud83d alone", "half 😀 and \ufffd alone"),
        ("", ""),
    ],
)
def test_a_text_is_shaped(text: str, shaped: str) -> None:
    """Breaks between lines of one paragraph only; code untouched and closed; a blank line before a table."""
    assert shaped == shape(text)


def test_an_unfinished_text_has_no_trailing_newline() -> None:
    """A frame that ends in a newline makes the card flicker."""
    assert shape("one\n", final=False) == "one"


def test_every_prefix_of_a_text_with_code_is_closed() -> None:
    """Whatever the frame, no fence stays open."""
    text = "Look:\n\n```python\nprint('a')\n```\n\nand\n\n````\n```\n````\n"
    for end in range(len(text)):
        assert not open_fence(shape(text[:end], final=False))


@pytest.mark.parametrize("limit", [100, 257, 1000])
def test_parts_keep_to_the_limit_and_lose_nothing(limit: int) -> None:
    """Each part has at most `limit` bytes, and all words are there in order."""
    text = "\n\n".join(f"第{number}段。" + "字" * (number % 90) for number in range(60))
    parts = split(text, limit)
    assert max(len(part.encode()) for part in parts) <= limit
    assert "".join(text.split()) == "".join("".join(parts).split())


def test_a_code_block_is_closed_and_reopened_where_it_is_cut() -> None:
    """Each part of a long code block is a code block by itself."""
    parts = split("```\n" + "line of code\n" * 100 + "```", 300)
    assert len(parts) > 2
    assert all(part.startswith("```") and not open_fence(part) for part in parts)
