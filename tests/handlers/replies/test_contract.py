"""The contract of a reply, whatever its kind: what the person who asked gets to see, and that it ends once."""

import threading
from collections.abc import Callable

import pytest

from backends.base import Citations, File, Progress, Replace, Text, Thinking, Tokens, Working
from errors import BackendError
from handlers.reply import Replies
from sandbox.client import SandboxClient
from tests.handlers.replies.kinds import KINDS, TEXTS, Shore, Talk, talk

pytestmark = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)

Kind = Callable[[Shore], Replies]
NOTHING = {"permissions": [], "webhook_seconds": 0}  # no card, no robot, and a webhook that is over


def said_in(sandbox: SandboxClient, kind: Kind, *texts: str) -> Talk:
    """Return the talk in which these texts were the whole answer."""
    with talk(sandbox, kind) as chat:
        _, reply = chat.ask()
        with reply:
            for text in texts:
                reply.show(Text(text))
            reply.finish()
        assert reply.delivered
    return chat


def test_the_whole_answer_is_shown(sandbox: SandboxClient, kind: Kind) -> None:
    """Once, as it was written; thinking, steps and counts are no part of it, and what was replaced is gone."""
    with talk(sandbox, kind) as chat:
        _, reply = chat.ask()
        with reply:
            for event in (Working(), Thinking("hm"), Progress("查询"), Text("不要"), Replace("填表，"), Text("然后提交。")):
                reply.show(event)
            reply.show(Tokens(3, 4))
            assert reply.text == "填表，然后提交。"
            reply.finish()
        assert chat.seen() == ["填表，然后提交。"]
        assert reply.delivered


def test_leaving_it_ends_it(sandbox: SandboxClient, kind: Kind) -> None:
    """Nobody waits for an answer whose end was forgotten."""
    with talk(sandbox, kind) as chat:
        _, reply = chat.ask()
        with reply:
            reply.show(Text("填表。"))
        assert chat.seen() == ["填表。"]


def test_a_failure_becomes_its_sentence_below_what_was_written(sandbox: SandboxClient, kind: Kind) -> None:
    """And nothing that was written is lost."""
    with talk(sandbox, kind) as chat:
        _, reply = chat.ask()
        with reply:
            reply.show(Text("填表，\n"))
            reply.fail("出错了。")
        assert chat.seen() == ["填表，\n\n出错了。"]


def test_a_failure_before_the_first_word_is_its_sentence_alone(sandbox: SandboxClient, kind: Kind) -> None:
    """What the AI was at is no part of the answer."""
    with talk(sandbox, kind) as chat:
        _, reply = chat.ask()
        with reply:
            reply.show(Progress("查询"))
            reply.show(Working())
            reply.fail("出错了。")
        assert chat.seen() == ["出错了。"]


def test_an_error_that_gets_here_becomes_its_sentence(sandbox: SandboxClient, kind: Kind) -> None:
    """It goes on to whoever logs it, and the reply has ended all the same."""
    with talk(sandbox, kind) as chat:
        _, reply = chat.ask()
        with pytest.raises(BackendError), reply:
            raise BackendError("secret details")
        assert chat.seen() == [TEXTS.error(BackendError(""))]


def test_a_stop_keeps_what_was_written(sandbox: SandboxClient, kind: Kind) -> None:
    """It comes from another thread, while the answer grows; what is written after it is not shown."""
    with talk(sandbox, kind) as chat:
        _, reply = chat.ask()
        with reply:
            reply.show(Text("填表，"))
            stopping = threading.Thread(target=reply.stop)
            stopping.start()
            stopping.join()
            reply.show(Text("然后提交。"))
            reply.finish()
        assert chat.seen() == [f"填表，\n\n{TEXTS.say('stopped')}"]
        assert reply.text == "填表，"


def test_a_second_end_does_nothing(sandbox: SandboxClient, kind: Kind) -> None:
    """Whichever was first is what is seen, once."""
    with talk(sandbox, kind) as chat:
        _, reply = chat.ask()
        with reply:
            reply.show(Text("填表。"))
            reply.finish()
            reply.fail("出错了。")
            reply.stop()
        assert chat.seen() == ["填表。"]


