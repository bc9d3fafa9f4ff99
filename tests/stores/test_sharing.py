"""What every store that several processes share promises them: each thing is one process's, and falls to one other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from queue import SimpleQueue

from stores.base import Accepted, CardRecord, ConversationKey, MessageKey, Signal, Stores
from tests.stores.kinds import LIMIT, Opened, eventually

ANNA, BEN = (ConversationKey("bot", "corp", "chat", person) for person in ("anna", "ben"))
MESSAGE, SECOND, THIRD = (MessageKey("bot", "robot", name) for name in ("message", "second", "third"))
CARD = CardRecord("card", "bot", "anna", MESSAGE, ANNA, template="form")

Start = Callable[[], Opened]


def _take_over(stores: Stores, client_id: str = "bot") -> tuple[Accepted, ...]:
    """Look for processes that are gone until one has left messages of this bot, and take them."""

    def look() -> tuple[Accepted, ...]:
        stores.presence.look()
        return stores.inbox.take_over(client_id)

    return eventually(look)


def test_a_message_is_accepted_by_one_process(start: Start) -> None:
    """The others see that it is under way, and may neither ask nor end it."""
    one, other = start().stores, start().stores
    assert one.inbox.accept(MESSAGE, "{}")
    assert not other.inbox.accept(MESSAGE, "{}")
    assert not other.inbox.ask(MESSAGE, "card")
    other.inbox.end(MESSAGE)
    assert other.inbox.is_open(MESSAGE)
    assert one.inbox.ask(MESSAGE, "card")
    one.inbox.end(MESSAGE)
    assert not other.inbox.is_open(MESSAGE)
    assert not other.inbox.accept(MESSAGE, "{}")


def test_nothing_is_taken_from_a_process_that_is_there(start: Start) -> None:
    """However often others ask."""
    one, other = start().stores, start().stores
    one.inbox.accept(MESSAGE, "{}")
    one.cards.open(CARD)
    other.presence.look()
    assert other.inbox.take_over("bot") == ()
    assert other.cards.orphans("bot") == ()
    assert one.presence.renew()


def test_the_messages_of_a_process_that_is_gone_fall_to_another(start: Start) -> None:
    """With their words and whether the AI was asked, the oldest first; not those that have ended, nor other bots'."""
    gone, other = start(), start().stores
    for key in (MESSAGE, SECOND, THIRD, replace(SECOND, client_id="another")):
        assert gone.stores.inbox.accept(key, f'"{key.message_id}"')
    assert gone.stores.inbox.ask(SECOND, "card")
    gone.stores.inbox.end(THIRD)
    gone.die()
    taken = _take_over(other)
    assert [(message.key, message.raw, message.card) for message in taken] == [
        (MESSAGE, '"message"', ""),
        (SECOND, '"second"', "card"),
    ]
    assert taken[0].since <= taken[1].since
    assert other.inbox.take_over("bot") == ()
    assert other.inbox.ask(MESSAGE, "another card")
    assert not other.inbox.accept(THIRD, "{}")
    assert [message.key.client_id for message in other.inbox.take_over("another")] == ["another"]


def test_each_message_and_each_card_falls_to_one_process(start: Start) -> None:
    """When many ask at the same moment."""
    gone, others = start(), [start().stores for _ in range(4)]
    names = [str(number) for number in range(50)]
    for name in names:
        gone.stores.inbox.accept(MessageKey("bot", "robot", name), "{}")
    for name in names[:LIMIT]:
        gone.stores.cards.open(replace(CARD, out_track_id=name))
    gone.stores.inbox.accept(MessageKey("another", "robot", "first"), "{}")
    gone.die()
    assert _take_over(others[0], "another")
    with ThreadPoolExecutor(8) as threads:
        messages = [threads.submit(stores.inbox.take_over, "bot") for stores in others]
        cards = [threads.submit(stores.cards.orphans, "bot") for stores in others]
    assert sorted(message.key.message_id for taken in messages for message in taken.result()) == sorted(names)
    assert sorted(card.out_track_id for taken in cards for card in taken.result()) == names[:LIMIT]


def test_the_open_cards_of_a_process_that_is_gone_fall_to_another(start: Start) -> None:
    """As they were noted last; not those that are closed, nor other bots'."""
    gone, other = start(), start().stores
    gone.stores.inbox.accept(MESSAGE, "{}")
    gone.stores.cards.open(CARD)
    gone.stores.cards.note("card", ref="task")
    gone.stores.cards.note("card", text="grown")
    gone.stores.cards.note("card", text="grown so far")
    gone.stores.cards.open(replace(CARD, out_track_id="closed"))
    gone.stores.cards.close("closed")
    gone.stores.cards.open(replace(CARD, out_track_id="another's", client_id="another"))
    gone.die()
    assert _take_over(other)
    assert other.cards.orphans("bot") == (replace(CARD, ref="task", text="grown so far"),)
    assert other.cards.orphans("bot") == ()
    other.cards.close("card")
    assert other.cards.find("card") == replace(CARD, ref="task", is_open=False)


