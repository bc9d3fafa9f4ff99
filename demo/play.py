"""Tries the whole thing without an account: the sandbox as a child process, and three bots run by the real launcher in it."""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import requests

import config
from fleet import KINDS, Fleet
from handlers import commands
from handlers.turn import TurnRecord

BOT_KINDS = ("chatbot", "completion", "workflow")

_HERE = Path(__file__).resolve().parent
_START_SECONDS = 20
_CONNECT_SECONDS = 20
_ANSWER_SECONDS = 120
_DRAIN_SECONDS = 5
_DIFY_MODES = {"chatbot": "chat", "completion": "completion", "workflow": "workflow"}
_PACE = {"tokens_per_second": 10, "chunk_chars": 6}  # slow enough to be watched
_NAMES = {
    "zh": {"chatbot": "聊天助手", "completion": "文案生成", "workflow": "工作流"},
    "en": {"chatbot": "Chatbot", "completion": "Copywriter", "workflow": "Workflow"},
}
_BOT = """\
  - name: {name}
    dingtalk_app_client_id: demo-{kind}
    dingtalk_app_client_secret: {secret}
    dify_app_type: {kind}
    dify_app_api_key: {key}
"""


class SandboxFailed(Exception):
    """The sandbox did not start, or did not do what it was asked."""


def serve(asked: threading.Event, *, port: int | None) -> int:
    """Run the demo until `asked` is set; print the address of its page."""
    try:
        with _running(port) as sandbox:
            print(f"\n  钉桥 DingBridge: {sandbox.url}\n  Ctrl-C 结束 / to end\n", flush=True)
            while not asked.wait(1):
                if not sandbox.alive():
                    print("the sandbox has ended", file=sys.stderr)
                    return 1
    except SandboxFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def say(text: str, bot: str) -> int:
    """Say something to a bot, print each state of the card as it grows; 0 when the answer is complete."""
    outcomes: queue.Queue[str] = queue.Queue()
    try:
        with _running(0, on_turn=lambda record: outcomes.put(record.outcome)) as sandbox:
            _watch(sandbox, f"demo-{bot}", text)
        with contextlib.suppress(queue.Empty):
            return int(outcomes.get_nowait() != "answered")
        return int(commands.parse(text) is None)  # a command is no turn
    except SandboxFailed as error:
        print(error, file=sys.stderr)
        return 1


def _watch(sandbox: "_Sandbox", client_id: str, text: str) -> None:
    """Send a message and print what its chat shows, until the answer ends."""
    seen = sandbox.last_record()
    message = sandbox.call(
        "POST",
        "messages",
        {
            "client_id": client_id,
            "conversation_type": "1",
            "sender": {"staff_id": "demo-user", "nick": "Demo"},
            "msgtype": "text",
            "text": text,
        },
    )
    if not message.get("delivered"):
        raise SandboxFailed(f"the message was not delivered: {message.get('reason', 'no connection')}")
    deadline = time.monotonic() + _ANSWER_SECONDS
    while time.monotonic() < deadline:
        for record in sandbox.records(seen, client_id):
            seen = int(record["seq"])
            if record["kind"] == "card":
                print(f"[{record['state']}] {record['text']}", flush=True)
                if record["state"] in {"finished", "failed"}:
                    return
            elif record["kind"] == "said":
                print(record["text"], flush=True)
                return
    raise SandboxFailed("the answer was not complete in time")


@contextlib.contextmanager
def _running(port: int | None, on_turn: Callable[[TurnRecord], None] = lambda _: None) -> Iterator["_Sandbox"]:
    """Give a sandbox with three bots connected to it; nothing is left running afterwards."""
    # Nothing of the demo leaves this machine, so no proxy may stand between.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    with _Sandbox(port) as sandbox:
        fleet = _fleet(sandbox, on_turn)
        fleet.start()
        try:
            sandbox.wait_connected({bot.name for bot in fleet.bots}, fleet)
            yield sandbox
        finally:
            fleet.stop(_DRAIN_SECONDS)


def _fleet(sandbox: "_Sandbox", on_turn: Callable[[TurnRecord], None]) -> Fleet:
    """Register three apps with the sandbox, and build their bots from a `.bots.yaml` as an admin would write it."""
    language = config.language_of(os.environ)
    bots = "bots:\n"
    for kind in BOT_KINDS:
        secret, key, name = f"secret-of-{kind}", f"app-demo-{kind}", _NAMES[language][kind]
        sandbox.call("POST", "apps", {"client_id": f"demo-{kind}", "client_secret": secret, "name": name})
        sandbox.call("POST", "dify/apps", {"api_key": key, "name": name, "kind": _DIFY_MODES[kind], "pace": _PACE})
        bots += _BOT.format(name=name, kind=kind, secret=secret, key=key)
    variables = {
        "BOT_LANGUAGE": language,
        "DINGTALK_OPENAPI_ENDPOINT": sandbox.url,
        "DINGTALK_OAPI_ENDPOINT": sandbox.url,
        "DIFY_OPEN_API_URL": f"{sandbox.url}/v1",
    }
    return Fleet(config.load(bots, variables, KINDS), on_turn=on_turn)


class _Sandbox:
    """The sandbox as a child process, spoken to over HTTP alone; it ends with its standard input, so with us."""

    def __init__(self, port: int | None) -> None:
        command = [sys.executable, "-m", "sandbox", "--follow-stdin"]
        command += [] if port is None else ["--port", str(port)]
        self._child = subprocess.Popen(  # noqa: S603 - our own module
            command,
            cwd=_HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for us: the bots end first, then the sandbox with our end of its stdin
        )
        self._http = requests.Session()
        self._http.trust_env = False
        self.url = ""

    def __enter__(self) -> Self:
        line: queue.Queue[str] = queue.Queue()
        assert self._child.stdout is not None
        read = self._child.stdout.readline
        threading.Thread(target=lambda: line.put(read()), daemon=True).start()
        try:
            self.url = str(json.loads(line.get(timeout=_START_SECONDS))["url"])
        except (queue.Empty, ValueError, KeyError):
            self.__exit__()
            raise SandboxFailed("the sandbox did not start; see above") from None
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self._child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(timeout=5)

    def alive(self) -> bool:
        """Whether the child still runs."""
        return self._child.poll() is None

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str | int) -> dict[str, Any]:
        """Make a call of the sandbox's control API; raises SandboxFailed."""
        try:
            response = self._http.request(
                method,
                f"{self.url}/sandbox/{path}",
                json=body,
                params=query,
                timeout=40,
            )
            answer = response.json()
        except (requests.RequestException, ValueError) as error:
            raise SandboxFailed(f"the sandbox did not answer: {type(error).__name__}") from error
        if not response.ok:
            raise SandboxFailed(f"the sandbox refused {path}: {answer}")
        return dict(answer)

    def records(self, after: int, client_id: str) -> list[dict[str, Any]]:
        """Return what happened to an app after a record; waits a moment for the first."""
        return list(self.call("GET", "records", after=after, wait=2, client_id=client_id)["records"])

    def last_record(self) -> int:
        """Return the number of the newest record."""
        return int(self.call("GET", "records", after=2**53, wait=0)["last"])

    def wait_connected(self, names: set[str], fleet: Fleet) -> None:
        """Wait until every bot has a connection; raises SandboxFailed after a while."""
        deadline = time.monotonic() + _CONNECT_SECONDS
        while time.monotonic() < deadline:
            states = fleet.states()
            if all("connected" in states[name] for name in names):
                return
            time.sleep(0.02)
        raise SandboxFailed("the bots could not connect to the sandbox; see above")