def test_an_abandoned_reply_says_nothing_more(sandbox: SandboxClient, kind: Kind) -> None:
    """Another process says it."""
    with talk(sandbox, kind) as chat:
        _, reply = chat.ask()
        with reply:
            reply.abandon()
            reply.show(Text("填表。"))
            reply.finish()
        assert "填表" not in "".join(chat.seen())
        assert not reply.delivered


def test_what_an_answer_rests_on_stands_below_it(sandbox: SandboxClient, kind: Kind) -> None:
    """Even when it was told of before the last word."""
    with talk(sandbox, kind) as chat:
        _, reply = chat.ask()
        with reply:
            reply.show(Text("填"))
            reply.show(Citations(("报销 手册", "制度")))
            reply.show(Text("表。"))
            reply.finish()
        assert chat.seen() == ["填表。\n\n参考资料：《报销 手册》 《制度》"]


def test_files_of_an_answer_are_links(sandbox: SandboxClient, kind: Kind) -> None:
    """By their names, or by what they are."""
    with talk(sandbox, kind) as chat:
        _, reply = chat.ask()
        with reply:
            reply.show(Text("见："))
            reply.show(File("http://files/1", "表格.xlsx", is_image=False))
            reply.show(File("http://files/2", ".png", is_image=True))
            reply.finish()
        (seen,) = chat.seen()
        assert seen.startswith("见：\n\n")
        assert all(word in seen for word in ("表格.xlsx", "http://files/1", "图片.png", "http://files/2"))


def test_an_empty_answer_is_told(sandbox: SandboxClient, kind: Kind) -> None:
    """Nobody is left without a word."""
    assert said_in(sandbox, kind, " \n").seen() == [TEXTS.say("empty_answer")]


@pytest.mark.parametrize("line", ["第{number}段，说一句话。", '{number}: "quoted"\n"\n"\n"'])
def test_an_answer_longer_than_a_message_arrives_whole(sandbox: SandboxClient, kind: Kind, line: str) -> None:
    """In order, each part within DingTalk's limit, whatever JSON makes of it (a longer body is refused)."""
    paragraphs = [line.format(number=number) * 4 for number in range(500)]
    with talk(sandbox, kind, stream_content_bytes=3_000) as chat:
        _, reply = chat.ask()
        with reply:
            reply.show(Text("\n\n".join(paragraphs)))
            reply.finish()
        assert reply.delivered
        parts = [record["text"] for record in chat.records(kind="said")]
        assert len(parts) > 1
        assert [part.partition("\n")[0] for part in parts] == [
            f"（{number}/{len(parts)}）" for number in range(1, len(parts) + 1)
        ]
        said = "\n\n".join(part.partition("\n\n")[2] for part in parts)
        assert said.replace("<br>", "\n") == "\n\n".join(paragraphs)
        assert not [record for record in chat.records(kind="api", api="webhook") if "code" in record]


def test_what_dingtalk_does_not_take_is_not_delivered(sandbox: SandboxClient, kind: Kind) -> None:
    """The turn's record says so."""
    with talk(sandbox, kind, **NOTHING) as chat:
        _, reply = chat.ask()
        with reply:
            reply.show(Text("填表。"))
            reply.finish()
        assert chat.seen() == []
        assert not reply.delivered


def test_a_webhook_that_is_over_is_replaced_by_the_robot(sandbox: SandboxClient, kind: Kind) -> None:
    """Where a card or the webhook would say it, but cannot."""
    with talk(sandbox, kind, permissions=["qyapi_robot_sendmsg"], webhook_seconds=0) as chat:
        _, reply = chat.ask()
        with reply:
            reply.show(Text("填表。"))
            reply.finish()
        assert chat.seen() == ["填表。"]
        assert reply.delivered


def test_people_outside_the_company_are_answered(sandbox: SandboxClient, kind: Kind) -> None:
    """They have no staffId, so no card of their own; the webhook is for everybody."""
    with talk(sandbox, kind) as chat:
        _, reply = chat.ask(overrides={"senderStaffId": None})
        with reply:
            reply.show(Text("填表。"))
            reply.finish()
        assert chat.seen() == ["填表。"]
