"""Servers that nobody of this project wrote: how they are installed below build/.real, pinned, and started on loopback."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any

import requests

from tests.redis_server import free_port

_HERE = Path(__file__).parent
_CACHE = _HERE.parents[1] / "build" / ".real"  # hidden: the house rules are for our own files
_INSTALL_SECONDS = 300
_START_SECONDS = 120
_END_SECONDS = 10
_CALL_SECONDS = 10
_MOST_LINES = 200

UPSTREAM_KEY = "sk-upstream"
GATEWAY_KEY = "sk-gateway"


class Unavailable(Exception):
    """A server cannot be installed here; `str()` says why."""


def install_aimock() -> Path:
    """Return the folder with aimock, an npm package that serves scripted models. Raises Unavailable."""
    source = _HERE / "aimock"
    if not shutil.which("node") or not shutil.which("npm"):
        raise Unavailable("node and npm are not on the PATH")

    def install(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, folder)
        _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)

    return _installed("aimock", (source / "package-lock.json").read_bytes(), install)


def install_litellm() -> Path:
    """Return the virtual environment with litellm's proxy. Raises Unavailable."""
    pins = _HERE / "litellm" / "requirements.txt"

    def install(folder: Path) -> None:
        _run(sys.executable, "-m", "venv", "--without-pip", str(folder))
        pip = (sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install")
        _run(*pip, "--quiet", "--no-deps", "--no-compile", "--only-binary", ":all:", "--requirement", str(pins))

    return _installed("litellm", pins.read_bytes() + sys.version.encode(), install)


class Model:
    """A running aimock, and what it heard."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self._control = f"http://127.0.0.1:{port}/__aimock"

    def heard(self) -> list[dict[str, Any]]:
        """Return every request so far, the oldest first, each with its `body` and what became of it as `response`."""
        headers = {"Authorization": f"Bearer {UPSTREAM_KEY}"}
        answer = requests.get(f"{self._control}/journal", headers=headers, timeout=_CALL_SECONDS)
        answer.raise_for_status()
        requests_heard: list[dict[str, Any]] = answer.json()
        return requests_heard


@contextmanager
def model(folder: Path) -> Iterator[Model]:
    """Run aimock with the answers of answers.json until the block is left."""
    program = folder / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
    answers = _HERE / "aimock" / "answers.json"
    port = free_port()
    command = ["node", str(program), "--port", str(port), "--fixtures", str(answers), "--strict", "--log-level", "warn"]
    with _running(command, {"AIMOCK_API_KEYS": UPSTREAM_KEY}, f"http://127.0.0.1:{port}/health"):
        yield Model(port)


@contextmanager
def gateway(folder: Path, upstream: str) -> Iterator[str]:
    """Run litellm's proxy in front of the models at `upstream` until the block is left; yield its address."""
    port = free_port()
    program, config = folder / "bin" / "litellm", _HERE / "litellm" / "config.yaml"
    command = [str(program), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    stay_here = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True"}
    with _running(command, {"UPSTREAM": upstream, **stay_here}, f"http://127.0.0.1:{port}/health/liveliness"):
        yield f"http://127.0.0.1:{port}/v1"


def _installed(name: str, pins: bytes, install: Callable[[Path], None]) -> Path:
    """Return the folder of these pins; what an earlier install left unfinished is made anew."""
    folder = _CACHE / f"{name}-{hashlib.sha256(pins).hexdigest()[:16]}"
    done = folder / "done"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        install(folder)
        done.touch()
    return folder


def _run(*command: str, cwd: Path | None = None) -> None:
    try:
        subprocess.run(command, cwd=cwd, check=True, capture_output=True, timeout=_INSTALL_SECONDS)
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"{command[0]} cannot install it: {error.stderr.decode()[-1000:]}") from None
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{command[0]} does not come to an end") from None


@contextmanager
def _running(command: list[str], environment: Mapping[str, str], health: str) -> Iterator[None]:
    """Run a server of its own process group until the block is left; it is there when `health` answers 200."""
    child = subprocess.Popen(
        command,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", ""), "NO_PROXY": "127.0.0.1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    assert child.stdout
    said: deque[str] = deque(maxlen=_MOST_LINES)
    listener = threading.Thread(target=_listen, args=(child.stdout, said))
    listener.start()
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _healthy(health):
            assert child.poll() is None, "it ended:\n" + "".join(said)
            assert time.monotonic() < deadline, "it does not answer:\n" + "".join(said)
            time.sleep(0.1)
        yield
    finally:
        _end(child)
        listener.join(_END_SECONDS)


def _listen(output: IO[str], said: deque[str]) -> None:
    with output:
        said.extend(output)


def _healthy(url: str) -> bool:
    with suppress(requests.RequestException):
        return requests.get(url, timeout=_CALL_SECONDS).status_code == HTTPStatus.OK
    return False


def _end(child: subprocess.Popen[str]) -> None:
    for kind in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, kind)
        with suppress(subprocess.TimeoutExpired):
            child.wait(_END_SECONDS)
            return