def test_what_was_taken_over_falls_on(start: Start) -> None:
    """To the next one, when the one that took it is gone, too."""
    first, second, third = start(), start(), start().stores
    first.stores.inbox.accept(MESSAGE, "{}")
    first.stores.cards.open(CARD)
    first.die()
    assert _take_over(second.stores)
    assert second.stores.cards.orphans("bot") == (CARD,)
    second.die()
    assert [message.key for message in _take_over(third)] == [MESSAGE]
    assert third.cards.orphans("bot") == (CARD,)


def test_what_a_process_has_when_it_leaves_falls_to_the_others_at_once(start: Start) -> None:
    """Nobody has to find out that it is gone."""
    leaving, other = start().stores, start().stores
    leaving.inbox.accept(MESSAGE, "{}")
    leaving.cards.open(CARD)
    leaving.presence.leave()
    assert [message.key for message in other.inbox.take_over("bot")] == [MESSAGE]
    assert other.cards.orphans("bot") == (CARD,)


def test_the_next_start_takes_over_what_the_last_process_left(start: Start) -> None:
    """Nobody was there in between."""
    gone = start()
    gone.stores.inbox.accept(MESSAGE, "{}")
    gone.die()
    assert [message.key for message in _take_over(start().stores)] == [MESSAGE]


def test_a_process_that_did_not_renew_is_taken_for_gone(start: Start, now: list[float]) -> None:
    """It learns that once, when it is there again; what was taken from it meanwhile stays with the others."""
    asleep, other = start().stores, start().stores
    assert asleep.presence.renew()
    for key in (MESSAGE, SECOND):
        asleep.inbox.accept(key, "{}")
    asleep.turns.join(ANNA, "turn", 1.0)
    for _ in range(2):
        now[0] += 8
        assert other.presence.renew()
    assert [message.key for message in _take_over(other)] == [MESSAGE, SECOND]
    assert not asleep.presence.renew()
    assert asleep.presence.renew()
    assert not asleep.inbox.ask(MESSAGE, "card")
    asleep.inbox.end(SECOND)
    assert other.inbox.ask(MESSAGE, "card")
    assert other.inbox.ask(SECOND, "card")
    assert asleep.inbox.accept(THIRD, "{}")
    assert other.inbox.take_over("bot") == ()


def test_a_process_that_renews_is_not_taken_for_gone(start: Start, now: list[float]) -> None:
    """Every five seconds, for as long as it likes."""
    one, other = start().stores, start().stores
    one.inbox.accept(MESSAGE, "{}")
    for _ in range(8):
        now[0] += 5
        assert one.presence.renew()
        assert other.presence.renew()
        other.presence.look()
    assert other.inbox.take_over("bot") == ()


def test_a_message_that_nobody_took_for_a_day_is_forgotten(start: Start, now: list[float]) -> None:
    """Nobody waits for its answer any more; delivered again, it would be a new one."""
    gone, other = start(), start().stores
    for key in (MESSAGE, SECOND):
        gone.stores.inbox.accept(key, "{}")
    gone.die()
    now[0] += 86_390
    other.presence.renew()
    other.presence.look()
    now[0] += 20
    assert other.inbox.take_over("bot") == ()
    assert not other.inbox.is_open(MESSAGE)
    assert other.inbox.accept(SECOND, "{}")


def test_a_line_is_one_for_all_processes(start: Start) -> None:
    """Each hears of its own turns only, when it is theirs."""
    one, other = start().stores, start().stores
    one.turns.join(ANNA, "second", 20.0)
    other.turns.join(ANNA, "first", 10.0)
    one.turns.join(ANNA, "third", 30.0)
    assert one.turns.next(ANNA) is None
    assert other.turns.next(ANNA) == "first"
    assert one.turns.elsewhere(ANNA)
    assert other.turns.leave(ANNA, "first")
    assert one.turns.next(ANNA) == "second"
    assert other.turns.next(ANNA) is None
    assert not one.turns.leave(ANNA, "second")
    assert one.turns.next(ANNA) == "third"
    assert not one.turns.elsewhere(ANNA)
    assert other.turns.elsewhere(ANNA)
    assert not other.turns.elsewhere(BEN)


def test_a_turn_that_has_begun_stays_the_one_for_all(start: Start) -> None:
    """Another process's turn that was written before it waits."""
    one, other = start().stores, start().stores
    one.turns.join(ANNA, "begun", 20.0)
    assert one.turns.next(ANNA) == "begun"
    other.turns.join(ANNA, "written before", 10.0)
    assert other.turns.next(ANNA) is None
    assert one.turns.next(ANNA) == "begun"
    assert one.turns.leave(ANNA, "begun")
    assert other.turns.next(ANNA) == "written before"


