"""What the HTTP server and those behind its doors say to each other: doors, visits and answers."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Headers = Mapping[str, str]  # a request's; the names in any case


@dataclass(frozen=True)
class Visit:
    """A request that was let in: its headers and its whole body."""

    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """What a visitor gets: a status, a body of that type, and further headers."""

    status: int
    body: bytes = field(repr=False)
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, status: int, value: Mapping[str, Any], **headers: str) -> "Answer":
        """Return an answer whose body is this JSON; `Retry_After="5"` is the header Retry-After."""
        body = json.dumps(value, ensure_ascii=False).encode(errors="replace")
        return cls(status, body, headers={name.replace("_", "-"): text for name, text in headers.items()})


def _anybody(_: Headers) -> Answer | None:
    return None


@dataclass(frozen=True)
class Door:
    """One method at one path (as it reads, not as it is escaped) and who answers there.

    `guard` sees the headers before a byte of the body is read; what it returns is the whole answer, None lets the visitor in.
    `answer` runs on the server's loop and must not block it. HEAD is answered as GET is.
    """

    method: Literal["GET", "POST"]
    path: str
    answer: Callable[[Visit], Awaitable[Answer]]
    guard: Callable[[Headers], Answer | None] = _anybody
