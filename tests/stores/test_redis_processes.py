"""Real processes that share a Redis, one of them killed or frozen."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from stores.base import ConversationKey, MessageKey, Stores
from stores.opened import open_stores
from tests.redis_server import LocalRedis
from tests.stores.kinds import eventually

ROOT = Path(__file__).resolve().parents[2]
ANNA = ConversationKey("bot", "corp", "chat", "anna")
MESSAGES = [MessageKey("bot", "robot", str(number)) for number in range(20)]

# Has twenty messages, of which it asked every other, an open card and the first turn of a conversation. For each line that it
# reads it says whether it may ask the AI about the first message.
_CHILD = """
import sys
from stores.base import CardRecord, ConversationKey, MessageKey
from stores.opened import open_stores

stores = open_stores(sys.argv[1], 60)
stores.presence.renew()
stores.signals.listen(lambda signal: None)
key, messages = ConversationKey("bot", "corp", "chat", "anna"), [MessageKey("bot", "robot", str(n)) for n in range(20)]
for message in messages:
    assert stores.inbox.accept(message, "{}")
for message in messages[::2]:
    assert stores.inbox.ask(message, "card")
stores.cards.open(CardRecord("card", "bot", "anna", messages[0], key))
stores.turns.join(key, "theirs", 1.0)
assert stores.turns.next(key) == "theirs"
print("ready", flush=True)
for _ in sys.stdin:
    print(stores.inbox.ask(messages[0], "card"), flush=True)
"""


@pytest.fixture
def open_redis(redis: LocalRedis) -> Iterator[Callable[[], Stores]]:
    """Open the server's stores as a process does."""
    with ExitStack() as ends:

        def open_redis() -> Stores:
            stores = open_stores(redis.url, 60)
            ends.callback(stores.close)
            return stores

        yield open_redis


@pytest.fixture
def child(redis: LocalRedis) -> Iterator[subprocess.Popen[str]]:
    """A process that has something, and does not renew."""
    command = [sys.executable, "-c", _CHILD, redis.url]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        yield child
        child.kill()


def test_what_a_killed_process_had_falls_to_the_others_once(
    open_redis: Callable[[], Stores], child: subprocess.Popen[str]
) -> None:
    """Long before its lease ends: its connections are closed, and nobody is heard on its channel any more."""
    survivors = [open_redis() for _ in range(3)]
    messages, cards = list[MessageKey](), list[str]()

    def look(stores: Stores) -> None:
        def look() -> bool:
            stores.presence.look()
            messages.extend(message.key for message in stores.inbox.take_over("bot"))
            cards.extend(card.out_track_id for card in stores.cards.orphans("bot"))
            return len(messages) >= len(MESSAGES) and len(cards) >= 1

        assert eventually(look)

    survivors[0].turns.join(ANNA, "ours", 2.0)
    survivors[0].presence.look()
    assert survivors[0].inbox.take_over("bot") == ()
    assert survivors[0].turns.next(ANNA) is None
    child.send_signal(signal.SIGKILL)
    with ThreadPoolExecutor() as threads:
        list(threads.map(look, survivors))
    for stores in survivors:
        assert stores.inbox.take_over("bot") == ()
        assert stores.cards.orphans("bot") == ()
    assert sorted(messages, key=lambda key: int(key.message_id)) == MESSAGES
    assert cards == ["card"]
    assert survivors[0].turns.next(ANNA) == "ours"


def test_a_frozen_process_asks_no_more_for_what_was_taken_from_it(
    open_redis: Callable[[], Stores], child: subprocess.Popen[str], redis: LocalRedis
) -> None:
    """It keeps its connections and is there until its lease ends; when it goes on, its messages are others'."""
    other = open_redis()
    child.send_signal(signal.SIGSTOP)
    owner = next(owner for owner in redis.ask("SMEMBERS", "dingbridge:owners") if _listens(redis, owner))
    other.presence.look()
    assert other.inbox.take_over("bot") == ()
    redis.ask("PEXPIRE", f"dingbridge:owner:{owner}", 1)
    assert len(eventually(lambda: other.inbox.take_over("bot"))) == len(MESSAGES)
    child.send_signal(signal.SIGCONT)
    assert child.stdin
    assert child.stdout
    child.stdin.write("may I?\n")
    child.stdin.flush()
    assert child.stdout.readline() == "False\n"
    assert other.inbox.ask(MESSAGES[0], "card")


def _listens(redis: LocalRedis, owner: str) -> bool:
    return bool(redis.ask("PUBSUB", "NUMSUB", f"dingbridge:to:{owner}")[1])
