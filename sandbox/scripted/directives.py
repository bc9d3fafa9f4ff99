"""The words in double brackets that a question may hold, such as `[[rate=5]]`: taken out of it, and read (pure)."""

import re
from collections.abc import Collection
from typing import Final

_DIRECTIVE: Final = re.compile(r"\[\[([a-z0-9_]+)(?:=([^\]]*))?\]\]")


def taken_out(question: str, known: Collection[str]) -> tuple[str, dict[str, str]]:
    """A question without these directives, and their values ("" for one that has none); others stay where they are."""
    orders = {name: value for name, value in _DIRECTIVE.findall(question) if name in known}
    return _DIRECTIVE.sub(lambda found: "" if found[1] in known else found[0], question).strip(), orders


def number(text: str | None, default: float) -> float:
    """A directive's number; the default for what is none."""
    try:
        return max(0.0, float(text)) if text else default
    except ValueError:
        return default


def ordered_status(text: str, statuses: Collection[int]) -> int:
    """The HTTP status that a directive orders if it is one of these, else 0."""
    return int(text) if text.isdecimal() and int(text) in statuses else 0
