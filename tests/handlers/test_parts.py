"""A text longer than a message: where it is cut, and that each part reads well by itself."""

import pytest

from handlers.markdown import open_fence
from handlers.parts import numbered, size, split, split_plain

CODE = "```python\n" + "\n".join(f"print({number:03}, 'a line of code')" for number in range(10)) + "\n```"
TABLE = "| 城市 | 人口 |\n| --- | ---: |\n" + "\n".join(f"| 城市{number:03} | {number} |" for number in range(12))
PARAGRAPH = "一段话，后面还有一段。" * 8


def test_a_text_that_fits_is_one_part_without_a_number() -> None:
    """To the last byte."""
    assert numbered(split("a" * 300, 300)) == ["a" * 300]
    assert len(split("a" * 301, 300)) == 2


def test_a_size_is_that_of_json() -> None:
    """DingTalk limits the body, in which a newline and a quotation mark take two bytes and a Chinese character three."""
    assert [size(text) for text in ("a", "字", "\n", '"', "😀")] == [1, 3, 2, 2, 4]
    parts = split('"\n' * 600, 500)
    assert all(size(part) <= 500 for part in parts)


@pytest.mark.parametrize("block", [CODE, TABLE, PARAGRAPH, "- item\n  goes on"], ids=["code", "table", "paragraph", "item"])
@pytest.mark.parametrize("before", range(0, 800, 37))
def test_a_block_that_fits_is_not_cut(block: str, before: int) -> None:
    """Wherever in the text it stands; what is before it goes first."""
    text = "\n\n".join(["字" * (before // 3) + ".", block, "and more"])
    assert sum(block in part for part in split(text, 800)) == 1


def test_a_long_code_block_is_closed_and_reopened() -> None:
    """With its fence and its language, between lines; together the lines are the same."""
    lines = [f"    value_{number} = {number}" for number in range(200)]
    parts = split("Look:\n\n````python\n" + "\n".join(lines) + "\n````\n\nDone.", 600)
    assert parts[0] == "Look:"
    assert len(parts) > 5
    assert all(part.startswith("````python\n") and "\n````" in part and not open_fence(part) for part in parts[1:])
    assert [line for part in parts for line in part.splitlines() if line.startswith("    ")] == lines
    assert parts[-1].endswith("Done.")


def test_a_long_table_repeats_its_head() -> None:
    """Each part is a table by itself, and each row is in one of them."""
    rows = [f"| 城市{number:03} | {number} |" for number in range(100)]
    parts = split("| 城市 | 人口 |\n| --- | ---: |\n" + "\n".join(rows), 500)
    assert len(parts) > 3
    assert all(part.startswith("| 城市 | 人口 |\n| --- | ---: |\n| 城市") for part in parts)
    assert [line for part in parts for line in part.splitlines()[2:]] == rows


def test_a_long_list_is_cut_between_items() -> None:
    """An item keeps the lines below it."""
    items = [f"{number}. 第{number}项\n   还有一行" for number in range(1, 80)]
    parts = split("\n".join(items), 400)
    assert len(parts) > 3
    assert [f"{item}".strip() for part in parts for item in _items(part)] == items


def _items(part: str) -> list[str]:
    lines = part.splitlines()
    return ["\n".join(pair) for pair in zip(lines[::2], lines[1::2], strict=True)]


def test_a_head_stays_with_what_is_below_it() -> None:
    """No part ends in a heading."""
    text = "\n\n".join(f"## 第{number}节\n\n{'字' * 60}" for number in range(20))
    parts = split(text, 500)
    assert len(parts) > 3
    assert all(part.startswith("## ") and not part.splitlines()[-1].startswith("## ") for part in parts)


def test_a_paragraph_without_end_is_cut_at_a_line_or_sentence() -> None:
    """And a word without end anywhere."""
    assert all(part.endswith("。") for part in split("这是一句话。" * 200, 500))
    parts = split("line<br>" * 300, 500)
    assert all(part.startswith("line") and part.endswith("line") for part in parts[:-1])
    assert "".join(split("x" * 5_000, 500)) == "x" * 5_000


def test_parts_are_numbered() -> None:
    """Above the text, in a line of its own; those that went another way count."""
    assert numbered(["one"]) == ["one"]
    assert numbered(["| a |", "two"]) == ["（1/2）\n\n| a |", "（2/2）\n\ntwo"]
    assert numbered(["two"], 1) == ["（2/2）\n\ntwo"]


def test_a_plain_text_knows_no_markdown() -> None:
    """Fences are just marks."""
    parts = split_plain("```\n" + "第一句。第二句。\n" * 100, 600)
    assert len(parts) > 3
    assert all(part.endswith("。") for part in parts)
    assert parts[0].startswith("```\n")
    assert sum(part.count("```") for part in parts) == 1
    assert len(split_plain("段。\n\n" * 120, 800)) == 2
