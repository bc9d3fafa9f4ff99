"""A stop, from any thread and at any moment, ends Dify's task and the reading; what was written stays."""

import threading
from collections.abc import Callable

import pytest

from backends.watch import Limits
from tests.dify.conftest import Dify, Reader, Serve, hear
from tests.dify.server import END, PING, Exchange, event, message

PATIENCE = 10


def open_after(*frames: bytes, gate: threading.Event | None = None) -> Callable[[Exchange], None]:
    """Return a run that sends its head, waits for the gate, sends these frames, and stays open."""

    def run(exchange: Exchange) -> None:
        exchange.begin().send(PING)
        assert gate is None or gate.wait(PATIENCE)
        exchange.send(*frames).wait_until_left()

    return run


def was_stopped(dify: Dify, path: str = "/v1/chat-messages/t-1/stop") -> bool:
    """Whether Dify was told once, for the task of its events and by the user who asked."""
    (stop,) = dify.server.calls("stop")
    return (stop.method, stop.path, stop.json) == ("POST", path, {"user": "user-1"})


def test_before_it_is_read(serve: Serve) -> None:
    """An answer that is stopped before it is read asks nothing."""
    dify = serve(lambda exchange: exchange.stream(message("你"), END))
    answer = dify.start()
    answer.stop()
    assert hear(answer).events == []
    assert dify.server.exchanges == []


def test_before_the_head(serve: Serve) -> None:
    """While Dify is still silent there is no task to stop: it is stopped by its first event."""
    gate = threading.Event()

    def run(exchange: Exchange) -> None:
        assert gate.wait(PATIENCE)
        exchange.begin().send(message("你")).wait_until_left()

    dify = serve(run)
    answer = dify.start()
    reader = Reader(answer)
    dify.server.wait_for_call("chat-messages")
    answer.stop()
    gate.set()
    heard = reader.end()
    assert (heard.events, heard.error) == ([], None)
    assert was_stopped(dify)


def test_before_the_first_event(serve: Serve) -> None:
    """The same after the head and a ping."""
    gate = threading.Event()
    dify = serve(open_after(message("你"), gate=gate))
    answer = dify.start()
    reader = Reader(answer)
    dify.server.wait_for_call("chat-messages")
    answer.stop()
    gate.set()
    heard = reader.end()
    assert (heard.events, heard.error) == ([], None)
    assert was_stopped(dify)


def test_before_a_first_event_that_never_comes(serve: Serve) -> None:
    """A run that never tells its task is left after the first wait, without a word."""
    dify = serve(open_after(), limits=Limits(first_event=0.3))
    answer = dify.start()
    reader = Reader(answer)
    dify.server.wait_for_call("chat-messages")
    answer.stop()
    assert reader.end().error is None
    assert not dify.server.calls("stop")


@pytest.mark.parametrize(
    ("app_type", "path"),
    [
        ("chatbot", "/v1/chat-messages/t-1/stop"),
        ("completion", "/v1/completion-messages/t-1/stop"),
        ("workflow", "/v1/workflows/tasks/t-1/stop"),
    ],
)
def test_in_the_middle(serve: Serve, app_type: str, path: str) -> None:
    """The task is stopped at the address of its kind, and the open stream is left at once, also when told twice."""
    word = event("text_chunk", data={"text": "你"}) if app_type == "workflow" else message("你")
    dify = serve(open_after(word), dify_app_type=app_type)
    answer = dify.start()
    reader = Reader(answer)
    reader.wait_for_event()
    answer.stop()
    heard = reader.end()
    answer.stop()
    assert (heard.text, heard.error) == ("你", None)
    assert was_stopped(dify, path)


def test_in_the_middle_of_a_flood(serve: Serve) -> None:
    """What has already arrived is not read to its end: a stop is a stop."""

    def run(exchange: Exchange) -> None:
        exchange.begin()
        while True:  # until the client has left
            exchange.send(message("你"))

    dify = serve(run)
    answer = dify.start()
    reader = Reader(answer)
    reader.wait_for_event()
    answer.stop()
    assert reader.end().error is None


def test_after_the_end(serve: Serve) -> None:
    """A whole answer has nothing to stop."""
    dify = serve(lambda exchange: exchange.stream(message("你"), END))
    answer = dify.start()
    assert hear(answer).text == "你"
    answer.stop()
    assert not dify.server.calls("stop")


def test_a_stop_that_is_refused(serve: Serve) -> None:
    """When Dify does not take the stop, the reading ends all the same."""
    dify = serve(open_after(message("你")))
    dify.server.others["stop"] = lambda exchange: exchange.answer(b"<html>", status="502 Bad Gateway")
    answer = dify.start()
    reader = Reader(answer)
    reader.wait_for_event()
    answer.stop()
    heard = reader.end()
    assert (heard.text, heard.error) == ("你", None)


def test_between_two_tries(serve: Serve) -> None:
    """A stop ends the pause before the next try, and that try is not made."""
    dify = serve(lambda exchange: exchange.answer(b"", status="503 Service Unavailable"), limits=Limits(pause=60))
    answer = dify.start()
    reader = Reader(answer)
    dify.server.wait_for_call("chat-messages")
    answer.stop()
    assert reader.end().error is None
    assert len(dify.server.exchanges) == 1


def test_a_run_that_fails_because_it_was_stopped(serve: Serve) -> None:
    """1.9 to 1.14.1 may tell our own stop as a failed run; it is no failure to us."""
    gate = threading.Event()
    failed = event("workflow_finished", data={"status": "failed", "error": "User requested stop"})

    def run(exchange: Exchange) -> None:
        exchange.begin().send(event("text_chunk", data={"text": "你"}))
        assert gate.wait(PATIENCE)
        exchange.send(failed).end()

    def stop(exchange: Exchange) -> None:
        gate.set()
        exchange.answer(b'{"result": "success"}')

    dify = serve(run, dify_app_type="workflow")
    dify.server.others["stop"] = stop
    answer = dify.start()
    reader = Reader(answer)
    reader.wait_for_event()
    answer.stop()
    heard = reader.end()
    assert (heard.text, heard.error) == ("你", None)
