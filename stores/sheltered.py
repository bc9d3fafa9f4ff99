"""Sessions and counts that never raise: the durable ones, or memory while those cannot be reached."""

import threading
from dataclasses import dataclass
from typing import Protocol

from stores.base import ConversationKey, Meter, Session, Sessions, Usage
from stores.memory import MOST_SESSIONS, MemoryMeter, MemorySessions
from stores.shelter import Shelter

_MOST_COUNTS = 10_000  # months of companies, or events or apps of them, that wait to be written


class DurableSessions(Sessions, Protocol):
    """Sessions whose beginnings are drawn outside, and that can learn of those that they missed."""

    def begin(self, session: Session) -> Session:
        """Return the live session of this key, or keep this new one and return it."""

    def keep(self, session: Session) -> None:
        """Keep it, whatever there was."""

    def replace(self, session: Session, generation: int, remain_seconds: float | None = None) -> bool:
        """Keep it in place of that generation (or of itself); False when another is there."""


@dataclass(frozen=True)
class _Missed:
    """A session that was begun or went on in memory: `instead_of` is the generation that the durable store is known to have.

    It is noted without its conversation, which memory has, within its bounds.
    """

    session: Session
    instead_of: int
    renewed: bool
    remain_seconds: float | None


class ShelteredSessions:
    """Conversations go on through an outage.

    Calls about one conversation go in order: what was loaded before it was begun anew is not memory's picture after it.
    What is written afterwards takes the place only of the generation that was last seen in the durable store, so it cannot
    bring back a conversation that another process began anew meanwhile. What somebody began anew here is forgotten there, too,
    whatever was begun there. The remain time of what is written starts then.
    """

    def __init__(
        self, shelter: Shelter, durable: DurableSessions, memory: MemorySessions, *, limit: int = MOST_SESSIONS
    ) -> None:
        self._shelter, self._durable, self._memory = shelter, durable, memory
        self._missed = shelter.notes(self._write, limit)

    def load(self, key: ConversationKey) -> Session:
        """Return the live session of this key, or a new one."""
        # One for both: the durable store may have kept it though its answer did not arrive.
        new = Session.begun(key)

        def durable() -> Session:
            session = self._durable.begin(new)
            self._memory.know(session)
            return session

        def memory() -> Session:
            known, session = self._memory.recall(key), self._memory.load(key)
            if known and known.generation == session.generation:  # it is live; or else memory has just begun one of its own
                return session
            self._memory.keep(new)
            self._note(new, known)
            return new

        return self._shelter.call(durable, memory, about=key)

    def save(self, session: Session, remain_seconds: float | None = None) -> bool:
        """Keep it and start its remain time again; False when it was begun anew meanwhile."""

        def durable() -> bool:
            if self._durable.save(session, remain_seconds):
                self._memory.keep(session, remain_seconds)
                return True
            if self._memory.save(session):  # it did not know of that beginning
                self._memory.renew(session.key)
            return False

        def memory() -> bool:
            known = self._memory.recall(session.key)
            kept = self._memory.save(session, remain_seconds)
            if kept:
                self._note(session, known, remain_seconds=remain_seconds)
            return kept

        return self._shelter.call(durable, memory, about=session.key)

    def renew(self, key: ConversationKey) -> int:
        """Forget the conversation; answers still growing will not bring it back. Return the new one's generation."""
        session = Session.begun(key)

        def durable() -> None:
            self._durable.keep(session)
            self._memory.keep(session)

        def memory() -> None:
            known = self._memory.recall(key)
            self._memory.keep(session)
            self._note(session, known, renewed=True)

        self._shelter.call(durable, memory, about=key)
        return session.generation

    def learn(self, key: ConversationKey, generation: int) -> None:
        """Another process has begun it anew: an outage does not bring back the old conversation."""

        def learn() -> None:
            known, missed = self._memory.recall(key), self._missed.get(key)
            if (known and known.generation == generation) or (missed and missed.renewed):
                return  # it has gone on already; or it was begun anew here as well, and nobody knows which was later
            self._memory.keep(Session(key, generation))
            self._missed.drop(key)

        self._shelter.call(learn, learn, about=key)

    def _note(
        self, session: Session, known: Session | None, *, renewed: bool = False, remain_seconds: float | None = None
    ) -> None:
        former = self._missed.get(session.key)
        instead_of = former.instead_of if former else (known or session).generation
        renewed = renewed or (former is not None and former.renewed)
        self._missed.put(session.key, _Missed(session.continued(""), instead_of, renewed, remain_seconds))

    def _write(self, key: ConversationKey, missed: _Missed) -> None:
        # Memory knows whether it has expired. Its generation is written even so: an answer to it may still be growing.
        session = self._memory.recall(key) or missed.session
        if not self._durable.replace(session, missed.instead_of, missed.remain_seconds):
            if missed.renewed:
                self._durable.renew(key)
            self._memory.know(self._durable.load(key))  # the other process's, or a beginning that is nobody's yet


