"""A redis-server as a child on a free port, which keeps what it was told and can be frozen, killed and started again."""

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Final, Self

_START_SECONDS: Final = 10
_POLL_SECONDS: Final = 0.02


class RedisServer:
    """A context. What was written outlives a kill: it is appended to a file in the folder before the answer leaves."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, _free_port()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The value for SESSION_STORE."""
        return f"redis://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.resume()
        self.kill()

    def start(self) -> None:
        """Start it unless it runs, and wait until it listens; OSError if there is none, or it does not."""
        if self._child:
            return
        program = shutil.which("redis-server")
        if program is None:
            raise OSError("redis-server is not installed: apt install redis-server")
        options = ["--bind", "127.0.0.1", "--port", str(self._port), "--save", "", "--appendonly", "yes", "--daemonize", "no"]
        self._child = subprocess.Popen(  # noqa: S603 - Debian's own program
            [program, *options], cwd=self._folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _START_SECONDS
        while not _listens(self._port):
            if time.monotonic() > deadline or self._child.poll() is not None:
                self.kill()
                raise OSError("redis-server did not start")
            time.sleep(_POLL_SECONDS)

    def pause(self) -> bool:
        """Freeze it: its connections stay, nothing is answered."""
        return self._signal(signal.SIGSTOP)

    def resume(self) -> bool:
        """Let it go on after `pause`."""
        return self._signal(signal.SIGCONT)

    def kill(self) -> bool:
        """End it at once; return whether it ran."""
        child, self._child = self._child, None
        if child is None:
            return False
        child.kill()
        child.wait()
        return True

    def _signal(self, number: int) -> bool:
        if self._child is None or self._child.poll() is not None:
            return False
        self._child.send_signal(number)
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
