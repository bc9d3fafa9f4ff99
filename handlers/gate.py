"""Who may go in, and when: each message once, one at a time per conversation, a bounded number at once. Never blocks."""

import bisect
import logging
import queue
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from enum import Enum

from handlers.turn import Turn
from stores.base import ConversationKey

log = logging.getLogger("dingbridge.gate")

_REMEMBERED_SECONDS = 600  # DingTalk repeats a message after a minute, some a few times
_REMEMBERED = 50_000  # messages


class Duplicates:
    """Tells a message that DingTalk delivers again (a new frame id, the same msgId) from a new one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()

    def is_new(self, robot_code: str, message_id: str) -> bool:
        """Return True the first time within ten minutes."""
        now, key = self._clock(), (robot_code, message_id)
        with self._lock:
            while self._seen and (next(iter(self._seen.values())) < now - _REMEMBERED_SECONDS or len(self._seen) > _REMEMBERED):
                self._seen.popitem(last=False)
            if key in self._seen:
                return False
            self._seen[key] = now
            return True


class Verdict(Enum):
    """What became of a turn at the gate."""

    READY = "ready"  # it is being answered
    QUEUED = "queued"  # it waits for its conversation's turn, or for a free place
    FULL = "full"  # too many wait before it, and nothing more is taken until there is room
    STILL_FULL = "still full"  # the same, and it was said already
    CLOSED = "closed"  # the bot is shutting down


class Starter:
    """Starts threads one after the other, a breath apart.

    To begin an answer costs the interpreter some milliseconds, and the socket's loop shares it: when a hundred messages come
    at once, the acknowledgements of all go out between the first answers instead of after the last.
    """

    _BREATH = 0.0015  # seconds; measured in bench/: less delays the acknowledgements, more the answers

    def __init__(self, run: Callable[[ConversationKey], None]) -> None:
        self._run = run
        self._keys: queue.SimpleQueue[ConversationKey | None] = queue.SimpleQueue()  # never more than the gate's limit
        threading.Thread(target=self._work, name="starter", daemon=True).start()

    def start(self, key: ConversationKey) -> None:
        """Run it soon, in a thread of its own; returns at once."""
        self._keys.put(key)

    def close(self) -> None:
        """Start nothing more after what was asked for."""
        self._keys.put(None)

    def _work(self) -> None:
        while key := self._keys.get():
            while not self._begin(key):
                time.sleep(1)  # no thread to be had: those that end give one back
            time.sleep(self._BREATH)

    def _begin(self, key: ConversationKey) -> bool:
        try:
            threading.Thread(target=self._run, args=(key,), name="answer", daemon=True).start()
        except RuntimeError as error:
            log.error("an answer has to wait: %s", error)
            return False
        return True


class Gate:
    """Starts `answer` in a thread of its own for each turn that is ready.

    A conversation has a lane while it has turns; turns in a lane wait without a thread, in the order in which they were
    written. `limit` turns are answered at once; `depth` may wait in a lane, `backlog` lanes for a free place.
    """

    def __init__(self, answer: Callable[[Turn], None], *, limit: int, depth: int = 8, backlog: int | None = None) -> None:
        self._answer, self._limit, self._depth = answer, limit, depth
        self._backlog = 4 * limit if backlog is None else backlog
        self._changed = threading.Condition()
        self._lanes: dict[ConversationKey, list[Turn]] = {}  # [0] is being answered, or first in line for a place
        self._waiting: deque[ConversationKey] = deque()  # lanes without a place yet
        self._running: set[ConversationKey] = set()
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
                # The one at the head is being answered; those behind it go by when they were written.
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

    def counts(self) -> tuple[int, int]:
        """Return how many turns are being answered, and how many wait."""
        with self._changed:
            return len(self._running), sum(map(len, self._lanes.values())) - len(self._running)

    def close(self, timeout: float) -> tuple[Turn, ...]:
        """Admit nothing more, wait up to `timeout` seconds for all turns to end; return those that did not."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self._lanes, timeout)
            left = tuple(turn for lane in self._lanes.values() for turn in lane)
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
            try:
                self._answer(turn)
            except Exception:  # a bug in one answer must not hold up the conversation
                log.exception("msg=%s was not answered", turn.incoming.message_id)
            if not self._leave(key):
                return

    def _leave(self, key: ConversationKey) -> bool:
        """The head of the lane is answered; return whether this thread goes on with the next one."""
        with self._changed:
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