class ShelteredMeter:
    """Counts go on from the last sums that were seen; what other processes add is seen after the outage.

    One call is made at a time, as durable counts take them anyway: so sums become memory's in the order in which they grew.
    """

    def __init__(self, shelter: Shelter, durable: Meter, memory: MemoryMeter) -> None:
        self._shelter, self._durable, self._memory = shelter, durable, memory
        self._turn = threading.Lock()
        self._missed = shelter.notes(self._write, _MOST_COUNTS)
        self._events = shelter.notes(self._write_event, _MOST_COUNTS)
        self._apps = shelter.notes(durable.remember, _MOST_COUNTS)

    def add(self, corp: str, month: str, usage: Usage) -> Usage:
        """Add to the month's counts and return their sums; adding nothing is how to ask."""

        def durable() -> Usage:
            sums = self._durable.add(corp, month, usage)
            self._memory.know(corp, month, sums)
            return sums

        def memory() -> Usage:
            if usage != Usage():
                self._missed.put((corp, month), (self._missed.get((corp, month)) or Usage()) + usage)
            return self._memory.add(corp, month, usage)

        with self._turn:
            return self._shelter.call(durable, memory)

    def has(self, corp: str, month: str, event: str) -> bool:
        """Return whether the event was named in this month, in an outage as far as it is known here."""
        return self._shelter.call(lambda: self._durable.has(corp, month, event), lambda: self._memory.has(corp, month, event))

    def first(self, corp: str, month: str, event: str) -> bool:
        """Return whether this is the first time that the event is named in this month; true once, in an outage once here."""

        def durable() -> bool:
            first = self._durable.first(corp, month, event)
            self._memory.first(corp, month, event)
            return first

        def memory() -> bool:
            first = self._memory.first(corp, month, event)
            if first:
                self._events.put((corp, month, event), None)
            return first

        with self._turn:
            return self._shelter.call(durable, memory)

    def apps(self) -> dict[str, str]:
        """Return the apps whose company is known, in an outage as far as it is known here."""

        def durable() -> dict[str, str]:
            apps = self._durable.apps()
            for client_id, corp in apps.items():
                self._memory.remember(client_id, corp)
            return apps

        with self._turn:
            return self._shelter.call(durable, self._memory.apps)

    def remember(self, client_id: str, corp: str) -> None:
        """Remember whose app it is, in place of what was known."""

        def durable() -> None:
            self._durable.remember(client_id, corp)
            self._memory.remember(client_id, corp)

        def memory() -> None:
            self._memory.remember(client_id, corp)
            self._apps.put(client_id, corp)

        with self._turn:
            self._shelter.call(durable, memory)

    def _write(self, key: tuple[str, str], missed: Usage) -> None:
        self._memory.know(*key, self._durable.add(*key, missed))

    def _write_event(self, key: tuple[str, str, str], _: None) -> None:
        self._durable.first(*key)
