"""Servers that others wrote and our users run answer DingBridge: a scripted model, directly and behind litellm's gateway."""

import base64

import pytest

import errors
from backends import memory
from backends.base import Picture, Progress, Text, Thinking, Tokens
from tests.dify.conftest import Reader, hear
from tests.real.conftest import Bind, Server

ANSWER = "你好，**钉钉**。\n\n```python\nprint(1)\n```\n"


def test_an_answer_comes_in_pieces(server: Server, bind: Bind) -> None:
    """Each as the model said it, Chinese and Markdown whole, and last what it took."""
    heard = bind(server).ask("你好")
    assert (heard.text, heard.error) == (ANSWER, None)
    assert sum(isinstance(event, Text) for event in heard.events) > 3
    assert isinstance(heard.events[-1], Tokens)


def test_what_the_model_hears(server: Server, bind: Bind) -> None:
    """The prompt, the temperature and the question arrive as they were sent, through a gateway too."""
    place = bind(server, temperature=0.5)
    place.ask("你好")
    body = place.last()
    assert body["messages"] == [{"role": "system", "content": "简短回答"}, {"role": "user", "content": "你好"}]
    assert (body["model"], body["temperature"], body["stream"]) == ("scripted", 0.5, True)


def test_a_conversation_goes_on(server: Server, bind: Bind) -> None:
    """The model hears what was said before, and answers the second question as the second."""
    place = bind(server)
    first = place.start("一")
    hear(first)
    second = place.start("二", first.conversation)
    assert hear(second).text == "第二次回答。"
    assert [message["content"] for message in place.last()["messages"]] == ["简短回答", "一", ANSWER, "二"]
    assert memory.read(second.conversation)[-1] == memory.Exchange("二", "第二次回答。")


def test_the_key_of_a_conversation_reaches_the_model(server: Server, bind: Bind) -> None:
    """With `history: gateway` only the new message goes out, under a `user` that stays the same."""
    place = bind(server, history="gateway")
    first = place.start("一")
    hear(first)
    user = place.last()["user"]
    hear(place.start("二", first.conversation))
    assert place.last()["user"] == user == first.conversation
    assert [message["content"] for message in place.last()["messages"]] == ["简短回答", "二"]


def test_a_picture_reaches_the_model(server: Server, bind: Bind) -> None:
    """As a part of the question, byte by byte."""
    place = bind(server)
    assert hear(place.start("这是什么", "", Picture(b"\x89PNG\r\n\x1a\n", "image/png"))).error is None
    text, picture = place.last()["messages"][-1]["content"]
    assert text == {"type": "text", "text": "这是什么"}
    uri = picture["image_url"]["url"]
    assert uri == "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def test_thoughts_are_no_part_of_the_answer(server: Server, bind: Bind) -> None:
    """They come before it, as reasoning_content."""
    heard = bind(server).ask("想一想")
    assert (heard.thoughts, heard.text, heard.error) == ("先想一下，再说。", "答案是四十二。", None)
    assert isinstance(heard.events[0], Thinking)


def test_a_tool_call_is_a_step(server: Server, bind: Bind) -> None:
    """It is told once though it comes in pieces, and what the agent says behind it is the answer."""
    heard = bind(server).ask("查天气")
    assert [event for event in heard.events if isinstance(event, Progress)] == [Progress("get_weather")]
    assert (heard.text, heard.error) == ("杭州今天晴。", None)


@pytest.mark.parametrize("key", ["sk-wrong", "没有", ""], ids=["wrong", "chinese", "none"])
def test_a_wrong_key_is_refused(server: Server, bind: Bind, key: str) -> None:
    """As such, both when asked and when looked at before."""
    place = bind(server, openai_api_key=key)
    assert type(place.ask("你好").error) is errors.KeyRefused
    with pytest.raises(errors.KeyRefused):
        place.backend.ping()


def test_a_right_key_is_taken(server: Server, bind: Bind) -> None:
    """A look at the gateway says nothing then."""
    bind(server).backend.ping()


def test_a_model_that_the_provider_withdrew_is_unknown(server: Server, bind: Bind) -> None:
    """Whether its provider says so or a gateway that still lists it."""
    heard = bind(server, openai_model="withdrawn").ask("你好")
    assert type(heard.error) is errors.ModelUnknown


def test_a_model_that_a_gateway_never_had_is_unknown(litellm: Server, bind: Bind) -> None:
    """It says so in words of its own."""
    assert type(bind(litellm, openai_model="nope").ask("你好").error) is errors.ModelUnknown


@pytest.mark.parametrize(
    ("question", "error"),
    [("太忙", errors.BackendBusy), ("坏了", errors.BackendDown), ("太长", errors.InputRefused)],
    ids=["busy", "broken", "too long"],
)
def test_failures_are_told_apart(server: Server, bind: Bind, question: str, error: type[errors.BackendError]) -> None:
    """Though a gateway wraps them in words and codes of its own."""
    heard = bind(server).ask(question)
    assert (heard.text, type(heard.error)) == ("", error)


def test_a_wrong_address_is_told(server: Server, bind: Bind) -> None:
    """A server that is there, but has no chat at that path."""
    heard = bind(server, openai_base_url=f"{server.url}/nowhere").ask("你好")
    assert isinstance(heard.error, errors.BackendUnreachable)
    assert "openai_base_url" in heard.error.detail


def test_an_answer_that_breaks_off_is_no_whole_one(server: Server, bind: Bind) -> None:
    """What came stays, and its end is told as a failure."""
    heard = bind(server).ask("说一半")
    assert heard.text in {"说到", "说到一半", "说到一半就断"}
    assert type(heard.error) in {errors.AnswerInterrupted, errors.BackendDown}


def test_stop_ends_the_reading(server: Server, bind: Bind) -> None:
    """At once, though the model has much more to say; what it said is remembered."""
    answer = bind(server).start("慢慢说")
    reader = Reader(answer)
    reader.wait_for_event()
    answer.stop()
    heard = reader.end()
    assert heard.error is None
    assert 0 < len(heard.text) < 20
    assert memory.read(answer.conversation) == (memory.Exchange("慢慢说", heard.text),)
