"""Sessions and cards in memory."""

from stores.base import CardRecord, ConversationKey
from stores.memory import MemoryCards, MemorySessions

ANNA, BEN = (ConversationKey("bot", "corp", "chat", person) for person in ("anna", "ben"))


def test_a_session_is_kept_for_the_remain_time_after_its_last_use() -> None:
    """Each save starts the time again; after it the next question begins anew."""
    now = [0.0]
    sessions = MemorySessions(60, clock=lambda: now[0])
    assert sessions.save(sessions.load(ANNA).continued("c1"))
    now[0] = 50
    assert sessions.save(sessions.load(ANNA))
    now[0] = 100
    assert sessions.load(ANNA).conversation == "c1"
    now[0] = 161
    assert sessions.load(ANNA).conversation == ""


def test_an_answer_does_not_bring_back_what_was_begun_anew() -> None:
    """A session loaded before `renew` is not kept; one of somebody else is."""
    sessions = MemorySessions(60)
    old, other = sessions.load(ANNA), sessions.load(BEN)
    sessions.renew(ANNA)
    assert not sessions.save(old.continued("old"))
    assert sessions.save(other.continued("other"))
    assert sessions.load(ANNA).conversation == ""
    assert sessions.load(BEN).conversation == "other"


def test_a_renewal_outlives_the_remain_time() -> None:
    """An answer that grows for longer than the remain time does not bring back what was begun anew meanwhile."""
    now = [0.0]
    sessions = MemorySessions(60, clock=lambda: now[0])
    old = sessions.load(ANNA).continued("old")
    sessions.renew(ANNA)
    now[0] = 600
    assert not sessions.save(old)
    assert sessions.load(ANNA).conversation == ""


def test_the_longest_unused_sessions_leave_first() -> None:
    """Memory is bounded."""
    sessions = MemorySessions(60, limit=1)
    sessions.save(sessions.load(ANNA).continued("a"))
    sessions.save(sessions.load(BEN).continued("b"))
    assert sessions.load(BEN).conversation == "b"
    assert sessions.load(ANNA).conversation == ""


def test_the_last_cards_are_found() -> None:
    """Older ones than `limit` are not."""
    cards = MemoryCards(limit=2)
    for number in range(3):
        cards.put(CardRecord(f"card-{number}", "bot", "anna", "msg", ANNA))
    assert cards.find("card-0") is None
    assert cards.find("card-2") is not None
