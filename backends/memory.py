"""What was said before in a conversation, for AIs that remember nothing themselves: kept with the session, as text."""

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field

_MOST = 200  # exchanges that are kept
_SHORTENED = "…"
_FIRST_WIDE = "\u2e80"  # where the scripts begin of which a character is about a token


@dataclass(frozen=True)
class Exchange:
    """A question and the answer it got, perhaps in part."""

    question: str = field(repr=False)
    answer: str = field(repr=False)


def read(conversation: str) -> tuple[Exchange, ...]:
    """Return what `write` wrote, the oldest first; nothing of what another kind of AI left there."""
    try:
        pairs = json.loads(conversation) if conversation else []
        return tuple(Exchange(str(question), str(answer)) for question, answer in pairs)
    except (ValueError, TypeError, RecursionError):
        return ()


def write(exchanges: Sequence[Exchange]) -> str:
    """Return them as text."""
    return json.dumps([astuple(exchange) for exchange in exchanges], ensure_ascii=False)


def newest(exchanges: Sequence[Exchange], budget: int) -> tuple[Exchange, ...]:
    """Return the newest exchanges that fit into a budget of tokens; the last one is cut to it rather than left out."""
    kept: list[Exchange] = []
    for exchange in reversed(exchanges[-_MOST:]):
        budget -= tokens(exchange.question) + tokens(exchange.answer)
        if budget < 0:
            break
        kept.append(exchange)
    if not exchanges or kept:
        return tuple(reversed(kept))
    last = exchanges[-1]
    room = (budget + tokens(last.question) + tokens(last.answer)) // 2
    return (Exchange(shorten(last.question, room), shorten(last.answer, room)),) if room > 0 else ()


def tokens(text: str) -> int:
    """Estimate how many tokens of a model a text takes: a character for Chinese and its like, four bytes for the rest."""
    wide = sum(character >= _FIRST_WIDE for character in text)
    return wide + (len(text) - wide + 3) // 4


def shorten(text: str, budget: int) -> str:
    """Return the beginning of a text that fits into a budget of tokens."""
    if tokens(text) <= budget:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if tokens(text[:middle]) < budget else (low, middle - 1)
    return text[:low] + _SHORTENED if low else ""
