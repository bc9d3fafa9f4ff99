"""All contracts in one SQLite file, opened."""

import time
from collections.abc import Callable
from pathlib import Path

from errors import StoreUnavailable
from stores.base import Stores
from stores.shelter import Shelter
from stores.sheltered_stores import DurableStores, in_memory, sheltered
from stores.sqlite import SqliteCards, SqliteMeter, SqliteSessions
from stores.sqlite_file import SqliteFile
from stores.sqlite_inbox import SqliteInbox, SqliteTurns
from stores.sqlite_presence import SqlitePresence, SqliteSignals


def open_sqlite(path: Path, remain_seconds: float, fix: Callable[[StoreUnavailable], str]) -> Stores:
    """Return the file's stores, sheltered; StoreUnavailable when it cannot be opened now, which is a mistake."""
    file = SqliteFile(path)
    return sheltered(Shelter(file.reach, fix=fix), in_sqlite(file, remain_seconds), in_memory(remain_seconds))


def in_sqlite(file: SqliteFile, remain_seconds: float, *, clock: Callable[[], float] = time.time) -> DurableStores:
    """Return the stores of an open file, which they close; this process is not present in them yet."""
    presence = SqlitePresence(file, clock=clock)
    signals = SqliteSignals(file, presence.owner)

    def close() -> None:
        signals.close()
        presence.close()
        file.close()

    return DurableStores(
        sessions=SqliteSessions(file, remain_seconds, clock=clock),
        inbox=SqliteInbox(file, presence.owner, clock=clock),
        cards=SqliteCards(file, presence.owner),
        turns=SqliteTurns(file, presence.owner),
        signals=signals,
        meter=SqliteMeter(file),
        presence=presence,
        buckets=None,
        trouble=lambda: "",
        close=close,
    )
