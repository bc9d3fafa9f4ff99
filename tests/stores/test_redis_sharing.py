"""What processes have in one Redis: what is lost on the way is asked for again, and nothing stays for ever."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import Any

import pytest

from errors import StoreUnavailable
from stores.base import CardRecord, ConversationKey, MessageKey, Signal, Usage
from stores.redis_presence import RedisPresence
from stores.redis_server import RedisServer, Script
from stores.redis_signals import RedisSignals
from stores.redis_stores import in_redis
from stores.sheltered_stores import DurableStores
from tests.redis_server import LocalRedis
from tests.stores.kinds import eventually

ANNA, BEN = (ConversationKey("bot", "corp", "chat", person) for person in ("anna", "ben"))
MESSAGE, SECOND = (MessageKey("bot", "robot", name) for name in ("message", "second"))
CARD = CardRecord("card", "bot", "anna", MESSAGE, ANNA, template="form", text="shown")
NOVEMBER = "2026-11"

Join = Callable[[], "Peer"]


class Distracted(RedisServer):
    """A connection that can lose an answer: what the server is told is done, but whoever told it does not learn that.

    It can also lose all that it is told.
    """

    loses_the_next = loses_all = False

    def run(self, script: Script, *values: str | float) -> Any:
        if self.loses_all:
            raise StoreUnavailable("the call is lost")
        answer = super().run(script, *values)
        if self.loses_the_next:
            self.loses_the_next = False
            raise StoreUnavailable("the answer is lost")
        return answer


@dataclass
class Peer:
    """What one process has in Redis."""

    server: Distracted
    stores: DurableStores = field(init=False)

    def __post_init__(self) -> None:
        self.server.reach()
        self.stores = in_redis(self.server, 60)
        self.stores.presence.renew()

    def lose_the_answer(self, call: Callable[[], object]) -> None:
        """Make a call that is done, and whose answer is lost."""
        self.server.loses_the_next = True
        with pytest.raises(StoreUnavailable, match="the answer is lost"):
            call()


@pytest.fixture
def join(redis: LocalRedis) -> Iterator[Callable[[], Peer]]:
    """Start a process that shares the server."""
    with ExitStack() as ends:

        def join() -> Peer:
            peer = Peer(Distracted(redis.url))
            ends.callback(peer.stores.close)
            return peer

        yield join


def test_what_was_taken_over_is_handed_out_until_it_arrives(join: Join) -> None:
    """Messages and cards; what has arrived is not handed out again, nor what has ended meanwhile."""
    gone, other = join(), join()
    for key in (MESSAGE, SECOND):
        gone.stores.inbox.accept(key, "{}")
        gone.stores.cards.open(replace(CARD, out_track_id=key.message_id))
    gone.stores.presence.leave()
    other.lose_the_answer(lambda: other.stores.inbox.take_over("bot"))
    other.lose_the_answer(lambda: other.stores.cards.orphans("bot"))
    other.stores.inbox.end(MESSAGE)
    other.stores.cards.close("message")
    assert [message.key for message in other.stores.inbox.take_over("bot")] == [SECOND]
    assert [card.out_track_id for card in other.stores.cards.orphans("bot")] == ["second"]
    assert other.stores.inbox.take_over("bot") == ()
    assert other.stores.cards.orphans("bot") == ()


def test_what_did_not_arrive_falls_on(join: Join) -> None:
    """When the process that did not hear of it is gone, too."""
    gone, deaf, other = join(), join(), join()
    gone.stores.inbox.accept(MESSAGE, "{}")
    gone.stores.presence.leave()
    deaf.lose_the_answer(lambda: deaf.stores.inbox.take_over("bot"))
    assert other.stores.inbox.take_over("bot") == ()
    deaf.stores.presence.leave()
    assert [message.key for message in other.stores.inbox.take_over("bot")] == [MESSAGE]


def test_what_is_counted_again_counts_once(join: Join) -> None:
    """Whatever was added at the second time; and an event is still the first of its month."""
    one, other = join(), join()
    assert other.stores.meter.add("corp", NOVEMBER, Usage(1, 1)) == Usage(1, 1)
    one.lose_the_answer(lambda: one.stores.meter.add("corp", NOVEMBER, Usage(2, 3)))
    one.lose_the_answer(lambda: one.stores.meter.first("corp", NOVEMBER, "80 %"))
    assert one.stores.meter.add("corp", NOVEMBER, Usage(4, 3)) == Usage(5, 4)
    assert one.stores.meter.first("corp", NOVEMBER, "80 %")
    assert not one.stores.meter.first("corp", NOVEMBER, "80 %")
    assert not other.stores.meter.first("corp", NOVEMBER, "80 %")
    assert other.stores.meter.add("corp", NOVEMBER, Usage()) == Usage(5, 4)


def test_what_a_server_has_lost_is_counted_by_those_that_counted_it(join: Join, redis: LocalRedis) -> None:
    """As soon as they ask again; those that are gone have taken their counts along."""
    one, other = join(), join()
    one.stores.meter.add("corp", NOVEMBER, Usage(5))
    other.stores.meter.add("corp", NOVEMBER, Usage(7))
    redis.ask("FLUSHALL")
    assert one.stores.meter.add("corp", NOVEMBER, Usage(1)) == Usage(6)
    assert other.stores.meter.add("corp", NOVEMBER, Usage()) == Usage(13)


def test_places_in_line_are_what_their_process_says(join: Join, redis: LocalRedis) -> None:
    """A place that was lost comes back, one that was left stays left, whichever answers were lost."""
    one, other = join(), join()
    one.lose_the_answer(lambda: one.stores.turns.join(ANNA, "never joined", 1.0))
    one.stores.turns.join(ANNA, "left", 2.0)
    one.lose_the_answer(lambda: one.stores.turns.leave(ANNA, "left"))
    other.stores.turns.join(ANNA, "other", 3.0)
    assert not one.stores.turns.leave(BEN, "left")
    assert one.stores.turns.leave(ANNA, "left")
    assert other.stores.turns.next(ANNA) == "other"
    redis.ask("FLUSHALL")
    assert other.stores.turns.next(ANNA) == "other"
    assert one.stores.turns.elsewhere(ANNA) is False  # its lease is lost as well
    assert not other.stores.presence.renew()
    assert other.stores.turns.next(ANNA) == "other"
    assert one.stores.turns.elsewhere(ANNA)
    assert not other.stores.turns.leave(ANNA, "other")


@pytest.mark.parametrize("seed", range(5))
def test_a_line_holds_no_turn_up_and_no_two_at_once(join: Join, seed: int) -> None:
    """Three processes join and leave, and lose answers, as it comes; in the end every turn had its time, in order."""
    drawn, peers = random.Random(seed), [join() for _ in range(3)]  # noqa: S311 - no secret is drawn
    standing: dict[str, tuple[Peer, float]] = {}
    holder = ""
    for number in range(150):
        peer, turn, written_at = drawn.choice(peers), f"turn {number}", float(drawn.randrange(10))
        if number < 100 and drawn.random() < 0.6:
            if drawn.random() < 0.2:
                peer.lose_the_answer(lambda: peer.stores.turns.join(ANNA, turn, written_at))  # noqa: B023 - called at once
            peer.stores.turns.join(ANNA, turn, written_at)
            standing[turn] = peer, written_at
        begun = [found for each in peers if (found := each.stores.turns.next(ANNA))]
        assert len(begun) == (1 if standing else 0)
        if begun and begun[0] != holder:
            holder = begun[0]
            assert standing[holder][1] == min(written for _, written in standing.values())
        if begun and (number >= 100 or drawn.random() < 0.5):
            owner = standing.pop(holder)[0]
            if drawn.random() < 0.2:
                owner.lose_the_answer(lambda: owner.stores.turns.leave(ANNA, holder))  # noqa: B023 - called at once
            owner.stores.turns.leave(ANNA, holder)
    while standing:
        (turn,) = (found for each in peers if (found := each.stores.turns.next(ANNA)))
        standing.pop(turn)[0].stores.turns.leave(ANNA, turn)


def test_everything_expires_below_one_prefix(join: Join, redis: LocalRedis) -> None:
    """Whatever was kept; and an ended message leaves no words."""
    one, other = join(), join()
    for peer in (one, other):
        stores = peer.stores
        stores.sessions.save(stores.sessions.load(ANNA).continued("c1"))
        stores.inbox.accept(MessageKey("bot", "robot", peer.server.owner), '"private words"')
        stores.inbox.accept(MESSAGE, '"private words"')
        stores.inbox.ask(MESSAGE, "card")
        stores.cards.open(CARD)
        stores.turns.join(ANNA, "turn", 1.0)
        stores.turns.next(ANNA)
        stores.meter.add("corp", NOVEMBER, Usage(1))
        stores.meter.first("corp", NOVEMBER, "80 %")
        stores.meter.remember("bot", "corp")
        assert stores.buckets
        stores.buckets.take("app", 20, 1)
        stores.signals.send(Signal("next", ANNA))
    one.stores.inbox.end(MESSAGE)
    one.stores.cards.close("card")
    other.stores.presence.leave()
    one.stores.inbox.take_over("bot")
    one.stores.presence.look()
    keys = redis.ask("KEYS", "*")
    assert len(keys) >= 10
    assert not [key for key in keys if not key.startswith("dingbridge:") or redis.ask("TTL", key) < 0]
    ended = redis.ask("HGETALL", next(key for key in keys if "message:[" in key and '"message"]' in key))
    assert ended == {"ended": "1"}


def test_an_id_from_outside_names_nothing_but_what_it_is_for(join: Join, redis: LocalRedis) -> None:
    """Whatever other keys there are: no card has their names."""
    stores = join().stores
    stores.cards.open(CARD)
    stores.inbox.accept(MESSAGE, "{}")
    for key in redis.ask("KEYS", "*"):
        for start in range(len(key)):
            if key[start:] != "card":
                assert stores.cards.find(key[start:]) is None


def test_room_is_shared_and_comes_back_with_time(join: Join) -> None:
    """Who finds none hears when there is some; other names have room of their own."""
    one, other = (join().stores.buckets for _ in range(2))
    assert one
    assert other
    assert [bucket.take("app", 3, 0.3) for bucket in (one, other, one)] == [0, 0, 0]
    wait = other.take("app", 3, 0.3)
    assert 0 < wait <= 0.3
    assert other.take("another app", 3, 0.3) == 0
    assert eventually(lambda: other.take("app", 3, 0.3) == 0)


def test_room_is_not_lost_when_the_clock_is_set_back(join: Join, redis: LocalRedis) -> None:
    """As if the calls had been made in the future."""
    bucket = join().stores.buckets
    assert bucket
    assert bucket.take("app", 1, 1) == 0
    redis.ask("LSET", "dingbridge:bucket:app", 0, int(1_000_000 * (time.time() + 3_600)))
    assert bucket.take("app", 1, 1) == 0
    assert bucket.take("app", 1, 1) > 0


def _look_for(seconds: float, presence: RedisPresence, now: list[float]) -> None:
    for _ in range(round(seconds) + 1):
        presence.look()
        now[0] += 1


def test_a_process_that_fell_silent_is_gone_after_three_seconds(join: Join, redis: LocalRedis) -> None:
    """Its lease has not expired; a process that never listened, or still does, is left alone."""
    listening, silent, never, other, now = join(), join(), join(), join(), [0.0]
    for peer in (listening, silent):
        peer.stores.signals.listen(lambda _: None)
    for name, peer in (("listening", listening), ("silent", silent), ("never", never)):
        peer.stores.inbox.accept(MessageKey("bot", "robot", name), "{}")
    presence = RedisPresence(other.server, lambda: False, clock=lambda: now[0])
    silent.server.loses_all = True  # as SIGKILL would: it says no more
    silent.stores.close()
    assert eventually(lambda: redis.ask("PUBSUB", "NUMSUB", f"dingbridge:to:{silent.server.owner}")[1] == 0)
    _look_for(2, presence, now)
    assert other.stores.inbox.take_over("bot") == ()
    now[0] += 60  # it did not look meanwhile, and has not seen them silent
    _look_for(2, presence, now)
    assert other.stores.inbox.take_over("bot") == ()
    _look_for(1, presence, now)
    assert [message.key.message_id for message in other.stores.inbox.take_over("bot")] == ["silent"]
    assert listening.stores.presence.renew()
    assert never.stores.presence.renew()


def test_where_listeners_are_not_told_only_the_lease_counts(join: Join, redis: LocalRedis) -> None:
    """A user may be forbidden to ask for them."""
    redis.ask("ACL", "SETUSER", "blind", "on", ">secret", "~dingbridge:*", "&dingbridge:*", "+@all", "-pubsub")
    silent, now = join(), [0.0]
    silent.stores.signals.listen(lambda _: None)
    silent.stores.inbox.accept(MESSAGE, "{}")
    silent.server.loses_all = True
    silent.stores.close()
    blind = Peer(Distracted(f"redis://blind:secret@127.0.0.1:{redis.port}"))
    _look_for(10, RedisPresence(blind.server, lambda: False, clock=lambda: now[0]), now)
    assert blind.stores.inbox.take_over("bot") == ()
    redis.ask("DEL", f"dingbridge:owner:{silent.server.owner}")
    assert [message.key for message in blind.stores.inbox.take_over("bot")] == [MESSAGE]
    blind.stores.close()


def test_a_process_that_cannot_listen_any_more_is_not_taken_for_gone(join: Join, redis: LocalRedis) -> None:
    """It says so, and its lease counts: here it may not subscribe any more, and is put out."""
    redis.ask("ACL", "SETUSER", "bridge", "on", ">secret", "~dingbridge:*", "&dingbridge:*", "+@all")
    deaf, other, now = Peer(Distracted(f"redis://bridge:secret@127.0.0.1:{redis.port}")), join(), [0.0]
    deaf.stores.signals.listen(lambda _: None)
    lease = f"dingbridge:owner:{deaf.server.owner}"
    assert redis.ask("GET", lease) == "listens"
    redis.ask("ACL", "SETUSER", "bridge", "resetchannels")
    assert eventually(lambda: redis.ask("GET", lease) == "")
    _look_for(10, RedisPresence(other.server, lambda: False, clock=lambda: now[0]), now)
    assert deaf.stores.presence.renew()
    redis.ask("ACL", "SETUSER", "bridge", "&dingbridge:*")
    assert eventually(lambda: redis.ask("GET", lease) == "listens")
    deaf.stores.close()


def test_signals_are_heard_again_after_the_connection_broke(join: Join, redis: LocalRedis) -> None:
    """What is sent in between is lost; what is not understood harms nobody."""
    one, other, heard = join(), join(), SimpleQueue[Signal]()
    other.stores.signals.listen(heard.put)
    redis.ask("CLIENT", "KILL", "TYPE", "pubsub")
    redis.ask("PUBLISH", "dingbridge:all", "from somebody else")

    def send() -> bool:
        one.stores.signals.send(Signal("next", ANNA))
        return not heard.empty()

    assert eventually(send)
    assert heard.get() == Signal("next", ANNA)


def test_a_server_that_fell_silent_is_noticed_by_who_listens(join: Join, redis: LocalRedis) -> None:
    """It is asked now and then whether it is there; when it is again, it is listened to again."""
    one, other, heard = join(), join(), SimpleQueue[Signal]()
    signals = RedisSignals(other.server, silence_seconds=0.2)
    with closing(signals):
        signals.listen(heard.put)
        redis.freeze()
        assert eventually(lambda: not signals.is_listening())
        redis.thaw()
        assert eventually(signals.is_listening)
        one.stores.signals.send(Signal("next", ANNA))
        assert heard.get(timeout=10) == Signal("next", ANNA)
