"""An OpenAI-compatible gateway: what it is asked, and what its answers become."""

import json
import threading
import time
from pathlib import Path

import pytest

import errors
from backends import memory
from backends.base import Event, Picture, Progress, Question, Replace, Shortened, Text, Thinking, Tokens
from backends.openai.messages import LOCAL_PICTURES
from backends.watch import Limits
from tests.backends.conftest import DONE, KEY, MODEL, ServeGateway, chunk, frame, refusal, words
from tests.dify.conftest import hear
from tests.dify.server import Exchange, ping_until_left

PLAIN = {"system_prompt": "简短回答"}


def answered(exchange: Exchange) -> None:
    """Say 你好 in two pieces."""
    exchange.stream(*words("你", "好"))


def test_what_a_gateway_is_asked(gateway: ServeGateway) -> None:
    """The prompt, the question, a stream with its usage; the key as Bearer, and no user key where we remember ourselves."""
    place = gateway(answered, temperature="0.7", **PLAIN)
    assert place.ask().text == "你好"
    (exchange,) = place.server.exchanges
    assert (exchange.method, exchange.path) == ("POST", "/v1/chat/completions")
    assert exchange.headers["authorization"] == f"Bearer {KEY}"
    assert exchange.json == {
        "model": MODEL,
        "messages": [{"role": "system", "content": "简短回答"}, {"role": "user", "content": "你好"}],
        "temperature": 0.7,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_without_a_key_there_is_no_authorization(gateway: ServeGateway) -> None:
    """As a local Ollama wants it; and without a temperature the gateway's own counts."""
    place = gateway(answered, openai_api_key="")
    place.ask()
    assert "authorization" not in place.server.exchanges[0].headers
    assert "temperature" not in place.bodies[0]


def test_the_bridge_remembers(gateway: ServeGateway) -> None:
    """Each question goes out with the earlier ones and their answers, the oldest first."""
    place = gateway(lambda exchange: exchange.stream(*words(f"答{len(exchange.json['messages'])}")), **PLAIN)
    conversation = ""
    for text in ("一", "二", "三"):
        answer = place.start(text, conversation)
        hear(answer)
        conversation = answer.conversation
    contents = [message["content"] for message in place.bodies[2]["messages"]]
    assert contents == ["简短回答", "一", "答2", "二", "答4", "三"]
    assert memory.read(conversation)[-1] == memory.Exchange("三", "答6")


def test_the_oldest_is_forgotten_beyond_the_budget(gateway: ServeGateway) -> None:
    """What is sent and what is kept fit into history_tokens."""
    place = gateway(answered, history_tokens="10", **PLAIN)
    before = memory.write([memory.Exchange("旧旧旧", "旧旧旧"), memory.Exchange("新新新", "新新新")])
    answer = place.start("问", before)
    hear(answer)
    assert [message["content"] for message in place.bodies[0]["messages"]] == ["简短回答", "新新新", "新新新", "问"]
    assert memory.read(answer.conversation) == (memory.Exchange("新新新", "新新新"), memory.Exchange("问", "你好"))


def test_without_a_budget_nothing_is_remembered(gateway: ServeGateway) -> None:
    """history_tokens: 0 asks each question alone."""
    place = gateway(answered, history_tokens="0", **PLAIN)
    answer = place.start("问", memory.write([memory.Exchange("旧", "旧")]))
    hear(answer)
    assert len(place.bodies[0]["messages"]) == 2
    assert memory.read(answer.conversation) == ()


def test_what_broke_off_is_remembered_as_far_as_it_came(gateway: ServeGateway) -> None:
    """And a question without any answer leaves the conversation as it was."""
    place = gateway(lambda exchange: exchange.stream(chunk(content="半")))
    answer = place.start("问")
    assert type(hear(answer).error) is errors.AnswerInterrupted
    assert memory.read(answer.conversation) == (memory.Exchange("问", "半"),)
    place = gateway(lambda exchange: exchange.stream(chunk(role="assistant")))
    answer = place.start("问", "before")
    assert hear(answer).error
    assert answer.conversation == "before"


def test_a_gateway_that_remembers_gets_the_new_message_and_a_key(gateway: ServeGateway) -> None:
    """The key is made when a conversation begins, and stays the same while it goes on, whoever asks."""
    place = gateway(answered, history="gateway", **PLAIN)
    answer = place.start("一")
    hear(answer)
    assert answer.conversation == "user-1-0a1b2c3d"
    hear(place.backend.start(Question("二", "user-2", answer.conversation)))
    assert [body["user"] for body in place.bodies] == ["user-1-0a1b2c3d"] * 2
    assert place.bodies[1]["messages"] == [{"role": "system", "content": "简短回答"}, {"role": "user", "content": "二"}]


@pytest.mark.parametrize(
    "left", [memory.write([memory.Exchange("旧", "密")]), "b54b9d4e-7d2b-4f3b-b2bb-4b5e6ab5a3ff"], ids=["words", "dify"]
)
def test_what_another_kind_left_is_no_key(gateway: ServeGateway, left: str) -> None:
    """After a change of the settings, nobody's words become a user key."""
    place = gateway(answered, history="gateway")
    place.ask("问", left)
    assert place.bodies[0]["user"] == "user-1-0a1b2c3d"


def test_a_gateway_here_is_told_how_to_show_pictures(gateway: ServeGateway, tmp_path: Path) -> None:
    """On loopback and without a prompt of its own; the folder is named absolutely, a secret never."""
    place = gateway(answered, media_root=str(tmp_path))
    place.ask()
    (system, _) = place.bodies[0]["messages"]
    assert system == {"role": "system", "content": LOCAL_PICTURES.format(folder=tmp_path)}
    assert KEY not in system["content"]


def test_pictures_go_out_behind_the_text(gateway: ServeGateway) -> None:
    """As data: addresses; later questions are told only that there was one."""
    place = gateway(answered, **PLAIN)
    answer = place.start("看", "", Picture(b"\x89PNG", "image/png"))
    hear(answer)
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}}
    assert place.bodies[0]["messages"][-1]["content"] == [{"type": "text", "text": "看"}, image]
    assert memory.read(answer.conversation) == (memory.Exchange("看\n[picture]", "你好"),)
    place.ask("", "", Picture(b"\x89PNG", "image/png"))
    assert place.bodies[1]["messages"][-1]["content"] == [image]


