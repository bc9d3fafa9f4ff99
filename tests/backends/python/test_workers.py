"""An agent in processes of its own: what hangs, floods or dies ends its own turn, and the next question is answered."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from backends.base import Picture, Question, Text
from backends.memory import Exchange, write
from backends.python.backend import PythonBackend
from backends.python.workers import MOST_WORKERS, Workers
from errors import AgentFailed, AnswerTooLong, BackendBusy, NoAnswer
from handlers.texts import Texts
from tests.backends.python.conftest import MakeBackend, Reader, no_threads, until
from tests.dify.conftest import Heard, hear

AGENTS = "tests.backends.python.agents"
ROOT = Path(__file__).resolve().parents[3]


def _backend(make_backend: MakeBackend, agent: str, **keys: object) -> PythonBackend:
    return make_backend(f"{AGENTS}:{agent}", agent_isolation="process", **keys)


def _ask(backend: PythonBackend, text: str) -> Heard:
    return hear(backend.start(Question(text, "staff01")))


def _is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for has ended too."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def test_a_question_reaches_the_worker_whole(make_backend: MakeBackend) -> None:
    """Text, user, facts, history and pictures."""
    before = (Exchange("早", "你好"),)
    pictures = (Picture(bytes(range(256)), "image/png"),)
    answer = _backend(make_backend, "echo").start(Question("看", "staff01", write(before), {"bot_name": "客服"}, pictures))
    said = f"看 staff01 {{'bot_name': '客服'}} ['你好'] [({bytes(range(256))!r}, 'image/png')]"
    assert hear(answer).events == [Text(said)]
    assert answer.conversation == write((*before, Exchange("看", said)))


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_late_callback_reaches_no_other_answer(make_backend: MakeBackend, tmp_path: Path, isolation: str) -> None:
    """What an agent says of a question that is answered already is refused: it would be read by somebody else."""
    backend = make_backend(f"{AGENTS}:Late", agent_isolation=isolation)
    first, second = (hear(backend.start(Question(str(tmp_path / "gate"), user))) for user in ("alice", "bob"))
    assert (first, second) == (Heard([Text("early")]), Heard([Text("GivenUp")]))


def test_what_a_process_that_was_left_says_reaches_no_other_answer(make_backend: MakeBackend, tmp_path: Path) -> None:
    """It is a copy of the worker, with its pipe, and does not know that its question is answered."""
    backend = _backend(make_backend, "Late")
    first, second = (hear(backend.start(Question(str(tmp_path / "fork"), user))) for user in ("alice", "bob"))
    assert (first, second) == (Heard([Text("early")]), Heard([Text("mine")]))


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_question_may_be_copied_and_pickled(make_backend: MakeBackend, isolation: str) -> None:
    """With all that is known of it, as tracers and pools of processes do."""
    backend = make_backend(f"{AGENTS}:copied", agent_isolation=isolation)
    before, picture = (Exchange("早", "你好"),), Picture(b"\x89", "image/png")
    heard = hear(backend.start(Question("看", "staff01", write(before), {"bot_name": "客服"}, (picture,))))
    told = "看 staff01 {'bot_name': '客服'} ['你好'] [(b'\\x89', 'image/png')]"
    assert heard == Heard([Text(f"{told}; {told}")])


def test_a_question_of_pictures_alone_is_one(make_backend: MakeBackend) -> None:
    """Without a text it is not mistaken for the ping."""
    assert _ask(_backend(make_backend, "echo"), "").text == " staff01 {} [] []"


def test_a_worker_stays_for_the_next_question(make_backend: MakeBackend) -> None:
    """Its modules are imported once."""
    backend = _backend(make_backend, "number")
    backend.ping()
    assert len({_ask(backend, "who").text for _ in range(5)}) == 1


def test_an_error_keeps_the_worker(make_backend: MakeBackend) -> None:
    """It is told by class and place, and the same worker goes on."""
    backend = _backend(make_backend, "troubled")
    raised, left, fine = (_ask(backend, what) for what in ("raise", "leave", "fine"))
    assert isinstance(raised.error, AgentFailed)
    assert raised.error.detail.startswith("ValueError at tests/backends/python/agents.py:")
    assert isinstance(left.error, AgentFailed)
    assert left.error.detail.startswith("SystemExit at ")
    assert raised.text == left.text == fine.text


@pytest.mark.parametrize(
    ("trouble", "error"),
    [("die", AgentFailed), ("meddle", AgentFailed), ("hang", NoAnswer), ("flood", AnswerTooLong), ("one piece", AnswerTooLong)],
)
def test_a_worker_in_trouble_is_replaced(make_backend: MakeBackend, trouble: str, error: type[Exception]) -> None:
    """It is gone, and the next question has another; so often that threads would have been stuck."""
    backend = _backend(make_backend, "troubled", agent_timeout=2 if trouble == "hang" else 20)
    for _ in range(1 if trouble == "hang" else 3):
        heard = _ask(backend, trouble)
        assert type(heard.error) is error
        first = heard.events[0]
        assert isinstance(first, Text)
        until(partial(_is_gone, int(first.text)))
    assert _ask(backend, "fine").error is None


def test_a_worker_that_dies_names_its_exit_code(make_backend: MakeBackend) -> None:
    """Which is all that is known of a crash in C."""
    error = _ask(_backend(make_backend, "troubled"), "die").error
    assert error
    assert error.detail == "the worker ended with exit code 7"


def test_a_stop_kills_the_worker_and_what_it_started(make_backend: MakeBackend) -> None:
    """A program of the agent's does not outlive it."""
    answer = _backend(make_backend, "child").start(Question("", "staff01"))
    reader = Reader(answer)
    until(lambda: reader.heard.events)
    answer.stop()
    assert reader.wait().error is None
    until(lambda: _is_gone(int(reader.heard.text)))


