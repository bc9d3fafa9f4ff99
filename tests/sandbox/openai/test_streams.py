"""Answers of the gateways: the chunks of a stream, whole completions, and what the directives make of them."""

import pytest

from tests.sandbox.openai.caller import MODEL, Heard
from tests.sandbox.openai.conftest import MakeGateway


def test_a_stream_begins_with_the_role_and_ends_with_its_reason(gateway: MakeGateway) -> None:
    """Chunks of one id; the first names the role, the last the finish_reason, then the mark of the end."""
    heard = gateway().ask("天气")
    assert {(chunk["object"], chunk["model"]) for chunk in heard.chunks} == {("chat.completion.chunk", MODEL)}
    assert len({(chunk["id"], chunk["created"]) for chunk in heard.chunks}) == 1
    assert heard.choices[0] == {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
    assert heard.choices[-1] == {"index": 0, "delta": {}, "finish_reason": "stop"}
    assert "第 1 轮" in heard.text()
    assert "天气" in heard.text()
    assert heard.is_done
    assert all("usage" not in chunk for chunk in heard.chunks)


def test_usage_comes_last_and_only_when_it_was_asked_for(gateway: MakeGateway) -> None:
    """A chunk without choices; the others say that they have none."""
    heard = gateway().ask("[[tokens=5]]", stream_options={"include_usage": True})
    *others, last = heard.chunks
    assert (last["choices"], last["usage"]["completion_tokens"]) == ([], 5)
    assert last["usage"]["total_tokens"] == 5 + last["usage"]["prompt_tokens"]
    assert [chunk["usage"] for chunk in others] == [None] * len(others)


def test_a_whole_completion_says_the_same_at_once(gateway: MakeGateway) -> None:
    """One body with message, finish_reason and usage."""
    ours = gateway()
    body = ours.whole("[[think]] 天气")
    (choice,) = body["choices"]
    assert body["object"] == "chat.completion"
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["content"] == ours.ask("天气").text()
    assert choice["message"]["reasoning_content"]
    assert body["usage"]["completion_tokens"] > 0


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thoughts_come_beside_the_answer_or_in_it(gateway: MakeGateway, field: str) -> None:
    """Under the name that this gateway uses; or tagged, inside the content."""
    ours = gateway(reasoning_field=field)
    beside = ours.ask("[[think]] 天气")
    assert beside.text(field)
    assert beside.text(field) not in beside.text()
    tagged = ours.ask("[[thinktag]] 天气")
    assert tagged.text(field) == ""
    assert tagged.text() == f"<think>\n{beside.text(field)}\n</think>\n\n{beside.text()}"


def test_a_tools_call_comes_in_pieces_before_the_answer(gateway: MakeGateway) -> None:
    """First its name, then its arguments bit by bit; a whole completion has it in one."""
    heard = gateway().ask("[[tool]] 几点了")
    calls = [call for choice in heard.choices for call in choice["delta"].get("tool_calls", [])]
    assert calls[0]["function"]["name"] == "current_time"
    assert len(calls) > 2
    together = "".join(call["function"]["arguments"] for call in calls)
    assert "几点了" in heard.text()
    whole = gateway().whole("[[tool]] 几点了")["choices"][0]["message"]
    assert whole["tool_calls"][0]["function"] == {"name": "current_time", "arguments": together}


def test_the_turn_is_counted_in_the_request(gateway: MakeGateway) -> None:
    """By its user messages; the last one is the question."""
    earlier = [{"role": "user", "content": "一"}, {"role": "assistant", "content": "好"}]
    heard = gateway().ask("", messages=[*earlier, {"role": "user", "content": "二"}])
    assert "第 2 轮" in heard.text()
    assert "**二**" in heard.text()


def test_a_gateway_that_remembers_counts_by_user(gateway: MakeGateway) -> None:
    """Each user has a conversation of its own; without a user, and elsewhere, only the request counts."""
    ours = gateway(remembers=True)
    turns = [ours.ask("问", user=user).text()[:20] for user in ("a", "a", "b", "a")]
    assert [turn.partition("第 ")[2][0] for turn in turns] == ["1", "2", "1", "3"]
    assert "第 1 轮" in ours.ask("问").text()
    assert "第 1 轮" in gateway().ask("问", user="a").text()


def test_the_directives_say_what_came_in(gateway: MakeGateway) -> None:
    """The system prompt to the letter, and a local picture's path in markdown."""
    ours = gateway()
    prompt = {"role": "system", "content": "只说“好”。\n\n  两行"}
    assert ours.ask("", messages=[prompt, {"role": "user", "content": "[[system]]"}]).text() == prompt["content"]
    assert "![图](/tmp/a/图 1.png)" in ours.ask("[[path=/tmp/a/图 1.png]]").text()
    assert len(ours.ask("[[len=100]]").text()) == 100
    assert ours.ask("[[empty]]").text() == ""


@pytest.mark.parametrize(
    ("directive", "finish"), [("[[length]]", "length"), ("[[filter]]", "content_filter"), ("[[empty]]", "stop")]
)
def test_the_end_has_its_reason(gateway: MakeGateway, directive: str, finish: str) -> None:
    """Streamed and whole alike."""
    ours = gateway()
    assert ours.ask(f"{directive} 天气").finish == [finish]
    assert ours.whole(f"{directive} 天气")["choices"][0]["finish_reason"] == finish


def test_max_tokens_is_kept(gateway: MakeGateway) -> None:
    """An answer that would be longer is cut off there, with the reason for it."""
    heard = gateway().ask("[[tokens=9]]", max_tokens=4)
    assert (heard.finish, len(heard.text())) == (["length"], 4 * 6)


def test_an_error_can_come_in_the_middle(gateway: MakeGateway) -> None:
    """Half the text, then an error in place of a chunk; a whole completion fails instead."""
    ours = gateway()
    heard = ours.ask("[[error=overloaded]][[len=60]]")
    assert heard.chunks[-1]["error"]["code"] == "overloaded"
    assert len(heard.text()) == 30
    assert heard.finish == []
    assert ours.refused("[[error]]", stream=False)[0] == 500


def test_a_stream_can_end_without_its_end(gateway: MakeGateway) -> None:
    """Some text, no finish_reason, no mark of the end."""
    heard = gateway().ask("[[cut]][[len=60]]")
    assert 0 < len(heard.text()) < 60
    assert (heard.finish, heard.is_done) == ([], False)


def test_comments_fill_the_silence(gateway: MakeGateway) -> None:
    """While the first token is awaited."""
    heard = gateway(pace={"tokens_per_second": 0, "ping_seconds": 0.05}).ask("[[first=0.4]] 天气")
    assert heard.frames[0] == b": keep-alive"
    assert heard.is_done


def test_openclaw_never_says_why_a_stream_ended(gateway: MakeGateway) -> None:
    """Its first chunk has only the role; any model and none is taken."""
    ours = gateway(flavor="openclaw")
    heard = ours.ask("天气", model="openclaw:main")
    assert heard.choices[0] == {"index": 0, "delta": {"role": "assistant"}}
    assert (heard.finish, heard.is_done) == ([], True)
    assert ours.ask("天气", model=None).chunks[0]["model"] == "openclaw"


def test_litellm_says_the_usage_beside_an_empty_delta(gateway: MakeGateway) -> None:
    """After the chunk with the finish_reason, which no other chunk names; a tool's call says its type again in each piece."""
    heard = gateway(flavor="litellm").ask("[[tool]] [[len=30]]", stream_options={"include_usage": True})
    *others, end, last = heard.chunks
    assert (last["choices"], last["usage"]["completion_tokens"]) == ([{"index": 0, "delta": {}}], 5)
    assert end["choices"] == [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    assert not [chunk for chunk in others if "usage" in chunk or "finish_reason" in chunk["choices"][0]]
    calls = [call for choice in heard.choices for call in choice["delta"].get("tool_calls", [])]
    assert {call["type"] for call in calls} == {"function"}
    assert ["id" in call for call in calls] == [True] + [False] * (len(calls) - 1)
    assert heard.is_done


def test_litellm_ends_without_its_mark_when_the_model_dies(gateway: MakeGateway) -> None:
    """The error is the last word; not streamed it is a 500."""
    ours = gateway(flavor="litellm")
    heard = ours.ask("[[error=overloaded]][[len=60]]")
    assert (heard.chunks[-1]["error"]["type"], heard.chunks[-1]["error"]["code"]) == (None, "500")
    assert (len(heard.text()), heard.finish, heard.is_done) == (30, [], False)
    status, error = ours.refused("[[error]]", stream=False)
    assert (status, error["type"], error["code"]) == (500, "internal_server_error", "500")


def test_litellm_drops_the_user(gateway: MakeGateway) -> None:
    """So what remembers behind it knows nobody, and only the request counts."""
    ours = gateway(flavor="litellm", remembers=True)
    before = ours.client.last()
    assert ["第 1 轮" in ours.ask("问", user="a").text() for _ in range(2)] == [True, True]
    assert ours.client.wait_for(before, side="openai", kind="request", app=ours.key)["user"] == ""


def test_a_record_tells_the_question_and_the_answer(gateway: MakeGateway) -> None:
    """What was asked and with how much history, and what came of it; the end of the stream too."""
    ours = gateway()
    before = ours.client.last()
    heard = ours.ask("天气", user="u1")
    asked = ours.client.wait_for(before, side="openai", kind="request", app=ours.key)
    assert (asked["query"], asked["user"], asked["turn"], asked["messages"], asked["streaming"]) == ("天气", "u1", 1, 1, True)
    answer = ours.client.wait_for(before, side="openai", kind="answer", app=ours.key)
    assert (answer["text"], answer["status"]) == (heard.text(), "succeeded")
    assert ours.client.wait_for(before, kind="stream.closed", app=ours.key)["by"] == "server"


def test_an_answer_ends_when_nobody_listens(gateway: MakeGateway) -> None:
    """A caller that hangs up stops it, as it stops a real model."""
    ours = gateway(pace={"tokens_per_second": 50})
    before = ours.client.last()
    with ours.post("[[len=5000]]", listen=True) as answer:
        assert Heard(next(answer.iter_content(None))).choices
    assert ours.client.wait_for(before, kind="stream.closed", app=ours.key)["by"] == "client"
    assert ours.client.wait_for(before, kind="answer", app=ours.key)["status"] == "aborted"
