"""Messages under way and their lines that never raise: the durable ones, or memory's while those cannot be reached."""

import threading
from dataclasses import dataclass, field, replace

from stores.base import Accepted, ConversationKey, Inbox, MessageKey, Turns
from stores.memory_inbox import MOST_MESSAGES, MemoryInbox, MemoryTurns
from stores.shelter import Notes, Shelter

_TOLD_AGAIN = 300  # messages that ended lately; what is delivered again comes within minutes

_Place = tuple[ConversationKey, str]  # of a turn in a line


@dataclass(frozen=True)
class _Missed:
    """What happened to a message: `raw` if it was accepted, `card` if the AI was asked, whether it ended."""

    raw: str | None = field(default=None, repr=False)
    card: str = ""
    ended: bool = False


class ShelteredInbox:
    """Messages go on through an outage, and one that this process knows is not taken twice in it.

    Calls about one message go in order: its end must not be overtaken by what was asked before, in memory's picture.
    Memory keeps a picture of this process's messages as it goes. Afterwards the durable store gets those that are still open,
    and the names of those that have ended. What other processes took over meanwhile stays theirs.
    """

    def __init__(self, shelter: Shelter, durable: Inbox, memory: MemoryInbox, *, limit: int = MOST_MESSAGES) -> None:
        self._shelter, self._durable, self._memory = shelter, durable, memory
        self._missed = shelter.notes(self._write, limit)

    def accept(self, key: MessageKey, raw: str) -> bool:
        """Keep a message that came, as this process's; False when it is under way or ended within the last two hours."""

        def durable() -> bool:
            if self._memory.knows(key):  # the durable store may have lost it
                return False
            accepted = self._durable.accept(key, raw)
            if accepted:
                self._memory.accept(key, raw)
            return accepted

        def memory() -> bool:
            accepted = self._memory.accept(key, raw)
            if accepted:
                self._missed.put(key, _Missed(raw))
            return accepted

        return self._shelter.call(durable, memory, about=key)

    def ask(self, key: MessageKey, card: str) -> bool:
        """From now on the AI may have been asked; False when the message fell to another process, as far as is known."""

        def durable() -> bool:
            ours = self._durable.ask(key, card)
            if ours:
                self._memory.ask(key, card)
            else:
                self._memory.end(key)
            return ours

        def memory() -> bool:
            ours = self._memory.ask(key, card)
            if ours:
                self._missed.put(key, replace(self._missed.get(key) or _Missed(), card=card))
            return ours

        return self._shelter.call(durable, memory, about=key)

    def end(self, key: MessageKey) -> None:
        """It has its answer, or gets none: its words are forgotten, the message itself after two hours."""

        def durable() -> None:
            self._durable.end(key)
            self._memory.end(key)

        def memory() -> None:
            self._memory.end(key)
            missed = self._missed.get(key) or _Missed()
            self._missed.put(key, replace(missed, raw=None if missed.raw is None else "", ended=True))

        self._shelter.call(durable, memory, about=key)

    def is_open(self, key: MessageKey) -> bool:
        """Return whether it has not ended, in an outage as far as it is known here."""
        return self._shelter.call(lambda: self._durable.is_open(key), lambda: self._memory.is_open(key))

    def take_over(self, client_id: str) -> tuple[Accepted, ...]:
        """Return a bot's messages whose processes are gone; in an outage nobody can tell, so none."""

        def durable() -> tuple[Accepted, ...]:
            taken = self._durable.take_over(client_id)
            for message in taken:
                self._memory.accept(message.key, message.raw)
                if message.card:
                    self._memory.ask(message.key, message.card)
            return taken

        return self._shelter.call(durable, tuple)

    def tell_again(self) -> None:
        """Tell what this process knows, should the durable store have lost it; StoreUnavailable: it is noted what is left.

        Called while no call of the shelter is under way.
        """
        under_way, ended = self._memory.known(_TOLD_AGAIN)
        for message in under_way:
            self._missed.put(message.key, _Missed(message.raw, message.card))
        for key in ended:
            self._missed.put(key, _Missed(ended=True))
        while self._missed:
            self._missed.write_one()

    def _write(self, key: MessageKey, missed: _Missed) -> None:
        if missed.raw is not None:
            self._durable.accept(key, missed.raw)
        if missed.card:
            self._durable.ask(key, missed.card)
        if missed.ended:
            self._durable.end(key)


