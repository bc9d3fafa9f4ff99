"""What happened on the two embedded platforms, in order, for whoever wants to wait for it."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any

from sandbox.kept import weight

_MOST_CHARACTERS = 32_000_000
_MOST_AT_ONCE = 1_000_000
_FRAME_CHARACTERS = 100  # of a record's own: its number, time, side and kind

Record = dict[str, Any]


class Records:
    """The last `keep` facts, each with a sequence number; adding never waits, reading can.

    However few they are, the texts in them stay below `most_characters` together: the oldest go first. A kept record is
    never changed, so whoever has one may keep it too.
    """

    def __init__(self, keep: int = 20_000, most_characters: int = _MOST_CHARACTERS) -> None:
        self.last = 0
        self._keep = keep
        self._most_characters = most_characters
        self._characters = 0
        self._kept: deque[tuple[Record, int]] = deque()
        self._waiting: dict[asyncio.Event, Mapping[str, str]] = {}

    @property
    def oldest(self) -> int:
        """The sequence number of the oldest record that is still kept; one above `last` when there is none."""
        return self.last - len(self._kept) + 1

    def add(self, side: str, kind: str, **facts: object) -> int:
        """Note one fact and return its sequence number (1, 2, ...)."""
        self.last += 1
        characters = weight(facts)
        record: Record = {"seq": self.last, "time": time.time(), "side": side, "kind": kind, **facts}
        self._kept.append((record, characters))
        self._characters += characters
        while len(self._kept) > self._keep or (self._characters > self._most_characters and len(self._kept) > 1):
            self._characters -= self._kept.popleft()[1]
        for news, match in self._waiting.items():
            if not news.is_set() and _matches(record, match):
                news.set()
        return self.last

    async def after(
        self, seq: int, wait: float, match: Mapping[str, str], most: int | None = None, most_characters: int = _MOST_AT_ONCE
    ) -> list[Record]:
        """The kept records newer than `seq` that match; waits up to `wait` seconds for the first.

        A record matches when each named fact is there and, written as text (JSON for what is no string), is equal. The
        answer ends before it has more than `most`, or about `most_characters`: the rest is after its last one.
        """
        found = self._newer(seq, match, most, most_characters)
        if found or wait <= 0:
            return found
        news = asyncio.Event()
        with self.waking(news, match), suppress(TimeoutError):
            async with asyncio.timeout(wait):
                while not found:
                    await news.wait()
                    news.clear()
                    found = self._newer(seq, match, most, most_characters)
        return found

    @contextmanager
    def waking(self, news: asyncio.Event, match: Mapping[str, str]) -> Iterator[None]:
        """Meanwhile each new record that matches sets `news`."""
        self._waiting[news] = match
        try:
            yield
        finally:
            del self._waiting[news]

    def _newer(self, seq: int, match: Mapping[str, str], most: int | None, most_characters: int) -> list[Record]:
        found: list[Record] = []
        # Readers are nearly always close behind: count from the newest.
        for record, characters in reversed([*islice(reversed(self._kept), max(0, self.last - seq))]):
            if _matches(record, match):
                most_characters -= characters + _FRAME_CHARACTERS
                if found and (len(found) == most or most_characters < 0):
                    break
                found.append(record)
        return found


def _matches(record: Mapping[str, Any], match: Mapping[str, str]) -> bool:
    return all(name in record and _text(record[name]) == value for name, value in match.items())


def _text(fact: Any) -> str:
    return fact if isinstance(fact, str) else json.dumps(fact, ensure_ascii=False)
