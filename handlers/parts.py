"""Cuts a text that is longer than a message into parts that each read well by themselves, and numbers them. Pure.

Sizes are bytes of the text as JSON, the form in which DingTalk counts it: a newline or a quotation mark takes two.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from handlers.markdown import TABLE_ROW, fence_after, open_fence, whole_characters

_FENCE_ROOM = 18  # for a fence and its newline; a longer one is a drawn line, which no part repeats
_LONGEST_FENCE = 15
_NUMBER_ROOM = 20  # for the number above a part
_REPEATED = 60  # of a code block's first line that is repeated whole; of a longer one only the fence is
_DELIMITER = re.compile(r"^\s*\|(?:\s*:?-+:?\s*\|)+\s*$")
_HEADING = re.compile(r"^ {0,3}#{1,6}\s")
_ITEM = re.compile(r"^ ?(?:[-*+]|\d{1,9}[.)])\s")

_Kind = Literal["", "text", "heading", "item", "table", "code"]  # of a line, and of a block


class _Block(NamedTuple):
    """Lines that belong together, up to the character `end` of the text."""

    kind: _Kind
    end: int


def size(text: str) -> int:
    """Return how many bytes a text takes in a message's body."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2


def split(text: str, limit: int) -> list[str]:
    """Cut Markdown into parts that, numbered, take at most `limit` (200 or more): between blocks, items last of all.

    A paragraph, an item of a list, a code block or a table that fits a part is not cut. A longer code block is closed and
    reopened, a longer table repeats its head. No part is blank, unless all is.
    """
    rest = _closed(whole_characters(text))
    if size(rest) <= limit:
        return [rest]
    room, parts = limit - _NUMBER_ROOM - _FENCE_ROOM, []
    while rest := _closed(rest.lstrip("\n")).rstrip():
        head, rest = (rest, "") if size(rest) <= room else _cut(rest, room)
        parts.append(_closed(head.rstrip("\n").removesuffix("<br>")))
    return [part for part in parts if part.strip()] or [""]


def split_plain(text: str, limit: int) -> list[str]:
    """Cut a plain text into parts that, numbered, take at most `limit`: between paragraphs, lines or sentences."""
    rest = whole_characters(text)
    if size(rest) <= limit:
        return [rest]
    room, parts = limit - _NUMBER_ROOM, []
    while rest := rest.strip("\n").rstrip():
        at = len(rest) if size(rest) <= room else _place(rest, room, ("\n\n", "\n", "。", ". ", " "))
        head, rest = rest[:at], rest[at:]
        parts.append(head.rstrip("\n"))
    return [part for part in parts if part.strip()] or [""]


def numbered(parts: Sequence[str], before: int = 0) -> list[str]:
    """Put a number above each part, if there is more than one; `before` so many went another way."""
    of = before + len(parts)
    return [f"（{number}/{of}）\n\n{part}" for number, part in enumerate(parts, before + 1)] if of > 1 else list(parts)


def _cut(text: str, room: int) -> tuple[str, str]:
    """Return a text's first part and the rest: after as many blocks as there is room for, else within the first."""
    enough = text.find("\n", room + 1)  # what goes on behind this line does not fit
    blocks = list(_blocks(text[:enough] if enough >= 0 else text))
    fitting = blocks[: bisect_right(blocks, room, key=lambda block: size(text[: block.end]))]
    while len(fitting) > 1 and fitting[-1].kind == "heading":
        fitting.pop()
    if fitting:
        return text[: fitting[-1].end], text[fitting[-1].end :]
    first = blocks[0]
    if first.kind == "code":
        return _cut_code(text, room)
    if first.kind == "table" and (cut := _cut_table(text, first.end, room)):
        return cut
    at = _place(text, room, ("\n", "<br>", "。", ". ", " "))
    return text[:at], text[at:]


def _cut_code(text: str, room: int) -> tuple[str, str]:
    opening = text.partition("\n")[0]
    fence = _short_fence(opening)
    repeated = "" if not fence else opening if size(opening) <= _REPEATED else fence
    at = _place(text, room, ("\n",), least=len(repeated) + 1)
    rest = text[at:]
    return text[:at], f"{repeated}\n{rest}" if repeated else rest


def _cut_table(text: str, end: int, room: int) -> tuple[str, str] | None:
    """Cut between rows; None if it is no table after all, or has rows too long for that."""
    head = "\n".join(text[:end].split("\n", 2)[:2])
    at = text.rfind("\n", len(head) + 1, _longest(text, room) + 1)
    if at < 0 or not _DELIMITER.match(head.partition("\n")[2]):
        return None
    return text[:at], f"{head}{text[at:]}"


def _place(text: str, room: int, marks: Sequence[str], *, least: int = 0) -> int:
    """Return where to cut so that the head fits: behind the last of the first of these marks that stands far enough."""
    most = _longest(text, room)
    for mark in marks:
        at = text.rfind(mark, max(most // 3, least), most)
        if at >= 0:
            return at + len(mark)
    return most


def _longest(text: str, room: int) -> int:
    """Return how many characters of a text fit."""
    return bisect_right(range(1, min(len(text), room) + 1), room, key=lambda length: size(text[:length]))


def _blocks(text: str) -> Iterator[_Block]:
    """Yield what a text consists of, without the blank lines between."""
    fence, block = "", _Block("", 0)
    ends = [-1, *(found.start() for found in re.finditer("\n", text)), len(text)]
    for before, end in pairwise(ends):
        line = text[before + 1 : end]
        was_open, fence = fence, fence_after(line, fence)
        kind = "code" if was_open or fence else _kind(line)
        if block.kind and not (was_open or _goes_on(block.kind, kind)):
            yield block
            block = _Block("", 0)
        if kind:
            block = _Block(block.kind or kind, end)
    if block.kind:
        yield block


def _kind(line: str) -> _Kind:
    if not line.strip():
        return ""
    if TABLE_ROW.match(line):
        return "table"
    return "heading" if _HEADING.match(line) else "item" if _ITEM.match(line) else "text"


def _goes_on(block: _Kind, line: _Kind) -> bool:
    """Whether a line of this kind belongs to the block above it."""
    return (block, line) in {("text", "text"), ("item", "text"), ("table", "table")}


def _closed(text: str) -> str:
    fence = _short_fence(text)
    return f"{text}\n{fence}" if fence else text


def _short_fence(text: str) -> str:
    fence = open_fence(text)
    return fence if len(fence) <= _LONGEST_FENCE else ""
