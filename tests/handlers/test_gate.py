"""The gate: in order, so many at once, and never more waiting than it may hold."""

import threading
from queue import Queue

from handlers.gate import Gate, Verdict
from handlers.message import Incoming
from handlers.turn import Turn
from stores.base import ConversationKey
from stores.memory_inbox import MemoryTurns

WAIT = 10


def turn(person: str, number: int = 0) -> Turn:
    """Make a turn of somebody's conversation, written at `number` seconds."""
    incoming = Incoming(f"msg-{person}-{number}", "bot", "text", "cid", is_group=False, sender_id=person, created_at=number)
    return Turn(incoming, ConversationKey("bot", "corp", "cid", person))


class Answers:
    """Answers that begin when the gate starts them and end when the test says so."""

    def __init__(self) -> None:
        self.begun: Queue[str] = Queue()
        self._ends: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def __call__(self, one: Turn) -> None:
        self.begun.put(one.incoming.message_id)
        self._end(one.incoming.message_id).wait(WAIT)

    def let_end(self, message_id: str) -> None:
        self._end(message_id).set()

    def _end(self, message_id: str) -> threading.Event:
        with self._lock:
            return self._ends.setdefault(message_id, threading.Event())


def test_a_conversation_goes_on_in_the_order_of_writing() -> None:
    """What waits is answered by createAt, whatever the order of arrival."""
    answers = Answers()
    gate = Gate(answers, MemoryTurns(), limit=5)
    assert gate.admit(turn("a", 1)) is Verdict.READY
    assert gate.admit(turn("a", 3)) is Verdict.QUEUED
    assert gate.admit(turn("a", 2)) is Verdict.QUEUED
    for number in (1, 2, 3):
        assert answers.begun.get(timeout=WAIT) == f"msg-a-{number}"
        assert answers.begun.empty()
        answers.let_end(f"msg-a-{number}")
    assert gate.close(WAIT) == ()


def test_no_more_than_the_limit_at_once_and_the_longest_waiting_next() -> None:
    """A place that becomes free goes to the conversation that waits longest, before the next turn of the same one."""
    answers = Answers()
    gate = Gate(answers, MemoryTurns(), limit=1)
    gate.admit(turn("a", 1))
    gate.admit(turn("a", 2))
    assert gate.admit(turn("b", 1)) is Verdict.QUEUED
    assert gate.counts() == (1, 2)
    order = []
    for _ in range(3):
        order.append(answers.begun.get(timeout=WAIT))
        answers.let_end(order[-1])
    assert order == ["msg-a-1", "msg-b-1", "msg-a-2"]
    assert gate.close(WAIT) == ()


def test_a_released_turn_holds_nobody_up() -> None:
    """Stopped while its thread still waits for the AI: the next is answered at once, each once, and the gate waits for both."""
    answers = Answers()
    gate = Gate(answers, MemoryTurns(), limit=5)
    stopped = turn("a", 1)
    gate.admit(stopped)
    gate.admit(turn("a", 2))
    assert answers.begun.get(timeout=WAIT) == "msg-a-1"
    gate.release(stopped)
    gate.release(stopped)
    assert answers.begun.get(timeout=WAIT) == "msg-a-2"
    answers.let_end("msg-a-2")
    gate.admit(turn("a", 3))
    assert answers.begun.get(timeout=WAIT) == "msg-a-3"
    answers.let_end("msg-a-3")
    answers.let_end("msg-a-1")
    assert gate.close(WAIT) == ()
    assert answers.begun.empty()


def test_queues_are_bounded() -> None:
    """Beyond its depth a lane refuses, beyond its backlog the gate does; after closing, everything is refused."""
    answers = Answers()
    gate = Gate(answers, MemoryTurns(), limit=1, depth=2, backlog=1)
    assert [gate.admit(turn("a", number)) for number in range(4)] == [
        Verdict.READY, Verdict.QUEUED, Verdict.QUEUED, Verdict.FULL,
    ]  # fmt: skip
    assert gate.admit(turn("a", 5)) is Verdict.FULL
    assert [gate.admit(turn(person)) for person in "bc"] == [Verdict.QUEUED, Verdict.FULL]
    left = gate.close(0)
    assert [one.incoming.message_id for one in left] == ["msg-a-0", "msg-a-1", "msg-a-2", "msg-b-0"]
    assert gate.admit(turn("d")) is Verdict.CLOSED
    answers.let_end("msg-a-0")
    assert gate.close(WAIT) == ()


