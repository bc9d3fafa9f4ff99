"""A file that is removed or replaced under a running process: it is noticed, made anew, and told what is under way."""

import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from errors import StoreUnavailable
from stores.base import CardRecord, ConversationKey, MessageKey, Stores
from stores.opened import open_stores
from stores.sqlite_file import SqliteFile
from tests.stores.kinds import eventually
from tests.stores.outages import Process

ANNA = ConversationKey("bot", "corp", "chat", "anna")
MESSAGE, SECOND = (MessageKey("bot", "robot", name) for name in ("message", "second"))
CARD = CardRecord("card", "bot", "anna", MESSAGE, ANNA, template="form")


def _remove(path: Path) -> None:
    """Remove the file and all that is kept beside it, as somebody who wants to begin afresh does."""
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """The stores of a process, as it opens them."""
    with closing(open_stores(f"sqlite:///{tmp_path / 'kept.db'}", 60)) as stores:
        yield stores


def test_a_file_that_is_there_is_no_trouble(stores: Stores) -> None:
    """However often it is looked for."""
    for _ in range(3):
        stores.presence.look()
        assert stores.presence.renew()
    assert stores.trouble() == ""


def test_a_removed_file_is_noticed_and_made_anew(stores: Stores, tmp_path: Path) -> None:
    """By the next look; the new one is its owner's alone, and so is the flag beside it, which says that the process lives."""
    path = tmp_path / "kept.db"
    assert stores.inbox.accept(MESSAGE, "{}")
    _remove(path)
    stores.presence.look()
    assert stores.trouble() == f"{path}: was removed or replaced"
    assert not stores.inbox.accept(MESSAGE, "{}")
    assert eventually(lambda: stores.trouble() == "")
    kept = sorted(path.parent.iterdir())
    assert [each.name.partition("owner")[0] for each in kept] == ["kept.db", "kept.db-", "kept.db-shm", "kept.db-wal"]
    assert {stat.S_IMODE(each.stat().st_mode) for each in kept} == {0o600}
    with closing(open_stores(f"sqlite:///{path}", 60)) as other:
        assert not other.inbox.accept(MESSAGE, "{}")
        other.presence.look()
        assert other.inbox.take_over("bot") == ()


def test_what_is_under_way_survives_the_file(ours: Process, other: Process) -> None:
    """Messages, lines, and open cards with what they show: when the process is killed afterwards, another one ends them."""
    for message in (MESSAGE, SECOND):
        assert ours.inbox.accept(message, "{}")
    ours.inbox.end(SECOND)
    ours.turns.join(ANNA, "message", 1.0)
    assert ours.turns.next(ANNA) == "message"
    assert ours.inbox.ask(MESSAGE, "card")
    ours.cards.open(CARD)
    ours.cards.open(replace(CARD, out_track_id="closed"))
    ours.cards.note("card", ref="task", text="grown so far")
    ours.cards.close("closed")
    growing = ours.sessions.load(ANNA).continued("c1")
    _remove(ours.path)
    for process in (ours, other):
        process.presence.look()
        process.find()
    assert not ours.presence.renew()
    assert other.inbox.is_open(MESSAGE)
    assert not other.inbox.accept(SECOND, "{}")
    assert other.turns.elsewhere(ANNA)
    assert ours.sessions.save(growing)
    assert other.sessions.load(ANNA) == growing
    ours.die()
    other.presence.look()
    assert other.cards.orphans("bot") == (replace(CARD, ref="task", text="grown so far"),)
    assert [(message.key, message.raw, message.card) for message in other.inbox.take_over("bot")] == [(MESSAGE, "{}", "card")]
    assert not other.turns.elsewhere(ANNA)


def test_what_changes_until_the_file_is_there_again_is_kept(ours: Process, other: Process) -> None:
    """A card that goes on growing, one that is closed, one that is new."""
    for name in ("grows", "closes"):
        ours.cards.open(replace(CARD, out_track_id=name))
    _remove(ours.path)
    ours.presence.look()
    ours.cards.open(replace(CARD, out_track_id="new"))
    ours.cards.note("grows", text="later")
    ours.cards.close("closes")
    ours.find()
    other.presence.look()
    other.find()
    ours.die()
    other.presence.look()
    found = {card.out_track_id: card.text for card in other.cards.orphans("bot")}
    assert found == {"grows": "later", "new": ""}


def test_a_card_that_fell_to_another_process_is_not_taken_back(ours: Process, other: Process) -> None:
    """The file is there, only the lease has expired: what is told again does not undo what the others did."""
    ours.cards.open(CARD)
    ours.now = other.now = ours.now + 16
    other.presence.renew()
    other.presence.look()
    assert [card.out_track_id for card in other.cards.orphans("bot")] == ["card"]
    other.cards.close("card")
    assert not ours.presence.renew()
    assert other.cards.find("card") == replace(CARD, is_open=False)


def test_a_file_that_was_put_in_its_place_is_taken(ours: Process, other: Process) -> None:
    """As a backup may be, once all of the old file is removed: what it holds counts from then on."""
    old = other.say(ANNA, "kept in the backup")
    ours.file.run("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = ours.path.with_name("backup")
    shutil.copyfile(ours.path, copy)
    ours.say(ANNA, "said after it")
    _remove(ours.path)
    copy.rename(ours.path)
    for process in (ours, other):
        process.presence.look()
        assert process.stores.trouble()
        process.find()
    assert ours.sessions.load(ANNA) == old
    ours.say(ANNA, "goes on")
    assert other.sessions.load(ANNA).conversation == "goes on"
    assert ours.file.run("PRAGMA integrity_check") == [("ok",)]


def test_what_is_left_beside_a_removed_file_harms_nobody(ours: Process) -> None:
    """Somebody removes the file but not what SQLite keeps beside it."""
    ours.say(ANNA, "old")
    ours.path.unlink()
    ours.presence.look()
    ours.find()
    ours.say(ANNA, "new")
    with closing(Process(ours.path)) as other:
        assert other.sessions.load(ANNA).conversation == "new"
        assert other.file.run("PRAGMA integrity_check") == [("ok",)]


def test_a_folder_that_is_gone_is_waited_for(tmp_path: Path) -> None:
    """Memory stands in until somebody has put it back."""
    folder = tmp_path / "folder"
    folder.mkdir()
    with closing(Process(folder / "kept.db")) as process:
        shutil.rmtree(folder)
        process.presence.look()
        process.say(ANNA, "meanwhile")
        assert not process.shelter.try_again()
        assert "does not exist" in process.stores.trouble()
        folder.mkdir()
        process.find()
        assert process.sessions.load(ANNA).conversation == "meanwhile"
        assert process.durable.sessions.load(ANNA).conversation == "meanwhile"


def test_a_file_that_is_replaced_as_it_is_opened_is_noticed(tmp_path: Path) -> None:
    """What was seen before it was opened is what counts, so a mistake is one in the safe direction."""

    class Replaced(SqliteFile):
        def _connect(self) -> sqlite3.Connection:
            spare.replace(path)
            return super()._connect()

    path, spare = tmp_path / "kept.db", tmp_path / "spare.db"
    SqliteFile(spare).close()
    with closing(Replaced(path)) as file, pytest.raises(StoreUnavailable, match="was removed or replaced"):
        file.look()
