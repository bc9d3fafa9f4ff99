"""One SQLite file over restarts, between processes, and where it cannot be used."""

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from errors import StoreUnavailable
from stores.base import CardRecord, ConversationKey, MessageKey, Session, Usage
from stores.sqlite import SqliteCards, SqliteMeter, SqliteSessions
from stores.sqlite_file import SqliteFile
from stores.sqlite_inbox import SqliteInbox
from stores.sqlite_presence import SqlitePresence

ROOT = Path(__file__).resolve().parents[2]
ANNA = ConversationKey("bot", "corp", "chat", "anna")
MESSAGE = MessageKey("bot", "robot", "message")
NOBODY = 65_534

# A process of its own: 8 threads, each of which adds 250 times, begins conversations, claims the same 50 events and messages.
_WORKER = """
import os, sys, threading
from pathlib import Path
from stores.base import ConversationKey, MessageKey, Usage
from stores.sqlite import SqliteMeter, SqliteSessions
from stores.sqlite_file import SqliteFile
from stores.sqlite_inbox import SqliteInbox

file = SqliteFile(Path(sys.argv[1]), wait_seconds=10)
meter, sessions, inbox, said = SqliteMeter(file), SqliteSessions(file, 60), SqliteInbox(file, str(os.getpid())), []

def work():
    for number in range(250):
        meter.add("corp", "2026-11", Usage(1, 2))
        if number < 50:
            said.append(f"loaded {sessions.load(ConversationKey('bot', 'corp', str(number), '')).generation} {number}")
            if meter.first("corp", "2026-11", str(number)):
                said.append(f"first {number}")
            if inbox.accept(MessageKey("bot", "robot", str(number)), "{}"):
                said.append(f"accepted {number}")

threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
file.close()
print("\\n".join(said))
"""

# Writes for ever, and says after each write what it was told.
_ENDLESS = """
import sys
from pathlib import Path
from stores.base import ConversationKey, Usage
from stores.sqlite import SqliteMeter, SqliteSessions
from stores.sqlite_file import SqliteFile

file = SqliteFile(Path(sys.argv[1]))
meter, sessions, key = SqliteMeter(file), SqliteSessions(file, 3_600), ConversationKey("bot", "corp", "chat", "anna")
while True:
    sums = meter.add("corp", "2026-11", Usage(1))
    sessions.save(sessions.load(key).continued(str(sums.calls)))
    print(sums.calls, flush=True)
"""


