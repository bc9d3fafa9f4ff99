"""The stores of a Redis that is killed, frozen, full or not there yet: memory stands in, and all is told afterwards."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from stores.base import CardRecord, ConversationKey, MessageKey, Signal, Stores, Usage
from stores.opened import open_stores
from stores.redis_server import RedisRefused
from tests.redis_server import LocalRedis
from tests.stores.kinds import eventually

ANNA = ConversationKey("bot", "corp", "chat", "anna")
MESSAGE, SECOND, THIRD = (MessageKey("bot", "robot", name) for name in ("message", "second", "third"))
CARD = CardRecord("card", "bot", "anna", MESSAGE, ANNA, template="form")
NOVEMBER = "2026-11"

Open = Callable[[], Stores]


@pytest.fixture
def open_redis(redis: LocalRedis) -> Iterator[Open]:
    """Open the server's stores as a process does."""
    with ExitStack() as ends:

        def open_redis() -> Stores:
            stores = open_stores(redis.url, 60)
            ends.callback(stores.close)
            return stores

        yield open_redis


def _everything(stores: Stores) -> list[object]:
    """Make each call of each contract once, and return what they return."""
    assert stores.buckets
    calls: list[Callable[[], object]] = [
        lambda: stores.sessions.save(stores.sessions.load(ANNA).continued("c1")),
        lambda: stores.inbox.accept(MESSAGE, "{}"),
        lambda: stores.inbox.ask(MESSAGE, "card"),
        lambda: stores.inbox.is_open(MESSAGE),
        lambda: stores.inbox.end(MESSAGE),
        lambda: stores.inbox.take_over("bot"),
        lambda: stores.cards.open(CARD),
        lambda: stores.cards.note("card", ref="task"),
        lambda: stores.cards.close("card"),
        lambda: stores.cards.find("card") == replace(CARD, ref="task", is_open=False),
        lambda: stores.cards.orphans("bot"),
        lambda: stores.turns.join(ANNA, "turn", 1.0),
        lambda: stores.turns.next(ANNA),
        lambda: stores.turns.elsewhere(ANNA),
        lambda: stores.turns.leave(ANNA, "turn"),
        lambda: stores.signals.send(Signal("next", ANNA)),
        lambda: stores.meter.add("corp", NOVEMBER, Usage(1)),
        lambda: stores.meter.first("corp", NOVEMBER, "80 %"),
        lambda: stores.meter.has("corp", NOVEMBER, "80 %"),
        lambda: stores.meter.remember("bot", "corp"),
        stores.meter.apps,
        stores.presence.look,
        stores.presence.renew,
        lambda: stores.buckets and stores.buckets.take("app", 20, 1),
    ]
    return [call() for call in calls]


def _expected() -> list[object]:
    return [
        *(True, True, True, True, None, ()),
        *(None, None, None, True, ()),
        *(None, "turn", False, False),
        *(None, Usage(1), True, True, None, {"bot": "corp"}),
        *(None, True, 0),
    ]


def test_a_server_that_is_killed_is_stood_in_for(open_redis: Open, redis: LocalRedis) -> None:
    """Nothing raises, all goes on as before, and what happened is written when it is there again, empty."""
    stores = open_redis()
    old = stores.sessions.load(ANNA).continued("before")
    assert stores.sessions.save(old)
    stores.inbox.accept(SECOND, "{}")
    assert stores.trouble() == ""
    redis.kill()
    assert _everything(stores) == _expected()
    assert not stores.inbox.accept(MESSAGE, "{}")
    assert stores.inbox.accept(THIRD, "{}")
    assert "Connection refused" in stores.trouble() or "Connection closed" in stores.trouble()
    redis.start()
    assert eventually(lambda: stores.trouble() == "")
    other = open_redis()
    assert other.sessions.load(ANNA).conversation == "c1"
    assert other.cards.find("card") == replace(CARD, ref="task", is_open=False)
    assert other.meter.add("corp", NOVEMBER, Usage()) == Usage(1)
    assert not other.meter.first("corp", NOVEMBER, "80 %")
    assert other.meter.apps() == {"bot": "corp"}
    assert not other.inbox.accept(MESSAGE, "{}")
    assert not other.inbox.accept(THIRD, "{}")
    assert not other.turns.elsewhere(ANNA)
    stores.presence.leave()
    assert THIRD in [message.key for message in other.inbox.take_over("bot")]


