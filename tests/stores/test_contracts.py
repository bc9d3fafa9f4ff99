"""What every store promises a process: memory, a SQLite file, that file sheltered, and the shelter in an endless outage."""

import threading

from stores.base import CardRecord, ConversationKey, MessageKey, Signal, Stores, Usage
from tests.stores.kinds import LIMIT, MONTHS

ANNA, BEN = (ConversationKey("bot", "corp", "chat", person) for person in ("anna", "ben"))
MESSAGE = MessageKey("bot", "robot", "message")


def test_a_session_is_kept_for_the_remain_time_after_its_last_use(stores: Stores, now: list[float]) -> None:
    """Each save starts the time again; after it the next question begins anew."""
    assert stores.sessions.save(stores.sessions.load(ANNA).continued("c1"))
    now[0] += 50
    assert stores.sessions.save(stores.sessions.load(ANNA))
    now[0] += 50
    assert stores.sessions.load(ANNA).conversation == "c1"
    now[0] += 11
    assert stores.sessions.load(ANNA).conversation == ""


def test_a_session_may_be_saved_with_a_remain_time_of_its_own(stores: Stores, now: list[float]) -> None:
    """Longer or shorter than the store's; loading it changes nothing of that, and each save says it anew."""
    assert stores.sessions.save(stores.sessions.load(ANNA).continued("longer"), 600)
    assert stores.sessions.save(stores.sessions.load(BEN).continued("shorter"), 10)
    now[0] += 9
    assert stores.sessions.load(BEN).conversation == "shorter"
    now[0] += 2
    assert stores.sessions.load(BEN).conversation == ""
    now[0] += 580
    assert stores.sessions.save(stores.sessions.load(ANNA), 600)
    now[0] += 590
    session = stores.sessions.load(ANNA)
    assert session.conversation == "longer"
    assert stores.sessions.save(session)
    now[0] += 61
    assert stores.sessions.load(ANNA).conversation == ""


def test_a_session_that_is_loaded_twice_is_one(stores: Stores) -> None:
    """Two questions that begin a conversation at once both go on with it."""
    one, two = stores.sessions.load(ANNA), stores.sessions.load(ANNA)
    assert one == two
    assert stores.sessions.save(one.continued("c1"))
    assert stores.sessions.save(two.continued("c2"))
    assert stores.sessions.load(ANNA).conversation == "c2"


def test_an_answer_does_not_bring_back_what_was_begun_anew(stores: Stores) -> None:
    """A session loaded before `renew` is not kept; one of somebody else is."""
    old, other = stores.sessions.load(ANNA), stores.sessions.load(BEN)
    stores.sessions.renew(ANNA)
    assert not stores.sessions.save(old.continued("old"))
    assert stores.sessions.save(other.continued("other"))
    assert stores.sessions.load(ANNA).conversation == ""
    assert stores.sessions.load(BEN).conversation == "other"


def test_a_renewal_outlives_the_remain_time(stores: Stores, now: list[float]) -> None:
    """An answer that grows for longer than the remain time does not bring back what was begun anew meanwhile."""
    old = stores.sessions.load(ANNA).continued("old")
    stores.sessions.renew(ANNA)
    now[0] += 600
    assert not stores.sessions.save(old)
    assert stores.sessions.load(ANNA).conversation == ""


def test_a_renewal_outlives_the_conversation_after_it(stores: Stores, now: list[float]) -> None:
    """Nor when the conversation that was begun anew has gone on and expired."""
    old = stores.sessions.load(ANNA).continued("old")
    stores.sessions.renew(ANNA)
    assert stores.sessions.save(stores.sessions.load(ANNA).continued("new"))
    now[0] += 1_400
    assert not stores.sessions.save(old)


def test_a_renewal_outlives_a_conversation_with_a_time_of_its_own(stores: Stores, now: list[float]) -> None:
    """However short or long that time is; what was over before is begun anew by nobody's answer."""
    for remain in (0, 1, 2_000):
        old = stores.sessions.load(ANNA).continued("old")
        stores.sessions.renew(ANNA)
        assert stores.sessions.save(stores.sessions.load(ANNA).continued("new"), remain)
        now[0] += 1_400
        assert not stores.sessions.save(old, remain)
        now[0] += remain + 1
        assert stores.sessions.load(ANNA).conversation == ""


