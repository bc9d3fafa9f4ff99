"""What a card shows besides the answer: what the AI is at until there is a text, and the question as its head."""

import uuid
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from backends.base import Event, Progress, Text, Thinking, Tokens, Working
from handlers.reply import Reply
from handlers.templates import CardSettings, Template
from sandbox.client import SandboxClient
from tests.handlers.replies.kinds import TEXTS, Talk, by_card, talk
from tests.handlers.test_card import Life

BEGUN, THINKING, WORKING = (TEXTS.say(f"status_{name}") for name in ("begun", "thinking", "working"))
HEAD = "> 怎么报销？"


def history(chat: Talk) -> list[str]:
    """Return what the one card has shown, each text once."""
    (card,) = chat.cards()
    texts = [frame["text"] for frame in card["history"] if frame["text"]]
    return [text for text, following in pairwise([*texts, ""]) if text != following]


def wait_until_shown(chat: Talk, text: str) -> None:
    """Wait until the card shows just this."""
    chat.shore.sandbox.wait_for(chat.asked, kind="card", client_id=chat.shore.bot.client_id, text=text)


def show(chat: Talk, reply: Reply, event: Event, text: str) -> None:
    """Let an event be shown, and wait for what the card makes of it."""
    reply.show(event)
    wait_until_shown(chat, text)


def test_a_card_says_what_the_ai_is_at(sandbox: SandboxClient) -> None:
    """At once that the question is looked into, then each step; the answer's first text takes its place."""
    with talk(sandbox, partial(by_card, card_status=True)) as chat:
        _, reply = chat.ask()
        with reply:
            wait_until_shown(chat, BEGUN)
            show(chat, reply, Progress("查询 *数据库*\n"), "正在处理：查询 ＊数据库＊…")
            show(chat, reply, Thinking("hm"), THINKING)
            for event in (Thinking("hm"), Progress(" "), Tokens(1, 2)):
                reply.show(event)
            show(chat, reply, Text("填表"), "填表")
            reply.show(Thinking("hm"))
            reply.show(Text("。"))
            reply.finish()
        assert history(chat) == [BEGUN, "正在处理：查询 ＊数据库＊…", THINKING, "填表", "填表。"]


def test_without_the_setting_it_shows_nothing_but_the_answer(sandbox: SandboxClient) -> None:
    """Except that an AI that will be silent for minutes is told of, always."""
    with talk(sandbox, by_card) as chat:
        _, reply = chat.ask()
        with reply:
            reply.show(Progress("查询"))
            reply.show(Thinking("hm"))
            show(chat, reply, Working(), WORKING)
            reply.show(Text("填表。"))
            reply.finish()
        assert history(chat) == [WORKING, "填表。"]


@pytest.mark.parametrize(
    ("end", "state"), [(lambda reply: reply.fail("出错了。"), "failed"), (lambda reply: reply.stop(), "finished")]
)
def test_a_status_ends_with_the_reply(sandbox: SandboxClient, end: Callable[[Reply], None], state: str) -> None:
    """It was never part of the answer: the bot's sentence stands alone."""
    with talk(sandbox, partial(by_card, card_status=True)) as chat:
        _, reply = chat.ask()
        with reply:
            wait_until_shown(chat, BEGUN)
            end(reply)
        (card,) = chat.cards()
        assert card["state"] == state
        assert card["text"] in {"出错了。", TEXTS.say("stopped")}
        assert reply.text == ""


def test_a_status_is_not_left_where_a_text_is_too_long(sandbox: SandboxClient) -> None:
    """The card ends with the answer's beginning, and the whole answer follows."""
    keys: dict[str, Any] = {"card_status": True, "card_max_updates": 1}
    with talk(sandbox, partial(by_card, **keys), stream_content_bytes=3_000) as chat:
        _, reply = chat.ask()
        with reply:
            wait_until_shown(chat, BEGUN)
            reply.show(Text("开头。" + "很长的回答。" * 1_000))
            reply.finish()
        (card,) = chat.cards()
        assert card["text"].startswith("开头。")
        assert card["text"].endswith(TEXTS.say("continued_below"))


