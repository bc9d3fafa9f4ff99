"""Markdown as DingTalk shows it."""

import pytest

from handlers.markdown import one_line, open_fence, shape


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


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("怎么重置密码？", "怎么重置密码？"),
        ("# Why\n\n- *this*\n- `that`", "＃ Why - ＊this＊ - ｀that｀"),
        ("- [a](b) <br> | c", "－ ［a］(b) ＜br＞ ｜ c"),
        ("12. twelve", "１２． twelve"),
        ("=", "＝"),
        (" \n ", ""),
        ("half \ud83d", "half \ufffd"),
    ],
)
def test_a_line_is_no_markdown(text: str, line: str) -> None:
    """What people wrote stands in one line, and whatever would be a mark is its full-width look-alike."""
    assert one_line(text, 100) == line


def test_a_long_line_is_shortened() -> None:
    """The last of so many characters says that there is more."""
    assert one_line("一二三四五六", 6) == "一二三四五六"
    assert one_line("一二三四 五六七", 6) == "一二三四…"
