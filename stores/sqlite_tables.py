"""The tables of our SQLite file, how its rows are written, and how those of an older version become them.

Ids are kept as JSON, which is ASCII: SQLite would not take half a surrogate pair, which JSON can carry to us.
"""

import json
import sqlite3
from dataclasses import astuple
from typing import Any

from stores.base import CardRecord, ConversationKey, MessageKey

VERSION = 3  # kept in the file's user_version

# What belongs to a process (a message, an open card, a place in line) names its owner; the owner is gone when it has no row
# among the owners.
_SINCE_1 = (
    """CREATE TABLE session (
        key TEXT PRIMARY KEY, generation INTEGER NOT NULL, conversation TEXT NOT NULL, expires REAL NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX session_by_expiry ON session (expires)",
    """CREATE TABLE usage (
        month TEXT, corp TEXT, calls INTEGER NOT NULL, pushes INTEGER NOT NULL, PRIMARY KEY (month, corp)
    ) WITHOUT ROWID""",
    "CREATE TABLE event (month TEXT, corp TEXT, event TEXT, PRIMARY KEY (month, corp, event)) WITHOUT ROWID",
)
_SINCE_2 = (
    "CREATE TABLE owner (id TEXT PRIMARY KEY, expires REAL NOT NULL) WITHOUT ROWID",
    # Its rowid tells the order; one without an owner is closed.
    """CREATE TABLE card (
        id TEXT PRIMARY KEY, client TEXT NOT NULL, owner TEXT, record TEXT NOT NULL, ref TEXT NOT NULL, text TEXT NOT NULL
    )""",
    "CREATE INDEX card_open ON card (client, owner) WHERE owner IS NOT NULL",
    # Its rowid tells the order.
    """CREATE TABLE inbox (
        key TEXT PRIMARY KEY, client TEXT NOT NULL, owner TEXT NOT NULL, ended INTEGER NOT NULL, since REAL NOT NULL,
        expires REAL NOT NULL, card TEXT NOT NULL, raw TEXT NOT NULL
    )""",
    "CREATE INDEX inbox_open ON inbox (client, owner) WHERE NOT ended",
    # After a process was taken for gone by mistake, two may stand in line for the same turn.
    """CREATE TABLE line (
        place INTEGER PRIMARY KEY, key TEXT NOT NULL, turn TEXT NOT NULL, owner TEXT NOT NULL, written REAL NOT NULL,
        held INTEGER NOT NULL DEFAULT 0, UNIQUE (key, turn, owner)
    )""",
    # No number is used twice, or who has heard the last one would not hear the next.
    """CREATE TABLE signal (
        number INTEGER PRIMARY KEY AUTOINCREMENT, sender TEXT NOT NULL, sent REAL NOT NULL, record TEXT NOT NULL
    )""",
)
_SINCE_3 = ("CREATE TABLE app (client TEXT PRIMARY KEY, corp TEXT NOT NULL) WITHOUT ROWID",)


def bring_up(connection: sqlite3.Connection, version: int) -> None:
    """Make the tables of these that a file of this version (0: a new one) lacks; in a transaction."""
    if version == 1:
        connection.execute("ALTER TABLE card RENAME TO card_1")
    for since, statements in enumerate((_SINCE_1, _SINCE_2, _SINCE_3), start=1):
        for statement in statements if version < since else ():
            connection.execute(statement)
    if version == 1:
        for out_track_id, record in connection.execute("SELECT id, record FROM card_1 ORDER BY rowid"):
            client_id, asker, message_id, key, ref = json.loads(record)
            # Which of the bot's robots was asked was not kept then; nor whether it is open, and nobody could close it.
            message = MessageKey(client_id, "", message_id)
            card = CardRecord(json.loads(out_track_id), client_id, asker, message, ConversationKey(*key), ref, is_open=False)
            columns = (out_track_id, json.dumps(client_id), card_record(card), json.dumps(ref), json.dumps(""))
            connection.execute("INSERT INTO card VALUES (?, ?, NULL, ?, ?, ?)", columns)
        connection.execute("DROP TABLE card_1")


def name_of(key: ConversationKey | MessageKey) -> str:
    """Return the one name of this key."""
    return json.dumps(astuple(key))


def card_record(card: CardRecord) -> str:
    """Return what of a card never changes, but its ids."""
    return json.dumps((card.asker, astuple(card.message), astuple(card.key), card.template))


def card_of(row: tuple[Any, ...]) -> CardRecord:
    """Return the card of a row: id, client, whether it is open, record, ref, text."""
    out_track_id, client_id, is_open, record, ref, text = row
    asker, message, key, template = json.loads(record)
    return CardRecord(
        out_track_id=json.loads(out_track_id),
        client_id=json.loads(client_id),
        asker=asker,
        message=MessageKey(*message),
        key=ConversationKey(*key),
        ref=json.loads(ref),
        template=template,
        text=json.loads(text),
        is_open=bool(is_open),
    )
