"""The stores that a URL names, opened."""

from collections.abc import Callable
from pathlib import Path

from errors import StoreUnavailable
from stores.base import Stores
from stores.sheltered_stores import in_memory
from stores.sqlite_stores import open_sqlite


def open_stores(url: str, remain_seconds: float, *, fix: Callable[[StoreUnavailable], str] = lambda _: "") -> Stores:
    """Return memory for "" and "memory", a SQLite file for sqlite:///relative.db and sqlite:////absolute.db, or a Redis.

    Of an outage later on these stores only warn (`fix` says what to do about it), but a file that cannot be opened now is a
    mistake, and so is a Redis that refuses us: StoreUnavailable. One that is away may come back. Any other URL: ValueError.
    """
    scheme, _, path = url.partition(":///")
    if url in {"", "memory"}:
        return in_memory(remain_seconds)
    if scheme == "sqlite" and path:
        return open_sqlite(Path(path), remain_seconds, fix)
    if url.lower().startswith(("redis://", "rediss://")):
        from stores.redis_stores import open_redis  # noqa: PLC0415  # the library takes 8 MB, which most bridges do not need

        return open_redis(url, remain_seconds, fix)
    raise ValueError(
        "no store is known by this URL: it is memory, sqlite:///relative.db, sqlite:////absolute.db or redis://host"
    )