def test_a_child_that_outlives_its_worker_is_killed_too(make_backend: MakeBackend) -> None:
    """It has the worker's pipe, so nobody else notices that the worker is dead; and its place is free for the next."""
    backend = _backend(make_backend, "forked")
    host = backend.host
    assert isinstance(host, Workers)
    answer = backend.start(Question("", "staff01"))
    reader = Reader(answer)
    until(lambda: reader.heard.events)
    worker, child = (int(pid) for pid in reader.heard.text.split())
    os.kill(worker, signal.SIGKILL)
    (busy,) = host._busy
    until(lambda: not busy.alive)
    answer.stop()
    assert reader.wait().error is None
    until(lambda: _is_gone(child))
    until(lambda: not host._busy)


def test_a_worker_that_is_slow_to_end_keeps_no_place(
    make_backend: MakeBackend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nobody waits for it for ever, and the person is told all the same."""
    monkeypatch.setattr("backends.python.workers._END_SECONDS", 0)
    backend = _backend(make_backend, "mute")
    host = backend.host
    assert isinstance(host, Workers)
    gate = tmp_path / "gate"
    reader = Reader(backend.start(Question(str(gate), "staff01")))
    until(lambda: reader.heard.events)
    (busy,) = host._busy
    gate.touch()
    assert isinstance(reader.wait().error, AgentFailed)
    until(lambda: not host._busy)
    until(lambda: not busy.alive)


def test_what_a_dead_worker_started_ends_with_it(make_backend: MakeBackend) -> None:
    """A program that has not the worker's pipe does not outlive it either."""
    heard = _ask(_backend(make_backend, "dying_parent"), "")
    assert isinstance(heard.error, AgentFailed)
    until(lambda: _is_gone(int(heard.text)))


def test_a_worker_that_nobody_could_listen_to_is_given_back(make_backend: MakeBackend) -> None:
    """The person may ask again later, and the same worker answers."""
    backend = _backend(make_backend, "number")
    worker = _ask(backend, "who").text
    host = backend.host
    assert isinstance(host, Workers)
    until(lambda: host._idle)
    with no_threads():
        for _ in range(MOST_WORKERS + 1):
            assert isinstance(_ask(backend, "who").error, BackendBusy)
    assert _ask(backend, "who").text == worker


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_lets_its_answer_finish(make_backend: MakeBackend, tmp_path: Path, number: signal.Signals) -> None:
    """When all processes are told to end, the bridge lets answers finish, and so do its workers."""
    gate = tmp_path / "gate"
    reader = Reader(_backend(make_backend, "held").start(Question(str(gate), "staff01")))
    until(lambda: list(tmp_path.glob("gate.*")))
    worker = int(next(tmp_path.glob("gate.*")).suffix[1:])
    os.kill(worker, number)
    gate.touch()
    assert reader.wait() == Heard([Text(str(worker))])


def test_a_worker_killed_while_idle_is_not_asked(make_backend: MakeBackend) -> None:
    """The next question has a new one."""
    backend = _backend(make_backend, "number")
    host = backend.host
    assert isinstance(host, Workers)
    first = int(_ask(backend, "").text)
    until(lambda: host._idle)
    (idle,) = host._idle
    os.kill(first, signal.SIGKILL)
    until(lambda: not idle.alive)
    heard = _ask(backend, "")
    assert heard.error is None
    assert int(heard.text) != first


def test_prints_do_not_reach_the_bridge(make_backend: MakeBackend, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither Python's, nor the system's, nor those of a program that it starts; and there is nothing to read for it."""
    assert _ask(_backend(make_backend, "printing"), "asked").text == "asked ''"
    err = capfd.readouterr().err
    assert "forged" in err
    assert err.count('["end", null]') == 2


def test_eight_answer_at_once_and_the_others_wait(make_backend: MakeBackend, tmp_path: Path) -> None:
    """The ninth and the tenth are answered by one of the eight, as soon as it is free."""
    backend = _backend(make_backend, "held")
    gate = tmp_path / "gate"
    readers = [Reader(backend.start(Question(str(gate), "staff01"))) for _ in range(MOST_WORKERS + 2)]
    until(lambda: len(list(tmp_path.glob("gate.*"))) == MOST_WORKERS)
    gate.touch()
    heard = [reader.wait() for reader in readers]
    assert not any(one.error for one in heard)
    assert len({one.text for one in heard}) == MOST_WORKERS


def test_who_waits_too_long_is_told_so(make_backend: MakeBackend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And who stops meanwhile is not kept."""
    monkeypatch.setattr("backends.python.workers.MOST_WORKERS", 1)
    backend = _backend(make_backend, "held")
    assert isinstance(backend.host, Workers)
    gate = tmp_path / "gate"
    first = Reader(backend.start(Question(str(gate), "staff01")))
    until(lambda: list(tmp_path.glob("gate.*")))
    stopped = backend.start(Question(str(gate), "staff01"))
    waiting = Reader(stopped)
    stopped.stop()
    assert waiting.wait() == Heard()
    backend.host._timeout = 0.05
    late = _ask(backend, str(gate))
    assert isinstance(late.error, BackendBusy)
    for word in ("agent_isolation", "threads"):  # the machine may have no more of either
        assert word in Texts("en").fix(late.error)
    gate.touch()
    assert first.wait().error is None


def test_an_agent_that_cannot_be_loaded_is_told_by_ping_and_by_answers(make_backend: MakeBackend) -> None:
    """As a sentence."""
    backend = _backend(make_backend, "no_such")
    with pytest.raises(AgentFailed, match="there is no no_such in the module"):
        backend.ping()
    assert isinstance(_ask(backend, "").error, AgentFailed)


def test_workers_end_with_the_backend(make_backend: MakeBackend, tmp_path: Path) -> None:
    """Idle ones and those at work."""
    backend = _backend(make_backend, "held")
    open_gate = tmp_path / "open"
    open_gate.touch()
    idle = int(_ask(backend, str(open_gate)).text)
    at_work = [Reader(backend.start(Question(str(tmp_path / "shut"), "staff01"))) for _ in range(2)]
    until(lambda: len(list(tmp_path.glob("shut.*"))) == 2)
    pids = [idle, *(int(path.suffix[1:]) for path in tmp_path.glob("shut.*"))]
    backend.close()
    assert all(isinstance(reader.wait().error, AgentFailed) for reader in at_work)
    until(lambda: all(map(_is_gone, pids)))


@pytest.mark.parametrize("trouble", ["fine", "hang"])
def test_workers_end_with_the_bridge(trouble: str) -> None:
    """Killed, it closes nothing; a worker sees that nobody is there any more, even while its agent hangs."""
    code = (
        "import sys\n"
        "from backends.base import Question\n"
        "from backends.python.backend import PythonBackend\n"
        "from backends.python.settings import PythonSettings\n"
        f"backend = PythonBackend(PythonSettings(agent='{AGENTS}:troubled', agent_isolation='process'))\n"
        "answer = iter(backend.start(Question(sys.argv[1], 'staff01')))\n"
        "print(next(answer).text, flush=True)\n"
        "sys.stdin.read()\n"
    )
    bridge = subprocess.Popen([sys.executable, "-c", code, trouble], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with bridge:
        assert bridge.stdout
        worker = int(bridge.stdout.readline())
        bridge.kill()
    until(lambda: _is_gone(worker))
