"""A stream that falls silent is waited for as long as it may be, and not longer; what was said is kept."""

import threading
import time
from collections.abc import Callable

import pytest

import errors
from backends.watch import Keeper, Limits, Silence, Watch
from tests.dify.conftest import Reader, Serve
from tests.dify.server import END, PING, Exchange, event, message, ping_until_left

Run = Callable[[Exchange], None]

LONG = Limits(first_event=30, idle=30, no_event=30, whole=30, grace=30, doubt=30, pause=0.01)
GONE = b'{"code": "not_found", "message": "Conversation Not Exists.", "status": 404}'
STARTED = event("workflow_started", workflow_run_id="r-1", data={})


def silent(*frames: bytes) -> Run:
    """Return a run that sends these frames and then nothing, the connection open."""

    def run(exchange: Exchange) -> None:
        exchange.begin().send(*frames).wait_until_left()

    return run


def forget(exchange: Exchange) -> None:
    """Answer that the conversation is not known."""
    exchange.answer(GONE, status="404 NOT FOUND")


def wait_until_it_sleeps(keeper: Keeper) -> None:
    """Wait until the keeper has looked at what it watches and knows when to wake up."""
    until = time.monotonic() + 10
    while not keeper._wakes_at and time.monotonic() < until:
        time.sleep(0.005)


def test_headers_that_never_come(serve: Serve) -> None:
    """Not even a head: no answer, and no second try, for a run may have begun."""
    dify = serve(lambda exchange: exchange.wait_until_left(), limits=Limits(first_event=0.2))
    heard = dify.ask()
    assert type(heard.error) is errors.NoAnswer
    assert len(dify.server.exchanges) == 1


@pytest.mark.parametrize("run", [silent(), silent(PING), lambda exchange: ping_until_left(exchange.begin())])
def test_a_first_event_that_never_comes(serve: Serve, run: Run) -> None:
    """A head and perhaps pings, but no event: no answer; a required input that was not given is named."""
    dify = serve(run, limits=Limits(first_event=0.3))
    dify.server.others["parameters"] = lambda exchange: exchange.answer(
        b'{"user_input_form": [{"select": {"variable": "lang", "required": true}}, {"paragraph": {"variable": "x"}}]}'
    )
    error = dify.ask().error
    assert type(error) is errors.NoAnswer
    assert error.detail == "no first event; the app requires inputs that the bot does not give: lang"


@pytest.mark.parametrize(
    "form", [b"null", b"[]", b"{}", b'{"user_input_form": 5}', b'{"user_input_form": [1, {"a": 2}]}', b"<html>"]
)
def test_a_form_that_cannot_be_read_names_nothing(serve: Serve, form: bytes) -> None:
    """The hint is an extra: whatever /parameters answers, the error is the same."""
    dify = serve(silent(PING), limits=Limits(first_event=0.1))
    dify.server.others["parameters"] = lambda exchange: exchange.answer(form)
    error = dify.ask().error
    assert error
    assert error.detail == "no first event"


def test_no_byte_after_some_text(serve: Serve) -> None:
    """Idle: the text is kept, also what was held back in case it became a tag; a long first wait does not matter."""
    watched = threading.Event()

    def run(exchange: Exchange) -> None:
        exchange.begin().send(PING)
        assert watched.wait(10)
        exchange.send(message("1 <")).wait_until_left()

    dify = serve(run, limits=Limits(first_event=30, idle=0.2, recovery=0))
    reader = Reader(dify.start())
    wait_until_it_sleeps(dify.backend.client._keeper)
    watched.set()
    heard = reader.end()
    assert heard.text == "1 <"
    assert type(heard.error) is errors.AnswerInterrupted
    assert heard.error.detail == "no byte"


def test_pings_are_a_sign_of_life(serve: Serve) -> None:
    """Pings keep an answer open beyond the idle time, but not for ever."""

    def run(exchange: Exchange) -> None:
        ping_until_left(exchange.begin().send(message("你")))

    heard = serve(run, limits=Limits(idle=0.4, no_event=0.9)).ask()
    assert heard.text == "你"
    assert heard.error
    assert heard.error.detail == "only pings"


def test_a_run_has_a_longest_time(serve: Serve) -> None:
    """However lively, a stream ends after the time that Dify gives a run at most."""

    def run(exchange: Exchange) -> None:
        exchange.begin()
        while True:  # until the client has left
            exchange.send(message("."))

    heard = serve(run, limits=Limits(whole=0.3)).ask()
    assert heard.error
    assert heard.error.detail == "longer than a run may take"


def test_an_error_ends_the_wait(serve: Serve) -> None:
    """From 1.13 on a stream may stay open behind its error event; nobody waits for it."""
    heard = serve(silent(PING, event("error", code="invalid_param", message="Model x not exist.")), limits=LONG).ask()
    assert type(heard.error) is errors.ModelFailed


def test_a_chat_s_end_ends_the_wait(serve: Serve) -> None:
    """Behind a chat's message_end nothing else counts, whether the stream closes or not."""
    heard = serve(silent(message("你好"), END), limits=LONG).ask()
    assert (heard.text, heard.error) == ("你好", None)


@pytest.mark.parametrize("last", [END, event("workflow_finished", data={"status": "succeeded"})], ids=["message", "run"])
def test_a_chatflow_s_end_is_waited_for_briefly(serve: Serve, last: bytes) -> None:
    """Of message_end and workflow_finished one may never come: the answer is whole after a short grace."""
    limits = Limits(first_event=30, idle=30, no_event=30, whole=30, grace=0.2)
    heard = serve(silent(STARTED, message("你好"), last), limits=limits).ask()
    assert (heard.text, heard.error) == ("你好", None)


