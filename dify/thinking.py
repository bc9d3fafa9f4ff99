"""Tells a model's thinking from its answer while both arrive in one stream of text. Pure.

Dify passes `<think>...</think>` through inside ordinary deltas (plugins, 1.0+; models behind compatible gateways before),
0.15 wraps it in `<details ...> <summary> Thinking... </summary> ... </details>`. A tag may be split between deltas, carry
attributes, stay open when the model is cut off, or only ever be closed.
"""

import re
from collections.abc import Iterator

from backends.base import Replace, Text, Thinking

_TAGS = re.compile(
    r"(?P<open><think(?:\s[^<>]*)?>|<details[^<>]*>\s*<summary>\s*Thinking\.\.\.\s*</summary>)"
    r"|(?P<close></think>)"
    r"|(?P<end></details>)"
)
_LONGEST_TAG = 300  # characters; a longer "tag" is text


class ThinkingFilter:
    """Fed deltas in order, it yields Text, Thinking and (for a lone closing tag) Replace."""

    def __init__(self) -> None:
        self._held = ""
        self._inside = ""  # "" outside, else the group that ends it: "close" or "end"
        self._answer_begun = False
        self._said = ""

    def feed(self, delta: str) -> Iterator[Text | Replace | Thinking]:
        """Yield what can be told apart now; what may be the beginning of a tag waits for the next delta."""
        text, self._held = self._held + delta, ""
        while tag := self._next_tag(text):
            before, text = text[: tag.start()], text[tag.end() :]
            yield from self._emit(before)
            if tag.lastgroup == "open":
                self._inside = "end" if tag.group().startswith("<details") else "close"
            elif self._inside:
                self._inside = ""
            else:
                # Closed but never opened: all that was said so far was thinking.
                yield from self._take_back()
        safe = _end_of_certain(text)
        self._held = text[safe:]
        yield from self._emit(text[:safe])

    def flush(self) -> Iterator[Text | Replace | Thinking]:
        """Yield what was held back, at the end of the stream."""
        text, self._held = self._held, ""
        yield from self._emit(text)

    def _next_tag(self, text: str) -> re.Match[str] | None:
        """Return the next tag that counts here: inside only the one that ends it, outside no lone `</details>`."""
        for tag in _TAGS.finditer(text):
            if self._inside:
                if tag.lastgroup == self._inside:
                    return tag
            elif tag.lastgroup != "end":
                return tag
        return None

    def _emit(self, text: str) -> Iterator[Text | Thinking]:
        if self._inside:
            if text:
                yield Thinking(text)
            return
        if not self._answer_begun:
            text = text.lstrip()  # the blank lines between the thinking and the answer
        if text:
            self._answer_begun = True
            self._said += text
            yield Text(text)

    def _take_back(self) -> Iterator[Replace | Thinking]:
        if self._said:
            yield Thinking(self._said)
            yield Replace("")
        self._said, self._answer_begun = "", False


def _end_of_certain(text: str) -> int:
    """Return the index from which `text` may still grow into a tag with the next delta."""
    start = text.find("<", max(0, len(text) - _LONGEST_TAG))
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
    return tail.startswith("<think") and ">" not in tail