def test_the_first_text_does_not_wait_for_the_pace_of_a_status() -> None:
    """However long the AI has thought, its answer begins at once, and is followed as closely as any young one."""
    life = Life("streaming", [])
    life.card.show("…", is_status=True)
    life.run(until=0)
    life.now += 60
    assert life.card.show("still …", is_status=True)
    life.run(until=0)
    assert life.card.show("one")
    assert life.run(until=0)[-1] == "stream one"
    assert life.card.show("one two")
    began = life.now
    life.run(until=1)
    assert life.script.made[-1] == "stream one two"
    assert life.now - began < 1


def test_the_question_stands_above_the_answer(sandbox: SandboxClient) -> None:
    """From the first moment of an own template, whose variable it is, to the end."""
    template_id = f"{uuid.uuid4()}.schema"
    sandbox.put_template(template_id, content_key="content", flow="streaming")
    keys: dict[str, Any] = {"card_template_id": template_id, "card_question": True, "card_status": True}
    with talk(sandbox, partial(by_card, **keys)) as chat:
        _, reply = chat.ask()
        with reply:
            wait_until_shown(chat, f"{HEAD}\n\n{BEGUN}")
            show(chat, reply, Text("填表"), f"{HEAD}\n\n填表")
            reply.stop()
        assert history(chat) == [HEAD, *(f"{HEAD}\n\n{text}" for text in (BEGUN, "填表", f"填表\n\n{TEXTS.say('stopped')}"))]
        assert reply.text == "填表"


def test_a_failed_card_keeps_the_question(sandbox: SandboxClient) -> None:
    """It is the question that has to be asked again."""
    with talk(sandbox, partial(by_card, card_question=True)) as chat:
        _, reply = chat.ask()
        with reply:
            reply.fail("出错了。")
        (card,) = chat.cards()
        assert (card["state"], card["text"]) == ("failed", f"{HEAD}\n\n出错了。")


def test_the_head_stays_where_a_text_is_too_long_and_messages_have_none(sandbox: SandboxClient) -> None:
    """The messages stand below the card, whose head is above them."""
    with talk(sandbox, partial(by_card, card_question=True), stream_content_bytes=3_000) as chat:
        _, reply = chat.ask()
        with reply:
            reply.show(Text("很长的回答。" * 1_000))
            reply.finish()
        (card,) = chat.cards()
        assert card["text"].startswith(f"{HEAD}\n\n很长的回答。")
        assert card["text"].endswith(TEXTS.say("continued_below"))
        assert not [record for record in chat.records(kind="said") if "怎么报销" in record["text"]]


@pytest.mark.parametrize(
    ("question", "head"),
    [
        ("# 标题\n- *a* <br> `b`", "> ＃ 标题 - ＊a＊ ＜br＞ ｀b｀\n\n"),
        ("- a\n- b", "> － a - b\n\n"),
        ("字" * 300, f"> {'字' * 99}…\n\n"),
        ("\n ", ""),
    ],
)
def test_a_question_is_a_line_of_plain_words(sandbox: SandboxClient, question: str, head: str) -> None:
    """Quoted, shortened, and no Markdown; what has no words has no head."""
    with talk(sandbox, partial(by_card, card_question=True)) as chat:
        chat.question = question
        _, reply = chat.ask()
        with reply:
            reply.show(Text("填表。"))
            reply.finish()
        (card,) = chat.cards()
        assert card["text"] == f"{head}填表。"


def test_a_template_that_is_kept_says_whether_it_shows_the_question() -> None:
    """One that an older version kept does not."""
    settings = CardSettings.model_validate({"card_question": True})
    assert Template.read(settings.template.written()) == settings.template
    assert settings.template.shows_question
    assert Template.read('["t", "content", "streaming"]') == Template("t", "content", "streaming")
