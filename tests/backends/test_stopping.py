"""A stop from another thread ends a question at once, wherever it is, and its connection with it."""

import threading
from collections.abc import Callable

import pytest

from backends.stoppable import Stop
from tests.backends.conftest import Place, ServeAgent, ServeGateway, chunk
from tests.dify.conftest import Reader, hear
from tests.dify.server import Exchange

Run = Callable[[Exchange], object]
Serve = Callable[[Run], Place]  # type: ignore[type-arg]  # of either kind


def left(run: Run, gone: threading.Event, sent: threading.Event | None = None) -> Callable[[Exchange], None]:
    """Return a run that notes when it has sent all it sends, and when its client has left."""

    def noted(exchange: Exchange) -> None:
        run(exchange)
        if sent:
            sent.set()
        exchange.wait_until_left()
        gone.set()

    return noted


@pytest.fixture(params=["openai", "codebuddy"])
def serve(request: pytest.FixtureRequest, gateway: ServeGateway, agent: ServeAgent) -> Serve:
    """Return what serves one kind after the other."""
    return gateway if request.param == "openai" else agent


def test_before_it_is_read(serve: Serve) -> None:
    """Nothing is asked."""
    place = serve(lambda exchange: exchange.answer(b"{}"))
    answer = place.start()
    answer.stop()
    assert hear(answer).events == []
    assert place.server.exchanges == []


@pytest.mark.parametrize(
    "run",
    [
        lambda _: None,
        lambda exchange: exchange.begin(),
        lambda exchange: exchange.begin(Content_Type="application/json").send(b'{"content": "ha'),
        lambda exchange: exchange.begin(Content_Type="application/json", chunked=False).send(b'{"content": "ha'),
    ],
    ids=["before the head", "after the head", "in the body", "in a body without a length"],
)
def test_while_it_waits(serve: Serve, run: Run) -> None:
    """The reading ends without a word, and the AI sees its client leave: it need not work on."""
    gone, sent = threading.Event(), threading.Event()
    place = serve(left(run, gone, sent))
    answer = place.start()
    reader = Reader(answer)
    assert sent.wait(10)
    answer.stop()
    heard = reader.end()
    answer.stop()
    assert (heard.text, heard.error) == ("", None)
    assert gone.wait(10)


def test_between_two_tries(gateway: ServeGateway) -> None:
    """A stop ends the pause before the next try, and that try is not made."""
    place = gateway(lambda exchange: exchange.answer(b"", status="503 Oh", Retry_After="9"))
    answer = place.start()
    reader = Reader(answer)
    place.server.wait_for_call("completions")
    answer.stop()
    assert reader.end().error is None
    assert len(place.server.exchanges) == 1


def test_in_the_middle(gateway: ServeGateway) -> None:
    """What was written stays."""
    gone = threading.Event()
    place = gateway(left(lambda exchange: exchange.begin().send(chunk(content="半")), gone))
    answer = place.start()
    reader = Reader(answer)
    reader.wait_for_event()
    answer.stop()
    heard = reader.end()
    assert (heard.text, heard.error) == ("半", None)
    assert gone.wait(10)


def test_a_stopped_question_harms_no_other(gateway: ServeGateway) -> None:
    """A stop that comes after the end finds nothing to end: the connection may be another question's by now."""
    place = gateway(lambda exchange: exchange.stream(chunk(content="好"), chunk("stop")))
    first = place.start()
    assert hear(first).text == "好"
    second = place.start()
    events = iter(second)
    next(events)
    first.stop()
    assert list(events) == []
    assert place.server.connections == 1


def test_a_stop_that_comes_before_the_wait_ends_it() -> None:
    """Whoever begins to wait after a stop is ended at once."""
    stop, ended = Stop(), threading.Event()
    stop.ask()
    with stop.ends(ended.set):
        assert ended.is_set()
