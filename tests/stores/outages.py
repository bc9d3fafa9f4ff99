"""A process of ours whose file can be put out of its reach."""

import random
import threading
from dataclasses import dataclass
from pathlib import Path

from errors import StoreUnavailable
from stores.base import ConversationKey, Session
from stores.memory import MemoryCards, MemoryMeter, MemorySessions
from stores.shelter import Shelter
from stores.sheltered import ShelteredCards, ShelteredMeter, ShelteredSessions
from stores.sqlite import SqliteCards, SqliteMeter, SqliteSessions
from stores.sqlite_file import SqliteFile

NEVER = 3_600.0  # seconds: the test itself says when it is tried again


class CutOff(SqliteFile):
    """A file that can be put out of reach; `asked` counts how often it was asked."""

    def __init__(self, path: Path) -> None:
        self._counting, self._answers, self.asked = threading.Lock(), float("inf"), 0
        super().__init__(path)

    def answer(self, times: float) -> None:
        """Answer so many more calls."""
        with self._counting:
            self._answers = times

    def run(self, statement: str, *values: str | float) -> list[tuple[object, ...]]:
        self._count()
        return super().run(statement, *values)

    def reach(self) -> None:
        self._count()
        super().reach()

    def _count(self) -> None:
        with self._counting:
            self.asked += 1
            self._answers -= 1
            if self._answers < 0:
                raise StoreUnavailable("out of reach")


@dataclass
class Process:
    """What one process of ours has: a shelter over the file that others share. `now` is the time on its clocks."""

    path: Path
    retry_seconds: float = NEVER
    limit: int = 1_000
    now: float = 1_000_000.0

    def __post_init__(self) -> None:
        self.file = CutOff(self.path)
        self.shelter = Shelter(
            self.file.reach, fix=lambda _: "look after it", retry_seconds=self.retry_seconds, clock=lambda: self.now
        )
        self.sessions = ShelteredSessions(
            self.shelter,
            SqliteSessions(self.file, 60, clock=lambda: self.now),
            MemorySessions(60, clock=lambda: self.now),
            limit=self.limit,
        )
        self.cards = ShelteredCards(self.shelter, SqliteCards(self.file), MemoryCards(), limit=self.limit)
        self.meter = ShelteredMeter(self.shelter, SqliteMeter(self.file), MemoryMeter())

    def lose(self, *, after: int = 0) -> None:
        """Put the file out of this process's reach, after so many more calls."""
        self.file.answer(after)

    def find(self) -> None:
        """Let the file be reached again, and noticed."""
        self.file.answer(float("inf"))
        assert self.shelter.try_again()

    def say(self, key: ConversationKey, conversation: str) -> Session:
        """Have one turn of a conversation."""
        session = self.sessions.load(key).continued(conversation)
        assert self.sessions.save(session)
        return session

    def close(self) -> None:
        """End it."""
        self.shelter.close()
        self.file.close()


def drawn(seed: int) -> random.Random:
    """Return what draws a test's order of events."""
    return random.Random(seed)  # noqa: S311 - no secret is drawn
