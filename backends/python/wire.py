"""What the bridge and a worker tell each other, a line of JSON each, with the number of the question that it belongs to."""

import base64
import json
from dataclasses import asdict, astuple
from typing import Any

from backends.base import Event, Picture
from backends.memory import Exchange
from backends.python.failures import Failure
from backends.python.pieces import checked
from backends.python.question import AgentQuestion

MOST_BYTES = 16 * 1024 * 1024  # of a line: a whole answer in one piece, each character escaped


def write_question(number: int, question: AgentQuestion | None) -> bytes:
    """Return the line that asks; of None, the one that only wants to hear whether the agent is ready."""
    if question is None:
        return _line(number, None)
    pictures = [(base64.b64encode(picture.content).decode(), picture.media_type) for picture in question.pictures]
    asked = {
        "text": question.text,
        "user": question.user,
        "facts": dict(question.facts),
        "history": [astuple(exchange) for exchange in question.history],
        "pictures": pictures,
    }
    return _line(number, asked)


def read_question(line: bytes) -> tuple[int, AgentQuestion | None]:
    """Return what `write_question` wrote."""
    number, asked = json.loads(line)
    if asked is None:
        return number, None
    return number, AgentQuestion(
        asked["text"],
        user=asked["user"],
        facts=asked["facts"],
        history=tuple(Exchange(*exchange) for exchange in asked["history"]),
        pictures=tuple(Picture(base64.b64decode(content), media_type) for content, media_type in asked["pictures"]),
    )


def write_event(number: int, event: Event) -> bytes:
    """Return the line of one event."""
    return _line(number, type(event).__name__, asdict(event))


def write_end(number: int, failure: Failure | None) -> bytes:
    """Return the line that ends an answer."""
    return _line(number, "end", failure and asdict(failure))


def read(line: bytes) -> tuple[int, Event | Failure | None]:
    """Return a question's number, and an event or how its answer ended: as it should (None), or not.

    Raises ValueError when it is neither.
    """
    try:
        number, kind, fields = json.loads(line)
        if kind == "end":
            return number, None if fields is None else Failure(str(fields["detail"]), str(fields["trace"]))
        return number, checked(kind, fields)
    except (TypeError, KeyError, AttributeError, RecursionError):
        raise ValueError("a line that no worker writes") from None


def _line(number: int, *content: Any) -> bytes:
    return json.dumps([number, *content]).encode() + b"\n"