def test_a_forgotten_conversation_is_begun_anew(serve: Serve) -> None:
    """A 404: the same question is asked once more, without the conversation, and its new name is kept."""

    def run(exchange: Exchange) -> None:
        if "conversation_id" in exchange.json:
            forget(exchange)
        else:
            exchange.stream(message("你好"), END)

    dify = serve(run)
    answer = dify.start("你好", "c-old")
    heard = Reader(answer).end()
    assert (heard.text, heard.error, answer.conversation) == ("你好", None, "c-1")
    assert [exchange.json.get("conversation_id") for exchange in dify.server.exchanges] == ["c-old", None]


def test_a_conversation_is_begun_anew_once(serve: Serve) -> None:
    """An app that knows no conversation at all is asked twice, then it is told."""
    dify = serve(forget)
    answer = dify.start("你好", "c-old")
    assert type(Reader(answer).end().error) is errors.ConversationGone
    assert (len(dify.server.exchanges), answer.conversation) == (2, "")


@pytest.mark.parametrize("closes", [False, True], ids=["silent", "closed"])
def test_a_silently_forgotten_conversation_is_begun_anew(serve: Serve, closes: bool) -> None:  # noqa: FBT001  # a table's column
    """1.13 and 1.14 only ping once, and perhaps close: the messages are asked for, and a 404 says it."""

    def run(exchange: Exchange) -> None:
        if "conversation_id" not in exchange.json:
            exchange.stream(message("你好"), END)
        elif closes:
            exchange.stream(PING)
        else:
            exchange.begin().send(PING).wait_until_left()

    dify = serve(run, limits=Limits(first_event=30, doubt=0.1))
    dify.server.others["messages"] = forget
    answer = dify.start("你好", "c-old")
    heard = Reader(answer).end()
    assert (heard.text, heard.error, answer.conversation) == ("你好", None, "c-1")
    (asked,) = dify.server.calls("messages")
    assert "conversation_id=c-old" in asked.path
    assert "user=user-1" in asked.path


@pytest.mark.parametrize("known", [b'{"data": []}', b"<html>"], ids=["known", "not told"])
def test_a_slow_conversation_is_not_begun_anew(serve: Serve, known: bytes) -> None:
    """A conversation that Dify still has, or says nothing of, is waited for."""
    asked = threading.Event()

    def run(exchange: Exchange) -> None:
        exchange.begin().send(PING)
        assert asked.wait(10)
        exchange.send(message("你好"), END).end()

    def messages(exchange: Exchange) -> None:
        exchange.answer(known, status="200 OK" if known.startswith(b"{") else "500 Oh")
        asked.set()

    dify = serve(run, limits=Limits(first_event=20, doubt=0.1))
    dify.server.others["messages"] = messages
    heard = dify.ask("你好", "c-old")
    assert (heard.text, heard.error) == ("你好", None)
    assert len(dify.server.calls("chat-messages")) == 1


def test_a_conversation_that_dify_begins_anew_itself_goes_on(serve: Serve) -> None:
    """1.15 answers in a new conversation without a word: a 404 that comes behind its first event ends nothing."""
    begun, asked = threading.Event(), threading.Event()

    def run(exchange: Exchange) -> None:
        exchange.begin().send(PING)
        dify.server.wait_for_call("messages")
        exchange.send(message("你"))
        assert asked.wait(10)
        exchange.send(message("好"), END).end()

    def messages(exchange: Exchange) -> None:
        assert begun.wait(10)
        forget(exchange)

    dify = serve(run, limits=Limits(first_event=20, doubt=0.1))
    dify.server.others["messages"] = messages
    answer = dify.start("你好", "c-old")
    reader = Reader(answer)
    reader.wait_for_event()
    begun.set()
    for thread in threading.enumerate():
        if thread.name == "dify-doubt":
            thread.join(10)
    asked.set()
    heard = reader.end()
    assert (heard.text, heard.error, answer.conversation) == ("你好", None, "c-1")


def test_a_new_conversation_is_not_doubted(serve: Serve) -> None:
    """Without a known conversation there is nothing to ask for."""
    dify = serve(silent(PING), limits=Limits(first_event=0.3, doubt=0.1))
    assert type(dify.ask().error) is errors.NoAnswer
    assert not dify.server.calls("messages")


def test_doubt_comes_before_the_wait_is_over() -> None:
    """However short the first wait is set, half of it is left for the second run."""
    assert Limits().until_doubt == 10
    assert Limits(first_event=3).until_doubt == 1.5


def test_a_stream_that_cannot_be_ended_does_not_keep_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """One thread looks after all streams: a bug in the end of one is logged, the next one ends all the same."""
    ended: list[Silence] = []
    done = threading.Event()

    def fail(silence: Silence) -> None:
        raise RuntimeError(silence.value)

    def end(silence: Silence) -> None:
        ended.append(silence)
        done.set()

    keeper = Keeper()
    keeper.add(Watch(Limits(first_event=-2), time.monotonic(), doubtful=False), fail)
    keeper.add(Watch(Limits(first_event=-1), time.monotonic(), doubtful=False), end)
    assert done.wait(10)
    keeper.close()
    assert ended == [Silence.FIRST_EVENT]
    assert "could not be ended" in caplog.text


def test_a_stream_that_is_due_sooner_is_not_kept_waiting() -> None:
    """The keeper that sleeps until one stream is due wakes up for another that is due before."""
    done = threading.Event()
    keeper = Keeper()
    keeper.add(Watch(Limits(first_event=60), time.monotonic(), doubtful=False), lambda _: None)
    wait_until_it_sleeps(keeper)
    keeper.add(Watch(Limits(first_event=0.05), time.monotonic(), doubtful=False), lambda _: done.set())
    assert done.wait(10)
    keeper.close()