def test_turns_of_a_process_that_is_gone_are_not_waited_for(start: Start) -> None:
    """Whether one had begun, or stood before the others."""
    gone, other = start(), start().stores
    gone.stores.inbox.accept(MESSAGE, "{}")
    for key in (ANNA, BEN):
        gone.stores.turns.join(key, "theirs", 10.0)
        other.turns.join(key, "ours", 20.0)
    assert gone.stores.turns.next(ANNA) == "theirs"
    assert other.turns.next(ANNA) is None
    gone.die()
    assert _take_over(other)
    assert not other.turns.elsewhere(BEN)
    assert [other.turns.next(key) for key in (ANNA, BEN)] == ["ours", "ours"]
    assert not other.turns.leave(ANNA, "ours")


def test_a_turn_falls_with_its_message(start: Start) -> None:
    """The process that takes it over stands in line for it under the same name."""
    gone, other = start(), start().stores
    gone.stores.inbox.accept(MESSAGE, "{}")
    gone.stores.turns.join(ANNA, "turn", 10.0)
    assert gone.stores.turns.next(ANNA) == "turn"
    gone.die()
    assert _take_over(other)
    other.turns.join(ANNA, "turn", 10.0)
    assert other.turns.next(ANNA) == "turn"
    assert not other.turns.leave(ANNA, "turn")
    assert other.turns.next(ANNA) is None


def test_a_process_that_was_taken_for_gone_stands_in_line_again(start: Start, now: list[float]) -> None:
    """Both stand for the same turn then, and neither waits for ever for its place."""
    asleep, other = start().stores, start().stores
    asleep.inbox.accept(MESSAGE, "{}")
    for turn in ("turn", "another"):
        asleep.turns.join(ANNA, turn, 10.0)
    for _ in range(2):
        now[0] += 8
        assert other.presence.renew()
    assert _take_over(other)
    other.turns.join(ANNA, "turn", 10.0)
    assert other.turns.next(ANNA) == "turn"
    assert not asleep.presence.renew()
    for turn in ("turn", "another"):
        asleep.turns.join(ANNA, turn, 10.0)
    assert asleep.turns.next(ANNA) is None
    asleep.turns.leave(ANNA, "turn")
    assert other.turns.next(ANNA) == "turn"
    assert other.turns.leave(ANNA, "turn")
    assert asleep.turns.next(ANNA) == "another"


def test_signals_are_heard_by_all_other_processes(start: Start) -> None:
    """Whole, in the order in which they were sent; nobody hears its own."""
    processes = [start().stores for _ in range(3)]
    heard = [SimpleQueue[Signal]() for _ in processes]
    for stores, signals in zip(processes, heard, strict=True):
        stores.signals.listen(signals.put)
    odd = ConversationKey("bot", "corp", 'half a pair \ud83d, "quote"', "anna")
    sent = [Signal("new", odd, generation=2**62 - 1), Signal("stop", odd, "anna", "message"), Signal("next", ANNA)]
    for signal in sent:
        processes[0].signals.send(signal)
    assert [heard[1].get(timeout=10) for _ in sent] == sent
    assert [heard[2].get(timeout=10) for _ in sent] == sent
    last = Signal("stop", ANNA, "ben")
    processes[1].signals.send(last)
    assert heard[0].get(timeout=10) == last
    assert heard[1].empty()


def test_a_signal_that_is_not_understood_does_not_stop_the_listening(start: Start) -> None:
    """A bug of who listens is logged, and the next signal is heard."""
    one, other = start().stores, start().stores
    heard = SimpleQueue[Signal]()

    def receive(signal: Signal) -> None:
        heard.put(signal)
        if signal.kind == "stop":
            raise ValueError("a bug")

    other.signals.listen(receive)
    sent = [Signal("stop", ANNA), Signal("next", ANNA)]
    for signal in sent:
        one.signals.send(signal)
    assert [heard.get(timeout=10) for _ in sent] == sent


def test_whose_an_app_is_one_process_tells_all(start: Start) -> None:
    """Those that are there, and the next one that starts."""
    one, other = start(), start()
    one.stores.meter.remember("bot", "corp")
    assert other.stores.meter.apps() == {"bot": "corp"}
    one.die()
    assert start().stores.meter.apps() == {"bot": "corp"}


def test_what_one_process_begins_anew_is_so_for_all(start: Start) -> None:
    """Nor do conversations that another one had remembered come back."""
    one, other = start().stores, start().stores
    old = one.sessions.load(ANNA).continued("old")
    assert one.sessions.save(old)
    assert other.sessions.load(ANNA) == old
    generation = one.sessions.renew(ANNA)
    other.sessions.learn(ANNA, generation)
    assert other.sessions.load(ANNA).generation == generation
    assert not other.sessions.save(old)
