"""A Redis for the tests: Debian's redis-server on a free port, which keeps nothing and can be stopped, frozen and started."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

_START_SECONDS = 10.0


class LocalRedis:
    """One server, always on the same port while it is there; what it kept is lost with it."""

    def __init__(self, program: str, folder: Path, *options: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._folder = folder
        self._command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", *options]
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        with (self._folder / "log").open("ab") as log:
            self._child = subprocess.Popen(self._command, stdout=log, stderr=log)
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            assert self._child.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.01)

    def kill(self) -> None:
        """End it by SIGKILL."""
        if self._child:
            self._child.kill()
            self._child.wait()
            self._child = None

    def freeze(self) -> None:
        """Let it do nothing, though the system still takes connections for it."""
        assert self._child
        self._child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on, and see to what came meanwhile."""
        assert self._child
        self._child.send_signal(signal.SIGCONT)

    def empty(self) -> None:
        """Have it running, with nothing in it."""
        if self._child is None:
            self.start()
        self.thaw()
        self.ask("FLUSHALL")

    def ask(self, *command: str | int) -> Any:
        """Give it a command, as an admin would, and return its answer."""
        with Redis(port=self.port, decode_responses=True) as client:
            return client.execute_command(*command)

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as connection:
            connection.sendall(b"PING\r\n")
            return bool(connection.recv(100))
        return False


@pytest.fixture(scope="session")
def redis_program() -> str:
    """Where redis-server is; without it the tests that need it are skipped, but not in CI."""
    program = shutil.which("redis-server")
    if program is None and os.environ.get("CI") == "true":
        pytest.fail("CI needs redis-server: tests/get-redis installs it")
    if program is None:
        pytest.skip("there is no redis-server: tests/get-redis installs it where apt is at hand")
    return program


@pytest.fixture(scope="session")
def one_redis(redis_program: str) -> Iterator[LocalRedis]:
    """A server for all tests of this worker."""
    with tempfile.TemporaryDirectory() as folder:
        server = LocalRedis(redis_program, Path(folder))
        yield server
        server.kill()


@pytest.fixture
def start_redis(redis_program: str, tmp_path: Path) -> Iterator[Callable[..., LocalRedis]]:
    """Start another server, with options of its own."""
    with ExitStack() as ends:

        def start(*options: str) -> LocalRedis:
            server = LocalRedis(redis_program, tmp_path, *options)
            ends.callback(server.kill)
            server.start()
            return server

        yield start


@pytest.fixture
def redis(one_redis: LocalRedis) -> LocalRedis:
    """The server, running and empty."""
    one_redis.empty()
    return one_redis


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
