"""What the memory stores can do beyond the contracts, for a shelter."""

from stores.base import ConversationKey, Session, Usage
from stores.memory import MemoryMeter, MemorySessions

ANNA, BEN = (ConversationKey("bot", "corp", "chat", person) for person in ("anna", "ben"))


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
    now[0] = 1_561
    assert sessions.recall(ANNA) is None


def test_conversations_are_bounded_together() -> None:
    """The longest unused leave first; one that is too long by itself is not kept, and takes nobody's place for long."""
    sessions = MemorySessions(60, characters=100)
    keys = [ConversationKey("bot", "corp", "chat", str(number)) for number in range(4)]
    for key in keys[:3]:
        assert sessions.save(sessions.load(key).continued("." * 30))
    assert sessions.save(sessions.load(keys[0]).continued("." * 40))
    assert sessions.save(sessions.load(keys[3]).continued("." * 30))
    assert [len(sessions.load(key).conversation) for key in keys] == [40, 0, 30, 30]
    assert sessions.save(sessions.load(ANNA).continued("." * 101))
    assert sessions.load(ANNA).conversation == ""
    assert sessions.save(sessions.load(ANNA).continued("." * 100))
    assert len(sessions.load(ANNA).conversation) == 100


def test_what_is_over_takes_no_room() -> None:
    """Also of a session that is not looked for again, and behind one that lives longer."""
    now = [0.0]
    sessions = MemorySessions(60, characters=100, clock=lambda: now[0])
    assert sessions.save(Session.begun(BEN).continued("." * 30), 100_000)
    assert sessions.save(Session.begun(ANNA).continued("." * 60))
    now[0] = 121
    assert sessions.save(Session.begun(ConversationKey("bot", "corp", "chat", "carl")).continued("." * 60))
    assert len(sessions.load(BEN).conversation) == 30
    assert sessions.recall(ANNA)
    now[0] = 2_000
    sessions.load(BEN)
    assert sessions.recall(ANNA) is None


def test_a_session_is_known_for_the_time_that_was_said_here() -> None:
    """Its store tells what it holds, not for how long; another one in its place has the store's own time."""
    now = [0.0]
    sessions = MemorySessions(60, clock=lambda: now[0])
    session = Session.begun(ANNA).continued("c1")
    assert sessions.save(session, 600)
    sessions.know(session)
    now[0] = 599
    assert sessions.recall(ANNA) == session
    sessions.know(Session.begun(ANNA).continued("another"))
    now[0] = 660
    assert sessions.load(ANNA).conversation == ""


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
