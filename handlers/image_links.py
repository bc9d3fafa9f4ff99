"""Finds the pictures of a Markdown text that lie on this machine, and puts something else in their place. Pure.

A picture is `![caption](target)`; code has none. Where those who write Markdown and those who read it differ (a blank in a
target, brackets that do not pair), what may be a picture is taken for one: a caption too many does less harm than a path of
this machine that people see.
"""

import re
from collections.abc import Callable, Iterator

from handlers.markdown import fence_after

Put = Callable[[str, str], str]  # a local picture's caption and target -> what stands in its place

_MARK = re.compile(
    r"\\[\\\[\]`]"  # an escaped mark is none
    r"|`+|!\[|\[|\]"
)
_TITLE = r"""\s(?:"[^"]*"|'[^']*')"""
_TARGET = re.compile(  # possessive throughout: no text takes longer than its length
    rf"\(\s*+((?:{_TITLE}(?=\s*\))|[^()\n]|\([^()\n]*+\))*+)\s*+\)"
)
_TARGET_BEGINS = re.compile(r"\(\s*+")
_BEFORE_TITLE = re.compile(rf"(.*?){_TITLE}\s*", re.DOTALL)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters at least: one is a drive
_REMOTE = ("@", "$", "#")  # media ids, and places within the text


def replace_local(text: str, put: Put, *, growing: bool = False) -> str:
    """Return the text with something else in place of each local picture.

    Of a text that still grows, a picture that has begun at its end is left out until it is whole.
    """
    if "![" not in text:
        return text
    return "".join(
        block if is_code else _Paragraph(block, put, growing=growing and is_last).replaced()
        for block, is_code, is_last in _blocks(text)
    )


def is_local(target: str) -> bool:
    """Whether a target names a file of this machine: a path of whichever system, relative or not, or a file: address."""
    if scheme := _SCHEME.match(target):
        return scheme[0].lower() == "file:"
    return bool(target) and not target.startswith(_REMOTE)


def _blocks(text: str) -> Iterator[tuple[str, bool, bool]]:
    """Yield code blocks and paragraphs, which no picture goes beyond: the text, whether it is code, whether it is the last."""
    block, fence = list[str](), ""
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        before, fence = fence, fence_after(line.rstrip("\r\n"), fence)
        if bool(before) != bool(fence) or (not before and not line.strip()):  # a fence's own lines belong to the code
            if before:
                block.append(line)
            if block:
                yield "".join(block), bool(before), False
            block = [] if before else [line]
        else:
            block.append(line)
    if block:
        yield "".join(block), bool(fence), True


class _Paragraph:
    """One paragraph, read once from its beginning to its end."""

    def __init__(self, text: str, put: Put, *, growing: bool) -> None:
        self._text, self._put, self._growing = text, put, growing
        self._last_line, self._last_end = text.rfind("\n") + 1, text.rfind(")")
        self._pieces: list[str] = []  # what is read, to be joined
        self._open: list[tuple[str, int]] = []  # brackets that are not closed yet: which, and where among the pieces

    def replaced(self) -> str:
        """Return it with something else in place of its local pictures."""
        at = 0
        while mark := _MARK.search(self._text, at):
            self._pieces.append(self._text[at : mark.start()])
            match mark[0]:
                case "![" | "[":
                    self._open.append((mark[0], len(self._pieces)))
                    self._pieces.append(mark[0])
                    at = mark.end()
                case "]":
                    at = self._close(mark.end())
                case escape_or_ticks:
                    end = mark.end() if escape_or_ticks[0] == "\\" else self._end_of_code(mark)
                    self._pieces.append(self._text[mark.start() : end])
                    at = end
        self._pieces.append(self._text[at:])
        begun = next((place for bracket, place in self._open if bracket == "!["), None)
        return "".join(self._pieces[:begun] if self._growing else self._pieces)

    def _close(self, at: int) -> int:
        """A bracket closes before this place: make of it what it is, and return where to read on."""
        bracket, place = self._open.pop() if self._open else ("", 0)
        if bracket != "![":
            self._pieces.append("]")
            return at
        found = _TARGET.match(self._text, at)
        if not found and self._growing and self._is_unfinished(at):
            self._open.append((bracket, place))  # as if nothing had closed: it is left out
            return len(self._text)
        target, end = (found[1], found.end()) if found else self._ended_early(at)
        if is_local(target := _bare(target)):
            caption = "".join(self._pieces[place + 1 :])
            self._pieces[place:] = [self._put(" ".join(caption.split()), target)]
        else:
            self._pieces.append("]" + self._text[at:end])
        return end

    def _is_unfinished(self, at: int) -> bool:
        """Whether a target may begin at this place, or has begun, and may still be written."""
        begun = _TARGET_BEGINS.match(self._text, at)
        return at == len(self._text) or (begun is not None and (begun.end() >= self._last_line or self._last_end < at))

    def _ended_early(self, at: int) -> tuple[str, int]:
        """Return a target whose brackets do not pair, up to the first that may end it on its line, and its end; or nothing."""
        begun = _TARGET_BEGINS.match(self._text, at)
        if not begun or self._last_end < begun.end():
            return "", at
        end = self._text.find(")", begun.end())
        return ("", at) if "\n" in self._text[begun.end() : end] else (self._text[begun.end() : end], end + 1)

    def _end_of_code(self, ticks: re.Match[str]) -> int:
        """Return where the code ends that these ticks begin; right behind them when nothing closes it."""
        closing = re.compile(rf"(?<!`){ticks[0]}(?!`)").search(self._text, ticks.end())
        return closing.end() if closing else ticks.end()


def _bare(target: str) -> str:
    """Return a target without its title, blanks and angle brackets."""
    if titled := _BEFORE_TITLE.fullmatch(target):
        target = titled[1]
    target = target.strip()
    if target.startswith("<") and ">" in target:
        return target[1 : target.index(">")].strip()
    return target