def test_a_gateway_that_knows_no_stream_options_is_asked_without(gateway: ServeGateway) -> None:
    """At once, and from then on."""

    def run(exchange: Exchange) -> None:
        if "stream_options" in exchange.json:
            detail = [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted", "input": "你好"}]
            exchange.answer(json.dumps({"detail": detail}).encode(), status="422 Unprocessable Entity")
        else:
            answered(exchange)

    place = gateway(run)
    assert [place.ask().text, place.ask().text] == ["你好", "你好"]
    assert ["stream_options" in body for body in place.bodies] == [True, False, False]


@pytest.mark.parametrize(
    ("identity", "ref"),
    [("chatcmpl-1", "chatcmpl-1"), ("密\n\x00x" * 200, "密x" * 100), (7, ""), ({"a": 1}, ""), (None, "")],
    ids=["usual", "long", "number", "object", "none"],
)
def test_how_the_gateway_calls_its_answer(gateway: ServeGateway, identity: object, ref: str) -> None:
    """It is kept with the answer, so it is no flood and no line break."""
    payload = {"id": identity, "choices": [{"index": 0, "delta": {"content": "好"}, "finish_reason": "stop"}]}
    answer = gateway(lambda exchange: exchange.stream(frame(payload), DONE)).start()
    assert hear(answer).text == "好"
    assert answer.ref == ref


def whole(text: str) -> bytes:
    """Return the event that says all of an answer once more, as MiniMax's last one does."""
    return frame({"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}]})


CALL = {"index": 0, "id": "c1", "function": {"name": "search", "arguments": ""}}
MORE = {"index": 0, "function": {"name": "search", "arguments": "{}"}}
OTHER = {"index": 0, "id": "c2", "function": {"name": "draw", "arguments": "{}"}}
USAGE = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}


@pytest.mark.parametrize(
    ("frames", "events"),
    [
        (words("你", "好"), [Text("你"), Text("好")]),
        ((chunk(content="你"), chunk("stop"), chunk(content="好"), DONE), [Text("你"), Text("好")]),
        ((chunk(content=None, refusal="不行"), chunk("stop"), DONE), [Text("不行")]),
        ((chunk(content="你"), chunk(content="好"), whole("你好"), DONE), [Text("你"), Text("好")]),
        ((chunk(content="你"), whole("你好"), DONE), [Text("你"), Replace("你好")]),
        ((chunk(content="你"), whole("<think>想</think>你"), DONE), [Text("你")]),
        ((chunk(content="查一下"), whole("好"), DONE), [Text("查一下"), Text("好")]),
        ((chunk(content="好"), whole(""), DONE), [Text("好")]),
        ((b'data: {"choices": [\ndata: {"delta": {"content": "ok"}}]}\n\n', DONE), [Text("ok")]),
        ((b"\xef\xbb\xbf", *words("好")), [Text("好")]),
        ((b"".join(words("你", "好")).replace(b"\n\n", b"\n"),), [Text("你"), Text("好")]),
        ((chunk(content="好"), chunk("stop")), [Text("好")]),
        ((chunk(content="好"), DONE), [Text("好")]),
        ((chunk(content="好"), chunk("length"), DONE), [Text("好"), Shortened()]),
        ((chunk("max_tokens", content="<thi"), DONE), [Text("<thi"), Shortened()]),
        ((chunk(content="好"), chunk("content_filter"), DONE), [Text("好")]),
        ((chunk(content=None, reasoning_content="想"), *words("好")), [Thinking("想"), Text("好")]),
        ((chunk(reasoning="想", reasoning_content="想"), *words("好")), [Thinking("想"), Text("好")]),
        (words("<thi", "nk>想</think>", "\n\n好"), [Thinking("想"), Text("好")]),
        ((chunk(content=[{"type": "text", "text": "你"}, {"type": "text", "text": "好"}]), DONE), [Text("你好")]),
        (
            (chunk(tool_calls=[CALL]), chunk(tool_calls=[MORE]), chunk(tool_calls=[MORE | {"id": "c1"}]), *words("好")),
            [Progress("search"), Text("好")],
        ),
        (
            (chunk(tool_calls=[CALL]), chunk(tool_calls=[OTHER]), *words("好")),
            [Progress("search"), Progress("draw"), Text("好")],
        ),
        (
            (chunk(content="好"), chunk("stop"), frame({"choices": [], "usage": USAGE}), DONE),
            [Text("好"), Tokens(7, 2)],
        ),
        ((b": keep-alive\n\n", b"data: ping\n\n", frame([]), frame({}), *words("好")), [Text("好")]),
        (
            (frame({"choices": None}), frame({"choices": [None]}), frame({"choices": [{"delta": None}]}), *words("好")),
            [Text("好")],
        ),
        ((chunk(content=5, tool_calls=[1, {"function": {}}, {}]), *words("好")), [Text("好")]),
        ((chunk(content="好"), chunk("stop"), frame({"error": {"message": "late"}})), [Text("好")]),
    ],
)
def test_what_chunks_become(gateway: ServeGateway, frames: tuple[bytes, ...], events: list[Event]) -> None:
    """Text, thoughts under each name, each tool once, the tokens at the end; noise is nothing, and comments are."""
    heard = gateway(lambda exchange: exchange.stream(*frames)).ask()
    assert (heard.events, heard.error) == (events, None)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "text/event-stream"])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_gateway_that_does_not_stream_is_taken_too(gateway: ServeGateway, content_type: str, indent: int | None) -> None:
    """One JSON body is an answer in one piece, whatever it is called; blank lines before it are signs of life (DeepSeek)."""
    message = {"role": "assistant", "content": "你好", "reasoning_content": "想", "tool_calls": None}
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": USAGE}
    content = b"\n\n" + json.dumps(body, indent=indent).encode()
    heard = gateway(lambda exchange: exchange.answer(content, content_type=content_type)).ask()
    assert (heard.events, heard.error) == ([Thinking("想"), Text("你好"), Tokens(7, 2)], None)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_a_stream_is_one_whatever_it_is_called(gateway: ServeGateway, content_type: str) -> None:
    """Its pieces are shown as they come."""
    heard = gateway(lambda exchange: exchange.begin(Content_Type=content_type).send(*words("你", "好")).end()).ask()
    assert (heard.events, heard.error) == ([Text("你"), Text("好")], None)


