"""Sessions, cards and counts in one SQLite file, for all threads of a process and several processes of a machine.

Ids are kept as JSON, which is ASCII: SQLite would not take half a surrogate pair, which JSON can carry to us.
"""

import json
import time
from collections.abc import Callable

from stores.base import CardRecord, ConversationKey, Session, Usage
from stores.memory import LONGEST_ANSWER, MOST_CARDS, MOST_MONTHS, MOST_SESSIONS
from stores.sqlite_file import SqliteFile

_TIDY_SECONDS = 60.0  # between two rounds of removing what nobody needs any more


class SqliteSessions:
    """Sessions that expire `remain_seconds` after their last use; at most `limit`, the longest unused leave first.

    `clock` is a wall clock (seconds since 1970), for a monotonic one means nothing to other processes. What has expired, or
    is too much, is removed every `tidy_seconds`.
    """

    def __init__(
        self,
        file: SqliteFile,
        remain_seconds: float,
        *,
        limit: int = MOST_SESSIONS,
        clock: Callable[[], float] = time.time,
        tidy_seconds: float = _TIDY_SECONDS,
    ) -> None:
        self._file, self._remain, self._limit, self._clock = file, remain_seconds, limit, clock
        self._outlives = max(0.0, LONGEST_ANSWER - remain_seconds)  # how much longer than the session its generation is known
        self._tidy_due = _Seldom(tidy_seconds)

    def load(self, key: ConversationKey) -> Session:
        """Return the live session of this key, or a new one."""
        name, now = _key(key), self._clock()
        rows = self._file.run("SELECT generation, conversation FROM session WHERE key = ? AND expires >= ?", name, now)
        if not rows:
            self._tidy(now)
            # Another process may be beginning it too: what is live by now stays.
            rows = self._file.run(
                "INSERT INTO session VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET"
                " generation = iif(expires < ?5, excluded.generation, generation),"
                " conversation = iif(expires < ?5, excluded.conversation, conversation),"
                " expires = iif(expires < ?5, excluded.expires, expires) RETURNING generation, conversation",
                *(name, Session.begun(key).generation, json.dumps(""), now + self._remain, now),
            )
        ((generation, conversation),) = rows
        return Session(key, generation, json.loads(conversation))

    def save(self, session: Session) -> bool:
        """Keep it and start its remain time again; False when it was begun anew meanwhile."""
        return self.replace(session, session.generation)

    def replace(self, session: Session, generation: int) -> bool:
        """Keep it in place of that generation (or of itself); False when another is there."""
        now = self._clock()
        self._tidy(now)
        rows = self._file.run(
            "INSERT INTO session VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET"
            " generation = excluded.generation, conversation = excluded.conversation, expires = excluded.expires"
            " WHERE generation IN (?2, ?5) OR expires < ?6 RETURNING 1",
            *(_key(session.key), session.generation, json.dumps(session.conversation), now + self._remain),
            *(generation, now - self._outlives),
        )
        return bool(rows)

    def renew(self, key: ConversationKey) -> None:
        """Forget the conversation; answers still growing will not bring it back."""
        self.keep(Session.begun(key))

    def keep(self, session: Session) -> None:
        """Keep it, whatever there was."""
        now = self._clock()
        self._tidy(now)
        self._file.run(
            "INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?)",
            *(_key(session.key), session.generation, json.dumps(session.conversation), now + self._remain),
        )

    def _tidy(self, now: float) -> None:
        if self._tidy_due():
            self._file.run("DELETE FROM session WHERE expires < ?", now - self._outlives)
            self._file.run(
                "DELETE FROM session WHERE key IN (SELECT key FROM session ORDER BY expires DESC LIMIT -1 OFFSET ?)",
                self._limit,
            )


class SqliteCards:
    """The last `limit` cards; older ones are removed every `tidy_seconds`."""

    def __init__(self, file: SqliteFile, *, limit: int = MOST_CARDS, tidy_seconds: float = _TIDY_SECONDS) -> None:
        self._file, self._limit = file, limit
        self._tidy_due = _Seldom(tidy_seconds)

    def put(self, card: CardRecord) -> None:
        """Remember (or replace) a card."""
        if self._tidy_due():
            self._file.run(
                "DELETE FROM card WHERE rowid IN (SELECT rowid FROM card ORDER BY rowid DESC LIMIT -1 OFFSET ?)", self._limit
            )
        record = (card.client_id, card.asker, card.message_id, _parts(card.key), card.ref)
        self._file.run("INSERT OR REPLACE INTO card VALUES (?, ?)", json.dumps(card.out_track_id), json.dumps(record))

    def find(self, out_track_id: str) -> CardRecord | None:
        """Return the card, or None when it is not (or no longer) known."""
        rows = self._file.run("SELECT record FROM card WHERE id = ?", json.dumps(out_track_id))
        if not rows:
            return None
        client_id, asker, message_id, key, ref = json.loads(rows[0][0])
        return CardRecord(out_track_id, client_id, asker, message_id, ConversationKey(*key), ref)


class SqliteMeter:
    """What companies used in the newest `limit` months; older ones are removed every `tidy_seconds`."""

    def __init__(self, file: SqliteFile, *, limit: int = MOST_MONTHS, tidy_seconds: float = _TIDY_SECONDS) -> None:
        self._file, self._limit = file, limit
        self._tidy_due = _Seldom(tidy_seconds)

    def add(self, corp: str, month: str, usage: Usage) -> Usage:
        """Add to the month's counts and return their sums; adding nothing is how to ask."""
        if usage == Usage():
            query = "SELECT calls, pushes FROM usage WHERE month = ? AND corp = ?"
            rows = self._file.run(query, json.dumps(month), json.dumps(corp))
        else:
            self._tidy()
            rows = self._file.run(
                "INSERT INTO usage VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " calls = calls + excluded.calls, pushes = pushes + excluded.pushes RETURNING calls, pushes",
                *(json.dumps(month), json.dumps(corp), usage.calls, usage.pushes),
            )
        return Usage(*rows[0]) if rows else usage

    def has(self, corp: str, month: str, event: str) -> bool:
        """Return whether the event was named in this month, in any process."""
        values = json.dumps(month), json.dumps(corp), json.dumps(event)
        return bool(self._file.run("SELECT 1 FROM event WHERE month = ? AND corp = ? AND event = ?", *values))

    def first(self, corp: str, month: str, event: str) -> bool:
        """Return whether this is the first time that the event is named in this month; true once, in all processes."""
        self._tidy()
        values = json.dumps(month), json.dumps(corp), json.dumps(event)
        return bool(self._file.run("INSERT OR IGNORE INTO event VALUES (?, ?, ?) RETURNING 1", *values))

    def _tidy(self) -> None:
        if self._tidy_due():
            months = "SELECT month FROM usage UNION SELECT month FROM event ORDER BY month DESC LIMIT ?"
            rows = self._file.run(months, self._limit)
            for table in ("usage", "event") if rows else ():
                self._file.run(f"DELETE FROM {table} WHERE month < ?", *rows[-1])  # noqa: S608 - a name of our own


class _Seldom:
    """Says yes, once in so many seconds, and not at first."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._last = seconds, time.monotonic()

    def __call__(self) -> bool:
        now = time.monotonic()
        due = now - self._last >= self._seconds
        self._last = now if due else self._last
        return due


def _parts(key: ConversationKey) -> tuple[str, str, str, str]:
    return key.client_id, key.corp, key.chat, key.person


def _key(key: ConversationKey) -> str:
    return json.dumps(_parts(key))
