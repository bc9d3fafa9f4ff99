"""Which processes share a SQLite file, and what they let each other know through it."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from secrets import token_hex
from typing import IO

from errors import StoreUnavailable
from stores.base import LEASE_SECONDS, ConversationKey, Signal
from stores.sqlite_file import TIDY_SECONDS, Seldom, SqliteFile

try:
    import fcntl
except ImportError:  # not on Windows: a process is gone there when its lease has expired
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger("dingbridge.stores")

_POLL_SECONDS = 0.3
_HEARD_SECONDS = 60.0  # after which a signal is removed; who listens has heard it long before
_GOODBYE_SECONDS = 5.0  # for a listening thread to end


class SqlitePresence:
    """One process among those that share the file, as `owner`, a name that is drawn by lot.

    A process is there while it has a row, until the row's time has come. Its end can be told sooner: it holds a lock on a flag,
    a file of its own beside the database, and the system frees that at its end, however it comes. `clock` is a wall clock
    (seconds since 1970), for a monotonic one means nothing to other processes.
    """

    def __init__(self, file: SqliteFile, *, clock: Callable[[], float] = time.time) -> None:
        self._file, self._clock = file, clock
        self._flags = f"{file.path.name}-owner-"
        self._entered = False
        self.owner, self._flag = self._raise_flag()  # before the row is there, or it would be taken for gone

    def renew(self) -> bool:
        """Say that this process is there, for 15 seconds more; return False when it was taken for gone meanwhile."""
        self._file.look()
        self._raise_flag_again()
        until = self._clock() + LEASE_SECONDS
        if self._file.run("UPDATE owner SET expires = ? WHERE id = ? RETURNING 1", until, self.owner):
            return True
        self._file.run("INSERT OR REPLACE INTO owner VALUES (?, ?)", self.owner, until)
        was_there, self._entered = self._entered, True
        return not was_there

    def look(self) -> None:
        """Find out which processes are gone: those that did not renew, and those whose flags are free."""
        self._file.look()
        self._file.run("DELETE FROM owner WHERE expires < ? AND id <> ?", self._clock(), self.owner)
        for path in self._flags_of_others():
            self._strike(path)
        self._file.run("DELETE FROM line WHERE owner <> ? AND owner NOT IN (SELECT id FROM owner)", self.owner)

    def leave(self) -> None:
        """Say that this process ends; what it still has falls to the others at once."""
        self._file.run("DELETE FROM owner WHERE id = ?", self.owner)
        if self._flag:
            _remove(self._path_of(self.owner))

    def close(self) -> None:
        """Leave, and give the flag back; while the file cannot be reached, others find it free."""
        with suppress(StoreUnavailable):
            self.leave()
        if self._flag:
            self._flag.close()

    def _raise_flag(self) -> tuple[str, IO[bytes] | None]:
        """Return a new owner's name, and its flag where there can be one."""
        while True:
            owner = token_hex(8)
            path = self._path_of(owner)
            try:
                flag = _make(path)
            except OSError:
                return owner, None
            locked = _lock(flag)
            if locked and path.exists():
                return owner, flag
            flag.close()
            if locked is None:
                _remove(path)
                return owner, None
            # Somebody has looked between the making and the locking: it was, or is being, removed.

    def _raise_flag_again(self) -> None:
        """Put the flag back if somebody has removed it; when that fails, the next time will do."""
        path = self._path_of(self.owner)
        if not self._flag or path.exists():
            return
        with suppress(OSError):
            flag = _make(path)
            if _lock(flag):
                self._flag.close()
                self._flag = flag
            else:  # somebody has just looked, and takes this process for gone; it learns that from the file
                flag.close()
                _remove(path)

    def _strike(self, path: Path) -> None:
        """Strike a process off, if its flag is free."""
        try:
            flag = path.open("rb")
        except OSError:  # it has just left, or is another user's
            return
        with flag:
            if _lock(flag):
                self._file.run("DELETE FROM owner WHERE id = ?", path.name.removeprefix(self._flags))
                _remove(path)

    def _flags_of_others(self) -> list[Path]:
        try:
            found = [path for path in self._file.path.parent.iterdir() if path.name.startswith(self._flags)]
        except OSError:
            return []
        return [path for path in found if path != self._path_of(self.owner)]

    def _path_of(self, owner: str) -> Path:
        return self._file.path.with_name(self._flags + owner)


