"""Files that an older version has written live on."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from stores.base import CardRecord, ConversationKey, MessageKey, Session, Usage
from stores.sqlite import SqliteCards, SqliteMeter, SqliteSessions
from stores.sqlite_file import SqliteFile
from stores.sqlite_inbox import SqliteInbox

ODD = 'quote " half a pair \ud83d 钉钉'
ANNA = ConversationKey("bot", "corp", "chat", ODD)
MESSAGE = '["bot", "robot", "message"]'

# What version 1 made of a new file, as it is found at users.
VERSION_1 = """
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
CREATE TABLE session (
    key TEXT PRIMARY KEY, generation INTEGER NOT NULL, conversation TEXT NOT NULL, expires REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX session_by_expiry ON session (expires);
CREATE TABLE card (id TEXT PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE usage (
    month TEXT, corp TEXT, calls INTEGER NOT NULL, pushes INTEGER NOT NULL, PRIMARY KEY (month, corp)
) WITHOUT ROWID;
CREATE TABLE event (month TEXT, corp TEXT, event TEXT, PRIMARY KEY (month, corp, event)) WITHOUT ROWID;
PRAGMA application_id = 1145205351;
PRAGMA user_version = 1;
COMMIT;
"""

# What version 2 made of it.
VERSION_2 = """
BEGIN IMMEDIATE;
DROP TABLE card;
CREATE TABLE owner (id TEXT PRIMARY KEY, expires REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE card (
    id TEXT PRIMARY KEY, client TEXT NOT NULL, owner TEXT, record TEXT NOT NULL, ref TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX card_open ON card (client, owner) WHERE owner IS NOT NULL;
CREATE TABLE inbox (
    key TEXT PRIMARY KEY, client TEXT NOT NULL, owner TEXT NOT NULL, ended INTEGER NOT NULL, since REAL NOT NULL,
    expires REAL NOT NULL, card TEXT NOT NULL, raw TEXT NOT NULL
);
CREATE INDEX inbox_open ON inbox (client, owner) WHERE NOT ended;
CREATE TABLE line (
    place INTEGER PRIMARY KEY, key TEXT NOT NULL, turn TEXT NOT NULL, owner TEXT NOT NULL, written REAL NOT NULL,
    held INTEGER NOT NULL DEFAULT 0, UNIQUE (key, turn, owner)
);
CREATE TABLE signal (
    number INTEGER PRIMARY KEY AUTOINCREMENT, sender TEXT NOT NULL, sent REAL NOT NULL, record TEXT NOT NULL
);
PRAGMA user_version = 2;
COMMIT;
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of version 1, with what somebody has said and used."""
    path = tmp_path / "kept.db"
    key = ["bot", "corp", "chat", ODD]
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.executescript(VERSION_1)
        old.execute("INSERT INTO session VALUES (?, 7, ?, 1060.0)", (json.dumps(key), json.dumps("conversation")))
        old.execute("INSERT INTO usage VALUES (?, ?, 12, 3)", (json.dumps("2026-11"), json.dumps("corp")))
        old.execute("INSERT INTO event VALUES (?, ?, ?)", (json.dumps("2026-11"), json.dumps("corp"), json.dumps("80 %")))
        for number in range(3):
            record = json.dumps(["bot", ODD, f"message {number}", key, "task"])
            old.execute("INSERT INTO card VALUES (?, ?)", (json.dumps(f"{ODD} {number}"), record))
    return path


def test_everything_of_version_1_lives_on(path: Path) -> None:
    """Conversations, the month's counts, and where clicks on cards lead; the cards count as closed."""
    with closing(SqliteFile(path)) as file:
        assert SqliteSessions(file, 60, clock=lambda: 1_000.0).load(ANNA) == Session(ANNA, 7, "conversation")
        assert SqliteMeter(file).add("corp", "2026-11", Usage()) == Usage(12, 3)
        assert not SqliteMeter(file).first("corp", "2026-11", "80 %")
        cards = SqliteCards(file, "owner")
        for number in range(3):
            message = MessageKey("bot", "", f"message {number}")
            card = CardRecord(f"{ODD} {number}", "bot", ODD, message, ANNA, "task", is_open=False)
            assert cards.find(f"{ODD} {number}") == card
        assert cards.orphans("bot") == ()


def test_everything_of_version_2_lives_on(path: Path) -> None:
    """Whose an app is can be remembered besides."""
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.executescript(VERSION_2)
        old.execute("INSERT INTO inbox VALUES (?, '\"bot\"', 'gone', 0, 1000.0, 2000.0, '\"\"', '\"{}\"')", (MESSAGE,))
    with closing(SqliteFile(path)) as file:
        assert SqliteSessions(file, 60, clock=lambda: 1_000.0).load(ANNA) == Session(ANNA, 7, "conversation")
        assert [message.raw for message in SqliteInbox(file, "owner", clock=lambda: 1_000.0).take_over("bot")] == ["{}"]
        meter = SqliteMeter(file)
        assert meter.add("corp", "2026-11", Usage()) == Usage(12, 3)
        assert meter.apps() == {}
        meter.remember("bot", "corp")
    with closing(SqliteFile(path)) as file:
        assert SqliteMeter(file).apps() == {"bot": "corp"}


def test_the_oldest_cards_of_version_1_leave_first(path: Path) -> None:
    """Their order is kept."""
    with closing(SqliteFile(path)) as file:
        cards = SqliteCards(file, "owner", limit=1, tidy_seconds=0)
        cards.open(CardRecord("new", "bot", "anna", MessageKey("bot", "robot", "message"), ANNA))
        assert [cards.find(f"{ODD} {number}") is not None for number in range(3)] == [False, False, True]


def test_a_file_of_version_1_is_brought_up_once(path: Path) -> None:
    """By many that open it at the same moment; it is a file of version 3 then."""

    def bring_up(number: int) -> bool:
        with closing(SqliteFile(path, wait_seconds=10)) as file:
            return SqliteInbox(file, str(number)).accept(MessageKey("bot", "robot", "message"), "{}")

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(bring_up, range(8))) == [False] * 7 + [True]
    with closing(SqliteFile(path)) as file:
        assert file.run("PRAGMA user_version") == [(3,)]
        assert file.run("SELECT count(*) FROM card") == [(3,)]
        assert file.run("SELECT name FROM sqlite_master WHERE name = 'card_1'") == []


@pytest.mark.parametrize("version", [1, 2])
def test_a_file_that_was_brought_up_is_like_a_new_one(path: Path, version: int) -> None:
    """It has the same tables and indexes."""
    if version == 2:
        with closing(sqlite3.connect(path)) as former:
            former.executescript(VERSION_2)

    def schema(file: SqliteFile) -> list[tuple[str, str]]:
        rows = file.run("SELECT name, coalesce(sql, '') FROM sqlite_master ORDER BY name")
        return [(name, " ".join(sql.split())) for name, sql in rows]

    with closing(SqliteFile(path)) as old, closing(SqliteFile(path.with_name("new.db"))) as new:
        assert schema(old) == schema(new)