NO_END = [
    chunk("tool_calls", tool_calls=[CALL]),
    chunk("function_call", content="查"),
    chunk("null", content="查"),
    chunk("", content="查"),
    frame({"choices": [{"delta": {"content": "查"}, "message": None, "finish_reason": None}]}),
]


@pytest.mark.parametrize("first", NO_END, ids=["tool_calls", "function_call", "null", "empty", "message"])
def test_what_is_no_end_is_waited_behind(gateway: ServeGateway, first: bytes) -> None:
    """A gateway that runs its tools goes on when they are done, long after the grace that a whole answer has."""
    taken = threading.Event()

    def run(exchange: Exchange) -> None:
        exchange.begin().send(first)
        assert not taken.wait(0.5)  # the reader would leave
        exchange.send(chunk(content="好"), chunk("stop"), DONE).end()

    heard = gateway(run, limits=Limits(grace=0.1)).ask()
    assert heard.text.endswith("好")
    assert heard.error is None


def test_tools_without_an_answer_are_none(gateway: ServeGateway) -> None:
    """The gateway left in the midst of them."""
    error = gateway(lambda exchange: exchange.stream(chunk("tool_calls", tool_calls=[CALL]))).ask().error
    assert type(error) is errors.AnswerInterrupted


def test_comments_before_an_answer_are_signs_of_life(gateway: ServeGateway) -> None:
    """A model that waits its turn is waited for, but not for ever."""

    def run(exchange: Exchange) -> None:
        exchange.begin()
        for _ in range(8):
            exchange.send(b": keep-alive\n\n")
            time.sleep(0.1)
        exchange.send(*words("好")).end()

    assert gateway(run, limits=Limits(first_event=0.5)).ask().text == "好"
    place = gateway(lambda exchange: ping_until_left(exchange.begin()), limits=Limits(first_event=5, whole=0.4))
    assert type(place.ask().error) is errors.NoAnswer


