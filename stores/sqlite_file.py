"""One SQLite file: created, recognised as ours, shared by threads and processes, its failures told as StoreUnavailable."""

import os
import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from errors import StoreUnavailable
from stores.sqlite_tables import VERSION, bring_up

_PROGRAM = 0x44_42_72_67  # "DBrg", kept in the file's application_id, so that nobody else's file is taken for ours
_NEEDED = (3, 35)  # the first SQLite with RETURNING

TIDY_SECONDS = 60.0  # between two rounds of removing what nobody needs any more


class SqliteFile:
    """The open file. Each statement is a transaction of its own; threads take turns at one connection.

    One connection is enough: a statement takes some ten microseconds, and SQLite writes one at a time anyway.
    Every failure is StoreUnavailable, with the path and SQLite's own words, in which no stored value ever stands; one is that
    another process, or other threads, keep it for more than `wait_seconds`.
    """

    def __init__(self, path: Path, *, wait_seconds: float = 1.0) -> None:
        self._path, self._wait_seconds = path.absolute(), wait_seconds
        self._turn = threading.Lock()
        self._connection, self._opened = self._open()

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._path

    def run(self, statement: str, *values: str | float) -> list[tuple[Any, ...]]:
        """Run one statement, which is committed (or undone) when this returns (or raises), and return its rows."""
        if not self._turn.acquire(timeout=self._wait_seconds):
            raise StoreUnavailable(f"{self._path}: other threads have kept it busy for {self._wait_seconds:g} s")
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._unavailable(error) from None
        finally:
            self._turn.release()

    def look(self) -> None:
        """StoreUnavailable when another file, or none, is at its path: SQLite would go on with what nobody else finds."""
        if identity(self._path) != self._opened:
            raise StoreUnavailable(f"{self._path}: was removed or replaced")

    def reach(self) -> None:
        """Open it anew and write to it: after a failure, this tells whether it works again. One that is gone is made anew."""
        with self._turn:
            if identity(self._path) != self._opened:
                self._connection.close()  # first: it lets go of locks on what is kept beside the file, the new one's as well
            found = self._open()
            self._connection.close()
            self._connection, self._opened = found

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            self._connection.close()

    def _open(self) -> tuple[sqlite3.Connection, tuple[int, int] | None]:
        """Return a connection, and which file it is to; one that is put in its place just now is found out by the next look."""
        if sqlite3.sqlite_version_info < _NEEDED:
            raise StoreUnavailable(f"SQLite {sqlite3.sqlite_version} is too old, 3.35 is needed")
        if self._path.is_dir():
            raise StoreUnavailable(f"{self._path}: is a folder, not a file")
        try:
            # Conversation ids are private. Exclusively: to open and close a file that exists would drop SQLite's locks on it.
            with suppress(FileExistsError):
                os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileNotFoundError:
            raise StoreUnavailable(f"{self._path}: the folder {self._path.parent} does not exist") from None
        except OSError as error:
            raise StoreUnavailable(f"{self._path}: cannot be created: {error.strerror}") from None
        deadline = time.monotonic() + self._wait_seconds
        while True:
            opened = identity(self._path)
            try:
                return self._connect(), opened
            except sqlite3.Error as error:
                # SQLite itself does not wait for who writes to a file that is not in WAL mode yet: a process that is making it.
                if not _is_busy(error) or time.monotonic() >= deadline:
                    raise self._unavailable(error) from None
                time.sleep(0.02)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=self._wait_seconds, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("BEGIN")
            self._recognise(connection)  # before anything of it is changed
            connection.execute("COMMIT")
            self._share(connection)
            connection.execute("BEGIN IMMEDIATE")
            bring_up(connection, self._recognise(connection))
            connection.execute(f"PRAGMA application_id = {_PROGRAM}")
            connection.execute(f"PRAGMA user_version = {VERSION}")  # even if it is: this shows that it can be written to
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection

    def _recognise(self, connection: sqlite3.Connection) -> int:
        """Return the version of our tables, 0 for none; in a transaction, for another process may be making them."""
        (program,), (version,), (tables,) = (
            connection.execute(question).fetchone()
            for question in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
        )
        if tables and program != _PROGRAM:
            raise StoreUnavailable(f"{self._path}: is another program's database")
        if version > VERSION:
            raise StoreUnavailable(f"{self._path}: was written by a newer version (its tables are {version}, ours {VERSION})")
        return version if tables else 0

    def _share(self, connection: sqlite3.Connection) -> None:
        """Let writers not wait for the disk, nor readers for writers; only a crash of the machine loses the last moments."""
        if connection.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
            raise StoreUnavailable(f"{self._path}: its file system does not let processes share it (SQLite's WAL mode)")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")  # words that are not needed any more are overwritten

    def _unavailable(self, error: sqlite3.Error) -> StoreUnavailable:
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        return StoreUnavailable(f"{self._path}: {error} ({name})")


def identity(path: Path) -> tuple[int, int] | None:
    """Return what tells the file at this path from all others while somebody has it open, None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


class Seldom:
    """Says yes, once in so many seconds, and not at first."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._last = seconds, time.monotonic()

    def __call__(self) -> bool:
        """Return whether it is time."""
        now = time.monotonic()
        due = now - self._last >= self._seconds
        self._last = now if due else self._last
        return due
