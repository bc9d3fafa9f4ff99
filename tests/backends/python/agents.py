"""Agents for workers, which only find what stands in a file."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
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


async def later(question: str) -> str:
    """Answer in a way that is not supported."""
    return question
