"""Whatever an agent in this process does, it ends its own turn only, and nobody's words reach the log."""

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from backends.base import Question, Text
from backends.python.backend import PythonBackend
from backends.python.failures import GivenUp
from backends.python.threads import MOST_STUCK, Threads
from errors import AgentFailed, AgentsStuck, AnswerInterrupted, AnswerTooLong, BackendBusy, NoAnswer
from handlers.texts import Texts
from tests.backends.python.conftest import Clock, MakeBackend, Reader, no_threads, until
from tests.dify.conftest import hear

ASKED = Question("问", "staff01")
NAP = 0.05  # seconds after which a wait looks at a Clock again


def _raise(error: BaseException) -> Callable[[str], str]:
    def agent(_: str) -> str:
        raise error

    return agent


def _live(backend: PythonBackend) -> int:
    assert isinstance(backend.host, Threads)
    return len(backend.host._live)


@pytest.mark.parametrize("error", [ValueError("a secret"), SystemExit(3), KeyboardInterrupt(), MemoryError(), GeneratorExit()])
def test_an_error_ends_its_own_turn_and_is_told_by_class_and_place(
    make_backend: MakeBackend, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    """Its text, which may hold anything, is told nowhere; its trace is in the log for who looks for it."""
    caplog.set_level(logging.DEBUG)
    backend = make_backend(_raise(error))
    heard = hear(backend.start(ASKED))
    assert isinstance(heard.error, AgentFailed)
    assert heard.error.detail.startswith(f"{type(error).__name__} at tests/backends/python/test_threads.py:")
    assert "raise error" in caplog.text
    assert "secret" not in caplog.text + str(heard.error)
    until(lambda: _live(backend) == 0)


def test_what_was_said_before_an_error_stays(make_backend: MakeBackend) -> None:
    """In the answer, and in the conversation."""

    def agent(_: str) -> Iterator[str]:
        yield "so far"
        raise ValueError

    answer = make_backend(agent).start(ASKED)
    heard = hear(answer)
    assert heard.text == "so far"
    assert isinstance(heard.error, AgentFailed)
    assert answer.conversation == '[["问", "so far"]]'


def test_an_error_in_a_library_is_told_by_the_line_that_called_it(make_backend: MakeBackend) -> None:
    """The place in the agent's own code is the one to mend."""
    heard = hear(make_backend(lambda _: str(__import__("json").loads("{"))).start(ASKED))
    assert heard.error
    assert heard.error.detail.startswith("JSONDecodeError at tests/backends/python/test_threads.py:")


def test_a_wrong_piece_is_told_by_the_line_that_said_it(make_backend: MakeBackend) -> None:
    """The agent's call, not our code that refuses it."""

    class Agent:
        def run(self, params: dict[str, str], chatId: str, stream_callback: Callable[[Any], None]) -> None:  # noqa: N803
            stream_callback(len(params) + len(chatId))

    heard = hear(make_backend(Agent).start(ASKED))
    assert heard.error
    assert heard.error.detail.startswith("a piece of type int at tests/backends/python/test_threads.py:")


@pytest.mark.parametrize("piece", ["water " * 100, "", "x" * 1_000_001])
def test_a_flood_ends_its_own_turn(make_backend: MakeBackend, piece: str) -> None:
    """After a million characters, or too many signs of life; the agent is ended too."""
    closed = threading.Event()

    def agent(_: str) -> Iterator[str]:
        try:
            while True:
                yield piece
        finally:
            closed.set()

    backend = make_backend(agent)
    heard = hear(backend.start(ASKED))
    assert isinstance(heard.error, AnswerTooLong)
    assert len(heard.text) <= 1_000_000
    assert closed.wait(20)
    until(lambda: _live(backend) == 0)


def test_a_slow_reader_holds_the_agent_back(make_backend: MakeBackend) -> None:
    """No more than some dozens of pieces are on their way."""
    said: list[int] = []

    def agent(_: str) -> Iterator[str]:
        for piece in range(500):
            said.append(piece)
            yield f"{piece} "

    answer = iter(make_backend(agent).start(ASKED))
    next(answer)
    until(lambda: len(said) > 60)
    assert len(said) < 100
    assert len(list(answer)) == 499


@pytest.mark.parametrize("swallows", [False, True])
def test_a_stop_ends_the_reading_and_the_agent(make_backend: MakeBackend, *, swallows: bool) -> None:
    """At the next thing that it says, even one that goes on after errors; what was written stays."""
    ended = threading.Event()

    class Agent:
        def run(self, params: dict[str, str], chatId: str, stream_callback: Callable[[Any], None]) -> None:  # noqa: N803
            try:
                while params and chatId:
                    try:
                        stream_callback("more ")
                    except Exception:
                        if not swallows:
                            raise
            finally:
                ended.set()

    answer = make_backend(Agent).start(ASKED)
    reader = Reader(answer)
    until(lambda: reader.heard.events)
    answer.stop()
    answer.stop()
    heard = reader.wait()
    assert heard.error is None
    assert set(heard.events) == {Text("more ")}
    assert ended.wait(20)


def test_a_stop_closes_a_generator(make_backend: MakeBackend) -> None:
    """So that it can put its things in order."""
    closed = threading.Event()

    def agent(_: str) -> Iterator[str]:
        try:
            while True:
                yield "more "
        except GeneratorExit:
            closed.set()
            raise

    answer = make_backend(agent).start(ASKED)
    pieces = iter(answer)
    next(pieces)
    answer.stop()
    assert list(pieces) == []
    assert closed.wait(20)


def test_an_answer_that_is_left_ends_the_agent(make_backend: MakeBackend) -> None:
    """Also without a stop: whoever reads it went away."""
    raised: list[BaseException] = []

    class Agent:
        def run(self, params: dict[str, str], chatId: str, stream_callback: Callable[[Any], None]) -> None:  # noqa: N803
            try:
                while params and chatId:
                    stream_callback("more ")
            except BaseException as error:
                raised.append(error)
                raise

    pieces = iter(make_backend(Agent).start(ASKED))
    next(pieces)
    del pieces
    until(lambda: raised)
    assert isinstance(raised[0], GivenUp)


def test_a_stop_before_the_asking_asks_nothing(make_backend: MakeBackend) -> None:
    """The agent is not called."""
    asked: list[str] = []

    def agent(question: str) -> str:
        asked.append(question)
        return question

    answer = make_backend(agent).start(ASKED)
    answer.stop()
    assert hear(answer).events == []
    assert asked == []


def test_a_sign_of_life_is_not_shown_but_counts(make_backend: MakeBackend) -> None:
    """An empty text keeps the patience of whoever waits."""
    clock, noticed = Clock(), threading.Event()

    def agent(_: str) -> Iterator[str]:
        for _turn in range(4):
            clock.forward(0.8 * NAP)
            noticed.wait(2 * NAP)  # so long that a reader looks at the clock
            yield ""
        yield "done"

    heard = hear(make_backend(agent, clock=clock, agent_timeout=NAP).start(ASKED))
    assert heard.events == [Text("done")]
    assert heard.error is None


def test_those_that_hang_are_given_up_counted_and_forgotten_when_they_end(make_backend: MakeBackend) -> None:
    """Eight of them, and the bot says that it must be restarted, until some end; an agent that is well is not counted."""
    release = threading.Event()

    def agent(question: str) -> str:
        if question == "hang":
            release.wait(20)
        return question

    clock = Clock()
    backend = make_backend(agent, clock=clock, agent_timeout=NAP)
    readers = [Reader(backend.start(Question("hang", "staff01"))) for _ in range(MOST_STUCK)]
    clock.forward_until(lambda: all(reader.ended.is_set() for reader in readers))
    errors = [reader.wait().error for reader in readers]
    assert {type(error) for error in errors} == {NoAnswer}
    assert "agent_timeout" in Texts("en").fix(errors[0] or ValueError())
    with pytest.raises(AgentsStuck):
        list(backend.start(ASKED))
    with pytest.raises(AgentsStuck):
        backend.ping()
    release.set()
    until(lambda: _live(backend) == 0)
    assert hear(backend.start(ASKED)).text == "问"


def test_seven_that_hang_leave_the_others_alone(make_backend: MakeBackend) -> None:
    """One below the limit, the bot answers."""
    release = threading.Event()

    def agent(question: str) -> str:
        if question == "hang":
            release.wait(20)
        return question

    clock = Clock()
    backend = make_backend(agent, clock=clock, agent_timeout=NAP)
    readers = [Reader(backend.start(Question("hang", "staff01"))) for _ in range(MOST_STUCK - 1)]
    clock.forward_until(lambda: all(reader.ended.is_set() for reader in readers))
    assert all(isinstance(reader.wait().error, NoAnswer) for reader in readers)
    assert hear(backend.start(ASKED)).text == "问"
    release.set()


def test_stopped_ones_that_may_still_end_are_not_counted(make_backend: MakeBackend) -> None:
    """A stop is no proof that an agent hangs; it has its agent_timeout to notice."""
    release, begun = threading.Event(), []

    def agent(question: str) -> str:
        if question == "slow":
            begun.append(question)
            release.wait(20)
        return question

    backend = make_backend(agent)
    answers = [backend.start(Question("slow", "staff01")) for _ in range(MOST_STUCK)]
    readers = [Reader(answer) for answer in answers]
    until(lambda: len(begun) == MOST_STUCK)
    for answer, reader in zip(answers, readers, strict=True):
        answer.stop()
        assert reader.wait().error is None
    assert hear(backend.start(ASKED)).text == "问"
    release.set()


def test_answers_run_side_by_side(make_backend: MakeBackend) -> None:
    """Fifty at once, each in a thread of its own, each with its own words."""
    together = threading.Barrier(50)

    def agent(question: str) -> Iterator[str]:
        together.wait(20)
        for _ in range(100):
            yield question

    backend = make_backend(agent)
    readers = [Reader(backend.start(Question(f"{number} ", "staff01"))) for number in range(50)]
    assert [reader.wait().text for reader in readers] == [f"{number} " * 100 for number in range(50)]


def test_a_thread_that_cannot_be_started_is_told(make_backend: MakeBackend) -> None:
    """The person may ask again later; nothing is counted as at work."""
    backend = make_backend(lambda question: question)
    with no_threads():
        for _ in range(MOST_STUCK + 1):
            heard = hear(backend.start(ASKED))
            assert isinstance(heard.error, BackendBusy)
    assert _live(backend) == 0
    assert hear(backend.start(ASKED)).text == "问"


def test_an_instance_that_cannot_be_made_is_told_and_tried_again(make_backend: MakeBackend) -> None:
    """A database that was away when the first question came may be there for the second."""
    tries: list[int] = []

    class Agent:
        def __init__(self) -> None:
            tries.append(1)
            if len(tries) < 2:
                raise ConnectionError

        def answer(self, question: str) -> str:
            return question

    backend = make_backend(Agent)
    with pytest.raises(AgentFailed, match=r"ConnectionError at tests/backends/python/test_threads\.py"):
        backend.ping()
    assert hear(backend.start(ASKED)).text == "问"


def test_prints_are_the_agents_own(make_backend: MakeBackend, capsys: pytest.CaptureFixture[str]) -> None:
    """They go where the bridge's go."""
    hear(make_backend(lambda question: print(question) or "").start(ASKED))
    assert capsys.readouterr().out == "问\n"


def test_the_end_of_the_backend_ends_its_answers(make_backend: MakeBackend) -> None:
    """Nobody waits for an agent that hangs."""
    release = threading.Event()
    backend = make_backend(lambda _: str(release.wait(20)))
    reader = Reader(backend.start(ASKED))
    until(lambda: _live(backend) == 1)
    backend.close()
    assert isinstance(reader.wait().error, AnswerInterrupted)
    release.set()
