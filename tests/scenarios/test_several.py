"""Several processes that run the same bot over one store: each message is answered once, whoever gets it."""

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from tests.scenarios.launched import LaunchedBot

_PROCESSES = 3


@pytest.fixture(params=["sqlite", "redis"])
def bot(request: pytest.FixtureRequest, sandbox: SandboxClient, tmp_path: Path) -> Iterator[LaunchedBot]:
    """One bot, run by three processes that share a store."""
    store = f"sqlite:///{tmp_path}/kept.db" if request.param == "sqlite" else request.getfixturevalue("redis").url
    one = LaunchedBot(sandbox, tmp_path, SESSION_STORE=store)
    for number in range(_PROCESSES):
        one.start(HEARTBEAT_FILE=f"{tmp_path}/heartbeat-{number}.json")
    yield one
    one.close()


def _wait_for_ends(bot: LaunchedBot, number: int, seconds: float = 20) -> None:
    """Wait until so many cards have ended."""
    ended: set[str] = set()
    for record in bot.sandbox.follow(bot.since, seconds, kind="card", client_id=bot.name):
        if record["state"] in {"finished", "failed"}:
            ended.add(record["out_track_id"])
        if len(ended) == number:
            return


def test_when_one_is_killed_nothing_is_lost_and_nothing_doubled(bot: LaunchedBot) -> None:
    """What it was answering ends with a sentence, what waited in it is answered by the others, each once."""
    people = 12
    said = [bot.say(f"第一问 {person} [[tokens=60]] [[rate=20]]", sender=f"staff-{person}") for person in range(people)]
    said += [bot.say(f"第二问 {person} [[tokens=3]]", sender=f"staff-{person}") for person in range(people)]
    for one in said:  # what a process has not acknowledged, DingTalk would deliver again after a minute
        bot.sandbox.wait_for(bot.since, kind="ack", client_id=bot.name, msg_id=one["msg_id"])
    bot.wait_for_card("inputing")
    bot.end(signal.SIGKILL, child=1)
    _wait_for_ends(bot, 2 * people)
    cards = bot.sandbox.cards(client_id=bot.name)
    assert len(cards) == 2 * people
    assert {card["state"] for card in cards} <= {"finished", "failed"}
    asked = Counter(one["query"].split(" [[")[0] for one in bot.sandbox.records(0, 0, kind="request", app=bot.name))
    questions = [f"第{which}问 {person}" for which in "一二" for person in range(people)]
    assert {question: asked[question] for question in questions} == dict.fromkeys(questions, 1)
    assert not bot.sandbox.records(bot.since, 0, kind="said", client_id=bot.name)
    assert [child.poll() for child in bot.children] == [None, -signal.SIGKILL, None]


def test_a_conversation_stays_in_order(bot: LaunchedBot) -> None:
    """Whichever processes its messages reach: one after the other, as they were written, one conversation of the AI's."""
    for number in (1, 5, 2, 8, 3, 7, 4, 6):  # all are in line before the first one ends
        first = "[[first=2]]" if number == 1 else ""
        said = bot.say(f"问题{number} [[tokens=5]] [[rate=50]] {first}", create_at=1_700_000_000_000 + number)
        bot.sandbox.wait_for(bot.since, kind="ack", client_id=bot.name, msg_id=said["msg_id"])
    _wait_for_ends(bot, 8)
    asked = bot.sandbox.records(0, 0, side="dify", kind="request", app=bot.name)
    assert [record["query"].split()[0] for record in asked] == [f"问题{number}" for number in range(1, 9)]
    assert len({record.get("conversation_id") for record in asked[1:]}) == 1


def test_stop_and_new_act_wherever_they_arrive(bot: LaunchedBot) -> None:
    """By command or by button; DingTalk chooses the connection, so each is tried a few times."""
    for number in range(3):
        since = bot.sandbox.last()
        bot.say(f"很长 {number} [[tokens=400]] [[rate=20]]")
        bot.wait_for_card("inputing", since=since)
        bot.say("/stop")
        assert "停止" in bot.wait_for_card("finished", since=since)["text"]
    for number in range(3):
        since = bot.sandbox.last()
        bot.say(f"很长 {number} [[tokens=400]] [[rate=20]]")
        card = bot.wait_for_card("inputing", since=since)
        bot.sandbox.click(card["out_track_id"], "staff-1", "btn_stop")
        assert "停止" in bot.wait_for_card("finished", since=since)["text"]
    for _ in range(2):
        since = bot.sandbox.last()
        bot.say("/new")
        bot.sandbox.wait_for(since, kind="said", client_id=bot.name)
        bot.say("你好")
        assert "第 1 轮" in bot.wait_for_card("finished", since=since)["text"]
