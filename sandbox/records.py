"""What happened on the two embedded platforms, in order, for whoever wants to wait for it."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Mapping
from itertools import islice
from typing import Any

_MOST_CHARACTERS = 32_000_000


class Records:
    """The last `keep` facts, each with a sequence number; adding never waits, reading can.

    However few they are, the texts in them stay below `most_characters` together: the oldest go first.
    """

    def __init__(self, keep: int = 20_000, most_characters: int = _MOST_CHARACTERS) -> None:
        self.last = 0
        self._keep = keep
        self._most_characters = most_characters
        self._characters = 0
        self._kept: deque[tuple[dict[str, Any], int]] = deque()
        self._waiting: set[asyncio.Event] = set()

    @property
    def oldest(self) -> int:
        """The sequence number of the oldest record that is still kept; one above `last` when there is none."""
        return self.last - len(self._kept) + 1

    def add(self, side: str, kind: str, **facts: object) -> int:
        """Note one fact and return its sequence number (1, 2, ...)."""
        self.last += 1
        characters = sum(len(fact) for fact in facts.values() if isinstance(fact, str))
        self._kept.append(({"seq": self.last, "time": time.time(), "side": side, "kind": kind, **facts}, characters))
        self._characters += characters
        while len(self._kept) > self._keep or (self._characters > self._most_characters and len(self._kept) > 1):
            self._characters -= self._kept.popleft()[1]
        for waiting in self._waiting:
            waiting.set()
        return self.last

    async def after(self, seq: int, wait: float, match: Mapping[str, str], most: int | None = None) -> list[dict[str, Any]]:
        """All kept records newer than `seq` that match, the first `most` of them; waits up to `wait` seconds for one.

        A record matches when each named fact is there and, written as text (JSON for what is no string), is equal.
        """
        news = asyncio.Event()
        self._waiting.add(news)
        try:
            async with asyncio.timeout(max(0.0, wait)):
                while True:
                    newest = self.last
                    if found := [record for record in self._newer(seq) if _matches(record, match)]:
                        return found[:most]
                    seq = max(seq, newest)
                    news.clear()
                    await news.wait()
        except TimeoutError:
            return []
        finally:
            self._waiting.discard(news)

    def _newer(self, seq: int) -> list[dict[str, Any]]:
        return [record for record, _ in islice(self._kept, max(0, seq - self.oldest + 1), None)]


def _matches(record: Mapping[str, Any], match: Mapping[str, str]) -> bool:
    return all(name in record and _text(record[name]) == value for name, value in match.items())


def _text(fact: Any) -> str:
    return fact if isinstance(fact, str) else json.dumps(fact, ensure_ascii=False)