class ShelteredTurns:
    """In an outage only this process's turns count; afterwards they stand in the line of all again.

    What is noted is written in the order in which it happened. One call is made at a time, as durable lines take them anyway:
    so memory's lines have the order of the durable ones, and who waits here takes no other call's place.
    """

    def __init__(self, shelter: Shelter, durable: Turns, memory: MemoryTurns, *, limit: int = MOST_MESSAGES) -> None:
        self._shelter, self._durable, self._memory = shelter, durable, memory
        self._turn = threading.Lock()
        self._standing: dict[_Place, float] = {}  # this process's turns, and when each was written
        self._begun: dict[ConversationKey, str] = {}  # those of them that have begun
        # Places that were taken or left; and conversations, in which a turn has begun.
        self._missed: Notes[_Place | ConversationKey, None] = shelter.notes(self._write, limit)

    def join(self, key: ConversationKey, turn: str, written_at: float) -> None:
        """Stand in line, as this process's, by when it was written, then by when it came."""

        def durable() -> None:
            self._durable.join(key, turn, written_at)
            self._memory.join(key, turn, written_at)
            self._standing.setdefault((key, turn), written_at)

        def memory() -> None:
            if (key, turn) not in self._standing:
                self._memory.join(key, turn, written_at)
                self._standing[key, turn] = written_at
                self._missed.put((key, turn), None)

        with self._turn:
            self._shelter.call(durable, memory)

    def next(self, key: ConversationKey) -> str | None:
        """Return which turn of this process is to be answered now; None while it is another process's turn, or nobody's."""

        def durable() -> str | None:
            turn = self._durable.next(key)
            if turn is not None:
                self._memory.next(key)  # which is the same, and stays so in an outage
                self._begun[key] = turn
            return turn

        def memory() -> str | None:
            turn = self._memory.next(key)
            if turn is not None and self._begun.get(key) != turn:
                self._begun[key] = turn
                self._missed.put(key, None)
            return turn

        with self._turn:
            return self._shelter.call(durable, memory)

    def leave(self, key: ConversationKey, turn: str) -> bool:
        """Leave the line, from whichever place; return whether another process has turns in it."""

        def durable() -> bool:
            others = self._durable.leave(key, turn)
            self._forget(key, turn)
            return others

        def memory() -> bool:
            if self._begun.get(key) == turn:
                self._missed.drop(key)
            self._missed.put((key, turn), None)
            self._forget(key, turn)
            return False

        with self._turn:
            return self._shelter.call(durable, memory)

    def elsewhere(self, key: ConversationKey) -> bool:
        """Return whether another process has turns of this conversation; in an outage nobody can tell, so no."""
        with self._turn:
            return self._shelter.call(lambda: self._durable.elsewhere(key), lambda: False)

    def join_again(self) -> None:
        """Stand again where this process stood before it was taken for gone; StoreUnavailable: what is left is noted.

        Called while no call of the shelter is under way.
        """
        begun: list[_Place] = list(self._begun.items())
        waiting = (place for place in self._standing if place not in begun)
        changed: list[_Place | ConversationKey] = [*begun, *self._begun, *waiting]
        for missed in changed:
            self._missed.put(missed, None)
        while self._missed:
            self._missed.write_one()

    def _forget(self, key: ConversationKey, turn: str) -> None:
        self._memory.leave(key, turn)
        self._standing.pop((key, turn), None)
        if self._begun.get(key) == turn:
            del self._begun[key]

    def _write(self, missed: _Place | ConversationKey, _: None) -> None:
        if isinstance(missed, ConversationKey):
            self._durable.next(missed)
        elif missed in self._standing:
            self._durable.join(*missed, self._standing[missed])
        else:
            self._durable.leave(*missed)
