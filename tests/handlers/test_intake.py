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


def _intake(gate: Gate, voice: Voice, inbox: MemoryInbox, aside: Aside, *, sees_pictures: bool = False) -> Intake:
    signals = MemorySignals()
    return Intake(
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
        stops=Stops(gate, MemoryTurns(), signals, aside),
        sees_pictures=sees_pictures,
    )


def test_a_bug_costs_an_answer_but_not_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """The one who wrote is told; the message has ended then, and not before; the log has the trace."""
    inbox, aside = MemoryInbox(), Aside()
    voice = Voice(lambda: inbox.is_open(KEY))
    intake = _intake(BrokenGate(lambda _: None, MemoryTurns(), limit=1), voice, inbox, aside)
    with caplog.at_level(logging.ERROR, "dingbridge.intake"):
        intake.accept(RAW)
    text, was_open = voice.said.get(timeout=WAIT)
    assert text == Texts("en").error(RuntimeError())
    assert was_open
    aside.close(WAIT)
    assert not inbox.is_open(KEY)
    assert not inbox.accept(KEY, "{}")
    assert "a bug" in caplog.text


_PICTURE = {"msgtype": "picture", "content": {"downloadCode": "c"}}
_RICH_PICTURE = {"msgtype": "richText", "content": {"richText": [{"type": "picture", "downloadCode": "c"}]}}
_BOTH = {"msgtype": "richText", "content": {"richText": [{"text": "?"}, {"type": "picture", "downloadCode": "c"}]}}
_LOST = {"msgtype": "picture", "content": {}}


@pytest.mark.parametrize(
    ("message", "sees_pictures", "is_question"),
    [
        (_PICTURE, True, True),
        (_PICTURE, False, False),
        (_RICH_PICTURE, True, True),
        (_RICH_PICTURE, False, False),
        (_BOTH, True, True),
        (_BOTH, False, True),
        (_LOST, True, False),
    ],
)
def test_a_picture_is_a_question_for_who_sees_it(message: dict[str, object], *, sees_pictures: bool, is_question: bool) -> None:
    """To an AI that sees none it is one by its text only; without any, the one who sent it is told."""
    asked, inbox, aside = Queue[Turn](), MemoryInbox(), Aside()
    gate, voice = Gate(asked.put, MemoryTurns(), limit=1), Voice(lambda: True)
    _intake(gate, voice, inbox, aside, sees_pictures=sees_pictures).accept({**RAW, **message})
    if is_question:
        assert asked.get(timeout=WAIT).incoming.pictures == ("c",)
        assert voice.said.empty()
    else:
        assert voice.said.get(timeout=WAIT)[0] == Texts("en").say("picture")
        assert asked.empty()
    aside.close(WAIT)
