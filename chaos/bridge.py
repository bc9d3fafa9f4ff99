"""The bridge as its users run it: the launcher in child processes that can be killed, and what the kernel tells of them."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from chaos.script import Bot

ROOT: Final = Path(__file__).resolve().parent.parent
OWN_TEMPLATE: Final = "chaos-own-template"
LISTENERS: Final = 2  # of each bot, in each process
_DRAIN_SECONDS: Final = 5
_END_SECONDS: Final = 60
_KEPT_VARIABLES: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Held:
    """What a process holds at one moment; `memory` is resident, in megabytes (2**20 bytes)."""

    threads: int
    files: int
    memory: float


class Bridge:
    """A context: so many processes that run the same bots in one folder; ended by SIGTERM, or by SIGKILL if they stay."""

    def __init__(self, folder: Path, url: str, bots: Sequence[Bot], store: str, instances: int) -> None:
        self._folder = folder
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._instances = instances
        (folder / ".bots.yaml").write_text(_bots_file(bots), "utf-8")
        (folder / ".env").write_text(
            f"DINGTALK_OPENAPI_ENDPOINT={url}\nDINGTALK_OAPI_ENDPOINT={url}\nDIFY_OPEN_API_URL={url}/v1\n"
            f"DIFY_FIRST_EVENT_SECONDS=3\nDRAIN_SECONDS={_DRAIN_SECONDS}\nSESSION_STORE={store}\n",
            "utf-8",
        )

    def __enter__(self) -> Self:
        for number in range(self._instances):
            self.start(number)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, number: int) -> None:
        """Start a process, or start it again; returns before it is connected."""
        environ = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        environ["HEARTBEAT_FILE"] = str(self._folder / f"heartbeat-{number}.json")
        with self._log(number).open("ab") as log:
            self._children[number] = subprocess.Popen(  # noqa: S603 - our own launcher
                [sys.executable, str(ROOT / "app.py")],
                cwd=self._folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self, number: int) -> bool:
        """Kill a process as kill -9 does; return whether that is how it ended."""
        child = self._children[number]
        child.kill()
        return child.wait(_END_SECONDS) == -signal.SIGKILL

    def stop(self) -> dict[int, int]:
        """End all processes as an admin does; return their exit codes."""
        for child in self._children.values():
            child.terminate()
        codes = {}
        for number, child in self._children.items():
            try:
                codes[number] = child.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                codes[number] = child.wait()
        self._children = {}
        return codes

    def ended(self) -> tuple[int, ...]:
        """Return the processes that ended by themselves."""
        return tuple(number for number, child in self._children.items() if child.poll() not in {None, -signal.SIGKILL})

    def held(self) -> dict[int, Held]:
        """Return what each living process holds now."""
        return {number: _held(child.pid) for number, child in self._children.items() if child.poll() is None}

    def log(self) -> str:
        """Return what all processes wrote so far."""
        paths = (self._log(number) for number in range(self._instances))
        return "".join(path.read_text("utf-8", errors="replace") for path in paths if path.exists())

    def mentions(self) -> dict[str, float]:
        """Return when (epoch seconds) each message was spoken of last, by its id."""
        found = re.finditer(r"^(\S+ \S+) .* msg=(\S+)", self.log(), re.MULTILINE)
        return {line[2]: datetime.fromisoformat(line[1]).timestamp() for line in found}

    def _log(self, number: int) -> Path:
        return self._folder / f"bridge-{number}.log"


def _held(pid: int) -> Held:
    place = Path(f"/proc/{pid}")
    with contextlib.suppress(OSError):
        status = dict(line.split(":", 1) for line in (place / "status").read_text("utf-8").splitlines() if ":" in line)
        memory = int(status["VmRSS"].split()[0]) / 1024
        return Held(len(list((place / "task").iterdir())), len(list((place / "fd").iterdir())), memory)
    return Held(0, 0, 0.0)


def _bots_file(bots: Sequence[Bot]) -> str:
    lines = ["bots:"]
    for bot in bots:
        lines += [
            f"  - name: {bot.client_id}",
            f"    dingtalk_app_client_id: {bot.client_id}",
            f"    dingtalk_app_client_secret: {secret(bot)}",
            f"    dify_app_type: {bot.app_type}",
            f"    dify_app_api_key: {api_key(bot)}",
            f"    max_workers: {LISTENERS}",
        ]
        lines += [f"    card_template_id: {OWN_TEMPLATE}"] if bot.own_template else []
    return "\n".join(lines) + "\n"


def secret(bot: Bot) -> str:
    """Return the made-up secret of a bot's DingTalk app."""
    return f"secret-of-{bot.client_id}"


def api_key(bot: Bot) -> str:
    """Return the made-up key of a bot's Dify app."""
    return f"app-{bot.client_id}"
