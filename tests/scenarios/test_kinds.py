"""Bots of every kind, each from its lines in .bots.yaml alone: every AI, every way to reply, a handler of ones own."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from backends import memory
from sandbox.testbed import CodeBuddyAgent, OpenAiGateway
from stores.memory import MemorySessions
from tests.conftest import MakeBridge

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0f01f000500"
    "01ff89993d1d0000000049454e44ae426082"
)


def openai(gateway: OpenAiGateway, *more: str) -> str:
    """Return the lines of a bot with this gateway."""
    lines = ("backend: openai", f"openai_base_url: {gateway.url}", f"openai_api_key: {gateway.api_key}")
    return "\n".join([*lines, f"openai_model: {gateway.model}", *more])


def codebuddy(agent: CodeBuddyAgent, *more: str) -> str:
    """Return the lines of a bot with this agent."""
    return "\n".join(["backend: codebuddy", f"codebuddy_api_url: {agent.url}", f"codebuddy_api_token: {agent.token}", *more])


@pytest.mark.parametrize("history", ["bridge", "gateway"])
def test_a_gateway_goes_on_with_a_conversation_until_new(
    make_bridge: MakeBridge, make_openai_gateway: Callable[..., OpenAiGateway], history: str
) -> None:
    """Whether we send what was said before or the gateway remembers it; /reset begins anew for both."""
    gateway = make_openai_gateway(remembers=history == "gateway")
    bridge = make_bridge(ai=openai(gateway, f"history: {history}"))
    assert "第 1 轮" in bridge.ask("你好")["text"]
    assert "第 2 轮" in bridge.ask("再说一次")["text"]
    since = bridge.sandbox.last()
    bridge.say("/reset")
    bridge.sandbox.wait_for(since, kind="said", client_id=bridge.client_id)
    assert "第 1 轮" in bridge.ask("你好")["text"]


def test_a_gateways_conversation_outlives_a_restart_in_sqlite(
    make_bridge: MakeBridge, openai_gateway: OpenAiGateway, tmp_path: Path
) -> None:
    """What was said before is kept with the session, wherever sessions are kept."""
    variables = {"SESSION_STORE": f"sqlite:///{tmp_path / 'kept.db'}"}
    first = make_bridge(ai=openai(openai_gateway), variables=variables)
    first.ask("你好")
    first.fleet.stop(1)
    again = make_bridge(ai=openai(openai_gateway), variables=variables, name=first.client_id)
    assert "第 2 轮" in again.ask("再说一次")["text"]


def test_what_a_turn_took_is_recorded(make_bridge: MakeBridge, openai_gateway: OpenAiGateway) -> None:
    """The gateway's own count of tokens."""
    bridge = make_bridge(ai=openai(openai_gateway))
    bridge.ask("你好")
    (turn,) = bridge.wait_for_turns(1)
    assert turn.tokens.asked > 0
    assert turn.tokens.answered > 0


def test_a_gateway_sees_a_picture(make_bridge: MakeBridge, openai_gateway: OpenAiGateway) -> None:
    """It is fetched from DingTalk and sent along, alone or with words."""
    bridge = make_bridge(ai=openai(openai_gateway))
    file = bridge.sandbox.put_file("a.png", PICTURE)
    parts = [{"text": "这是什么 [[image]]"}, {"file": file}]
    card = bridge.ask("", msgtype="richText", parts=parts)
    assert "image/png" in card["text"]
    assert str(len(PICTURE)) in card["text"]
    assert bridge.ask("", msgtype="picture", file=file)["state"] == "finished"


