"""What the memory stores can do beyond the contracts, for a shelter."""

from stores.base import ConversationKey, Session, Usage
from stores.memory import MemoryMeter, MemorySessions

ANNA = ConversationKey("bot", "corp", "chat", "anna")


def test_recalling_changes_nothing() -> None:
    """It begins nothing, and does not start the remain time again; an expired session is recalled without its conversation."""
    now = [0.0]
    sessions = MemorySessions(60, clock=lambda: now[0])
    assert sessions.recall(ANNA) is None
    session = sessions.load(ANNA).continued("c1")
    assert sessions.save(session)
    now[0] = 40
    assert sessions.recall(ANNA) == session
    now[0] = 61
    assert sessions.recall(ANNA) == session.continued("")
    now[0] = 1_501
    assert sessions.recall(ANNA) is None


def test_what_is_known_better_replaces_what_was_there() -> None:
    """Of a session, and of a month's sums."""
    sessions, meter = MemorySessions(60), MemoryMeter()
    old = sessions.load(ANNA)
    sessions.keep(Session.begun(ANNA).continued("new"))
    assert not sessions.save(old)
    assert sessions.load(ANNA).conversation == "new"
    meter.add("corp", "2026-11", Usage(5))
    meter.know("corp", "2026-11", Usage(3, 1))
    assert meter.add("corp", "2026-11", Usage(1)) == Usage(4, 1)
