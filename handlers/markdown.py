"""Markdown as an AI writes it -> as DingTalk shows it. Pure.

In cards and messages a single newline is no visible break, a table needs a blank line before it, and a code fence that is
still open swallows the rest of the card.
"""

import re
from collections.abc import Iterator

_FENCE = re.compile(r"^ {0,3}(`{3,}+(?!.*`)|~{3,})")  # what closes on its own line is code within a sentence
_FENCE_ROOM = 16  # bytes kept for a fence and its newline; a longer one is a drawn line, which no part repeats
_TABLE_ROW = re.compile(r"^\s*\|.*\|\s*$")
_BLOCK = re.compile(r"^\s*(?:[-*+]\s|\d+[.)]\s|#{1,6}\s|\||(?:[-*_]\s*){3,}$|<)")  # starts a block by itself
_QUOTE = re.compile(r"^\s*>")
_UNBROKEN = re.compile(r"^\s*(?:#{1,6}\s|\||(?:[-*_]\s*){3,}$)")  # a block that the next line cannot be part of


def shape(text: str, *, final: bool = True) -> str:
    """Return the text so that DingTalk shows what the AI meant; an unfinished one (`final` false) is made whole."""
    lines = _whole_characters(text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    shaped = "".join(_joined(lines))
    fence = open_fence(shaped)
    if fence:
        shaped = shaped.rstrip("\n") + "\n" + fence
    return shaped if final else shaped.rstrip()


def open_fence(text: str) -> str:
    """Return the fence that would close the code block left open at the end of the text, or ""."""
    fence = ""
    for line in text.split("\n"):
        fence = _fence_after(line, fence)
    return fence


def split(text: str, limit: int) -> list[str]:
    """Cut a text into parts of at most `limit` bytes (200 or more): between paragraphs if possible.

    Code blocks are closed and reopened. No part is blank, unless all is.
    """
    parts: list[str] = []
    rest = _whole_characters(text)
    while len(rest) > limit or len(_closed(rest).encode()) > limit:
        cut = _cut(rest, limit - _FENCE_ROOM)
        head, rest = rest[:cut].rstrip("\n"), rest[cut:].lstrip("\n")
        parts.append(_closed(head))
        if fence := _short_fence(head):
            rest = f"{fence}\n{rest}"
    parts.append(_closed(rest))
    return [part for part in parts if part.strip()] or [""]


def _whole_characters(text: str) -> str:
    """Join the halves of characters that an AI sent in two pieces (emoji as JSON escapes), replace a half left alone."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _joined(lines: list[str]) -> Iterator[str]:
    """Yield the lines and what stands between them: a newline, a blank line, or a visible break."""
    fence = ""
    for index, line in enumerate(lines):
        before, fence = fence, _fence_after(line, fence)
        yield line
        if index + 1 < len(lines):
            yield "\n" if before or fence else _between(line, lines[index + 1])


def _fence_after(line: str, fence: str) -> str:
    """Return the fence that is open after this line, given the one that was open before it ("" for none)."""
    found = _FENCE.match(line)
    if not found or not fence:
        return found[1] if found else fence
    closes = found[1][0] == fence[0] and len(found[1]) >= len(fence) and not line.strip().strip(fence[0])
    return "" if closes else fence


def _closed(text: str) -> str:
    fence = _short_fence(text)
    return f"{text}\n{fence}" if fence else text


def _short_fence(text: str) -> str:
    fence = open_fence(text)
    return fence if len(fence) < _FENCE_ROOM else ""


def _between(line: str, following: str) -> str:
    if not line.strip() or not following.strip() or _FENCE.match(following):
        return "\n"
    if _TABLE_ROW.match(following):
        return "\n" if _TABLE_ROW.match(line) else "\n\n"
    if _QUOTE.match(line) and _QUOTE.match(following):
        return "\n" if line.endswith("<br>") else "<br>\n"  # lines of one quotation run together otherwise
    if _BLOCK.match(following) or _UNBROKEN.match(line) or _QUOTE.match(following):
        return "\n"
    if line.endswith(("  ", "<br>", "\\")):
        return "\n"
    return "<br>"


def _cut(text: str, limit: int) -> int:
    """Return where to cut so that the head has at most `limit` bytes: at a blank line, a line, a sentence, or anywhere."""
    head = text.encode()[:limit].decode(errors="ignore")
    for mark in ("\n\n", "\n", "。", ". ", " "):
        at = head.rfind(mark)
        if at > len(head) // 3:
            return at + len(mark)
    return len(head)