def test_a_picture_on_this_machine_is_shown(make_bridge: MakeBridge, openai_gateway: OpenAiGateway, tmp_path: Path) -> None:
    """One below media_root is uploaded; one outside of it is neither read nor named."""
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.png").write_bytes(PICTURE)
    (tmp_path / "b.png").write_bytes(PICTURE)
    bridge = make_bridge(ai=openai(openai_gateway, f"media_root: {tmp_path / 'media'}"))
    shown = bridge.ask(f"[[path={tmp_path / 'media' / 'a.png'}]]")["text"]
    assert "](@" in shown
    assert str(tmp_path) not in shown
    hidden = bridge.ask(f"[[path={tmp_path / 'b.png'}]]")["text"]
    assert "](@" not in hidden
    assert "无法显示" in hidden


@pytest.mark.parametrize(
    ("order", "sentence"),
    [("[[status=401]]", "密钥无效"), ("[[status=405]]", "没有开放对话接口"), ("[[status=500]]", "出了故障")],
)
def test_each_failure_of_a_gateway_has_its_sentence(
    make_bridge: MakeBridge, openai_gateway: OpenAiGateway, order: str, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    """For the person; the log tells the admin which key of this kind it is."""
    bridge = make_bridge(ai=openai(openai_gateway))
    with caplog.at_level(logging.ERROR, "dingbridge.chat"):
        card = bridge.ask(order)
        bridge.wait_for_turns(1)
    assert card["state"] == "failed"
    assert sentence in card["text"]
    assert "dify" not in caplog.text.lower()


def test_codebuddy_says_that_it_works_and_then_answers(make_bridge: MakeBridge, codebuddy_agent: CodeBuddyAgent) -> None:
    """The card tells that it will take a while; the answer takes its place."""
    bridge = make_bridge(ai=codebuddy(codebuddy_agent, "codebuddy_options:\n  model: deep\n  dangerouslySkipPermissions: true"))
    card = bridge.ask("写一个函数 [[first=1]]")
    assert any("正在处理" in state["text"] for state in card["history"])
    assert "正在处理" not in card["text"]
    assert "写一个函数" in card["text"]
    (request,) = bridge.sandbox.codebuddy_requests(codebuddy_agent.name)
    assert "deep" in str(request)


@pytest.mark.parametrize("isolation", ["thread", "process"])
@pytest.mark.parametrize("agent", ["hello:answer", "recall:Recall", "jitai:agent"])
def test_an_agent_of_each_shape_answers(make_bridge: MakeBridge, agent: str, isolation: str) -> None:
    """The worked examples, in the bridge and in a process of their own."""
    bridge = make_bridge(ai=f"backend: python\nagent: docs.examples.agents.{agent}\nagent_isolation: {isolation}")
    card = bridge.ask("明天天气怎么样")
    assert card["state"] == "finished"
    assert card["text"]


def test_an_echo_needs_no_ai(make_bridge: MakeBridge) -> None:
    """It answers with what was asked."""
    assert make_bridge(ai="backend: echo").ask("在吗")["text"] == "在吗"


@pytest.mark.parametrize("handler", ["MarkdownBotHandler", "TextBotHandler"])
def test_messages_instead_of_cards(make_bridge: MakeBridge, handler: str) -> None:
    """No card is made; the answer is one message, and no API call."""
    bridge = make_bridge(ai="backend: echo", bot=f"handler: {handler}")
    bridge.say("**你好**")
    assert bridge.said() == "**你好**"
    assert not bridge.records(kind="card")
    assert not [call for call in bridge.records(kind="api") if call["api"] in {"create_and_deliver", "group_send", "oto_send"}]


def test_a_handler_of_ones_own_steps_in(make_bridge: MakeBridge) -> None:
    """Before the AI, after the answer, with its own words, keys and commands."""
    bridge = make_bridge(ai="backend: echo", bot="handler: tests.own_handlers:SalesBotHandler\nsales_region: 华南")
    nick = {"staff_id": "staff-1", "nick": "小明"}
    assert bridge.ask("多少钱", sender=nick)["text"].replace("<br>", "\n") == "[华南] 多少钱\n\n—— 答 小明"
    assert bridge.ask("在吗", sender=nick)["text"].startswith("在的，请讲。")
    for said, answer in (("/new", "新的一页。"), ("/报价 电脑", "报价单：电脑"), ("／报价", "报价单：全部")):
        bridge.say(said, sender=nick)
        assert bridge.said() == answer


def test_what_a_handler_of_ones_own_raises_ends_its_own_turn(make_bridge: MakeBridge, caplog: pytest.LogCaptureFixture) -> None:
    """The person is told, the log has class and place, and nobody's words."""
    bridge = make_bridge(ai="backend: echo", bot="handler: tests.own_handlers:TerseBotHandler")
    with caplog.at_level(logging.ERROR):
        bridge.say("机密")
        assert "出了点问题" in bridge.said()
        bridge.wait_for_turns(1)
    assert "HandlerFailed: after raised RuntimeError at own_handlers.py:" in caplog.text
    assert "机密" not in caplog.text
    bridge = make_bridge(ai="backend: echo", bot="handler: tests.own_handlers:SalesBotHandler")
    bridge.say("/boom 机密")
    assert "出了点问题" in bridge.said()
    assert "机密" not in caplog.text


PLACES = ("question", "before", "after", "open_reply")
MISTAKES = [(place, mistake) for place in PLACES for mistake in ("raises", "leaves")]


@pytest.mark.parametrize(("place", "mistake"), [*MISTAKES, ("before", "nothing"), ("after", "nothing")])
def test_whatever_a_handler_of_ones_own_does_the_conversation_goes_on(
    make_bridge: MakeBridge, place: str, mistake: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An error, an exit, a forgotten value: a sentence, a record, a line that quotes nobody; then the next question."""
    bridge = make_bridge(ai="backend: echo", bot="handler: tests.own_handlers:ClumsyBotHandler")
    with caplog.at_level(logging.ERROR):
        bridge.say(f"{place} {mistake}")
        told = bridge.said() if place == "open_reply" else bridge.ended_cards()[0]["text"]
        (turn,) = bridge.wait_for_turns(1)
    assert "出了点问题" in told
    assert turn.outcome == "HandlerFailed"
    assert f"HandlerFailed: {place} " in caplog.text
    assert "机密" not in caplog.text
    assert bridge.ask("你好")["text"] == "你好"


def test_a_command_that_leaves_costs_no_thread(make_bridge: MakeBridge) -> None:
    """More often than there are threads for commands."""
    bridge = make_bridge(ai="backend: echo", bot="handler: tests.own_handlers:ClumsyBotHandler")
    for _ in range(6):
        bridge.say("/leave")
        assert "出了点问题" in bridge.said()


def test_what_was_stopped_is_remembered_as_far_as_it_came(make_bridge: MakeBridge, openai_gateway: OpenAiGateway) -> None:
    """The next question goes on with all that the card kept, not with its first words."""
    bridge = make_bridge(ai=openai(openai_gateway), bot="card_pace: smooth")
    since = bridge.sandbox.last()
    bridge.say("[[len=3000]] [[rate=20]] 讲个故事")
    shown = next(
        card["text"]
        for card in bridge.sandbox.follow(since, 20, kind="card", client_id=bridge.client_id)
        if len(card["text"]) > 60
    )
    bridge.say("/stop")
    bridge.said()
    bridge.ended_cards()
    sessions = bridge.fleet._stores.sessions
    assert isinstance(sessions, MemorySessions)
    (kept,) = sessions._kept.values()
    (exchange,) = memory.read(kept.session.conversation)
    assert len(exchange.answer) >= len(shown)


def test_an_answer_cut_at_the_models_limit_says_so(make_bridge: MakeBridge, openai_gateway: OpenAiGateway) -> None:
    """Below what was written: nobody takes half an answer for a whole one."""
    assert make_bridge(ai=openai(openai_gateway)).ask("[[length]] 你好")["text"].endswith("（达到模型的长度上限，没有写完）")
