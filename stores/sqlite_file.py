"""One SQLite file: created, recognised as ours, shared by threads and processes, its failures told as StoreUnavailable."""

import os
import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from errors import StoreUnavailable

_VERSION = 1  # of the tables below, kept in the file's user_version
_PROGRAM = 0x44_42_72_67  # "DBrg", kept in the file's application_id, so that nobody else's file is taken for ours
_NEEDED = (3, 35)  # the first SQLite with RETURNING

_TABLES = (
    """CREATE TABLE session (
        key TEXT PRIMARY KEY, generation INTEGER NOT NULL, conversation TEXT NOT NULL, expires REAL NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX session_by_expiry ON session (expires)",
    "CREATE TABLE card (id TEXT PRIMARY KEY, record TEXT NOT NULL)",  # its rowid tells the order
    """CREATE TABLE usage (
        month TEXT, corp TEXT, calls INTEGER NOT NULL, pushes INTEGER NOT NULL, PRIMARY KEY (month, corp)
    ) WITHOUT ROWID""",
    "CREATE TABLE event (month TEXT, corp TEXT, event TEXT, PRIMARY KEY (month, corp, event)) WITHOUT ROWID",
    f"PRAGMA application_id = {_PROGRAM}",
)


class SqliteFile:
    """The open file. Each statement is a transaction of its own; threads take turns at one connection.

    One connection is enough: a statement takes some ten microseconds, and SQLite writes one at a time anyway.
    Every failure is StoreUnavailable, with the path and SQLite's own words, in which no stored value ever stands; one is that
    another process, or other threads, keep it for more than `wait_seconds`.
    """

    def __init__(self, path: Path, *, wait_seconds: float = 1.0) -> None:
        self._path, self._wait_seconds = path.absolute(), wait_seconds
        self._turn = threading.Lock()
        self._connection = self._open()

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

    def reach(self) -> None:
        """Open it anew and write to it: after a failure, this tells whether it works again."""
        with self._turn:
            found = self._open()
            self._connection.close()
            self._connection = found

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            self._connection.close()

    def _open(self) -> sqlite3.Connection:
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
            try:
                return self._connect()
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
            if not self._recognise(connection):
                for statement in _TABLES:
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_VERSION}")  # even if it is: this shows that it can be written to
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection

    def _recognise(self, connection: sqlite3.Connection) -> bool:
        """Return whether our tables are there; in a transaction, for another process may be making them."""
        (program,), (version,), (tables,) = (
            connection.execute(question).fetchone()
            for question in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
        )
        if tables and program != _PROGRAM:
            raise StoreUnavailable(f"{self._path}: is another program's database")
        if version > _VERSION:
            raise StoreUnavailable(f"{self._path}: was written by a newer version (its tables are {version}, ours {_VERSION})")
        return bool(tables)

    def _share(self, connection: sqlite3.Connection) -> None:
        """Let writers not wait for the disk, nor readers for writers; only a crash of the machine loses the last moments."""
        if connection.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
            raise StoreUnavailable(f"{self._path}: its file system does not let processes share it (SQLite's WAL mode)")
        connection.execute("PRAGMA synchronous = NORMAL")

    def _unavailable(self, error: sqlite3.Error) -> StoreUnavailable:
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        return StoreUnavailable(f"{self._path}: {error} ({name})")


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
