"""What the bridge and a worker tell each other, a line of JSON each."""

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


def write_question(question: AgentQuestion | None) -> bytes:
    """Return the line that asks; of None, the one that only wants to hear whether the agent is ready."""
    if question is None:
        return _line(None)
    return _line(
        {
            "text": question.text,
            "user": question.user,
            "facts": dict(question.facts),
            "history": [astuple(exchange) for exchange in question.history],
            "pictures": [(base64.b64encode(picture.content).decode(), picture.media_type) for picture in question.pictures],
        }
    )


def read_question(line: bytes) -> AgentQuestion | None:
    """Return what `write_question` wrote."""
    asked = json.loads(line)
    return (
        None
        if asked is None
        else AgentQuestion(
            asked["text"],
            user=asked["user"],
            facts=asked["facts"],
            history=tuple(Exchange(*exchange) for exchange in asked["history"]),
            pictures=tuple(Picture(base64.b64decode(content), media_type) for content, media_type in asked["pictures"]),
        )
    )


def write_event(event: Event) -> bytes:
    """Return the line of one event."""
    return _line([type(event).__name__, asdict(event)])


def write_end(failure: Failure | None) -> bytes:
    """Return the line that ends an answer."""
    return _line(["end", failure and asdict(failure)])


def read(line: bytes) -> Event | Failure | None:
    """Return an event, or how the answer ended: as it should (None), or not. Raises ValueError when it is neither."""
    try:
        kind, fields = json.loads(line)
        if kind == "end":
            return None if fields is None else Failure(str(fields["detail"]), str(fields["trace"]))
        return checked(kind, fields)
    except (TypeError, KeyError, AttributeError, RecursionError):
        raise ValueError("a line that no worker writes") from None


def _line(content: Any) -> bytes:
    return json.dumps(content).encode() + b"\n"
