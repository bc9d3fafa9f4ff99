"""Messages under way and their lines in one SQLite file, for all processes of a machine that share it."""

import json
import time
from collections.abc import Callable

from stores.base import Accepted, ConversationKey, MessageKey
from stores.memory_inbox import MOST_MESSAGES, REMEMBERED_SECONDS
from stores.sqlite_file import TIDY_SECONDS, Seldom, SqliteFile
from stores.sqlite_tables import name_of

_OPEN_SECONDS = 86_400.0  # after which a message that has not ended is forgotten


class SqliteInbox:
    """Messages: those under way as the `owner`'s, those that ended without their words.

    At most `limit` are kept; of those that are too many the ended ones leave first, then the oldest. `clock` is a wall clock
    (seconds since 1970). What nobody needs is removed every `tidy_seconds`.
    """

    def __init__(
        self,
        file: SqliteFile,
        owner: str,
        *,
        limit: int = MOST_MESSAGES,
        clock: Callable[[], float] = time.time,
        tidy_seconds: float = TIDY_SECONDS,
    ) -> None:
        self._file, self._owner, self._limit, self._clock = file, owner, limit, clock
        self._tidy_due = Seldom(tidy_seconds)

    def accept(self, key: MessageKey, raw: str) -> bool:
        """Keep a message that came, as this process's; False when it is under way or ended within the last two hours."""
        now = self._clock()
        self._tidy(now)
        rows = self._file.run(
            "INSERT INTO inbox VALUES (?1, ?2, ?3, FALSE, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET"
            " owner = excluded.owner, ended = excluded.ended, since = excluded.since, expires = excluded.expires,"
            " card = excluded.card, raw = excluded.raw WHERE expires < excluded.since RETURNING 1",
            *(*_names(key), self._owner, now, now + _OPEN_SECONDS, json.dumps(""), json.dumps(raw)),
        )
        return bool(rows)

    def ask(self, key: MessageKey, card: str) -> bool:
        """From now on the AI may have been asked; False when the message fell to another process meanwhile."""
        now = self._clock()
        rows = self._file.run(
            "INSERT INTO inbox VALUES (?1, ?2, ?3, FALSE, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET card = excluded.card"
            " WHERE owner = excluded.owner AND NOT ended RETURNING 1",
            *(*_names(key), self._owner, now, now + _OPEN_SECONDS, json.dumps(card), json.dumps("")),
        )
        return bool(rows)

    def end(self, key: MessageKey) -> None:
        """It has its answer, or gets none; one that fell to another process is for that one to end."""
        now = self._clock()
        self._file.run(
            "INSERT INTO inbox VALUES (?1, ?2, ?3, TRUE, ?4, ?5, ?6, ?6) ON CONFLICT DO UPDATE SET"
            " ended = excluded.ended, expires = excluded.expires, raw = excluded.raw"
            " WHERE owner = excluded.owner AND NOT ended",
            *(*_names(key), self._owner, now, now + REMEMBERED_SECONDS, json.dumps("")),
        )

    def is_open(self, key: MessageKey) -> bool:
        """Return whether it has not ended, in whichever process."""
        query = "SELECT 1 FROM inbox WHERE key = ? AND NOT ended AND expires >= ?"
        return bool(self._file.run(query, name_of(key), self._clock()))

    def take_over(self, client_id: str) -> tuple[Accepted, ...]:
        """Return a bot's messages whose processes are gone, the oldest first; they are this process's from now on."""
        rows = self._file.run(
            "UPDATE inbox SET owner = ?1 WHERE client = ?2 AND NOT ended AND owner <> ?1"
            " AND owner NOT IN (SELECT id FROM owner) AND expires >= ?3 RETURNING since, rowid, key, raw, card",
            *(self._owner, json.dumps(client_id), self._clock()),
        )
        return tuple(
            Accepted(MessageKey(*json.loads(key)), json.loads(raw), since, json.loads(card))
            for since, _, key, raw, card in sorted(rows)
        )

    def _tidy(self, now: float) -> None:
        if self._tidy_due():
            self._file.run("DELETE FROM inbox WHERE expires < ?", now)
            self._file.run(
                "DELETE FROM inbox WHERE rowid IN (SELECT rowid FROM inbox ORDER BY ended, rowid DESC LIMIT -1 OFFSET ?)",
                self._limit,
            )


def _names(key: MessageKey) -> tuple[str, str]:
    return name_of(key), json.dumps(key.client_id)


class SqliteTurns:
    """The lines of conversations; places of owners that are gone do not count. `owner` stands for this process."""

    def __init__(self, file: SqliteFile, owner: str) -> None:
        self._file, self._owner = file, owner

    def join(self, key: ConversationKey, turn: str, written_at: float) -> None:
        """Stand in line, as this process's, by when it was written (seconds since 1970), then by when it came."""
        self._file.run(
            "INSERT OR IGNORE INTO line (key, turn, owner, written) VALUES (?, ?, ?, ?)",
            *(name_of(key), json.dumps(turn), self._owner, written_at),
        )

    def next(self, key: ConversationKey) -> str | None:
        """Return which turn of this process is to be answered now; None while it is another process's turn, or nobody's."""
        rows = self._file.run(
            "UPDATE line SET held = 1 WHERE owner = ?2 AND place ="
            " (SELECT place FROM line WHERE key = ?1 AND (owner = ?2 OR owner IN (SELECT id FROM owner))"
            " ORDER BY held DESC, written, place LIMIT 1) RETURNING turn",
            *(name_of(key), self._owner),
        )
        return str(json.loads(rows[0][0])) if rows else None

    def leave(self, key: ConversationKey, turn: str) -> bool:
        """Leave the line, from whichever place; return whether another process has turns in it."""
        self._file.run(
            "DELETE FROM line WHERE key = ? AND turn = ? AND owner = ?", *(name_of(key), json.dumps(turn), self._owner)
        )
        return self.elsewhere(key)

    def elsewhere(self, key: ConversationKey) -> bool:
        """Return whether another process has turns of this conversation."""
        query = "SELECT 1 FROM line WHERE key = ? AND owner <> ? AND owner IN (SELECT id FROM owner) LIMIT 1"
        return bool(self._file.run(query, name_of(key), self._owner))
