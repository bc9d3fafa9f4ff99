"""The sandbox as a process, its control API and its page."""

import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from sandbox.client import SandboxClient, SandboxProcess
from tests.sandbox.dingtalk.foreign import SECONDS, Bot

ROOT = Path(__file__).parents[3]


def _start(*arguments: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "sandbox", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # our own


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_well(number: signal.Signals) -> None:
    """SIGTERM and SIGINT end it with exit code 0, also while somebody waits for records."""
    with _start("--port", "0") as child:
        assert child.stdout
        assert json.loads(child.stdout.readline())["url"].startswith("http://127.0.0.1:")
        child.send_signal(number)
        assert child.wait(SECONDS) == 0


def test_it_ends_with_its_parent() -> None:
    """With --follow-stdin it ends when its standard input does."""
    process = SandboxProcess()
    process.start()
    assert process.stop() == 0


def test_taken_port_is_an_error_only_if_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port from the command line must be had; the default one gives way to the next."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with _start("--port", str(port)) as child:
            assert child.wait(SECONDS) == 1
        monkeypatch.setenv("SANDBOX_PORT", str(port))
        process = SandboxProcess([])
        assert not process.start().url.endswith(f":{port}")
        assert process.stop() == 0


def test_records_wait_for_the_first_match(sandbox: SandboxClient, bot: Bot) -> None:
    """A long poll returns with the first record that matches, or empty when its time is over."""
    assert sandbox.records(after=sandbox.last(), wait=0.05, kind="never") == []
    before = sandbox.last()
    bot.token()
    found = sandbox.records(after=before, wait=SECONDS, kind="api", client_id=bot.client_id)
    assert [(each["api"], each["status"]) for each in found] == [("token", 200)]


def test_faults_are_listed_and_taken_back(sandbox: SandboxClient) -> None:
    """A fault stands until it is used up or removed."""
    fault = sandbox.put_fault("dingtalk.api", {"delay": 0.1}, match={"client_id": "nobody"})
    assert fault in [each["id"] for each in sandbox.faults()]
    assert sandbox.remove_fault(fault)
    assert not sandbox.remove_fault(fault)


@pytest.mark.parametrize("fault", [{}, {"point": "x", "times": 0}, {"point": "x", "params": ["delay"]}, {"point": "x", "y": 1}])
def test_unfit_fault_is_refused(sandbox: SandboxClient, fault: dict[str, object]) -> None:
    """What is no fault is a 400 that says what one is."""
    answer = requests.post(f"{sandbox.url}/sandbox/faults", json=fault, timeout=SECONDS)
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize("settings", [{"qps": "many"}, {"no_such": 1}, {"existing_card": "maybe"}])
def test_unfit_setting_is_named(sandbox: SandboxClient, settings: dict[str, object]) -> None:
    """A wrong setting is refused with its name."""
    with pytest.raises(ValueError, match=next(iter(settings))):
        sandbox.put_app("ding", "secret", "name", **settings)


def test_page_is_served_with_a_strict_policy(sandbox: SandboxClient) -> None:
    """The page comes from this server alone, and so does all that it loads."""
    page = requests.get(sandbox.url, timeout=SECONDS)
    policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert not {"script-src", "style-src", "connect-src"} & {*policy}
    addresses = re.findall(r'(?:src|href)="([^#"]*)"', page.text)
    assert "/page/main.js" in addresses
    for address in addresses:
        assert address.startswith("/page/")
        assert requests.get(f"{sandbox.url}{address}", timeout=SECONDS).ok, address
