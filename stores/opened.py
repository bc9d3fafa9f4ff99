"""The stores that a URL names, opened."""

from collections.abc import Callable
from pathlib import Path

from errors import StoreUnavailable
from stores.base import Stores
from stores.memory import MemoryCards, MemoryMeter, MemorySessions
from stores.shelter import Shelter
from stores.sheltered import ShelteredCards, ShelteredMeter, ShelteredSessions
from stores.sqlite import SqliteCards, SqliteMeter, SqliteSessions
from stores.sqlite_file import SqliteFile


def open_stores(url: str, remain_seconds: float, *, fix: Callable[[StoreUnavailable], str] = lambda _: "") -> Stores:
    """Return memory for "" and "memory", a SQLite file for sqlite:///relative.db and sqlite:////absolute.db.

    Of an outage later on these stores only warn (`fix` says what to do about it), but a file that cannot be opened now is a
    mistake: StoreUnavailable. Any other URL: ValueError.
    """
    scheme, _, path = url.partition(":///")
    if url in {"", "memory"}:
        return Stores(MemorySessions(remain_seconds), MemoryCards(), MemoryMeter(), close=lambda: None)
    if scheme == "sqlite" and path:
        return _sheltered_sqlite(Path(path), remain_seconds, fix)
    raise ValueError("no store is known by this URL: it is memory, sqlite:///relative.db or sqlite:////absolute.db")


def _sheltered_sqlite(path: Path, remain_seconds: float, fix: Callable[[StoreUnavailable], str]) -> Stores:
    file = SqliteFile(path)
    shelter = Shelter(file.reach, fix=fix)

    def close() -> None:
        shelter.close()
        file.close()

    return Stores(
        ShelteredSessions(shelter, SqliteSessions(file, remain_seconds), MemorySessions(remain_seconds)),
        ShelteredCards(shelter, SqliteCards(file), MemoryCards()),
        ShelteredMeter(shelter, SqliteMeter(file), MemoryMeter()),
        close,
    )
