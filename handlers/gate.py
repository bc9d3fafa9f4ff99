"""Who may go in, and when: one turn at a time per conversation, a bounded number at once. Waits for the store only."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from enum import Enum

from handlers.starter import Starter
from handlers.turn import Turn
from stores.base import ConversationKey, Signal, Turns

log = logging.getLogger("dingbridge.gate")


class Verdict(Enum):
    """What became of a turn at the gate."""

    READY = "ready"  # it is being answered
    QUEUED = "queued"  # it waits for its conversation's turn, or for a free place
    FULL = "full"  # too many wait before it
    CLOSED = "closed"  # the bot is shutting down


class Gate:
    """Starts `answer` in a thread of its own for each turn that is ready.

    A conversation has a lane while it has turns here; turns in a lane wait without a thread. Which of them is next, `turns`
    says: they go by when they were written, over all processes. A lane that has to wait for another process's turn is parked
    until `knock`. `limit` turns are answered at once; `depth` may wait in a lane, `backlog` lanes for a free place. `send`
    lets other processes know.
    """

    def __init__(
        self,
        answer: Callable[[Turn], None],
        turns: Turns,
        *,
        limit: int,
        depth: int = 8,
        backlog: int | None = None,
        send: Callable[[Signal], None] = lambda _: None,
    ) -> None:
        self._answer, self._lines, self._send = answer, turns, send
        self._limit, self._depth = limit, depth
        self._backlog = 4 * limit if backlog is None else backlog
        self._changed = threading.Condition()
        self._lanes: dict[ConversationKey, list[Turn]] = {}  # one that has begun stands first
        self._waiting: deque[ConversationKey] = deque()  # lanes without a place yet
        self._parked: set[ConversationKey] = set()  # lanes that wait for another process
        self._running: set[ConversationKey] = set()
        self._begun: set[Turn] = set()  # turns with a thread; a released one has left its lane already
        self._closed = self._over = False  # nothing more is admitted; nothing more is begun
        self._starter = Starter(self._run)

    def admit(self, turn: Turn, *, again: bool = False) -> Verdict:
        """Take the turn in, or say why not. One that was taken in before, by whichever process, finds room `again`."""
        self._lines.join(turn.key, turn.incoming.message_id, turn.incoming.created_at)
        verdict = self._admit(turn, again=again)
        if verdict not in {Verdict.READY, Verdict.QUEUED}:
            self._leave(turn)
        return verdict

    def _admit(self, turn: Turn, *, again: bool) -> Verdict:
        with self._changed:
            if self._closed:
                return Verdict.CLOSED
            lane = self._lanes.get(turn.key)
            if lane:
                if any(standing.message == turn.message for standing in lane):
                    return Verdict.QUEUED  # that one stands for both: it fell to another process and back
                if len(lane) > self._depth and not again:
                    return Verdict.FULL
                lane.append(turn)
                self._unpark(turn.key)  # it may be the one whose turn it is
                return Verdict.QUEUED
            if len(self._waiting) + len(self._parked) >= self._backlog and not again:
                return Verdict.FULL
            self._lanes[turn.key] = [turn]
            if len(self._running) >= self._limit:
                self._waiting.append(turn.key)
                return Verdict.QUEUED
            self._start(turn.key)
            return Verdict.READY

    def turns(self, key: ConversationKey) -> tuple[Turn, ...]:
        """Return the turns of a conversation, the one being answered first."""
        with self._changed:
            return tuple(self._lanes.get(key, ()))

    def begun(self) -> tuple[Turn, ...]:
        """Return the turns that are being answered, in whichever conversation."""
        with self._changed:
            return tuple(self._begun)

    def release(self, turn: Turn) -> None:
        """The turn was stopped: the next of its conversation does not wait until its thread notices.

        Its thread may be reading a silent stream, to learn the name by which the AI can be told to stop.
        """
        with self._changed:
            if turn not in self._begun or turn.released or len(self._begun) >= 2 * self._limit:
                return
            turn.released = True
        self._leave(turn)
        with self._changed:
            if self._take_off(turn):
                self._starter.start(turn.key)

    def knock(self, *keys: ConversationKey) -> None:
        """Look again whether it is the turn of these conversations, or of all that wait for another process."""
        with self._changed:
            for key in keys or tuple(self._parked):
                self._unpark(key)

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
            self._parked.clear()
            self._over = True
            self._starter.close()
            return left

    def _unpark(self, key: ConversationKey) -> None:
        if key in self._parked:
            self._parked.discard(key)
            self._waiting.append(key)
            self._fill()

    def _fill(self) -> None:
        while self._waiting and len(self._running) < self._limit:
            self._start(self._waiting.popleft())

    def _start(self, key: ConversationKey) -> None:
        self._running.add(key)
        self._starter.start(key)

    def _run(self, key: ConversationKey) -> None:
        """Answer the turns of a lane until it is empty, or until another lane has waited longer for this place."""
        while turn := self._next(key):
            try:
                self._answer(turn)
            except BaseException:  # whatever one answer raises must not hold up the conversation
                log.exception("msg=%s was not answered", turn.incoming.message_id)
            if not turn.released:
                self._leave(turn)
            with self._changed:
                self._begun.discard(turn)
                self._changed.notify_all()
                if turn.released or not self._take_off(turn):
                    return

    def _next(self, key: ConversationKey) -> Turn | None:
        """Return the turn to begin, at the head of its lane; None when it is another process's turn: the lane is parked."""
        name = self._lines.next(key)
        with self._changed:
            lane = self._lanes[key]
            turn = next((turn for turn in lane if turn.incoming.message_id == name), None)
            if turn:
                lane.remove(turn)
                lane.insert(0, turn)
                self._begun.add(turn)
            else:
                self._running.discard(key)
                if self._over:
                    del self._lanes[key]
                    self._changed.notify_all()
                else:
                    self._parked.add(key)
                    self._fill()
            return turn

    def _leave(self, turn: Turn) -> None:
        if self._lines.leave(turn.key, turn.incoming.message_id):
            self._send(Signal("next", turn.key))

    def _take_off(self, turn: Turn) -> bool:
        """Take a turn off its lane; return whether the lane keeps its place, for the next of its turns."""
        lane = self._lanes[turn.key]
        lane.remove(turn)
        if lane and not self._waiting:
            return True
        self._running.discard(turn.key)
        if lane:
            self._waiting.append(turn.key)
        else:
            del self._lanes[turn.key]
        self._changed.notify_all()
        self._fill()
        return False