def test_an_answer_that_raises_does_not_hold_up_its_conversation() -> None:
    """A bug ends its own turn only, and a lane nobody uses is gone."""
    done: Queue[str] = Queue()

    def answer(one: Turn) -> None:
        done.put(one.incoming.message_id)
        raise RuntimeError("a bug")

    gate = Gate(answer, MemoryTurns(), limit=2)
    for number in range(3):
        gate.admit(turn("a", number))
    assert [done.get(timeout=WAIT) for _ in range(3)] == ["msg-a-0", "msg-a-1", "msg-a-2"]
    assert gate.close(WAIT) == ()
    assert gate.turns(turn("a").key) == ()


def test_a_conversation_goes_on_in_order_over_two_processes() -> None:
    """What was written later waits for the other process's turn, without a thread; it begins when somebody knocks."""
    turns, answers = MemoryTurns(), Answers()
    ours, theirs = Gate(answers, turns, limit=5), Gate(answers, turns, limit=5)
    theirs.admit(turn("a", 1))
    assert answers.begun.get(timeout=WAIT) == "msg-a-1"
    ours.admit(turn("a", 3))
    ours.admit(turn("a", 2))
    ours.admit(turn("b", 1))
    assert answers.begun.get(timeout=WAIT) == "msg-b-1"
    answers.let_end("msg-b-1")
    answers.let_end("msg-a-1")
    assert theirs.close(WAIT) == ()
    ours.knock(turn("a").key)
    for number in (2, 3):
        assert answers.begun.get(timeout=WAIT) == f"msg-a-{number}"
        answers.let_end(f"msg-a-{number}")
    assert ours.close(WAIT) == ()


def test_a_turn_that_waits_for_another_process_is_told_of_at_the_end() -> None:
    """It was not begun, and is not forgotten; nothing begins after that."""
    turns, answers = MemoryTurns(), Answers()
    ours, theirs = Gate(answers, turns, limit=5), Gate(answers, turns, limit=5)
    theirs.admit(turn("a", 1))
    assert answers.begun.get(timeout=WAIT) == "msg-a-1"
    ours.admit(turn("a", 2))
    assert [one.incoming.message_id for one in ours.close(0.1)] == ["msg-a-2"]
    answers.let_end("msg-a-1")
    assert theirs.close(WAIT) == ()
    ours.knock()
    assert ours.close(WAIT) == ()
    assert answers.begun.empty()


def test_a_message_stands_in_its_lane_once() -> None:
    """It fell to another process and back: the turn that stands there already is answered, and the lane is empty then."""
    answers = Answers()
    gate = Gate(answers, MemoryTurns(), limit=5)
    gate.admit(turn("a", 1))
    assert answers.begun.get(timeout=WAIT) == "msg-a-1"
    assert [gate.admit(turn("a", 2), again=again) for again in (False, True)] == [Verdict.QUEUED] * 2
    answers.let_end("msg-a-1")
    assert answers.begun.get(timeout=WAIT) == "msg-a-2"
    answers.let_end("msg-a-2")
    assert gate.close(WAIT) == ()
    assert answers.begun.empty()


def test_what_was_let_in_before_finds_room_again() -> None:
    """A full lane, or a full gate, refuses only what is new."""
    answers = Answers()
    gate = Gate(answers, MemoryTurns(), limit=1, depth=1, backlog=1)
    for number in (1, 2):
        gate.admit(turn("a", number))
    gate.admit(turn("b", 1))
    assert [gate.admit(one) for one in (turn("a", 3), turn("c", 1))] == [Verdict.FULL, Verdict.FULL]
    assert [gate.admit(one, again=True) for one in (turn("a", 3), turn("c", 1))] == [Verdict.QUEUED, Verdict.QUEUED]
    for name in ("msg-a-1", "msg-a-2", "msg-a-3", "msg-b-1", "msg-c-1"):
        answers.let_end(name)
    assert gate.close(WAIT) == ()