def test_all_that_was_said_may_be_kept_with_a_session(stores: Stores) -> None:
    """For AIs that remember nothing: tens of thousands of characters, of any script, come back as they were."""
    said = 'a question, 一个问题, 😀 "quoted" \\ \n' * 2_000
    for key in (ANNA, BEN):
        assert stores.sessions.save(stores.sessions.load(key).continued(said))
    assert [stores.sessions.load(key).conversation for key in (ANNA, BEN)] == [said, said]


def test_an_answer_that_outgrows_the_remain_time_is_kept(stores: Stores, now: list[float]) -> None:
    """When nobody has begun anew meanwhile."""
    growing = stores.sessions.load(ANNA)
    now[0] += 1_400
    assert stores.sessions.save(growing.continued("c1"))
    assert stores.sessions.load(ANNA).conversation == "c1"


def test_no_generation_is_used_twice(stores: Stores, now: list[float]) -> None:
    """Neither after a renewal, nor after an expiry, nor for another key."""
    generations = [stores.sessions.load(ANNA).generation, stores.sessions.load(BEN).generation]
    for _ in range(20):
        stores.sessions.renew(ANNA)
        generations.append(stores.sessions.load(ANNA).generation)
        now[0] += 2_000
        generations.append(stores.sessions.load(ANNA).generation)
    assert len(set(generations)) == len(generations)


def test_the_longest_unused_sessions_leave_first(bounded: Stores, now: list[float]) -> None:
    """What is kept is bounded."""
    keys = [ConversationKey("bot", "corp", "chat", f"person {number}") for number in range(LIMIT + 2)]
    for key in keys:
        now[0] += 1
        bounded.sessions.save(bounded.sessions.load(key).continued("c"))
    assert bounded.sessions.load(keys[-1]).conversation == "c"
    assert bounded.sessions.load(keys[0]).conversation == ""


def test_ids_are_kept_whole(stores: Stores) -> None:
    """Whatever characters they have, and however alike they are; no two keys share a conversation."""
    odd = 'quote " comma , null \0 half a pair \ud83d 钉钉 ' + "long" * 100
    for one, two in (
        (ConversationKey("a", "b", "", ""), ConversationKey("a", "", "b", "")),
        (ConversationKey(odd, odd, odd, odd), ConversationKey(odd, odd, odd, odd + " ")),
    ):
        for key in (one, two):
            assert stores.sessions.save(stores.sessions.load(key).continued(f"{key}{odd}"))
        assert stores.sessions.load(one).conversation == f"{one}{odd}"
    key, message = ConversationKey(odd, odd, odd, odd), MessageKey(odd, odd, odd)
    card = CardRecord(odd, odd, odd, message, key, odd, odd)
    stores.cards.open(card)
    assert stores.cards.find(odd) == card
    assert stores.inbox.accept(message, odd)
    assert stores.inbox.ask(message, odd)
    assert stores.inbox.is_open(message)
    assert stores.inbox.accept(MessageKey(odd, odd, odd + " "), odd)
    stores.turns.join(key, odd, 1.0)
    assert stores.turns.next(key) == odd
    assert stores.turns.next(ConversationKey(odd, odd, odd, odd + " ")) is None
    stores.signals.send(Signal("stop", key, odd, odd))
    assert stores.meter.add(odd, "2026-11", Usage(1)) == stores.meter.add(odd, "2026-11", Usage())
    assert stores.meter.first(odd, "2026-11", odd)
    stores.meter.remember(odd, odd)
    assert stores.meter.apps() == {odd: odd}


def test_beginning_anew_returns_the_new_generation(stores: Stores) -> None:
    """By which other processes learn of it; this one has it then."""
    generation = stores.sessions.renew(ANNA)
    assert stores.sessions.load(ANNA).generation == generation


def test_a_message_is_accepted_once(stores: Stores) -> None:
    """While it is under way, and after it has ended; its whole name tells it from others."""
    assert stores.inbox.accept(MESSAGE, "{}")
    assert not stores.inbox.accept(MESSAGE, "{}")
    stores.inbox.end(MESSAGE)
    assert not stores.inbox.accept(MESSAGE, "{}")
    for other in (("bot", "robot", "another"), ("bot", "another", "message"), ("another", "robot", "message")):
        assert stores.inbox.accept(MessageKey(*other), "{}")


def test_a_message_is_forgotten_two_hours_after_its_end(stores: Stores, now: list[float]) -> None:
    """However long it was under way, and however often it is said to have ended; then it is a new one."""
    assert stores.inbox.accept(MESSAGE, "{}")
    now[0] += 1_200
    assert not stores.inbox.accept(MESSAGE, "{}")
    stores.inbox.end(MESSAGE)
    now[0] += 7_199
    stores.inbox.end(MESSAGE)
    assert not stores.inbox.accept(MESSAGE, "{}")
    now[0] += 2
    assert stores.inbox.accept(MESSAGE, "{}")
    assert stores.inbox.is_open(MESSAGE)
    assert stores.inbox.ask(MESSAGE, "card")


