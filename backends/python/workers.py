"""Runs an agent in processes of their own: what hangs or floods is killed, and a new one takes its place."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress

from backends.python import wire
from backends.python.channel import Channel
from backends.python.failures import Failure, GivenUp
from backends.python.question import AgentQuestion
from backends.python.threads import error_of
from errors import AgentFailed, AnswerTooLong, BackendBusy, BackendError

MOST_WORKERS = 8
_END_SECONDS = 5  # for a process to end that was told to, or is dead already


class Workers:
    """The processes of one agent, started as they are needed and kept for the next question."""

    def __init__(self, path: str, timeout: float) -> None:
        self._path, self._timeout = path, timeout
        self._changed = threading.Condition()
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._closed = False

    def start(self, question: AgentQuestion | None, channel: Channel) -> None:
        """Let a worker answer into the channel; waits for a free one. Raises BackendBusy when none becomes free."""
        channel.on_close(self._look_again)
        worker = self._take(channel)
        if worker:
            threading.Thread(target=self._run, args=(worker, question, channel), name="agent-worker", daemon=True).start()

    def close(self) -> None:
        """End all of them: the idle ones by themselves, those at work at once."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            for worker in self._busy:
                worker.kill()
            self._changed.notify_all()
        _dismiss(idle)

    def _take(self, channel: Channel) -> "Worker | None":
        """Return a worker that is alive and free; None when nobody waits for one any more."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._over(channel) or len(self._busy) < MOST_WORKERS, self._timeout):
                raise BackendBusy(f"{MOST_WORKERS} workers were at work for {self._timeout:g} s", ai="python")
            if self._over(channel):
                return None
            dead = [worker for worker in self._idle if not worker.alive]
            self._idle = [worker for worker in self._idle if worker.alive]
            _dismiss(dead)
            worker = self._idle.pop() if self._idle else self._hire()
            self._busy.add(worker)
            return worker

    def _over(self, channel: Channel) -> bool:
        return self._closed or channel.closed

    def _hire(self) -> "Worker":
        try:
            return Worker(self._path)
        except OSError as error:
            raise AgentFailed(f"no process could be started: {error.strerror}", ai="python") from None

    def _run(self, worker: "Worker", question: AgentQuestion | None, channel: Channel) -> None:
        channel.on_close(worker.kill)
        error = worker.ask(question, channel)
        fit = channel.end(error) and worker.free
        with self._changed:
            self._busy.discard(worker)
            fit = fit and not self._closed
            if fit:
                self._idle.append(worker)
            self._changed.notify_all()
        if not fit:
            worker.kill()
            worker.wait()

    def _look_again(self) -> None:
        with self._changed:
            self._changed.notify_all()


class Worker:
    """One process. `kill` may come from any thread; all else is done by whoever has taken it."""

    def __init__(self, path: str) -> None:
        # It finds modules where we do; a session of its own lets what it starts be killed with it, and keeps Ctrl-C away.
        places = os.pathsep.join(os.path.abspath(place) for place in sys.path)  # noqa: PTH100  "" is the current folder
        self._child = subprocess.Popen(  # noqa: S603  our own module, and the path of an agent that the settings name
            [sys.executable, "-P", "-u", "-m", "backends.python.worker", path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": places},
            start_new_session=True,
        )
        self.free = True  # whether its last answer came to its end

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._child.poll() is None

    def ask(self, question: AgentQuestion | None, channel: Channel) -> BackendError | None:
        """Let it answer into the channel and return how it failed, if it did. Raises nothing."""
        assert self._child.stdin
        assert self._child.stdout
        self.free = False
        try:
            self._child.stdin.write(wire.write_question(question))
            self._child.stdin.flush()
            while line := self._child.stdout.readline(wire.MOST_BYTES):
                if len(line) == wire.MOST_BYTES:
                    return AnswerTooLong(f"a piece of more than {wire.MOST_BYTES:,} bytes", ai="python")
                heard = wire.read(line)
                if heard is None or isinstance(heard, Failure):
                    self.free = True
                    return error_of(heard)
                channel.put(heard)
        except GivenUp:
            return None
        except (OSError, ValueError):
            self.kill()  # it is dead already, or its agent has written into our pipe
        return AgentFailed(f"the worker ended with exit code {self.wait()}", ai="python")

    def kill(self) -> None:
        """End it at once, and what it started. Never blocks."""
        if self._child.poll() is not None:
            return
        if sys.platform == "win32":
            self._child.kill()
            return
        with suppress(ProcessLookupError):  # it has just ended
            os.killpg(self._child.pid, signal.SIGKILL)

    def dismiss(self) -> None:
        """Tell it that nothing more comes."""
        assert self._child.stdin
        with suppress(OSError):  # it is dead already
            self._child.stdin.close()

    def wait(self) -> int | None:
        """Wait until it has ended, close its pipes and return its exit code."""
        self.dismiss()
        try:
            self._child.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        assert self._child.stdout
        self._child.stdout.close()
        return self._child.wait(_END_SECONDS)


def _dismiss(workers: Iterable[Worker]) -> None:
    """Let them end side by side."""
    for worker in workers:
        worker.dismiss()
    for worker in workers:
        worker.wait()