def test_an_open_connection_behind_the_end_is_left(gateway: ServeGateway) -> None:
    """A finish without [DONE] is waited behind only briefly."""
    limits = Limits(first_event=30, idle=30, whole=30, grace=0.1)
    place = gateway(lambda exchange: exchange.begin().send(chunk("stop", content="好")).wait_until_left(), limits=limits)
    heard = place.ask()
    assert (heard.text, heard.error) == ("好", None)


@pytest.mark.parametrize(
    ("frames", "kind", "code"),
    [
        ((chunk(content="半"),), errors.AnswerInterrupted, "eof"),
        ((b'data: {"choices": [{"del',), errors.NoAnswer, "silent"),
        ((), errors.NoAnswer, "silent"),
        ((chunk("content_filter"), DONE), errors.ModelFailed, "content_filter"),
        ((frame({"error": {"message": "overheated", "code": 500}}),), errors.BackendDown, "500"),
        ((chunk(content="半"), frame({"error": "overheated"})), errors.ModelFailed, ""),
        (
            (frame({"object": "error", "message": "slow down", "code": "rate_limit_exceeded"}),),
            errors.BackendBusy,
            "rate_limit_exceeded",
        ),
    ],
)
def test_a_stream_that_fails(gateway: ServeGateway, frames: tuple[bytes, ...], kind: type, code: str) -> None:
    """Neither [DONE] nor a finish, nothing at all, a filter, an error in the middle: each its class."""
    error = gateway(lambda exchange: exchange.stream(*frames)).ask().error
    assert error
    assert (type(error), error.code, error.ai) == (kind, code, "openai")


def test_a_body_that_is_cut(gateway: ServeGateway) -> None:
    """Half a JSON, and a reset connection, are answers that broke off."""

    def cut(exchange: Exchange) -> None:
        exchange.begin(Content_Type="application/json").send(b'{"choices": [{"mess').reset()

    error = gateway(cut).ask().error
    assert type(error) is errors.AnswerInterrupted


def test_a_model_that_repeats_itself_for_ever_is_left(gateway: ServeGateway) -> None:
    """Text is bounded by characters, whatever the gateway does."""

    def run(exchange: Exchange) -> None:
        exchange.begin()
        while True:  # until the client has left
            exchange.send(chunk(content="好" * 50_000))

    heard = gateway(run).ask()
    assert type(heard.error) is errors.AnswerTooLong
    assert len(heard.text) < 1_100_000


def test_silence_is_waited_for_as_long_as_it_may_be(gateway: ServeGateway) -> None:
    """Without a head, without a chunk, and between two; comments are signs of life."""
    place = gateway(lambda exchange: exchange.wait_until_left(), limits=Limits(first_event=0.2))
    assert type(place.ask().error) is errors.NoAnswer
    place = gateway(lambda exchange: exchange.begin().send(b": hi\n\n").wait_until_left(), limits=Limits(first_event=0.2))
    assert type(place.ask().error) is errors.NoAnswer
    place = gateway(lambda exchange: exchange.begin().send(chunk(content="半")).wait_until_left(), limits=Limits(idle=0.2))
    heard = place.ask()
    assert (heard.text, type(heard.error)) == ("半", errors.AnswerInterrupted)
    half = gateway(
        lambda exchange: exchange.begin(Content_Type="application/json").send(b"{").wait_until_left(),
        limits=Limits(first_event=0.2),
    )
    assert type(half.ask().error) is errors.AnswerInterrupted


def test_no_error_quotes_what_was_said(gateway: ServeGateway) -> None:
    """Neither the question nor what came before, in part, escaped or whole, nor the key."""
    before = memory.write([memory.Exchange("what is the salary of the chairman", "he earns more than a million a year")])
    quoting = f"bad: 'of the chairman' 'more than a million' 你的工资 \\u4f60\\u7684\\u5de5\\u8d44 {KEY}"
    place = gateway(lambda exchange: exchange.answer(refusal(quoting), status="400 Bad Request"))
    error = place.ask("你的工资", before).error
    assert error
    assert error.detail == "bad: '…' '…' … … …"
