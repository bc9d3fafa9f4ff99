"""The process as its admin runs and stops it: `python app.py` with a `.bots.yaml` and a `.env` in the working folder."""

import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.client import Json, SandboxClient

APP = Path(__file__).resolve().parents[2] / "app.py"


class Process:
    """The launcher as a child, with one bot in the sandbox."""

    def __init__(self, sandbox: SandboxClient, folder: Path, drain: str) -> None:
        self.sandbox, self.name, self.folder = sandbox, f"process-{uuid.uuid4().hex[:8]}", folder
        sandbox.put_app(self.name, "secret", self.name, qps=0)
        sandbox.put_dify_app(f"app-{self.name}", self.name, "chat")
        bots = (
            f"bots:\n  - name: {self.name}\n    dingtalk_app_client_id: {self.name}\n"
            f"    dingtalk_app_client_secret: secret\n    dify_app_type: chatbot\n    dify_app_api_key: app-{self.name}\n"
        )
        (folder / ".bots.yaml").write_text(bots)
        (folder / ".env").write_text(
            f"DINGTALK_OPENAPI_ENDPOINT={sandbox.url}\nDINGTALK_OAPI_ENDPOINT={sandbox.url}\n"
            f"DIFY_OPEN_API_URL={sandbox.url}/v1\nDRAIN_SECONDS={drain}\nHEARTBEAT_FILE={folder}/heartbeat.json\n"
        )
        self.since = sandbox.last()
        with (folder / "log").open("w") as log:
            self.child = subprocess.Popen([sys.executable, APP], cwd=folder, stderr=log)
        for _ in range(2):  # DEFAULT_MAX_WORKERS listeners
            connected = sandbox.wait_for(self.since, kind="stream.connected", client_id=self.name)
            self.since = connected["seq"]

    def say(self, text: str) -> None:
        assert self.sandbox.say(self.name, text)["delivered"]

    def wait_for_card(self, state: str) -> Json:
        record = self.sandbox.wait_for(self.since, kind="card", client_id=self.name, state=state)
        return self.sandbox.card(record["out_track_id"])

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.child.send_signal(number)
        return self.child.wait(20)

    def wait_ready(self) -> None:
        """Wait until the heartbeat file tells of a connection."""
        deadline = time.monotonic() + 10
        while self.ready() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert self.ready() == 0

    def ready(self) -> int:
        """Return the exit code of `app.py ready` in the same folder."""
        return subprocess.run(
            [sys.executable, APP, "ready"], cwd=self.folder, check=False, stdout=subprocess.DEVNULL
        ).returncode


@pytest.fixture(params=["30"])
def process(request: pytest.FixtureRequest, sandbox: SandboxClient, tmp_path: Path) -> Iterator[Process]:
    """One bot in a process of its own; the parameter is DRAIN_SECONDS."""
    one = Process(sandbox, tmp_path, request.param)
    yield one
    if one.child.poll() is None:
        one.child.kill()
        one.child.wait(20)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_answer_in_flight_is_finished_before_leaving(process: Process, number: int) -> None:
    """A signal takes no new message, lets the answer end, and exits with 0; the health check is green before only."""
    process.wait_ready()
    process.say("很长 [[tokens=40]] [[rate=30]]")
    process.wait_for_card("inputing")
    assert process.end(number) == 0
    assert "中断" not in process.wait_for_card("finished")["text"]
    assert process.ready() == 1


@pytest.mark.parametrize("process", ["0.2"], indirect=True)
def test_what_does_not_end_in_time_is_closed_with_a_sentence(process: Process) -> None:
    """After DRAIN_SECONDS the growing card and the waiting question each get a sentence; none is left spinning."""
    process.say("很长 [[tokens=400]] [[rate=30]]")
    process.wait_for_card("inputing")
    process.say("排队的问题")
    process.sandbox.wait_for(process.since, kind="ack", client_id=process.name)
    assert process.end() == 0
    assert "中断" in process.wait_for_card("finished")["text"]
    said = process.sandbox.wait_for(process.since, kind="said", client_id=process.name)
    assert "重启" in said["text"]


def test_a_second_signal_leaves_at_once(process: Process) -> None:
    """Who insists is obeyed."""
    process.say("很长 [[tokens=400]] [[rate=30]]")
    process.wait_for_card("inputing")
    process.child.send_signal(signal.SIGTERM)
    process.sandbox.wait_for(process.since, kind="stream.closed", client_id=process.name)
    assert process.end() == 128 + signal.SIGTERM


def test_the_log_holds_no_secret_and_no_words(process: Process) -> None:
    """At every level: no secret, token, ticket, key, session webhook, nor what people and the AI said."""
    process.say("我的密码是西瓜 [[tokens=5]]")
    process.wait_for_card("finished")
    process.end()
    log = (process.folder / "log").read_text()
    assert process.name in log
    for secret in ("西瓜", "春江", "ticket=", "session=", f"app-{process.name}", "accessToken"):
        assert secret not in log
