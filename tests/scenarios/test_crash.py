"""A bridge that was killed, and the next one: what was under way ends, once, and nothing is left growing."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from tests.scenarios.launched import LaunchedBot

_LONG = "[[tokens=400]] [[rate=20]]"


@pytest.fixture(params=["sqlite", "redis"])
def bot(request: pytest.FixtureRequest, sandbox: SandboxClient, tmp_path: Path) -> Iterator[LaunchedBot]:
    """One bot that keeps what is under way."""
    store = f"sqlite:///{tmp_path}/kept.db" if request.param == "sqlite" else request.getfixturevalue("redis").url
    one = LaunchedBot(sandbox, tmp_path, SESSION_STORE=store)
    one.start()
    yield one
    one.close()


def test_a_card_that_was_growing_is_closed_by_the_next_start(bot: LaunchedBot) -> None:
    """It keeps what it showed, and says that the answer was interrupted; the AI is not asked again."""
    bot.say(f"很长的回答 {_LONG}")
    growing = bot.wait_for_card("inputing")
    since = bot.sandbox.wait_for(bot.since, kind="card", client_id=bot.name, out_track_id=growing["out_track_id"])["seq"]
    bot.end(signal.SIGKILL)
    bot.start()
    ended = bot.wait_for_card("finished", since=since)
    assert ended["out_track_id"] == growing["out_track_id"]
    assert ended["text"].endswith("回答被中断，请重新提问。")
    assert len(ended["text"]) > len("回答被中断，请重新提问。") + 2
    assert len(bot.sandbox.cards(client_id=bot.name)) == 1


def test_a_question_that_waited_is_answered_by_the_next_start(bot: LaunchedBot) -> None:
    """The AI had not been asked yet."""
    bot.say(f"很长的回答 {_LONG}")
    bot.wait_for_card("inputing")
    waiting = bot.say("排队的问题")
    bot.sandbox.wait_for(bot.since, kind="ack", client_id=bot.name, msg_id=waiting["msg_id"])
    bot.end(signal.SIGKILL)
    since = bot.sandbox.last()
    bot.start()
    ended: dict[str, str] = {}
    for record in bot.sandbox.follow(since, kind="card", client_id=bot.name, state="finished"):
        ended[record["out_track_id"]] = record["text"]
        if len(ended) == 2:
            break
    assert sum("中断" in text for text in ended.values()) == 1
    assert len(bot.sandbox.cards(client_id=bot.name)) == 2


@pytest.mark.parametrize("bot", ["sqlite"], indirect=True)
def test_words_are_kept_until_they_are_answered(bot: LaunchedBot) -> None:
    """Then they are gone from the file; what the AI wrote is, too."""
    bot.say("watermelon [[tokens=400]] [[rate=20]]")
    bot.wait_for_card("inputing")
    assert b"watermelon" in _kept(bot)
    assert bot.ended() == {}
    bot.say("/stop")
    bot.wait_for_card("finished")
    assert bot.end() == 0
    assert b"watermelon" not in _kept(bot)
    assert b"msgContent" in _kept(bot)  # the card's template: this is where what is kept can be read


def test_an_answer_that_had_no_card_is_told_of_by_message(bot: LaunchedBot) -> None:
    """The card was refused, so the answer was to come as a message; there is nothing to close, and somebody waits."""
    fault = bot.sandbox.put_fault("dingtalk.deliver", {"errorMsg": "no"}, match={"client_id": bot.name})
    bot.say(f"没有卡片 {_LONG}")
    bot.sandbox.wait_for(bot.since, kind="api", client_id=bot.name, api="create_and_deliver")
    bot.sandbox.wait_for(bot.since, side="dify", kind="request", app=bot.name)
    for _ in range(2):  # when they are answered, DingTalk's refusal has been read
        asked = bot.sandbox.last()
        bot.say("/help")
        bot.sandbox.wait_for(asked, kind="said", client_id=bot.name)
    bot.end(signal.SIGKILL)
    bot.sandbox.remove_fault(fault)
    since = bot.sandbox.last()
    bot.start()
    assert "中断" in bot.sandbox.wait_for(since, kind="said", client_id=bot.name)["text"]


def test_what_was_answered_is_not_answered_again(bot: LaunchedBot) -> None:
    """Neither by the next start, nor when DingTalk delivers it once more to that."""
    said = bot.say("一次就好 [[tokens=3]]")
    bot.wait_for_card("finished")
    bot.end(signal.SIGKILL)
    since = bot.sandbox.last()
    bot.start()
    assert bot.sandbox.redeliver(said["msg_id"])
    bot.sandbox.wait_for(since, kind="ack", client_id=bot.name, msg_id=said["msg_id"])
    bot.say("下一个 [[tokens=3]]")
    bot.wait_for_card("finished", since=since)
    assert len(bot.sandbox.cards(client_id=bot.name)) == 2
    assert "中断" not in "".join(bot.ended())


def test_a_conversation_goes_on_after_a_crash(bot: LaunchedBot) -> None:
    """The AI knows what was said before."""
    bot.say("第一句")
    assert "第 1 轮" in bot.wait_for_card("finished")["text"]
    bot.end(signal.SIGKILL)
    since = bot.sandbox.last()
    bot.start()
    bot.say("第二句")
    assert "第 2 轮" in bot.wait_for_card("finished", since=since)["text"]


def _kept(bot: LaunchedBot) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(bot.folder.glob("kept.db*")))
