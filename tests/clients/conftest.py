"""The sandbox with its door for fixed addresses, and bots not written here, run as children."""

import os
import subprocess
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.client import Json, SandboxClient, SandboxProcess

SECRET = "s3cret"
# Only these reach the child: what a developer's shell says about proxies or Node is no part of the test.
_KEPT = ("PATH", "HOME", "LANG", "SYSTEMROOT", "PYTHONPATH")


@dataclass(frozen=True)
class Door:
    """A running sandbox with its door."""

    sandbox: SandboxClient
    url: str
    authority: str

    def environment(self) -> dict[str, str]:
        """The variables that lead an unchanged bot with fixed addresses here."""
        trusted = dict.fromkeys(("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), self.authority)
        return {"HTTPS_PROXY": self.url, **trusted}


@dataclass(frozen=True)
class Running:
    """A bot of somebody else, connected."""

    sandbox: SandboxClient
    client_id: str
    log: Path

    def ask(self, text: str = "", **message: Any) -> Json:
        """Write to it as staff-1; the record of the message."""
        said = self.sandbox.say(self.client_id, text, **message)
        assert said["delivered"], said
        return said

    def card(self, after: int, state: str = "finished") -> str:
        """The id of the next card that comes into this state."""
        return str(self.wait_for(after, kind="card", state=state)["out_track_id"])

    def wait_for(self, after: int, **match: Any) -> Json:
        """The next record of this bot that matches; what the bot printed is told where none comes."""
        try:
            return self.sandbox.wait_for(after, client_id=self.client_id, **match)
        except TimeoutError:
            refused = [each for each in self.sandbox.records(after, kind="api", client_id=self.client_id) if "code" in each]
            pytest.fail(f"nothing like {match}\nrefused: {refused}\nthe bot printed: {self.log.read_text()[-4000:]}")


Start = Callable[[Sequence[str], dict[str, str], Path], Running]


@pytest.fixture(scope="session")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A sandbox with a door of its own authority."""
    folder = tmp_path_factory.mktemp("tls")
    process = SandboxProcess(("--port", "0", "--tls", str(folder), "--tls-port", "0"))
    with process as client:
        client.put_template("own.schema", variables=["hasAction", "config"])
        yield Door(client, process.told["door"], process.told["ca"])


@pytest.fixture
def start_bot(door: Door, tmp_path: Path) -> Iterator[Start]:
    """Return a function that runs a command as the bot of a new app and waits for its connection."""
    children: list[subprocess.Popen[bytes]] = []

    def start(command: Sequence[str], variables: dict[str, str], folder: Path) -> Running:
        client_id, log = f"ding{uuid.uuid4().hex[:16]}", tmp_path / "bot.log"
        door.sandbox.put_app(client_id, SECRET, "别人的机器人", drain_seconds=0.2, redeliver_max=0)
        before = door.sandbox.last()
        inherited = {name: os.environ[name] for name in _KEPT if name in os.environ}
        own = {**inherited, "CLIENT_ID": client_id, "CLIENT_SECRET": SECRET, **door.environment(), **variables}
        with log.open("wb") as output:
            child = subprocess.Popen(command, cwd=folder, env=own, stdin=subprocess.PIPE, stdout=output, stderr=output)
        children.append(child)
        running = Running(door.sandbox, client_id, log)
        running.wait_for(before, kind="stream.connected")
        return running

    yield start
    for child in children:
        child.kill()
        assert child.stdin
        child.stdin.close()
        child.wait()
