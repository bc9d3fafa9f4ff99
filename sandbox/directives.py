"""Takes out of a question the words in double brackets that only some of the scripted AIs obey (pure)."""

import re
from collections.abc import Collection
from typing import Final

from sandbox.dify.words import words

_DIRECTIVE: Final = re.compile(r"\[\[([a-z0-9_]+)(?:=([^\]]*))?\]\]")


def taken_out(question: str, known: Collection[str]) -> tuple[str, dict[str, str]]:
    """A question without these directives, and their values ("" for one that has none); others stay where they are."""
    orders = {name: value for name, value in _DIRECTIVE.findall(question) if name in known}
    return _DIRECTIVE.sub(lambda found: "" if found[1] in known else found[0], question).strip(), orders


def repeated(question: str, *, turn: int | None = None, pictures: int = 0) -> str:
    """What an AI says to a question without orders: the turn if it counts them, the question, what came along."""
    said = words("hello", "en" if re.search("[A-Za-z]", question) and question.isascii() else "zh")
    opening = said[""] if turn is None else said["turn"].format(turn=turn)
    along = [said["files"].format(images=pictures)] if pictures else []
    return "\n\n".join([opening, said["said"].format(question=question), *along])
