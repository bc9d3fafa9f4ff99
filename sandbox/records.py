"""What happened on the two embedded platforms, in order, for whoever wants to wait for it."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Mapping
from itertools import islice
from typing import Any


class Records:
    """The last `keep` facts, each with a sequence number; adding never waits, reading can."""

    def __init__(self, keep: int = 20_000) -> None:
        self.last = 0
        self._kept: deque[dict[str, Any]] = deque(maxlen=keep)
        self._waiting: set[asyncio.Event] = set()

    def add(self, side: str, kind: str, **facts: object) -> int:
        """Note one fact and return its sequence number (1, 2, ...); beyond `keep` the oldest is dropped."""
        self.last += 1
        self._kept.append({"seq": self.last, "time": time.time(), "side": side, "kind": kind, **facts})
        for waiting in self._waiting:
            waiting.set()
        return self.last

    async def after(self, seq: int, wait: float, match: Mapping[str, str]) -> list[dict[str, Any]]:
        """All kept records newer than `seq` that match; waits up to `wait` seconds for the first one.

        A record matches when each named fact is there and, written as text (JSON for what is no string), is equal.
        """
        news = asyncio.Event()
        self._waiting.add(news)
        try:
            async with asyncio.timeout(max(0.0, wait)):
                while True:
                    newest = self.last
                    if found := [record for record in self._newer(seq) if _matches(record, match)]:
                        return found
                    seq = max(seq, newest)
                    news.clear()
                    await news.wait()
        except TimeoutError:
            return []
        finally:
            self._waiting.discard(news)

    def _newer(self, seq: int) -> list[dict[str, Any]]:
        oldest = self.last - len(self._kept) + 1
        return list(islice(self._kept, max(0, seq - oldest + 1), None))


def _matches(record: Mapping[str, Any], match: Mapping[str, str]) -> bool:
    return all(name in record and _text(record[name]) == value for name, value in match.items())


def _text(fact: Any) -> str:
    return fact if isinstance(fact, str) else json.dumps(fact, ensure_ascii=False)
