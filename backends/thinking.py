"""Tells a model's thinking from its answer while both arrive in one stream of text. Pure.

Dify passes `<think>...</think>` through inside ordinary deltas (plugins, 1.0+; models behind compatible gateways before),
0.15 wraps it in `<details ...> <summary> Thinking... </summary> ... </details>`. A tag may be split between deltas, carry
attributes, stay open when the model is cut off, or only ever be closed.
"""

import re
from collections.abc import Iterator

from backends.base import Replace, Text, Thinking

_TAGS = re.compile(
    r"(?P<think><think(?:\s[^<>]{0,200})?>)"
    r"|(?P<details><details[^<>]{0,200}>\s{0,9}<summary>\s{0,9}Thinking\.\.\.\s{0,9}</summary>)"
    r"|(?P<close></think>)"
    r"|(?P<end></details>)"
)
_ENDED_BY = {"think": "close", "details": "end"}
_LONGEST_TAG = 300  # characters, and a little more than the longest that _TAGS takes


class ThinkingFilter:
    """Fed deltas in order, it yields Text, Thinking and (for a lone closing tag) Replace.

    Where the deltas are cut makes no difference to what comes out in all.
    """

    def __init__(self) -> None:
        self._held = ""
        self._before = ""  # the character before what is held
        self._ends_with = ""  # the tag that ends the thinking; "" outside of it
        self._said: list[str] = []

    def feed(self, delta: str) -> Iterator[Text | Replace | Thinking]:
        """Yield what can be told apart now; what may be the beginning of a tag waits for the next delta."""
        if not self._held and "<" not in delta:  # as nearly all are
            yield from self._emit(delta)
            self._before = delta[-1:] or self._before
            return
        text, begin = self._held + delta, 0
        while tag := self._next_tag(text, begin):
            yield from self._emit(text[begin : tag.start()])
            begin = tag.end()
            if self._ends_with:
                self._ends_with = ""
            elif tag.lastgroup == "close":
                # Closed but never opened: all that was said so far was thinking.
                yield from self._take_back()
            else:
                self._ends_with = _ENDED_BY[str(tag.lastgroup)]
        certain = _end_of_certain(text, begin)
        yield from self._emit(text[begin:certain])
        self._before = text[certain - 1] if certain else self._before
        self._held = text[certain:]

    def flush(self) -> Iterator[Text | Replace | Thinking]:
        """Yield what was held back, at the end of the stream."""
        text, self._held = self._held, ""
        yield from self._emit(text)

    def _next_tag(self, text: str, begin: int) -> re.Match[str] | None:
        """Return the next tag that counts here: inside only the one that ends it, outside no lone `</details>`."""
        for tag in _TAGS.finditer(text, begin):
            if self._ends_with:
                if tag.lastgroup == self._ends_with:
                    return tag
            elif tag.lastgroup != "end" and not self._is_quoted(text, tag.start()):
                return tag
        return None

    def _is_quoted(self, text: str, start: int) -> bool:
        """Whether a tag stands in Markdown's code marks, as in an answer about tags."""
        return (text[start - 1] if start else self._before) == "`"

    def _emit(self, text: str) -> Iterator[Text | Thinking]:
        if self._ends_with:
            if text:
                yield Thinking(text)
            return
        if not self._said:
            text = text.lstrip()  # the blank lines between the thinking and the answer
        if text:
            self._said.append(text)
            yield Text(text)

    def _take_back(self) -> Iterator[Replace | Thinking]:
        if self._said:
            yield Thinking("".join(self._said))
            yield Replace("")
        self._said.clear()


def _end_of_certain(text: str, begin: int) -> int:
    """Return the index from which `text` may still grow into a tag with the next delta."""
    start = text.find("<", max(begin, len(text) - _LONGEST_TAG))
    while start >= 0:
        if _may_become_tag(text[start:]):
            return start
        start = text.find("<", start + 1)
    return len(text)


def _may_become_tag(tail: str) -> bool:
    if any(tag.startswith(tail) for tag in ("<think>", "</think>", "<details", "</details>")):
        return True
    if tail.startswith("<details"):
        return "</summary>" not in tail
    return re.match(r"<think\s[^<>]*$", tail) is not None
