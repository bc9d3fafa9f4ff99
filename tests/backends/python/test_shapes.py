"""An agent of each shape answers, and what is none is refused with a reason."""

import asyncio
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from backends.base import Citations, File, Picture, Progress, Question, Replace, Text, Thinking, Working
from backends.memory import Exchange, write
from backends.python.agent import load
from backends.python.question import AgentQuestion
from errors import AgentFailed, Unloadable
from problems import sentence
from tests.backends.python import agents
from tests.backends.python.conftest import MakeBackend
from tests.dify.conftest import hear

EXAMPLES = "docs.examples.agents"
ASKED = Question("一 二", "staff01")


def _generator(question: str) -> Iterator[str]:
    yield "echo "
    yield question


def _generator_with_whole(question: str) -> Generator[str, None, str]:
    yield "draft"
    return question


class _Answering:
    def answer(self, question: str) -> Iterator[str]:
        return _generator(question)


class _Called:
    def __call__(self, question: str) -> str:
        return f"echo {question}"


class _Running:
    returned: object = None

    def run(self, params: dict[str, str], chatId: str, stream_callback: Callable[[Any], None]) -> object:  # noqa: N803
        assert chatId == "staff01"
        stream_callback({"data": {"content": "echo "}})
        stream_callback({"data": {"step": 1}})
        stream_callback(params["input_data"])
        return self.returned


def _running(returned: object) -> _Running:
    running = _Running()
    running.returned = returned
    return running


@pytest.mark.parametrize(
    "agent",
    [
        _generator,
        lambda question: "echo " + question,
        lambda question: ["echo ", question],
        lambda question: {"data": {"content": f"echo {question}"}},
        _Answering,
        _Answering(),
        _Called,
        _Called(),
        _Running,
        _running("echo 一 二"),
        _running({"data": {"content": "echo 一 二"}}),
        _running(""),
        _running({"code": 0}),
    ],
)
def test_every_shape_answers(make_backend: MakeBackend, agent: object) -> None:
    """A generator, a function, an object with answer() or run(), or a class of such: the answer is the same."""
    heard = hear(make_backend(agent).start(ASKED))
    assert heard.error is None
    assert heard.text == "echo 一 二"
    assert not any(isinstance(event, Replace) for event in heard.events)


@pytest.mark.parametrize("agent", [_generator_with_whole, _running("一 二"), _running({"data": {"content": "一 二"}})])
def test_the_whole_that_is_returned_wins(make_backend: MakeBackend, agent: object) -> None:
    """It takes the place of what was streamed."""
    heard = hear(make_backend(agent).start(ASKED))
    assert heard.events[-1] == Replace("一 二")
    assert heard.error is None


def test_the_pieces_come_as_they_are_said(make_backend: MakeBackend) -> None:
    """The first is there before the agent says the second."""
    came = threading.Event()

    def agent(_: str) -> Iterator[str]:
        yield "one"
        yield f"came: {came.wait(20)}"

    answer = iter(make_backend(agent).start(ASKED))
    assert next(answer) == Text("one")
    came.set()
    assert list(answer) == [Text("came: True")]


def test_an_agent_may_yield_events(make_backend: MakeBackend) -> None:
    """All that other AIs show it can show too; lists are taken where a tuple is meant."""
    said = [
        Thinking("hm"),
        Progress("搜索"),
        Working(),
        Text("a"),
        Replace("b"),
        File("https://x/y.png", "y.png", is_image=True),
        Citations(("手册",)),
    ]
    heard = hear(make_backend(lambda _: iter(said)).start(ASKED))
    assert heard.events == said
    listed = [Citations(["手册"])]  # type: ignore[arg-type]
    assert hear(make_backend(lambda _: listed).start(ASKED)).events == [Citations(("手册",))]


@pytest.mark.parametrize("given", [None, 3, b"bytes", [3], [None], [Text(3)], [object()], {1, 2}])  # type: ignore[arg-type]
def test_what_is_no_answer_ends_the_turn(make_backend: MakeBackend, given: object) -> None:
    """The error names its type."""
    heard = hear(make_backend(lambda _: given).start(ASKED))
    assert isinstance(heard.error, AgentFailed)
    assert heard.error.ai == "python"
    assert "type" in heard.error.detail


def test_half_a_character_is_replaced(make_backend: MakeBackend) -> None:
    """No store and no connection takes a lone surrogate."""
    assert hear(make_backend(lambda _: "a\ud83db").start(ASKED)).text == "a?b"


