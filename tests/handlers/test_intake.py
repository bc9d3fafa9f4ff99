"""What happens to a message as it arrives, when something of ours is broken."""

import logging
from collections.abc import Callable
from queue import Queue

import pytest

from handlers.account import Account, Companies
from handlers.admission import Admission
from handlers.aside import Aside
from handlers.gate import Gate, Verdict
from handlers.intake import Intake
from handlers.message import Incoming
from handlers.say import Speaker
from handlers.stops import Stops
from handlers.texts import Texts
from handlers.turn import Turn
from settings import AdmissionSection
from stores.base import MessageKey
from stores.memory import MemorySessions
from stores.memory_inbox import MemoryInbox, MemorySignals, MemoryTurns

WAIT = 10
RAW = {
    "msgId": "m1",
    "robotCode": "bot",
    "conversationId": "cid",
    "senderId": "anna",
    "msgtype": "text",
    "text": {"content": "?"},
}
KEY = MessageKey("bot", "bot", "m1")


class BrokenGate(Gate):
    """A gate with a bug."""

    def admit(self, turn: Turn, *, again: bool = False) -> Verdict:
        del turn, again
        raise RuntimeError("a bug")


class Voice(Speaker):
    """A voice that keeps what it would say."""

    def __init__(self, look: Callable[[], bool]) -> None:
        self.said: Queue[tuple[str, bool]] = Queue()
        self._look = look

    def say(self, incoming: Incoming, text: str, *, patience: float = 0) -> bool:
        del incoming, patience
        self.said.put((text, self._look()))
        return True


def test_a_bug_costs_an_answer_but_not_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """The one who wrote is told; the message has ended then, and not before; the log has the trace."""
    inbox, turns, signals, aside = MemoryInbox(), MemoryTurns(), MemorySignals(), Aside()
    gate, voice = BrokenGate(lambda _: None, turns, limit=1), Voice(lambda: inbox.is_open(KEY))
    intake = Intake(
        "bot",
        "bot",
        Account(Companies()),
        scope="user_in_chat",
        inbox=inbox,
        admission=Admission(AdmissionSection()),
        gate=gate,
        sessions=MemorySessions(60),
        signals=signals,
        speaker=voice,
        texts=Texts("en"),
        aside=aside,
        stops=Stops(gate, turns, signals, aside),
    )
    with caplog.at_level(logging.ERROR, "dingbridge.intake"):
        intake.accept(RAW)
    text, was_open = voice.said.get(timeout=WAIT)
    assert text == Texts("en").error(RuntimeError())
    assert was_open
    aside.close(WAIT)
    assert not inbox.is_open(KEY)
    assert not inbox.accept(KEY, "{}")
    assert "a bug" in caplog.text
