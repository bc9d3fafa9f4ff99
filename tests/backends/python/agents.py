"""Agents for workers, which only find what stands in a file."""

import copy
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from backends.python.question import AgentQuestion

NAP = 0.01  # seconds, again and again, of those that hang


def echo(question: AgentQuestion) -> str:
    """Tell all that is known of the question."""
    pictures = [(picture.content, picture.media_type) for picture in question.pictures]
    said = [exchange.answer for exchange in question.history]
    return f"{question} {question.user} {dict(question.facts)} {said} {pictures}"


def number(question: str) -> str:
    """Tell which process this is."""
    return f"{question} {os.getpid()}"


def troubled(question: str) -> Iterator[str]:
    """Get into the trouble that is asked for."""
    yield f"{os.getpid()}"
    match question:
        case "raise":
            raise ValueError("a secret")
        case "leave":
            sys.exit(3)
        case "die":
            os._exit(7)
        case "hang":
            hang()
        case "flood":
            while True:
                yield "water " * 1000
        case "meddle":
            for number in range(3, 20):
                with suppress(OSError):
                    os.write(number, b'["Text", 3]\n')
        case "one piece":
            yield "x" * 20_000_000


def hang() -> None:
    """Never return."""
    while True:
        time.sleep(NAP)


def child(question: str) -> Iterator[str]:
    """Start a program that would outlive it, say its number, and hang."""
    program = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep(600)  # {question}"])
    yield str(program.pid)
    hang()


def forked(question: str) -> Iterator[str]:
    """Start a process that is a copy of this one, with all its pipes, say both numbers, and hang."""
    if child := os.fork():
        yield f"{os.getpid()} {child} {question}"
    hang()


def mute(path: str) -> Iterator[str]:
    """Close all pipes as soon as a file is there, and hang."""
    yield "?"
    while not Path(path).exists():
        time.sleep(NAP)
    os.closerange(3, 20)
    hang()


def dying_parent(question: str) -> Iterator[str]:
    """Start a program, say its number, and die."""
    program = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep(600)  # {question}"])
    yield str(program.pid)
    os._exit(7)


def printing(question: str) -> str:
    """Write where the bridge's lines go, and read where they come from."""
    print('["end", null]')
    os.write(1, b'["Text", {"text": "forged"}]\n')
    subprocess.run(["echo", '["end", null]'], check=True)  # noqa: S607  whichever there is
    return f"{question} {sys.stdin.read()!r}"


def held(path: str) -> str:
    """Answer as soon as a file is there; until then it is at work, and so says another file."""
    Path(f"{path}.{os.getpid()}").touch()
    while not Path(path).exists():
        time.sleep(NAP)
    return str(os.getpid())


class Late:
    """Keeps the callback of its first question, and uses it while it answers the next; also from a process that it left."""

    def __init__(self) -> None:
        self._said: Callable[[str], None] | None = None

    def run(self, params: dict[str, str], chatId: str, stream_callback: Callable[[str], None]) -> str:  # noqa: N803  JitAi's
        gate = Path(params["input_data"])
        if self._said is None:
            self._said = stream_callback
            if gate.name == "fork" and not os.fork():
                _when(gate, f"{gate}.said", partial(stream_callback, f"secret of {chatId}"))
            return "early"
        if gate.name == "fork":
            gate.touch()
            while not Path(f"{gate}.said").exists():
                time.sleep(NAP)
            return "mine"
        try:
            self._said("secret")
        except BaseException as error:
            return type(error).__name__
        return "mine"


def _when(gate: Path, done: str, work: Callable[[], None]) -> None:
    """Do this in a process that is a copy, as soon as a file is there; another file says that it is done."""
    try:
        while not gate.exists():
            time.sleep(NAP)
        work()
    finally:
        Path(done).touch()
        os._exit(0)


def copied(question: AgentQuestion) -> str:
    """Copy and pickle the question, and tell what is left of it."""
    return "; ".join(echo(each) for each in (copy.deepcopy(question), pickle.loads(pickle.dumps(question))))  # noqa: S301  its own


async def later(question: str) -> str:
    """Answer in a way that is not supported."""
    return question
