"""What processes know of each other in an outage of the durable store, and after it."""

from contextlib import closing
from dataclasses import replace
from queue import SimpleQueue

import pytest

from errors import StoreUnavailable
from stores.base import CardRecord, ConversationKey, MessageKey, Signal
from stores.shelter import Shelter
from stores.sheltered_stores import in_memory, sheltered
from stores.sqlite_stores import in_sqlite
from tests.stores.kinds import NEVER, eventually
from tests.stores.outages import CutOff, Process

ANNA = ConversationKey("bot", "corp", "chat", "anna")
MESSAGE = MessageKey("bot", "robot", "message")


def test_a_process_is_there_in_an_outage(ours: Process) -> None:
    """Nobody can tell it otherwise, and it does not wait to be told."""
    ours.lose()
    assert all(ours.presence.renew() for _ in range(3))
    ours.presence.look()
    ours.presence.leave()
    ours.find()
    assert ours.presence.renew()


@pytest.mark.parametrize("in_an_outage", [False, True])
def test_a_process_that_left_does_not_come_back(ours: Process, other: Process, *, in_an_outage: bool) -> None:
    """Though a thread of it may still renew its lease, now or after an outage."""
    ours.inbox.accept(MESSAGE, "{}")
    ours.presence.leave()
    if in_an_outage:
        ours.lose()
    assert ours.presence.renew()
    if in_an_outage:
        ours.find()
    assert ours.presence.renew()
    assert [message.key for message in other.inbox.take_over("bot")] == [MESSAGE]


def test_a_short_outage_makes_nobody_gone(ours: Process, other: Process) -> None:
    """Its lease was long enough."""
    ours.inbox.accept(MESSAGE, "{}")
    ours.lose()
    ours.now = other.now = ours.now + 10
    assert ours.presence.renew()
    ours.find()
    other.now += 10
    other.presence.look()
    assert other.inbox.take_over("bot") == ()
    assert ours.presence.renew()


def test_what_is_written_after_an_outage_is_a_present_processs(ours: Process, other: Process) -> None:
    """Its lease is renewed first, so that nobody takes over what has just come; here another looks after each call."""

    class Watched(CutOff):
        def run(self, statement: str, *values: str | float) -> list[tuple[object, ...]]:
            rows = super().run(statement, *values)
            taken.extend(other.inbox.take_over("bot"))
            taken.extend(other.cards.orphans("bot"))
            return rows

    taken = list[object]()
    file = Watched(ours.path)
    with closing(file):
        shelter = Shelter(file.reach, retry_seconds=NEVER)
        file.answer(0)
        shelter.lose(StoreUnavailable("away at the start"))
        stores = sheltered(shelter, in_sqlite(file, 60, clock=lambda: ours.now), in_memory(60))
        for number in range(3):
            stores.inbox.accept(replace(MESSAGE, message_id=str(number)), "{}")
            stores.cards.open(CardRecord(str(number), "bot", "anna", MESSAGE, ANNA))
        file.answer(float("inf"))
        assert shelter.try_again()
        assert taken == []
        assert other.inbox.is_open(replace(MESSAGE, message_id="2"))
        assert stores.presence.renew()
        stores.close()


def test_a_signal_that_is_sent_in_an_outage_is_lost(ours: Process, other: Process) -> None:
    """One that is sent before or after it is heard."""
    heard = SimpleQueue[Signal]()
    other.signals.listen(heard.put)
    for user in ("before", "meanwhile", "after"):
        if user == "meanwhile":
            ours.lose()
        ours.signals.send(Signal("stop", ANNA, user))
        if user == "meanwhile":
            ours.find()
    assert [heard.get(timeout=10).user for _ in range(2)] == ["before", "after"]


def test_listening_survives_outages(ours: Process, other: Process) -> None:
    """What others send while the file cannot be read here is heard afterwards; so is who begins to listen then."""
    heard, late = SimpleQueue[Signal](), SimpleQueue[Signal]()
    ours.signals.listen(heard.put)
    ours.lose()
    asked = ours.file.asked
    assert eventually(lambda: ours.file.asked > asked)
    ours.signals.listen(late.put)
    other.signals.send(Signal("stop", ANNA, "meanwhile"))
    asked = ours.file.asked
    assert eventually(lambda: ours.file.asked > asked + 2)
    ours.file.answer(float("inf"))
    assert heard.get(timeout=10).user == "meanwhile"

    def send_again() -> bool:
        other.signals.send(Signal("stop", ANNA, "afterwards"))
        return not late.empty()

    assert eventually(send_again)
    assert heard.get(timeout=10).user == late.get().user == "afterwards"