def test_a_message_is_open_until_it_ends(stores: Stores) -> None:
    """Whether the AI was asked or not."""
    assert not stores.inbox.is_open(MESSAGE)
    stores.inbox.accept(MESSAGE, "{}")
    assert stores.inbox.is_open(MESSAGE)
    assert [stores.inbox.ask(MESSAGE, "card") for _ in range(2)] == [True, True]
    assert stores.inbox.is_open(MESSAGE)
    stores.inbox.end(MESSAGE)
    assert not stores.inbox.is_open(MESSAGE)


def test_a_message_that_is_not_known_can_be_asked_and_ended(stores: Stores) -> None:
    """What was kept may be lost; who still has the message goes on, and it is not taken again."""
    assert stores.inbox.ask(MESSAGE, "card")
    assert stores.inbox.is_open(MESSAGE)
    assert not stores.inbox.accept(MESSAGE, "{}")
    unknown = MessageKey("bot", "robot", "unknown")
    stores.inbox.end(unknown)
    assert not stores.inbox.accept(unknown, "{}")


def test_what_a_process_has_is_not_taken_from_it(stores: Stores) -> None:
    """Neither its messages nor its cards, by itself."""
    stores.inbox.accept(MESSAGE, "{}")
    stores.cards.open(CardRecord("card", "bot", "anna", MESSAGE, ANNA))
    stores.presence.look()
    assert stores.presence.renew()
    assert stores.inbox.take_over("bot") == ()
    assert stores.cards.orphans("bot") == ()


def test_a_line_goes_by_when_its_turns_were_written(stores: Stores) -> None:
    """Then by when they came; each conversation has its own."""
    for turn, written_at in (("late", 30.0), ("early", 10.0), ("middle", 20.0), ("middle too", 20.0)):
        stores.turns.join(ANNA, turn, written_at)
    stores.turns.join(BEN, "his", 1.0)
    for turn in ("early", "middle", "middle too", "late"):
        assert stores.turns.next(ANNA) == turn
        assert not stores.turns.leave(ANNA, turn)
    assert stores.turns.next(ANNA) is None
    assert stores.turns.next(BEN) == "his"
    assert not stores.turns.elsewhere(ANNA)


def test_a_turn_that_has_begun_stays_the_one(stores: Stores) -> None:
    """Whoever joins before it, until it leaves."""
    stores.turns.join(ANNA, "begun", 20.0)
    assert stores.turns.next(ANNA) == "begun"
    stores.turns.join(ANNA, "written before", 10.0)
    assert stores.turns.next(ANNA) == "begun"
    stores.turns.leave(ANNA, "begun")
    assert stores.turns.next(ANNA) == "written before"


def test_a_turn_may_leave_from_any_place(stores: Stores) -> None:
    """Also one that never joined."""
    for written_at, turn in enumerate(("first", "second", "third")):
        stores.turns.join(ANNA, turn, float(written_at))
    stores.turns.leave(ANNA, "second")
    stores.turns.leave(ANNA, "stranger")
    stores.turns.leave(BEN, "first")
    assert stores.turns.next(ANNA) == "first"
    stores.turns.leave(ANNA, "first")
    assert stores.turns.next(ANNA) == "third"


def test_joining_twice_is_one_place(stores: Stores) -> None:
    """When it is not known whether the first time worked."""
    stores.turns.join(ANNA, "turn", 1.0)
    stores.turns.join(ANNA, "turn", 1.0)
    stores.turns.leave(ANNA, "turn")
    assert stores.turns.next(ANNA) is None


def test_a_card_is_found_by_its_id_only(stores: Stores) -> None:
    """With the AI's name for its answer from when that is known, while it is open and after it was closed."""
    card = CardRecord("card", "bot", "anna", MESSAGE, ANNA, template="form")
    stores.cards.open(card)
    assert stores.cards.find("card") == card
    stores.cards.note("card", ref="task")
    stores.cards.note("card", text="grown so far")
    found = stores.cards.find("card")
    assert found
    assert (found.ref, found.is_open) == ("task", True)
    stores.cards.close("card")
    assert stores.cards.find("card") == CardRecord("card", "bot", "anna", MESSAGE, ANNA, "task", "form", is_open=False)
    stores.cards.note("another", ref="task")
    stores.cards.close("another")
    assert stores.cards.find("another") is None