def test_what_is_written_to_an_empty_server_is_not_taken_from_a_process_that_is_there(
    open_redis: Open, redis: LocalRedis
) -> None:
    """It is present again before anything else is written, and learns that it was not."""
    stores = open_redis()
    redis.kill()
    assert stores.inbox.accept(MESSAGE, "{}")
    assert stores.inbox.ask(MESSAGE, "card")
    redis.start()
    assert eventually(lambda: stores.trouble() == "")
    other = open_redis()
    other.presence.look()
    assert other.inbox.take_over("bot") == ()
    assert not stores.presence.renew()
    assert stores.presence.renew()
    assert not other.inbox.accept(MESSAGE, "{}")


def test_a_server_that_is_frozen_is_stood_in_for(open_redis: Open, redis: LocalRedis) -> None:
    """The first call waits for it, the others do not ask it; what it was told before it froze is not told twice."""
    stores = open_redis()
    redis.freeze()
    assert _everything(stores) == _expected()
    assert "Timeout" in stores.trouble()
    redis.thaw()
    assert eventually(lambda: stores.trouble() == "")
    assert stores.meter.add("corp", NOVEMBER, Usage()) == Usage(1)
    assert stores.sessions.load(ANNA).conversation == "c1"
    assert not stores.inbox.accept(MESSAGE, "{}")
    assert not stores.turns.elsewhere(ANNA)


def test_a_full_server_is_stood_in_for(open_redis: Open, redis: LocalRedis) -> None:
    """Until there is room."""
    stores = open_redis()
    redis.ask("CONFIG", "SET", "maxmemory", 1)
    assert _everything(stores) == _expected()
    assert "OOM" in stores.trouble()
    redis.ask("CONFIG", "SET", "maxmemory", 0)
    assert eventually(lambda: stores.trouble() == "")
    assert stores.meter.add("corp", NOVEMBER, Usage()) == Usage(1)


def test_a_server_that_is_not_there_yet_is_waited_for(open_redis: Open, redis: LocalRedis) -> None:
    """The bots start with what they have in memory."""
    redis.kill()
    stores = open_redis()
    assert "Connection refused" in stores.trouble()
    assert _everything(stores) == _expected()
    redis.start()
    assert eventually(lambda: stores.trouble() == "")
    assert open_redis().sessions.load(ANNA).conversation == "c1"


def test_a_server_that_refuses_us_is_a_mistake(redis: LocalRedis) -> None:
    """Of whoever wrote the URL: nothing is started."""
    with pytest.raises(RedisRefused, match="password"):
        open_stores(f"redis://:wrong@127.0.0.1:{redis.port}", 60)


def test_hundreds_of_threads_go_on_when_the_server_is_gone(open_redis: Open, redis: LocalRedis) -> None:
    """In the midst of their calls; nothing is lost, nothing counted twice, no turn is stuck."""
    stores, errors, begun = open_redis(), [], threading.Barrier(201)

    def work(number: int) -> None:
        key, message = replace(ANNA, person=str(number % 20)), MessageKey("bot", "robot", str(number))
        turn = str(number)
        begun.wait()
        try:
            assert stores.inbox.accept(message, "{}")
            stores.turns.join(key, turn, float(number))
            while stores.turns.next(key) != turn:
                time.sleep(0.01)
            stores.meter.add("corp", NOVEMBER, Usage(1))
            assert stores.inbox.ask(message, turn)
            stores.turns.leave(key, turn)
            stores.inbox.end(message)
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(200)]
    for thread in threads:
        thread.start()
    begun.wait()
    redis.freeze()
    assert eventually(lambda: stores.trouble() != "" or not any(thread.is_alive() for thread in threads))
    redis.thaw()
    for thread in threads:
        thread.join(30)
    assert not errors
    assert not [thread for thread in threads if thread.is_alive()]
    assert eventually(lambda: stores.trouble() == "")
    assert stores.meter.add("corp", NOVEMBER, Usage()) == Usage(200)
    assert not any(stores.inbox.accept(MessageKey("bot", "robot", str(number)), "{}") for number in range(200))


def test_what_a_server_has_lost_is_told_it_again(open_redis: Open, redis: LocalRedis) -> None:
    """A message under way and one that ended are known to every process, though the server came back empty."""
    ours, other = open_redis(), open_redis()
    for message in (MESSAGE, SECOND):
        assert ours.inbox.accept(message, '{"words": 1}')
    ours.inbox.ask(MESSAGE, "card")
    ours.inbox.end(SECOND)
    redis.kill()
    redis.start()
    assert not ours.inbox.accept(SECOND, "{}")  # this process remembers by itself
    eventually(lambda: not ours.presence.renew() or not ours.trouble())
    eventually(lambda: not ours.trouble() and not other.trouble())
    ours.presence.renew()
    eventually(lambda: other.inbox.is_open(MESSAGE))
    assert not any(other.inbox.accept(message, "{}") for message in (MESSAGE, SECOND))
