"""app.py as a person at a terminal meets it: in a process of its own, never a traceback, never a secret."""

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

APP = Path(__file__).resolve().parent.parent / "app.py"
SECRET = "S3CR3T-do-not-show"


@dataclass
class Terminal:
    """A folder in which app.py is called; `variables` are set in every call."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run app.py until it ends."""
        ended = subprocess.run(
            self._command(arguments),
            cwd=self.folder,
            env=self._environ(variables),
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        for written in (ended.stdout, ended.stderr):
            assert "Traceback" not in written, written
            assert SECRET not in written
        return ended

    @contextlib.contextmanager
    def demo(self, *arguments: str, **variables: str) -> Iterator["Demo"]:
        """Run `app.py demo` until it shows its page; it is ended with the context, if not before."""
        with (self.folder / "stderr").open("wb") as errors:
            child = subprocess.Popen(
                self._command(("demo", *arguments)),
                cwd=self.folder,
                env=self._environ(variables),
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
                start_new_session=True,
            )
        demo = Demo(child, self.folder / "stderr")
        try:
            yield demo
        finally:
            if child.poll() is None:
                child.kill()
            child.wait()
            assert child.stdout
            child.stdout.close()

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, str(APP), *arguments]

    def _environ(self, variables: dict[str, str]) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **self.variables, **variables}


class Demo:
    """A demo that runs: `welcome` is what it shows once all is ready, `url` the address in it."""

    def __init__(self, child: subprocess.Popen[str], errors: Path) -> None:
        self._child, self._errors = child, errors
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.welcome = ""
        while "Ctrl-C" not in self.welcome:
            line = self._lines.get(timeout=30)
            assert line, self.errors()
            self.welcome += line
        (self.url,) = re.findall(r"^ +(http://\S+)$", self.welcome, re.MULTILINE)

    def errors(self) -> str:
        """What it has written to the error stream."""
        written = self._errors.read_text("utf-8")
        assert "Traceback" not in written, written
        assert SECRET not in written
        return written

    def sandbox_pid(self) -> int:
        """The sandbox's process."""
        (pid,) = Path(f"/proc/{self._child.pid}/task/{self._child.pid}/children").read_text().split()
        return int(pid)

    def end(self, signal_number: int = signal.SIGINT) -> int:
        """Send it a signal, 0 for none, and return its exit code."""
        self._child.send_signal(signal_number)
        return self._child.wait(timeout=20)

    def _read(self) -> None:
        assert self._child.stdout
        for line in self._child.stdout:
            self._lines.put(line)
        self._lines.put("")
