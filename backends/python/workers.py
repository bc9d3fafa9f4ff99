"""Runs an agent in processes of their own: what hangs or floods is killed, and a new one takes its place."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

from backends.background import start
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
        """Let a worker answer into the channel; waits for a free one.

        Raises BackendBusy when none becomes free, or no thread is to be had that would listen to it.
        """
        channel.on_close(self._look_again)
        worker = self._take(channel)
        if not worker:
            return
        try:
            start(self._run, worker, question, channel, name="agent-worker", ai="python")
        except BackendBusy:
            self._give_back(worker, fit=True)  # it was not asked
            raise

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
            alive = [worker for worker in self._idle if worker.alive]
            _dismiss([worker for worker in self._idle if worker not in alive])
            self._idle = alive
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
        fit = False
        try:
            channel.on_close(worker.kill)
            error = worker.ask(question, channel)
            fit = channel.end(error) and worker.free
        finally:
            self._give_back(worker, fit=fit)

    def _give_back(self, worker: "Worker", *, fit: bool) -> None:
        """Keep a worker for the next question, or end it; its place is free either way."""
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
        self._asked = 0  # questions so far; the last one's number
        self._waited = False  # from then on its pid may be another's
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
        self._asked += 1
        try:
            self._child.stdin.write(wire.write_question(self._asked, question))
            self._child.stdin.flush()
            while line := self._child.stdout.readline(wire.MOST_BYTES):
                if len(line) == wire.MOST_BYTES:
                    return AnswerTooLong(f"a piece of more than {wire.MOST_BYTES:,} bytes", ai="python")
                number, heard = wire.read(line)
                if number != self._asked:
                    continue  # of an earlier question: a process that the agent left has the worker's pipe, too
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
        """End it at once, and what it started, also where it is dead itself: that may hold its pipe. Never blocks."""
        if self._waited:
            return
        if sys.platform == "win32":
            self._child.kill()
            return
        with suppress(ProcessLookupError, PermissionError):  # nobody is left of them
            os.killpg(self._child.pid, signal.SIGKILL)

    def dismiss(self) -> None:
        """Tell it that nothing more comes."""
        assert self._child.stdin
        with suppress(OSError):  # it is dead already
            self._child.stdin.close()

    def wait(self) -> int | None:
        """Let it end by itself, else kill it; end what it started, close its pipes and return its exit code.

        None where even the system does not get it to end.
        """
        assert self._child.stdout
        if self._waited:
            return self._child.returncode
        self.dismiss()
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(_END_SECONDS)
        self.kill()
        self._waited = True
        self._child.stdout.close()
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(_END_SECONDS)
        return self._child.returncode


def _dismiss(workers: Sequence[Worker]) -> None:
    """Let them end side by side."""
    for worker in workers:
        worker.dismiss()
    for worker in workers:
        worker.wait()
