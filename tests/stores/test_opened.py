"""Which store a URL opens."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from errors import StoreUnavailable
from stores.base import CardRecord, ConversationKey, MessageKey, Usage
from stores.memory import MemorySessions
from stores.opened import open_stores

ANNA = ConversationKey("bot", "corp", "chat", "anna")
MESSAGE = MessageKey("bot", "robot", "message")


@pytest.mark.parametrize("url", ["", "memory"])
def test_memory_is_what_is_opened_without_a_wish(url: str) -> None:
    """It needs no place."""
    stores = open_stores(url, 60)
    assert isinstance(stores.sessions, MemorySessions)
    stores.close()


@pytest.mark.parametrize("absolute", [True, False])
def test_a_file_is_opened_where_the_url_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, absolute: bool) -> None:
    """With three slashes in the folder where the program runs, with four anywhere; all that is kept is in it."""
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path / 'kept.db' if absolute else 'kept.db'}"
    stores = open_stores(url, 60)
    session, card = stores.sessions.load(ANNA).continued("c1"), CardRecord("card", "bot", "anna", MESSAGE, ANNA)
    assert stores.sessions.save(session)
    stores.cards.open(card)
    stores.meter.add("corp", "2026-11", Usage(1, 2))
    stores.close()
    assert [path.name for path in tmp_path.iterdir()] == ["kept.db"]
    stores = open_stores(url, 60)
    assert stores.sessions.load(ANNA) == session
    assert stores.cards.find("card") == card
    assert stores.meter.add("corp", "2026-11", Usage()) == Usage(1, 2)
    stores.close()


def test_a_wrong_place_is_told_at_once(tmp_path: Path) -> None:
    """Nobody would look for an outage there."""
    with pytest.raises(StoreUnavailable, match="does not exist"):
        open_stores(f"sqlite:///{tmp_path}/missing/kept.db", 60)


@pytest.mark.parametrize("url", ["redis", "rediss:host", "sqlite", "sqlite:", "sqlite://kept.db", "sqlite:///", "kept.db"])
def test_no_other_store_is_known(url: str) -> None:
    """Nor a file by another spelling; what stands in the URL may be a password and is not repeated."""
    with pytest.raises(ValueError, match="no store is known by this URL"):
        open_stores(url, 60)


def test_an_outage_later_on_is_only_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With what an admin can do; what was said meanwhile is in the file after `close`."""
    caplog.set_level(logging.INFO, "dingbridge.stores")
    url = f"sqlite:///{tmp_path}/kept.db"
    stores = open_stores(url, 60, fix=lambda error: f"see {type(error).__name__}")
    with closing(sqlite3.connect(tmp_path / "kept.db", isolation_level=None)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        assert stores.sessions.save(stores.sessions.load(ANNA).continued("meanwhile"))
    stores.close()
    warning, end = caplog.messages
    assert warning.endswith(f": {tmp_path}/kept.db: database is locked (SQLITE_BUSY); see StoreUnavailable")
    assert end.startswith("the store can be reached again")
    stores = open_stores(url, 60)
    assert stores.sessions.load(ANNA).conversation == "meanwhile"
    stores.close()
