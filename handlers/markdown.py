"""Markdown as an AI writes it -> as DingTalk shows it. Pure.

In cards and messages a single newline is no visible break, a table needs a blank line before it, and a code fence that is
still open swallows the rest of the card.
"""

import re
from collections.abc import Iterator

_FENCE = re.compile(r"^ {0,3}(`{3,}+(?!.*`)|~{3,})")  # what closes on its own line is code within a sentence
TABLE_ROW = re.compile(r"^\s*\|.*\|\s*$")
_BLOCK = re.compile(r"^\s*(?:[-*+]\s|\d+[.)]\s|#{1,6}\s|\||(?:[-*_]\s*){3,}$|<)")  # starts a block by itself
_QUOTE = re.compile(r"^\s*>")
_UNBROKEN = re.compile(r"^\s*(?:#{1,6}\s|\||(?:[-*_]\s*){3,}$)")  # a block that the next line cannot be part of
_WIDE = {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)}  # the full-width look-alike of each ASCII mark
_WIDE_MARKS = {ord(mark): _WIDE[ord(mark)] for mark in "\\`*_~#[]<>|&$"}
_LEAD = re.compile(r"^(?:[-+=]|\d{1,9}[.)])")  # what would begin a list or underline a heading


def shape(text: str, *, final: bool = True) -> str:
    """Return the text so that DingTalk shows what the AI meant; an unfinished one (`final` false) is made whole."""
    lines = whole_characters(text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    shaped = "".join(_joined(lines))
    fence = open_fence(shaped)
    if fence:
        shaped = shaped.rstrip("\n") + "\n" + fence
    return shaped if final else shaped.rstrip()


def open_fence(text: str) -> str:
    """Return the fence that would close the code block left open at the end of the text, or ""."""
    fence = ""
    for line in text.split("\n"):
        fence = fence_after(line, fence)
    return fence


def one_line(text: str, most: int) -> str:
    """Return a text as one line of at most `most` characters, in which nothing is Markdown: its marks are full-width ones."""
    line = " ".join(whole_characters(text).split())
    line = line if len(line) <= most else line[: most - 1].rstrip() + "…"
    return _LEAD.sub(lambda lead: lead[0].translate(_WIDE), line.translate(_WIDE_MARKS))


def whole_characters(text: str) -> str:
    """Join the halves of characters that an AI sent in two pieces (emoji as JSON escapes), replace a half left alone."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _joined(lines: list[str]) -> Iterator[str]:
    """Yield the lines and what stands between them: a newline, a blank line, or a visible break."""
    fence = ""
    for index, line in enumerate(lines):
        before, fence = fence, fence_after(line, fence)
        yield line
        if index + 1 < len(lines):
            yield "\n" if before or fence else _between(line, lines[index + 1])


def fence_after(line: str, fence: str) -> str:
    """Return the fence that is open after this line, given the one that was open before it ("" for none)."""
    found = _FENCE.match(line)
    if not found or not fence:
        return found[1] if found else fence
    closes = found[1][0] == fence[0] and len(found[1]) >= len(fence) and not line.strip().strip(fence[0])
    return "" if closes else fence


def _between(line: str, following: str) -> str:
    if not line.strip() or not following.strip() or _FENCE.match(following):
        return "\n"
    if TABLE_ROW.match(following):
        return "\n" if TABLE_ROW.match(line) else "\n\n"
    if _QUOTE.match(line) and _QUOTE.match(following):
        return "\n" if line.endswith("<br>") else "<br>\n"  # lines of one quotation run together otherwise
    if _BLOCK.match(following) or _UNBROKEN.match(line) or _QUOTE.match(following):
        return "\n"
    if line.endswith(("  ", "<br>", "\\")):
        return "\n"
    return "<br>"