def test_a_question_knows_who_asks_and_what_was_said(make_backend: MakeBackend) -> None:
    """It is the text, and holds the rest."""
    seen: list[AgentQuestion] = []

    def agent(question: AgentQuestion) -> str:
        seen.append(question)
        return "好"

    before = (Exchange("早", "你好"),)
    picture = Picture(b"png", "image/png")
    answer = make_backend(agent).start(Question("看", "staff01", write(before), {"sender_nick": "小明"}, (picture,)))
    assert answer.conversation == write(before)
    hear(answer)
    (question,) = seen
    assert question == "看" == question.text
    assert isinstance(question, str)
    assert (question.user, question.history, question.pictures) == ("staff01", before, (picture,))
    assert question.facts == {"sender_nick": "小明"}
    assert answer.conversation == write((*before, Exchange("看", "好")))


def test_a_class_is_made_once(make_backend: MakeBackend) -> None:
    """When it is first needed, and not for each question."""
    made: list[object] = []

    class Agent:
        def __init__(self) -> None:
            made.append(self)

        def answer(self, question: str) -> str:
            return question

    backend = make_backend(Agent)
    assert not made
    backend.ping()
    assert [hear(backend.start(ASKED)).text for _ in range(3)] == ["一 二"] * 3
    assert len(made) == 1


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("hello", "import_form"),
        ("hello:", "import_form"),
        ("no_such_package.hello:answer", "import_missing"),
        (f"{EXAMPLES}.no_such:answer", "import_missing"),
        (f"{EXAMPLES}.hello:no_such", "import_nothing"),
        ("tests.backends.python.agents:NAP", "agent_shape"),
        ("tests.backends.python.agents:hang", "agent_shape"),
        ("subprocess:Popen", "agent_shape"),
        ("decimal:Decimal", "agent_shape"),
        ("tests.backends.python.agents:later", "agent_async"),
    ],
)
def test_what_is_no_agent_is_refused_with_a_reason(path: str, reason: str) -> None:
    """A sentence of it exists in both languages."""
    with pytest.raises(Unloadable) as caught:
        load(path)
    assert caught.value.reason == reason
    assert sentence(reason, "zh", **caught.value.values) != sentence(reason, "en", **caught.value.values)


def test_a_module_that_fails_is_told_by_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its error's class and place, never its words."""
    (tmp_path / "failing_agent.py").write_text('raise ValueError("a secret")\n', "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(Unloadable) as caught:
        load("failing_agent:answer")
    assert caught.value.values == {"module": "failing_agent", "error": "ValueError", "place": "failing_agent.py:1"}


class _AsyncAnswering:
    async def answer(self, question: str) -> str:
        return question


class _AsyncCalled:
    async def __call__(self, question: str) -> str:
        return question


@pytest.mark.parametrize("agent", [_AsyncAnswering, _AsyncAnswering(), _AsyncCalled, _AsyncCalled(), agents.later])
def test_async_agents_are_refused(make_backend: MakeBackend, agent: object) -> None:
    """They would need a loop of their own."""
    with pytest.raises(Unloadable, match="agent_async"):
        make_backend(agent)


def test_a_coroutine_is_no_answer_but_may_be_run(make_backend: MakeBackend) -> None:
    """An async function that hides behind a plain one is found out when it answers; asyncio.run makes it an answer."""

    def agent(question: str) -> object:
        return agents.later(question)

    assert isinstance(hear(make_backend(agent).start(ASKED)).error, AgentFailed)
    assert hear(make_backend(lambda q: asyncio.run(agents.later(q))).start(ASKED)).text == "一 二"


@pytest.mark.parametrize("isolation", ["thread", "process"])
@pytest.mark.parametrize(
    ("path", "first", "second"),
    [
        ("hello:answer", "你好！你问的是：一 二", "你好！你问的是：三"),
        ("recall:Recall", "staff01，这是我们的第一句话：一 二", "这是第 2 句话，你最先说的是：一 二"),
        ("jitai:agent", "staff01: 一 二", "staff01: 三"),
    ],
)
def test_the_examples_answer(make_backend: MakeBackend, isolation: str, path: str, first: str, second: str) -> None:
    """As they stand in the documents, from the checkout's folder, and in processes too."""
    backend = make_backend(f"{EXAMPLES}.{path}", agent_isolation=isolation)
    backend.ping()
    answer = backend.start(ASKED)
    assert hear(answer).text == first
    assert hear(backend.start(Question("三", "staff01", answer.conversation))).text == second