def test_what_a_closed_card_showed_stays_forgotten(stores: Stores) -> None:
    """Only the AI's name for the answer may still be added."""
    stores.cards.open(CardRecord("card", "bot", "anna", MESSAGE, ANNA))
    stores.cards.close("card")
    stores.cards.note("card", ref="task", text="late")
    assert stores.cards.find("card") == CardRecord("card", "bot", "anna", MESSAGE, ANNA, "task", is_open=False)


def test_the_last_cards_are_found(bounded: Stores) -> None:
    """Older ones than the limit are not; one that is opened again is the newest."""
    bounded.cards.open(CardRecord("first", "bot", "anna", MESSAGE, ANNA))
    for number in range(LIMIT + 1):
        bounded.cards.open(CardRecord(f"card {number}", "bot", "anna", MESSAGE, ANNA))
        bounded.cards.open(CardRecord("again", "bot", "anna", MESSAGE, ANNA))
    assert bounded.cards.find("first") is None
    assert bounded.cards.find("card 0") is None
    assert bounded.cards.find("again")
    assert bounded.cards.find(f"card {LIMIT}")


def test_counts_are_summed_by_company_and_month(stores: Stores) -> None:
    """Adding returns the sums, adding nothing asks for them."""
    assert stores.meter.add("corp", "2026-11", Usage()) == Usage()
    assert stores.meter.add("corp", "2026-11", Usage(calls=2)) == Usage(2, 0)
    assert stores.meter.add("corp", "2026-11", Usage(1, 5)) == Usage(3, 5)
    assert stores.meter.add("other", "2026-11", Usage(pushes=1)) == Usage(0, 1)
    assert stores.meter.add("corp", "2026-12", Usage(1)) == Usage(1, 0)
    assert stores.meter.add("corp", "2026-11", Usage()) == Usage(3, 5)


def test_an_event_is_the_first_of_its_month_once(stores: Stores) -> None:
    """For each company, month and event."""
    events = [
        ("corp", "2026-11", "80 %"),
        ("corp", "2026-11", "100 %"),
        ("other", "2026-11", "80 %"),
        ("corp", "2026-12", "80 %"),
    ]
    assert not any(stores.meter.has(*event) for event in events)
    assert [stores.meter.first(*event) for event in events] == [True] * 4
    assert all(stores.meter.has(*event) for event in events)
    assert [stores.meter.first(*event) for event in events] == [False] * 4


def test_the_newest_months_are_kept(stores: Stores) -> None:
    """What companies used long ago is forgotten; asking about any month removes nothing."""
    for month in range(1, MONTHS + 3):
        stores.meter.add("corp", f"2026-{month:02}", Usage(month))
        stores.meter.first("corp", f"2026-{month:02}", "80 %")
        stores.meter.add("corp", "2031-01", Usage())
    assert stores.meter.add("corp", "2026-01", Usage()) == Usage()
    assert [stores.meter.add("corp", f"2026-{month:02}", Usage()).calls for month in (3, 4, 5)] == [3, 4, 5]


def test_whose_an_app_is_is_remembered(stores: Stores) -> None:
    """By the app's client id; what is told last counts, and telling it twice changes nothing."""
    assert stores.meter.apps() == {}
    for client_id, corp in (("one", "old"), ("two", "corp"), ("one", "corp"), ("one", "corp")):
        stores.meter.remember(client_id, corp)
    assert stores.meter.apps() == {"one": "corp", "two": "corp"}
    stores.meter.add("two", "2026-11", Usage(1))
    assert stores.meter.add("corp", "2026-11", Usage()) == Usage()


def test_hundreds_of_threads_at_once_lose_nothing(stores: Stores) -> None:
    """Every count is summed, an event and a message are new for one thread, and all load the same beginning."""
    threads, firsts, accepted, sessions = 300, [], [], []

    def work() -> None:
        sessions.append(stores.sessions.load(ANNA))
        accepted.append(stores.inbox.accept(MESSAGE, "{}"))
        for number in range(3):
            stores.meter.add("corp", "2026-11", Usage(1, number))
            firsts.append(stores.meter.first("corp", "2026-11", f"event {number}"))

    running = [threading.Thread(target=work) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert stores.meter.add("corp", "2026-11", Usage()) == Usage(3 * threads, 3 * threads)
    assert len(firsts) == 3 * threads
    assert firsts.count(True) == 3
    assert accepted.count(True) == 1
    assert len(set(sessions)) == 1