def _start(script: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", script, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the test's file is to be."""
    return tmp_path / "kept.db"


@pytest.fixture
def file(path: Path) -> Iterator[SqliteFile]:
    """The test's file, open; it waits for nobody."""
    with closing(SqliteFile(path, wait_seconds=0)) as opened:
        yield opened


def test_everything_survives_a_restart(path: Path) -> None:
    """Sessions with their generation, cards, counts, what was named first, and which messages came."""
    with closing(SqliteFile(path)) as file:
        session = SqliteSessions(file, 60).load(ANNA).continued("c1")
        assert SqliteSessions(file, 60).save(session)
        card = CardRecord("card", "bot", "anna", MESSAGE, ANNA, "task")
        SqliteCards(file, "owner").open(card)
        SqliteMeter(file).add("corp", "2026-11", Usage(1, 2))
        assert SqliteMeter(file).first("corp", "2026-11", "80 %")
        assert SqliteInbox(file, "owner").accept(MESSAGE, "{}")
    with closing(SqliteFile(path)) as file:
        assert SqliteSessions(file, 60).load(ANNA) == session
        assert SqliteCards(file, "owner").find("card") == card
        assert SqliteMeter(file).add("corp", "2026-11", Usage()) == Usage(1, 2)
        assert not SqliteMeter(file).first("corp", "2026-11", "80 %")
        assert not SqliteInbox(file, "next").accept(MESSAGE, "{}")


def test_a_renewal_survives_a_restart(path: Path) -> None:
    """An answer that was asked for before is not kept after."""
    with closing(SqliteFile(path)) as file:
        old = SqliteSessions(file, 60).load(ANNA)
        SqliteSessions(file, 60).renew(ANNA)
    with closing(SqliteFile(path)) as file:
        assert not SqliteSessions(file, 60).save(old.continued("old"))


def test_two_processes_share_a_new_file(path: Path) -> None:
    """They create it at the same moment; no count is lost, each event, conversation and message is new once."""
    workers = [_start(_WORKER, path) for _ in range(2)]
    said = [line for worker in workers for line in worker.communicate(timeout=30)[0].splitlines()]
    assert [worker.returncode for worker in workers] == [0, 0]
    for what in ("first", "accepted"):
        assert sorted(line for line in said if line.startswith(what)) == sorted(f"{what} {number}" for number in range(50))
    assert len({line for line in said if line.startswith("loaded")}) == 50
    with closing(SqliteFile(path)) as file:
        assert SqliteMeter(file).add("corp", "2026-11", Usage()) == Usage(2 * 8 * 250, 2 * 8 * 250 * 2)


def test_a_new_file_can_be_opened_by_many_at_once(tmp_path: Path) -> None:
    """Though SQLite itself would not let them wait for each other then."""
    for number in range(20):
        start, path = threading.Barrier(8), tmp_path / f"{number}.db"

        def meet(start: threading.Barrier = start, path: Path = path) -> bool:
            start.wait()
            with closing(SqliteFile(path)) as file:
                return SqliteMeter(file).first("corp", "2026-11", "opened")

        with ThreadPoolExecutor(8) as threads:
            assert sorted(first.result() for first in [threads.submit(meet) for _ in range(8)]) == [False] * 7 + [True]


def test_opening_waits_for_who_writes_to_a_file_that_is_not_shared_yet(path: Path) -> None:
    """SQLite itself would give up at once; here the writer is done when it is tried for the second time."""

    class Patient(SqliteFile):
        tries = 0

        def _connect(self) -> sqlite3.Connection:
            self.tries += 1
            if self.tries == 2:
                writer.execute("COMMIT")
            return super()._connect()

    SqliteFile(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        assert writer.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
        writer.execute("BEGIN IMMEDIATE")
        with closing(Patient(path)) as file:
            assert file.tries == 2


def test_a_conversation_that_two_processes_begin_at_the_same_moment_is_one(path: Path) -> None:
    """The other one is quicker, after ours has seen that there is none."""

    class Slow(SqliteFile):
        def run(self, statement: str, *values: str | float) -> list[tuple[object, ...]]:
            if statement.startswith("INSERT"):
                others.append(SqliteSessions(quick, 60).load(ANNA))
            return super().run(statement, *values)

    others = list[Session]()
    with closing(SqliteFile(path)) as quick, closing(Slow(path)) as slow:
        assert [SqliteSessions(slow, 60).load(ANNA)] == others


def test_a_beginning_takes_the_place_of_the_one_that_was_seen(file: SqliteFile) -> None:
    """Of no other; and once more when it is not known whether it has."""
    sessions = SqliteSessions(file, 60)
    seen, new = sessions.load(ANNA), Session.begun(ANNA).continued("new")
    assert not sessions.replace(new, Session.begun(ANNA).generation)
    assert [sessions.replace(new, seen.generation) for _ in range(2)] == [True, True]
    assert sessions.load(ANNA) == new


def test_a_process_that_is_killed_loses_nothing_that_was_kept(path: Path) -> None:
    """In the midst of its writes, by SIGKILL; the file is whole afterwards."""
    with _start(_ENDLESS, path) as worker:
        assert worker.stdout
        said = [worker.stdout.readline() for _ in range(500)]
        worker.kill()
        last = int([*said, *worker.stdout][-1])
    with closing(SqliteFile(path)) as file:
        assert SqliteMeter(file).add("corp", "2026-11", Usage()).calls in {last, last + 1}
        assert SqliteSessions(file, 3_600).load(ANNA).conversation in {str(last), str(last + 1)}
        assert file.run("PRAGMA integrity_check") == [("ok",)]


def test_what_nobody_needs_is_removed_from_the_file(file: SqliteFile) -> None:
    """Expired sessions and old months, and not at every call: here once an hour, and then at each."""
    now = [0.0]
    for seconds, left in ((3_600.0, 2), (0.0, 1)):
        sessions = SqliteSessions(file, 60, clock=lambda: now[0], tidy_seconds=seconds)
        sessions.renew(ANNA)
        now[0] += 2_000
        sessions.renew(ConversationKey("bot", "corp", "chat", f"after {now[0]}"))
        assert file.run("SELECT count(*) FROM session") == [(left,)]


def test_many_sessions_are_removed_in_lots(file: SqliteFile) -> None:
    """All of them, though no statement keeps the file busy for long: those that are over, and those that are too many."""
    now = [0.0]
    for seconds, left in ((0.0, 251), (2_000.0, 201)):
        full = SqliteSessions(file, 60, clock=lambda: now[0], tidy_seconds=3_600)
        for number in range(250):
            full.renew(ConversationKey("bot", "corp", str(now[0]), str(number)))
        SqliteSessions(file, 60, limit=200 if seconds else 1_000, clock=lambda: now[0], tidy_seconds=0).renew(ANNA)
        assert file.run("SELECT count(*) FROM session") == [(left,)]
        now[0] += 2_000


def test_messages_that_are_too_old_or_too_many_are_removed(file: SqliteFile) -> None:
    """Those that ended first; those under way stay as long as there is room."""
    now = [0.0]
    inbox = SqliteInbox(file, "owner", limit=3, clock=lambda: now[0], tidy_seconds=0)
    keys = [replace(MESSAGE, message_id=str(number)) for number in range(6)]
    for key in keys[:4]:
        assert inbox.accept(key, "{}")
    for key in keys[2:4]:
        inbox.end(key)
    assert inbox.accept(keys[4], "{}")
    assert [inbox.is_open(key) for key in keys[:5]] == [True, True, False, False, True]
    assert file.run("SELECT count(*) FROM inbox") == [(4,)]
    now[0] += 86_401
    assert inbox.accept(keys[5], "{}")
    assert file.run("SELECT count(*) FROM inbox") == [(1,)]


def test_the_words_of_a_message_that_ended_are_not_kept(file: SqliteFile) -> None:
    """Nor those that a card showed, once it is closed."""
    SqliteInbox(file, "owner").accept(MESSAGE, "private")
    SqliteInbox(file, "owner").end(MESSAGE)
    cards = SqliteCards(file, "owner")
    cards.open(CardRecord("card", "bot", "anna", MESSAGE, ANNA, text="private"))
    cards.note("card", text="private, grown")
    cards.close("card")
    assert file.run("SELECT raw FROM inbox UNION SELECT text FROM card") == [('""',)]


def test_only_the_owner_can_read_the_file(path: Path) -> None:
    """Nor what SQLite keeps beside it."""
    with closing(SqliteFile(path)) as file:
        SqliteMeter(file).add("corp", "2026-11", Usage(1))
        presence = SqlitePresence(file)
        kept = list(path.parent.iterdir())
        assert len(kept) == 4
        assert {stat.S_IMODE(each.stat().st_mode) for each in kept} == {0o600}
        presence.close()


def test_a_lock_is_waited_for_and_then_told(path: Path) -> None:
    """Nothing can be written, what is live can still be read; once the lock is gone, all goes on."""
    with closing(SqliteFile(path, wait_seconds=0.05)) as file, closing(sqlite3.connect(path, isolation_level=None)) as other:
        sessions, meter = SqliteSessions(file, 60), SqliteMeter(file)
        session = sessions.load(ANNA).continued("private")
        assert sessions.save(session)
        other.execute("BEGIN EXCLUSIVE")
        for write in (
            lambda: sessions.save(session),
            lambda: sessions.renew(ANNA),
            lambda: meter.add("corp", "2026-11", Usage(1)),
            lambda: meter.first("corp", "2026-11", "80 %"),
            lambda: meter.remember("bot", "corp"),
            lambda: SqliteCards(file, "owner").open(CardRecord("card", "bot", "anna", MESSAGE, ANNA)),
            file.reach,
        ):
            with pytest.raises(StoreUnavailable) as caught:
                write()
            assert str(caught.value) == f"{path}: database is locked (SQLITE_BUSY)"
        assert sessions.load(ANNA) == session
        other.execute("ROLLBACK")
        file.reach()
        assert meter.add("corp", "2026-11", Usage(1)) == Usage(1)
        assert sessions.load(ANNA) == session


def test_a_file_that_was_replaced_is_found_again(file: SqliteFile, path: Path) -> None:
    """As after a damaged disk: `reach` opens what is there now, and makes it if nothing is."""
    SqliteMeter(file).add("corp", "2026-11", Usage(1))
    for each in path.parent.iterdir():
        each.unlink()
    file.reach()
    assert SqliteMeter(file).add("corp", "2026-11", Usage(2)) == Usage(2)
    assert path.exists()


def test_a_damaged_file_is_told(path: Path) -> None:
    """When it is opened, if it is no database, and when what is asked for is damaged, if it was one."""
    with closing(SqliteFile(path)) as file:
        for number in range(500):
            SqliteCards(file, "owner").open(CardRecord(f"card {number}", "bot", "private", MESSAGE, ANNA))
    path.write_bytes(path.read_bytes()[:4_096] + b"\xff" * (path.stat().st_size - 4_096))
    with closing(SqliteFile(path)) as file, pytest.raises(StoreUnavailable, match=r"malformed \(SQLITE_CORRUPT") as caught:
        SqliteCards(file, "owner").find("card 7")
    assert "private" not in str(caught.value)
    path.write_bytes(b"this was never a database " * 1_000)
    with pytest.raises(StoreUnavailable, match=r"kept\.db: file is not a database \(SQLITE_NOTADB\)"):
        SqliteFile(path)


def test_a_closed_file_is_told(file: SqliteFile) -> None:
    """A late caller gets the error that it expects."""
    file.close()
    with pytest.raises(StoreUnavailable, match="closed database"):
        SqliteSessions(file, 60).load(ANNA)


def test_tables_of_a_newer_version_are_refused(file: SqliteFile, path: Path) -> None:
    """An older program would not know what they mean."""
    file.run("PRAGMA user_version = 4")
    with pytest.raises(StoreUnavailable, match=r"written by a newer version \(its tables are 4, ours 3\)"):
        SqliteFile(path)


def test_another_programs_database_is_refused_untouched(path: Path) -> None:
    """Not even its way of writing is changed."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE session (theirs)")
    before = path.read_bytes()
    with pytest.raises(StoreUnavailable, match="is another program's database"):
        SqliteFile(path)
    assert path.read_bytes() == before


def test_a_place_that_cannot_be_is_told(tmp_path: Path) -> None:
    """A folder, and a file in a folder that does not exist or is none."""
    with pytest.raises(StoreUnavailable, match="is a folder"):
        SqliteFile(tmp_path)
    with pytest.raises(StoreUnavailable, match=r"the folder .*/missing does not exist"):
        SqliteFile(tmp_path / "missing" / "kept.db")
    (tmp_path / "text").touch()
    with pytest.raises(StoreUnavailable, match="cannot be created: Not a directory"):
        SqliteFile(tmp_path / "text" / "kept.db")


@contextmanager
def _only_readable(folder: Path) -> Iterator[None]:
    """Let nobody write into the folder, not even root, for whom these tests may run."""
    user = os.geteuid()
    folder.chmod(0o555)
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(0o755)


def test_a_read_only_place_is_told() -> None:
    """Whether the file is to be made there or exists already."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _only_readable(folder), pytest.raises(StoreUnavailable, match="cannot be created: Permission denied"):
            SqliteFile(folder / "kept.db")
        with closing(SqliteFile(folder / "kept.db")):
            pass
        (folder / "kept.db").chmod(0o444)
        with _only_readable(folder), pytest.raises(StoreUnavailable, match=r"kept\.db: .* \(SQLITE_(READONLY|CANTOPEN)"):
            SqliteFile(folder / "kept.db")
