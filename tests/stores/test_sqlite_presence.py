"""Which processes share a file: the end of each is told at once, however it comes."""

import fcntl
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from errors import StoreUnavailable
from stores import sqlite_presence
from stores.base import CardRecord, ConversationKey, MessageKey, Signal, Stores
from stores.opened import open_stores
from stores.sqlite_file import SqliteFile
from stores.sqlite_presence import SqlitePresence, SqliteSignals
from stores.sqlite_stores import in_sqlite
from tests.stores.kinds import eventually

FILES = Path("/dev/fd")  # the open ones of this process
ROOT = Path(__file__).resolve().parents[2]
ANNA = ConversationKey("bot", "corp", "chat", "anna")
MESSAGE = MessageKey("bot", "robot", "message")

# A process of its own, through all layers: it takes a message, opens a card, begins a turn, and then does as it is told.
_CHILD = """
import sys
from stores.base import CardRecord, ConversationKey, MessageKey
from stores.opened import open_stores

stores = open_stores(sys.argv[1], 60)
key, message = ConversationKey("bot", "corp", "chat", "anna"), MessageKey("bot", "robot", "message")
stores.inbox.accept(message, "{}")
stores.inbox.ask(message, "card")
stores.cards.open(CardRecord("card", "bot", "anna", message, key))
stores.cards.note("card", text="grown so far")
stores.turns.join(key, "message", 1.0)
print(stores.turns.next(key), flush=True)
if sys.stdin.readline() == "end\\n":
    stores.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the test's file is to be."""
    return tmp_path / "kept.db"


@pytest.fixture
def file(path: Path) -> Iterator[SqliteFile]:
    """The test's file, open."""
    with closing(SqliteFile(path)) as opened:
        yield opened


@pytest.fixture
def ours(path: Path) -> Iterator[Stores]:
    """The process that the test is about."""
    with closing(open_stores(f"sqlite:///{path}", 60)) as stores:
        yield stores


