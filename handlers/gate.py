"""Who may go in, and when: one turn at a time per conversation, a bounded number at once. Never blocks."""

import bisect
import logging
import threading
from collections import deque
from collections.abc import Callable
from enum import Enum

from handlers.starter import Starter
from handlers.turn import Turn
from stores.base import ConversationKey

log = logging.getLogger("dingbridge.gate")


class Verdict(Enum):
    """What became of a turn at the gate."""

    READY = "ready"  # it is being answered
    QUEUED = "queued"  # it waits for its conversation's turn, or for a free place
    FULL = "full"  # too many wait before it, and nothing more is taken until there is room
    STILL_FULL = "still full"  # the same, and it was said already
    CLOSED = "closed"  # the bot is shutting down


class Gate:
    """Starts `answer` in a thread of its own for each turn that is ready.

    A conversation has a lane while it has turns; turns in a lane wait without a thread, in the order in which they were
    written. `limit` turns are answered at once; `depth` may wait in a lane, `backlog` lanes for a free place.
    """

    def __init__(self, answer: Callable[[Turn], None], *, limit: int, depth: int = 8, backlog: int | None = None) -> None:
        self._answer, self._limit, self._depth = answer, limit, depth
        self._backlog = 4 * limit if backlog is None else backlog
        self._changed = threading.Condition()
        self._lanes: dict[ConversationKey, list[Turn]] = {}  # [0] is being answered, or waits for a place
        self._waiting: deque[ConversationKey] = deque()  # lanes without a place yet
        self._running: set[ConversationKey] = set()
        self._begun: set[Turn] = set()  # turns with a thread; a released one has left its lane already
        self._overflowed: set[ConversationKey] = set()  # lanes whose people were told that nothing more is taken
        self._closed = False
        self._starter = Starter(self._run)

    def admit(self, turn: Turn) -> Verdict:
        """Take the turn in, or say why not; at once."""
        with self._changed:
            if self._closed:
                return Verdict.CLOSED
            lane = self._lanes.get(turn.key)
            if lane:
                if len(lane) > self._depth:
                    return self._overflow(turn.key)
                self._overflowed.discard(turn.key)
                # The head keeps its place, it may be half answered; those behind it go by when they were written.
                bisect.insort(lane, turn, lo=1, key=lambda waiting: waiting.incoming.created_at)
                return Verdict.QUEUED
            if len(self._running) >= self._limit:
                if len(self._waiting) >= self._backlog:
                    return Verdict.FULL
                self._lanes[turn.key] = [turn]
                self._waiting.append(turn.key)
                return Verdict.QUEUED
            self._lanes[turn.key] = [turn]
            self._start(turn.key)
            return Verdict.READY

    def _overflow(self, key: ConversationKey) -> Verdict:
        if key in self._overflowed:
            return Verdict.STILL_FULL
        self._overflowed.add(key)
        return Verdict.FULL

    def turns(self, key: ConversationKey) -> tuple[Turn, ...]:
        """Return the turns of a conversation, the one being answered first."""
        with self._changed:
            return tuple(self._lanes.get(key, ()))

    def release(self, turn: Turn) -> None:
        """The turn was stopped: the next of its conversation does not wait until its thread notices.

        Its thread may be reading a silent stream, to learn the name by which the AI can be told to stop.
        """
        with self._changed:
            lane = self._lanes.get(turn.key)
            if lane and lane[0] is turn and turn in self._begun and len(self._begun) < 2 * self._limit:
                turn.released = True
                if self._take_off(turn.key):
                    self._starter.start(turn.key)

    def counts(self) -> tuple[int, int]:
        """Return how many turns are being answered, and how many wait."""
        with self._changed:
            return len(self._running), sum(map(len, self._lanes.values())) - len(self._running)

    def close(self, timeout: float) -> tuple[Turn, ...]:
        """Admit nothing more, wait up to `timeout` seconds for all turns to end; return those that did not."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self._lanes and not self._begun, timeout)
            released = tuple(turn for turn in self._begun if turn.released)
            left = (*released, *(turn for lane in self._lanes.values() for turn in lane))
            self._lanes = {key: lane[:1] for key, lane in self._lanes.items() if key in self._running}
            self._waiting.clear()
            self._starter.close()
            return left

    def _start(self, key: ConversationKey) -> None:
        self._running.add(key)
        self._starter.start(key)

    def _run(self, key: ConversationKey) -> None:
        """Answer the turns of a lane until it is empty, or until another lane has waited longer for this place."""
        while True:
            with self._changed:
                turn = self._lanes[key][0]
                self._begun.add(turn)
            try:
                self._answer(turn)
            except Exception:  # a bug in one answer must not hold up the conversation
                log.exception("msg=%s was not answered", turn.incoming.message_id)
            with self._changed:
                self._begun.discard(turn)
                self._changed.notify_all()
                if turn.released or not self._take_off(key):
                    return

    def _take_off(self, key: ConversationKey) -> bool:
        """Take the head off its lane; return whether the lane keeps its place, for the next of its turns."""
        lane = self._lanes[key]
        lane.pop(0)
        if lane and not self._waiting:
            return True
        self._running.discard(key)
        if lane:
            self._waiting.append(key)
        else:
            del self._lanes[key]
            self._overflowed.discard(key)
        self._changed.notify_all()
        if self._waiting:
            self._start(self._waiting.popleft())
        return False
