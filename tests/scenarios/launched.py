"""The bridge as its admin runs it: `python app.py` with a `.bots.yaml` and a `.env` in the working folder."""

import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

from sandbox.client import Json, SandboxClient

APP = Path(__file__).resolve().parents[2] / "app.py"


class LaunchedBot:
    """One bot in the sandbox, and the processes that run it; what they have in common is their `.bots.yaml` and `.env`."""

    def __init__(self, sandbox: SandboxClient, folder: Path, **variables: str) -> None:
        self.sandbox, self.name, self.folder = sandbox, f"process-{uuid.uuid4().hex[:8]}", folder
        sandbox.put_app(self.name, "secret", self.name, qps=0)
        sandbox.put_dify_app(f"app-{self.name}", self.name, "chat")
        bots = (
            f"bots:\n  - name: {self.name}\n    dingtalk_app_client_id: {self.name}\n"
            f"    dingtalk_app_client_secret: secret\n    dify_app_type: chatbot\n    dify_app_api_key: app-{self.name}\n"
        )
        (folder / ".bots.yaml").write_text(bots)
        places = {
            "DINGTALK_OPENAPI_ENDPOINT": sandbox.url,
            "DINGTALK_OAPI_ENDPOINT": sandbox.url,
            "DIFY_OPEN_API_URL": f"{sandbox.url}/v1",
            "HEARTBEAT_FILE": f"{folder}/heartbeat.json",
        }
        lines = [f"{name}={value}\n" for name, value in {**places, **variables}.items()]
        (folder / ".env").write_text("".join(lines))
        self.since = sandbox.last()
        self.children: list[subprocess.Popen[bytes]] = []

    def start(self, **variables: str) -> subprocess.Popen[bytes]:
        """Start a process, with these variables beside those of `.env`, and wait until both its listeners are connected."""
        since = self.sandbox.last()
        with (self.folder / f"log-{len(self.children)}").open("w") as log:
            environ = {"PATH": "/usr/bin:/bin", **variables}
            child = subprocess.Popen([sys.executable, APP], cwd=self.folder, stderr=log, env=environ)
        self.children.append(child)
        for _ in range(2):  # DEFAULT_MAX_WORKERS listeners
            since = self.sandbox.wait_for(since, kind="stream.connected", client_id=self.name)["seq"]
        return child

    def log(self, number: int = 0) -> str:
        """Return what a process has logged."""
        return (self.folder / f"log-{number}").read_text()

    def say(self, text: str, *, sender: str = "staff-1", **message: object) -> Json:
        """Say something to the bot."""
        said = self.sandbox.say(self.name, text, sender=sender, **message)
        assert said["delivered"], said
        return said

    def wait_for_card(self, state: str, *, since: int | None = None) -> Json:
        """Wait for a card in this state, since the bot was made or since a record."""
        after = self.since if since is None else since
        record = self.sandbox.wait_for(after, kind="card", client_id=self.name, state=state)
        return self.sandbox.card(record["out_track_id"])

    def ended(self) -> dict[str, int]:
        """Return how many ends were seen of each text that a card ended with, or that was said."""
        ends = [record["text"] for record in self.sandbox.records(self.since, 0, kind="said", client_id=self.name)]
        ends += [card["text"] for card in self.sandbox.cards(client_id=self.name) if card["state"] in {"finished", "failed"}]
        return {text: ends.count(text) for text in ends}

    def end(self, number: int = signal.SIGTERM, child: int = -1) -> int:
        """Send a signal to a process and return its exit code."""
        self.children[child].send_signal(number)
        return self.children[child].wait(20)

    def ready(self, **variables: str) -> tuple[int, str]:
        """Return the exit code of `app.py ready` in the same folder, and what it says."""
        done = subprocess.run(
            [sys.executable, APP, "ready"],
            cwd=self.folder,
            check=False,
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8", **variables},
        )
        return done.returncode, done.stdout

    def wait_ready(self) -> None:
        """Wait until the heartbeat file tells of a connection."""
        deadline = time.monotonic() + 10
        while self.ready()[0] and time.monotonic() < deadline:
            time.sleep(0.1)
        assert self.ready()[0] == 0

    def close(self) -> None:
        """End what still runs, by force."""
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait(20)