def _start(path: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, f"sqlite:///{path}"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout
    assert child.stdout.readline() == "message\n"
    return child


def _flags(path: Path) -> list[Path]:
    return sorted(path.parent.glob("kept.db-owner-*"))


def test_what_a_killed_process_had_falls_to_the_next_look(path: Path, ours: Stores) -> None:
    """By SIGKILL; its lease has most of its time to go, and one look is enough. Nothing of it is left lying about."""
    with _start(path) as child:
        ours.turns.join(ANNA, "later", 2.0)
        ours.presence.look()
        assert ours.inbox.take_over("bot") == ()
        assert ours.turns.next(ANNA) is None
        child.kill()
        child.wait()
        assert len(_flags(path)) == 2
        ours.presence.look()
    (taken,) = ours.inbox.take_over("bot")
    assert (taken.key, taken.raw, taken.card) == (MESSAGE, "{}", "card")
    assert ours.cards.orphans("bot") == (CardRecord("card", "bot", "anna", MESSAGE, ANNA, text="grown so far"),)
    assert ours.turns.next(ANNA) == "later"
    assert len(_flags(path)) == 1


def test_the_first_look_of_the_next_start_finds_a_killed_process(path: Path) -> None:
    """Nobody was there when it was killed."""
    with _start(path) as child:
        child.kill()
    with closing(open_stores(f"sqlite:///{path}", 60)) as stores:
        stores.presence.look()
        assert [message.key for message in stores.inbox.take_over("bot")] == [MESSAGE]
        assert [card.out_track_id for card in stores.cards.orphans("bot")] == ["card"]


def test_a_process_that_ends_leaves_nothing_lying_about(path: Path, ours: Stores) -> None:
    """What it had not finished falls to the others without a look."""
    with _start(path) as child:
        child.communicate("end\n", timeout=10)
    assert child.returncode == 0
    assert len(_flags(path)) == 1
    assert [message.key for message in ours.inbox.take_over("bot")] == [MESSAGE]


def test_a_flag_is_only_its_owners(path: Path, ours: Stores) -> None:
    """Nobody else can read it; it is there before the owner's row, and locked."""
    (flag,) = _flags(path)
    assert stat.S_IMODE(flag.stat().st_mode) == 0o600
    with flag.open("rb") as opened, pytest.raises(BlockingIOError):
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    ours.presence.leave()
    assert not _flags(path)


def test_a_process_without_a_flag_lives_by_its_lease(file: SqliteFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system knows no such locks, as on Windows."""
    now = [1_000.0]
    monkeypatch.setattr(sqlite_presence, "fcntl", None)
    one, other = (SqlitePresence(file, clock=lambda: now[0]) for _ in range(2))
    assert not _flags(file.path)
    assert [one.renew(), other.renew()] == [True, True]
    now[0] += 14
    other.renew()
    other.look()
    assert one.renew()
    now[0] += 16
    other.renew()
    other.look()
    assert not one.renew()
    one.close()
    other.close()


def test_a_file_system_without_locks_is_like_a_system_without(file: SqliteFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some network file systems refuse them."""

    def refuse(*_: object) -> None:
        raise OSError("no locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with closing(SqlitePresence(file)) as presence:
        assert not _flags(file.path)
        assert presence.renew()
        presence.look()


def test_a_flag_that_somebody_removed_leaves_the_lease(path: Path, file: SqliteFile, ours: Stores) -> None:
    """As one who tidies the folder may do; the next renewal puts it back, locked."""
    (flag,) = _flags(path)
    flag.unlink()
    with closing(SqlitePresence(file)) as other:
        other.renew()
        other.look()
        assert ours.presence.renew()
        with flag.open("rb") as opened, pytest.raises(BlockingIOError):
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        other.look()
    assert ours.presence.renew()


def test_a_flag_that_is_looked_at_as_it_is_put_back_is_put_back_later(
    file: SqliteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looked takes the process for gone, which it learns; nothing is left that would do so again."""
    ours, looker, lock = SqlitePresence(file), SqlitePresence(file), fcntl.flock
    ours.renew()
    looker.renew()
    ours._path_of(ours.owner).unlink()
    looks = iter((looker.look,))

    def look_first(flag: int, how: int) -> None:
        for look in looks:
            look()
        lock(flag, how)

    monkeypatch.setattr(fcntl, "flock", look_first)
    assert not ours.renew()
    assert ours.renew()
    assert ours._path_of(ours.owner).exists()
    looker.look()
    assert ours.renew()
    ours.close()
    looker.close()


def test_flags_that_are_none_of_ours_are_left_alone(path: Path, file: SqliteFile) -> None:
    """A folder of such a name, or those of another database beside it."""
    folder, theirs = path.with_name("kept.db-owner-folder"), path.with_name("kept.db2-owner-1")
    folder.mkdir()
    theirs.touch()
    with closing(SqlitePresence(file)) as presence:
        presence.renew()
        presence.look()
    assert folder.is_dir()
    assert theirs.exists()


def test_a_flag_that_is_looked_at_as_it_is_made_is_not_lost(file: SqliteFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody looks between its making and its locking, and takes it for a gone process's: another one is made."""
    looker, looks, lock = SqlitePresence(file), list[Path](), fcntl.flock

    def look_first(flag: int, how: int) -> None:
        if not looks:
            (made,) = (path for path in _flags(file.path) if path != looker._path_of(looker.owner))
            looks.append(made)
            looker.look()
        lock(flag, how)

    looker.renew()
    monkeypatch.setattr(fcntl, "flock", look_first)
    made = SqlitePresence(file)
    assert not looks[0].exists()
    assert made._path_of(made.owner).exists()
    made.renew()
    looker.look()
    assert made.renew()
    made.close()
    looker.close()


def test_a_process_that_cannot_leave_gives_its_flag_back(path: Path, file: SqliteFile) -> None:
    """The file may be out of reach at its end; others find the flag free."""
    lost = SqliteFile(path)
    stores = in_sqlite(lost, 60)
    stores.presence.renew()
    stores.inbox.accept(MESSAGE, "{}")
    lost.close()
    with pytest.raises(StoreUnavailable):
        stores.presence.renew()
    stores.close()
    with closing(in_sqlite(file, 60)) as other:
        other.presence.renew()
        other.presence.look()
        assert [message.key for message in other.inbox.take_over("bot")] == [MESSAGE]


def test_a_flag_that_cannot_be_removed_is_no_failure(path: Path, file: SqliteFile, ours: Stores) -> None:
    """Here somebody has put a folder in its place."""
    with _start(path) as child:
        child.kill()
    (flag,) = _flags(path)[:1]
    flag.unlink()
    flag.mkdir()
    ours.presence.look()
    ours.presence.leave()
    with closing(SqlitePresence(file)) as presence:
        presence.look()


def test_places_in_line_of_gone_processes_are_removed(path: Path, file: SqliteFile) -> None:
    """Also those of conversations in which nobody asks any more."""
    with _start(path) as child:
        child.kill()
    assert file.run("SELECT count(*) FROM line") == [(1,)]
    with closing(SqlitePresence(file)) as presence:
        presence.renew()
        presence.look()
    assert file.run("SELECT count(*) FROM line") == [(0,)]


def test_signals_are_heard_in_a_file_that_was_made_anew(path: Path, file: SqliteFile) -> None:
    """Its numbers begin at one again."""
    heard, signals = list[Signal](), SqliteSignals(file, "ours", poll_seconds=0.01)
    sent = [Signal("stop", ANNA, str(number)) for number in range(5)]
    with closing(signals), closing(SqliteFile(path)) as old:
        signals.listen(heard.append)
        for signal in sent:
            SqliteSignals(old, "other").send(signal)
        assert eventually(lambda: heard == sent)
        for each in (path, *path.parent.glob("kept.db-*")):
            each.unlink()
        file.reach()
        with closing(SqliteFile(path)) as new:
            SqliteSignals(new, "other").send(sent[0])
            assert eventually(lambda: heard == [*sent, sent[0]])


def test_old_signals_are_removed(file: SqliteFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at every call; numbers are not used again."""
    monkeypatch.setattr(sqlite_presence, "TIDY_SECONDS", 0.0)
    signals = SqliteSignals(file, "ours")
    for _ in range(3):
        signals.send(Signal("next", ANNA))
    file.run("UPDATE signal SET sent = sent - 100")
    signals.send(Signal("next", ANNA))
    assert file.run("SELECT number FROM signal") == [(4,)]


def test_closing_ends_the_listening(file: SqliteFile) -> None:
    """No thread is left."""
    signals = SqliteSignals(file, "ours")
    signals.listen(lambda _: None)
    signals.close()
    assert not any(thread.name == "store-signals" for thread in threading.enumerate())


def test_open_files_are_given_back(path: Path) -> None:
    """Those of the database, and the flag."""
    for _ in range(3):
        open_stores(f"sqlite:///{path}", 60).close()
    before = len(list(FILES.iterdir()))
    for _ in range(10):
        open_stores(f"sqlite:///{path}", 60).close()
    assert len(list(FILES.iterdir())) <= before
