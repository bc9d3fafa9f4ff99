"""A bot answers exactly, in its card, over two turns: each kind of app, in private and in a group."""

import pytest

from tests.conftest import MakeBridge

GROUP = {"conversation_type": "2", "conversation_title": "项目群"}


@pytest.mark.parametrize("chat", [{}, GROUP], ids=["private", "group"])
@pytest.mark.parametrize("app_type", ["chatbot", "completion", "workflow"])
def test_two_turns_are_answered_exactly(make_bridge: MakeBridge, app_type: str, chat: dict[str, str]) -> None:
    """What the finished card shows is what Dify says it answered, for a first and a second question."""
    bridge = make_bridge(app_type)
    for question in ("今天天气怎么样？", "那明天呢？"):
        since = bridge.sandbox.last()
        card = bridge.ask(question, **chat)
        answer = bridge.sandbox.wait_for(since, side="dify", kind="answer", app=bridge.client_id)
        assert card["state"] == "finished"
        assert card["text"].replace("<br>", "\n") == answer["text"]
        assert question in card["text"]


def test_a_chatbot_goes_on_with_the_conversation(make_bridge: MakeBridge) -> None:
    """The second question of the same person in the same chat is the second turn of one conversation at Dify."""
    bridge = make_bridge("chatbot")
    assert "第 1 轮" in bridge.ask("你好")["text"]
    assert "第 2 轮" in bridge.ask("再说一次")["text"]
