"""A child process and what the kernel tells of it: processor time, memory, a log, and a certain end."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_LOG_TAIL = 2_000  # characters


class ChildFailed(Exception):
    """A child ended by itself, or did not do its part in time; the text holds the end of its log."""


class Child:
    """A running process. `began` is the time (epoch seconds) just before it was executed."""

    def __init__(self, running: subprocess.Popen[bytes], log: Path, began: float) -> None:
        self._running, self._log, self.began = running, log, began

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._running.poll() is None

    def cpu(self) -> float:
        """Seconds of processor time so far, of all its threads, those that have ended too."""
        fields = self._proc("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self, name: str = "VmRSS") -> float:
        """Megabytes (2**20 bytes) of resident memory now, or at its highest (VmHWM)."""
        line = next((line for line in self._proc("status").splitlines() if line.startswith(f"{name}:")), "")
        if not line:  # a process that is just ending has no memory any more
            raise self.failed("it is ending")
        return int(line.split()[1]) / 1024

    def first_line(self) -> bytes:
        """What it prints first; b"" when it ends instead."""
        assert self._running.stdout
        return self._running.stdout.readline()

    def failed(self, what: str) -> ChildFailed:
        """An error that says what is wrong and shows the end of the log."""
        return ChildFailed(f"{what}; the end of its log:\n{self.log()[-_LOG_TAIL:]}")

    def log(self) -> str:
        """What it wrote to standard error."""
        return self._log.read_text("utf-8", errors="replace")

    def _proc(self, name: str) -> str:
        if not self.alive:
            raise self.failed("it has ended")
        try:
            return Path(f"/proc/{self._running.pid}/{name}").read_text("utf-8")
        except OSError:
            raise self.failed("it has ended") from None


@contextlib.contextmanager
def started(
    command: Sequence[str], folder: Path, environ: Mapping[str, str], log: Path, *, patience: float = 45
) -> Iterator[Child]:
    """Run a command while the context lasts: then SIGTERM, and SIGKILL for one that takes longer than `patience` seconds."""
    with log.open("wb") as stderr:
        began = time.time()
        running = subprocess.Popen(  # noqa: S603 - our own programs
            command, cwd=folder, env=dict(environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr
        )
        try:
            yield Child(running, log, began)
        finally:
            running.terminate()
            try:
                running.wait(patience)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
            for pipe in (running.stdin, running.stdout):
                if pipe:
                    pipe.close()
