"""A process of ours whose file can be put out of its reach."""

import random
import threading
from dataclasses import dataclass, replace
from pathlib import Path

from errors import StoreUnavailable
from stores.base import ConversationKey, Session
from stores.memory import MemorySessions
from stores.memory_inbox import MemoryInbox
from stores.shelter import Shelter
from stores.sheltered_stores import in_memory, sheltered
from stores.sqlite_file import SqliteFile
from stores.sqlite_presence import SqlitePresence
from stores.sqlite_stores import in_sqlite
from tests.stores.kinds import NEVER


class CutOff(SqliteFile):
    """A file that can be put out of reach; `asked` counts how often it was asked.

    It can also lose its answers only: what it is told is done, but whoever told it does not learn that.
    """

    def __init__(self, path: Path) -> None:
        self._counting, self._answers, self.asked = threading.Lock(), float("inf"), 0
        self._loses_answers = False
        super().__init__(path)

    def answer(self, times: float, *, losing_the_next: bool = False) -> None:
        """Answer so many more calls; the one after those may do what it is told all the same."""
        with self._counting:
            self._answers, self._loses_answers = times, losing_the_next

    def run(self, statement: str, *values: str | float) -> list[tuple[object, ...]]:
        try:
            self._count()
        except StoreUnavailable:
            if self._loses_answers:
                self._loses_answers = False
                super().run(statement, *values)
            raise
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
    now: float = 1_000_000.0

    def __post_init__(self) -> None:
        self.file = CutOff(self.path)
        self.shelter = Shelter(
            self.file.reach, fix=lambda _: "look after it", retry_seconds=self.retry_seconds, clock=lambda: self.now
        )
        self.durable = in_sqlite(self.file, 60, clock=lambda: self.now)
        memory = replace(
            in_memory(60), sessions=MemorySessions(60, clock=lambda: self.now), inbox=MemoryInbox(clock=lambda: self.now)
        )
        self.stores = sheltered(self.shelter, self.durable, memory)
        self.sessions, self.inbox, self.cards = self.stores.sessions, self.stores.inbox, self.stores.cards
        self.turns, self.signals, self.meter = self.stores.turns, self.stores.signals, self.stores.meter
        self.presence = self.stores.presence

    def lose(self, *, after: int = 0) -> None:
        """Put the file out of this process's reach, after so many more calls."""
        self.file.answer(after)

    def lose_an_answer(self, *, after: int = 0) -> None:
        """Put the file out of this process's reach after so many more calls, and one that is done without an answer."""
        self.file.answer(after, losing_the_next=True)

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
        self.stores.close()

    def die(self) -> None:
        """End it as SIGKILL would."""
        presence = self.durable.presence
        assert isinstance(presence, SqlitePresence)
        assert presence._flag
        presence._flag.close()
        self.file.close()
        self.lose()


def drawn(seed: int) -> random.Random:
    """Return what draws a test's order of events."""
    return random.Random(seed)  # noqa: S311 - no secret is drawn
