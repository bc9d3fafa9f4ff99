"""The body of a gateway's answer -> an event stream that has each event on a line of its own. Pure.

What it is, its beginning tells, not its Content-Type, which is often wrong: a whole completion begins with `{`.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import chain

from backends.openai.failures import AI
from errors import AnswerInterrupted

_MARK = b"\xef\xbb\xbf"  # of UTF-8, as some write it in front
_FIELD = b"data:"


def framed(runs: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the events of a body that comes in runs of whole lines; a whole completion is one event.

    Raises AnswerInterrupted for half a completion.
    """
    rest = iter(runs)
    for run in rest:
        begun = run.removeprefix(_MARK).lstrip()
        if begun.startswith(b"{"):
            yield _whole(b"".join((begun, *rest)))
        elif begun:
            yield from _events(chain((begun,), rest))


def _whole(body: bytes) -> bytes:
    line = b" ".join(body.splitlines())
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        raise AnswerInterrupted("no whole JSON", code="eof", ai=AI) from None
    return _event(line)


def _events(runs: Iterable[bytes]) -> Iterator[bytes]:
    """Join the lines of an event, though not each gateway has a blank line behind one, or more than a line in it."""
    held: list[bytes] = []
    for line in chain.from_iterable(run.splitlines() for run in runs):
        if line.startswith(_FIELD):
            held.append(line.removeprefix(_FIELD).strip())
            if len(held) > 1 or _goes_on(held[0]):
                continue
        elif line.strip():
            continue  # a comment, or a field that we do not read
        if held:
            yield _event(b" ".join(held))
            held.clear()
    if held:
        yield _event(b" ".join(held))


def _goes_on(line: bytes) -> bool:
    return line.startswith(b"{") and not line.endswith(b"}")


def _event(line: bytes) -> bytes:
    return _FIELD + b" " + line + b"\n\n"