def _make(path: Path) -> IO[bytes]:
    """Make a flag; OSError when it is there, or there can be none."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "rb")


def _remove(path: Path) -> None:
    """Remove a flag, if it is there and the folder lets us: a free one that stays says nothing wrong."""
    with suppress(OSError):
        path.unlink()


def _lock(flag: IO[bytes]) -> bool | None:
    """Lock it and return True, or False when another process has; None where that cannot be done."""
    if not fcntl:
        return None
    try:
        fcntl.flock(flag, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


class SqliteSignals:
    """Words between the processes, as rows that each looks for every `poll_seconds` once it listens."""

    def __init__(self, file: SqliteFile, owner: str, *, poll_seconds: float = _POLL_SECONDS) -> None:
        self._file, self._owner, self._poll_seconds = file, owner, poll_seconds
        self._tidy_due = Seldom(TIDY_SECONDS)
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []

    def send(self, signal: Signal) -> None:
        """Let all other processes know, soon."""
        if self._tidy_due():
            self._file.run("DELETE FROM signal WHERE sent < ?", time.time() - _HEARD_SECONDS)
        query = "INSERT INTO signal (sender, sent, record) VALUES (?, ?, ?)"
        self._file.run(query, self._owner, time.time(), json.dumps(astuple(signal)))

    def listen(self, receive: Callable[[Signal], None]) -> None:
        """From now on, call this for what others send, in a thread of the store's, until the store is closed.

        It never raises: what is sent while the file cannot be read is heard when it can be read again.
        """
        thread = threading.Thread(target=self._listen, args=(receive, self._newest()), name="store-signals", daemon=True)
        self._threads.append(thread)
        thread.start()

    def close(self) -> None:
        """End the threads."""
        self._closing.set()
        for thread in self._threads:
            thread.join(_GOODBYE_SECONDS)

    def _listen(self, receive: Callable[[Signal], None], heard: int | None) -> None:
        while not self._closing.wait(self._poll_seconds):
            if heard is None:
                heard = self._newest()
                continue
            for number, signal in self._sent_after(heard):
                heard = number
                if signal:
                    self._hand_over(signal, receive)

    def _hand_over(self, signal: Signal, receive: Callable[[Signal], None]) -> None:
        try:
            receive(signal)
        except Exception:
            log.exception("a signal was not taken: %s", signal.kind)

    def _newest(self) -> int | None:
        """Return the number of the newest signal, or None when that cannot be told now."""
        try:
            rows = self._file.run("SELECT seq FROM sqlite_sequence WHERE name = 'signal'")
        except StoreUnavailable:
            return None
        return int(rows[0][0]) if rows else 0

    def _sent_after(self, heard: int) -> list[tuple[int, Signal | None]]:
        """Return the newer signals with their numbers, None for this process's own; a file made anew counts from 1 again."""
        try:
            rows = self._file.run(
                "SELECT number, sender, record FROM signal WHERE number >"
                " iif((SELECT seq FROM sqlite_sequence WHERE name = 'signal') < ?1, 0, ?1) ORDER BY number",
                heard,
            )
        except StoreUnavailable:  # whoever calls the store finds out as well, and says so
            return []
        return [(number, None if sender == self._owner else _signal(record)) for number, sender, record in rows]


def _signal(record: str) -> Signal:
    kind, key, user, message_id, generation = json.loads(record)
    return Signal(kind, ConversationKey(*key), user, message_id, generation)
