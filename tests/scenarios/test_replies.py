"""Replies of a whole bridge, set by `.bots.yaml` alone."""

import signal
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from tests.conftest import MakeBridge
from tests.scenarios.launched import LaunchedBot


@pytest.mark.parametrize(("handler", "form"), [("MarkdownBotHandler", "markdown"), ("TextBotHandler", "text")])
def test_a_handler_answers_by_message(make_bridge: MakeBridge, handler: str, form: str) -> None:
    """Once the answer is whole, in as few messages as it takes, without a call; the conversation goes on."""
    bridge = make_bridge(bot=f"handler: {handler}\nmax_message_length: 1000")
    bridge.say("[[len=900]] [[rate=2000]]")
    (turn,) = bridge.wait_for_turns(1)
    said = bridge.records(kind="said")
    assert (turn.outcome, turn.card_calls) == ("answered", 0)
    assert {record["msgtype"] for record in said} == {form}
    assert [record["text"].partition("\n")[0] for record in said] == [
        f"（{number}/{len(said)}）" for number in range(1, len(said) + 1)
    ]
    assert {record["api"] for record in bridge.records(kind="api")} == {"gateway.open", "webhook"}
    bridge.say("再来")
    bridge.wait_for_turns(2)
    assert "第 2 轮" in bridge.records(kind="said")[-1]["text"]


def test_an_answer_by_message_is_stopped(make_bridge: MakeBridge) -> None:
    """What was written until then is sent, and Dify stops working."""
    bridge = make_bridge(bot="handler: MarkdownBotHandler")
    bridge.say("很长 [[tokens=400]] [[rate=30]]")
    bridge.sandbox.wait_for(0, side="dify", kind="request", app=bridge.client_id)
    bridge.say("停止")
    (turn,) = bridge.wait_for_turns(1)
    assert turn.outcome == "stopped"
    assert any("（已停止）" in record["text"] for record in bridge.records(kind="said"))
    bridge.sandbox.wait_for(0, side="dify", kind="stopped", app=bridge.client_id)


def test_a_card_shows_what_an_ai_is_at_by_settings_alone(make_bridge: MakeBridge) -> None:
    """The steps of a workflow (the first may come before the card is there), then its answer, below the question."""
    bridge = make_bridge("chatbot", kind="advanced-chat", bot="card_status: true\ncard_question: true\ncard_pace: smooth")
    card = bridge.ask("你好 [[first=1]]")
    shown = [frame["text"] for frame in card["history"] if frame["text"]]
    assert all(text.startswith("> 你好 ［［first=1］］\n\n") for text in shown)
    assert "正在" in shown[0]
    assert "正在" not in card["text"]


def test_a_card_that_a_crash_left_open_keeps_its_head_and_no_status(sandbox: SandboxClient, tmp_path: Path) -> None:
    """The AI had said nothing yet: below the question stands that the answer was interrupted, and nothing else."""
    bot = LaunchedBot(sandbox, tmp_path, SESSION_STORE=f"sqlite:///{tmp_path}/kept.db")
    bots = tmp_path / ".bots.yaml"
    bots.write_text(bots.read_text("utf-8") + "    card_status: true\n    card_question: true\n", "utf-8")
    bot.start()
    bot.say("*很慢* [[first=20]]")
    head = "> ＊很慢＊ ［［first=20］］"
    sandbox.wait_for(bot.since, kind="card", client_id=bot.name, text=f"{head}\n\n正在分析您的问题…")
    bot.end(signal.SIGKILL)
    since = sandbox.last()
    bot.start()
    ended = bot.wait_for_card("failed", since=since)
    assert ended["text"] == f"{head}\n\n回答被中断，请重新提问。"
    bot.close()
