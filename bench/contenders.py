"""Who is measured: the bridge as its users run it, and the floor, both with the same bots in the same sandbox."""

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from bench.bare import Bot
from bench.child import Child, ChildFailed, started
from sandbox.client import SandboxClient

ROOT = Path(__file__).resolve().parent.parent
LISTENERS = 2  # of each bot: the default of DEFAULT_MAX_WORKERS
OWN, PUBLIC, THRIFTY = "bench-own", "bench-public", "bench-thrifty"  # client ids, by what is not the default of the bot
BOTS = (OWN, PUBLIC, THRIFTY)

_OWN_TEMPLATE = "bench-own-template"
_CHECK_SECONDS = 30

Contender = Callable[[str, Path], AbstractContextManager[Child]]
"""Takes the sandbox's address and an empty folder to live in."""


def register(sandbox: SandboxClient, qps: int) -> None:
    """Make the bots known on both platforms; DingTalk takes `qps` calls a second of each API from each, 0: any number."""
    sandbox.put_template(_OWN_TEMPLATE, content_key="content", flow="streaming", variables=["config"])
    for name in BOTS:
        sandbox.put_app(name, _secret(name), name, qps=qps)
        sandbox.put_dify_app(_key(name), name, "chat")


@contextlib.contextmanager
def sandbox_running(folder: Path, qps: int) -> Iterator[tuple[SandboxClient, Child]]:
    """Run a fresh sandbox, as a child whose processor time can be seen, with the bots registered."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--follow-stdin"]
    with started(command, ROOT, _environ(), folder / "sandbox.log") as child:
        line = child.first_line()
        if not line:
            raise child.failed("the sandbox ended before it listened")
        with contextlib.closing(SandboxClient(json.loads(line)["url"])) as client:
            register(client, qps)
            yield client, child


def bridge(qps: int) -> Contender:
    """Return the bridge as an admin would run it where DingTalk takes so many calls a second, 0: any number."""
    setting = {} if qps == 20 else {"DINGTALK_QPS": str(qps)}  # 20 is the default
    return lambda url, folder: _bridge(url, folder, setting)


@contextlib.contextmanager
def _bridge(url: str, folder: Path, setting: Mapping[str, str]) -> Iterator[Child]:
    """Run `python app.py run` in a folder of its own."""
    lines = ["bots:"]
    for name in BOTS:
        lines += [
            f"  - name: {name}",
            f"    dingtalk_app_client_id: {name}",
            f"    dingtalk_app_client_secret: {_secret(name)}",
            "    dify_app_type: chatbot",
            f"    dify_app_api_key: {_key(name)}",
        ]
        lines += [f"    card_template_id: {_OWN_TEMPLATE}"] if name != PUBLIC else []
        lines += ["    card_pace: thrifty"] if name == THRIFTY else []
    (folder / ".bots.yaml").write_text("\n".join(lines) + "\n", "utf-8")
    environ = {
        **_environ(),
        **setting,
        "DINGTALK_OPENAPI_ENDPOINT": url,
        "DINGTALK_OAPI_ENDPOINT": url,
        "DIFY_OPEN_API_URL": f"{url}/v1",
        "HEARTBEAT_FILE": str(folder / "heartbeat.json"),
    }
    app = [sys.executable, str(ROOT / "app.py")]
    # It also leaves the byte code on the disk, so that the start that is timed is not the first one ever.
    checked = subprocess.run(  # noqa: S603 - our own program
        [*app, "check"], cwd=folder, env=environ, capture_output=True, timeout=_CHECK_SECONDS, check=False
    )
    if checked.returncode:
        raise ChildFailed(f"app.py check: {checked.stderr.decode(errors='replace')}")
    with started([*app, "run"], folder, environ, folder / "bridge.log") as child:
        yield child


def floor(calls: int, tokens: int) -> Contender:
    """Return the floor that makes so many card calls for an answer of so many tokens."""
    return lambda url, folder: _bare(url, folder, max(3, calls), tokens)


def acks_only(url: str, folder: Path) -> AbstractContextManager[Child]:
    """Run what acknowledges every message and answers none."""
    return _bare(url, folder, 0, 0)


def _bare(url: str, folder: Path, calls: int, tokens: int) -> AbstractContextManager[Child]:
    bots = [Bot(url, name, _secret(name), _key(name), _OWN_TEMPLATE, calls, tokens) for name in BOTS]
    orders = json.dumps([dataclasses.asdict(bot) for bot in bots])
    command = [sys.executable, "-m", "bench.bare", orders, str(LISTENERS)]
    return started(command, ROOT, _environ(), folder / "floor.log")


def _environ() -> dict[str, str]:
    """Return this process's environment without what would change a contender, but for the store, which may be chosen."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "SESSION_STORE")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _secret(name: str) -> str:
    return f"secret-of-{name}"


def _key(name: str) -> str:
    return f"app-{name}"
