"""The sandbox as the demo's child process: started, called over HTTP alone, and gone when the demo is."""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import requests

from problems import Language, sentence

Json = dict[str, Any]

_HERE = Path(__file__).resolve().parent.parent
_START_SECONDS, _END_SECONDS, _CALL_SECONDS = 20, 5, 40
_SAID_WHY = (1, 2)  # exit codes of a sandbox that told on the error stream why it does not serve


class SandboxFailed(Exception):
    """The sandbox did not start, or did not do what it was asked; `code` is the exit code that this makes of ours.

    The text is a sentence for the person at the terminal, empty when the sandbox has said its own already.
    """

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


class Sandbox:
    """A context: the sandbox as a child process. It ends with its standard input, so with us, however we end."""

    def __init__(self, arguments: Sequence[str], variables: Mapping[str, str], language: Language) -> None:
        self._command = [sys.executable, "-m", "sandbox", "--follow-stdin", *arguments]
        self._variables, self._language = variables, language
        self._http = requests.Session()
        self._http.trust_env = False
        self.url = ""

    def __enter__(self) -> Self:
        self._child = subprocess.Popen(  # noqa: S603 - our own module
            self._command,
            cwd=_HERE,
            env={**os.environ, **self._variables, "BOT_LANGUAGE": self._language},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for us: the bots end first, then the sandbox with our end of its stdin
        )
        line: queue.Queue[str] = queue.Queue()
        assert self._child.stdout is not None
        read = self._child.stdout.readline
        threading.Thread(target=lambda: line.put(read()), daemon=True).start()
        try:
            self.url = str(json.loads(line.get(timeout=_START_SECONDS))["url"])
        except (queue.Empty, ValueError, KeyError):
            failure = self._failed("sandbox_slow", seconds=_START_SECONDS)
            self.__exit__()
            raise failure from None
        go_direct_to(str(urlsplit(self.url).hostname))
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self._child.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(timeout=_END_SECONDS)

    def check(self) -> None:
        """Raise SandboxFailed when the child has ended."""
        if self._child.poll() is not None:
            raise SandboxFailed(sentence("sandbox_ended", self._language, code=self._child.returncode))

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None, **query: str | int) -> Json:
        """Make a call of the sandbox's control API; raises SandboxFailed."""
        url = f"{self.url}/sandbox/{path}"
        try:
            response = self._http.request(method, url, json=body, params=query, timeout=_CALL_SECONDS)
            answer = response.json()
        except (requests.RequestException, ValueError) as error:
            raise self._failed("sandbox_silent", kind=type(error).__name__) from None
        if not response.ok:
            raise SandboxFailed(sentence("sandbox_refused", self._language, path=path, answer=answer.get("error", answer)))
        return dict(answer)

    def records(self, after: int, client_id: str, *, wait: int = 2) -> list[Json]:
        """Return what happened to an app after a record; waits so many seconds for the first."""
        return list(self.call("GET", "records", after=after, wait=wait, client_id=client_id)["records"])

    def last_record(self) -> int:
        """Return the number of the newest record."""
        return int(self.call("GET", "records", after=2**53, wait=0)["last"])

    def _failed(self, name: str, **values: object) -> SandboxFailed:
        """Return what to raise: that the child has ended, unless it lives or has said itself why it does not."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._child.wait(timeout=1)
            if not self.url and code in _SAID_WHY:
                return SandboxFailed("", code)
            return SandboxFailed(sentence("sandbox_ended", self._language, code=code))
        return SandboxFailed(sentence(name, self._language, **values))


def go_direct_to(host: str) -> None:
    """Let no proxy stand before this host. What is set already stays: a proxy may lead to the AI."""
    kept = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    if kept.strip() != "*":
        hosts = dict.fromkeys([*filter(None, kept.split(",")), "127.0.0.1", "localhost", host])
        os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(hosts)
