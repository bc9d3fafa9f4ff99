"""Sessions, cards and counts in one SQLite file, for all threads of a process and several processes of a machine."""

import json
import time
from collections.abc import Callable

from stores.base import CardRecord, ConversationKey, Session, Usage
from stores.memory import LONGEST_ANSWER, MOST_CARDS, MOST_MONTHS, MOST_SESSIONS
from stores.sqlite_file import TIDY_SECONDS, Seldom, SqliteFile
from stores.sqlite_tables import card_of, card_record, name_of

_LOT, _LOTS = 100, 20  # sessions that are removed at once, and lots in a round: up to 100 ms each, when they hold long texts


class SqliteSessions:
    """Sessions that expire `remain_seconds` after their last use, unless they are saved with a time of their own.

    At most `limit`, and those that would end soonest leave first. `clock` is a wall clock (seconds since 1970), for a
    monotonic one means nothing to other processes. What has expired, or is too much, is removed every `tidy_seconds`.
    """

    def __init__(
        self,
        file: SqliteFile,
        remain_seconds: float,
        *,
        limit: int = MOST_SESSIONS,
        clock: Callable[[], float] = time.time,
        tidy_seconds: float = TIDY_SECONDS,
    ) -> None:
        self._file, self._remain, self._limit, self._clock = file, remain_seconds, limit, clock
        self._tidy_due = Seldom(tidy_seconds)

    def load(self, key: ConversationKey) -> Session:
        """Return the live session of this key, or a new one."""
        return self.begin(Session.begun(key))

    def begin(self, session: Session) -> Session:
        """Return the live session of this key, or keep this new one and return it."""
        name, now = name_of(session.key), self._clock()
        rows = self._file.run("SELECT generation, conversation FROM session WHERE key = ? AND expires >= ?", name, now)
        if not rows:
            self._tidy(now)
            # Another process may be beginning it too: what is live by now stays.
            rows = self._file.run(
                "INSERT INTO session VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET"
                " generation = iif(expires < ?5, excluded.generation, generation),"
                " conversation = iif(expires < ?5, excluded.conversation, conversation),"
                " expires = iif(expires < ?5, excluded.expires, expires) RETURNING generation, conversation",
                *(name, session.generation, _written(session.conversation), now + self._remain, now),
            )
        ((generation, conversation),) = rows
        return Session(session.key, generation, json.loads(conversation))

    def save(self, session: Session, remain_seconds: float | None = None) -> bool:
        """Keep it and start its remain time again; False when it was begun anew meanwhile."""
        return self.replace(session, session.generation, remain_seconds)

    def replace(self, session: Session, generation: int, remain_seconds: float | None = None) -> bool:
        """Keep it in place of that generation (or of itself); False when another is there."""
        now = self._clock()
        self._tidy(now)
        remain = self._remain if remain_seconds is None else remain_seconds
        rows = self._file.run(
            "INSERT INTO session VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET"
            " generation = excluded.generation, conversation = excluded.conversation, expires = excluded.expires"
            " WHERE generation IN (?2, ?5) OR expires < ?6 RETURNING 1",
            *(name_of(session.key), session.generation, _written(session.conversation), now + remain),
            *(generation, now - LONGEST_ANSWER),
        )
        return bool(rows)

    def renew(self, key: ConversationKey) -> int:
        """Forget the conversation; answers still growing will not bring it back. Return the new one's generation."""
        session = Session.begun(key)
        self.keep(session)
        return session.generation

    def learn(self, key: ConversationKey, generation: int) -> None:
        """The file is where the other process has kept it."""

    def keep(self, session: Session) -> None:
        """Keep it, whatever there was."""
        now = self._clock()
        self._tidy(now)
        self._file.run(
            "INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?)",
            *(name_of(session.key), session.generation, _written(session.conversation), now + self._remain),
        )

    def _tidy(self, now: float) -> None:
        """Remove what is over, and what is too much: in lots, for words are overwritten and others wait meanwhile."""
        if not self._tidy_due():
            return
        over = "SELECT key FROM session WHERE expires < ?1 ORDER BY expires LIMIT ?2"
        too_much = "SELECT key FROM session ORDER BY expires DESC LIMIT ?2 OFFSET ?1"
        for chosen, bound in ((over, now - LONGEST_ANSWER), (too_much, self._limit)):
            for _ in range(_LOTS):
                query = f"DELETE FROM session WHERE key IN ({chosen}) RETURNING 1"  # noqa: S608 - a query of our own
                if len(self._file.run(query, bound, _LOT)) < _LOT:
                    break


class SqliteCards:
    """The last `limit` cards, open ones as the `owner`'s; older ones are removed every `tidy_seconds`."""

    def __init__(self, file: SqliteFile, owner: str, *, limit: int = MOST_CARDS, tidy_seconds: float = TIDY_SECONDS) -> None:
        self._file, self._owner, self._limit = file, owner, limit
        self._tidy_due = Seldom(tidy_seconds)

    def open(self, card: CardRecord) -> None:
        """Remember a card that this process is about to make."""
        if self._tidy_due():
            self._file.run(
                "DELETE FROM card WHERE rowid IN (SELECT rowid FROM card ORDER BY rowid DESC LIMIT -1 OFFSET ?)", self._limit
            )
        self._file.run(
            "INSERT OR REPLACE INTO card VALUES (?1, ?2, iif(?3, ?4, NULL), ?5, ?6, ?7)",
            *(json.dumps(card.out_track_id), json.dumps(card.client_id), card.is_open, self._owner),
            *(card_record(card), json.dumps(card.ref), json.dumps(card.text)),
        )

    def note(self, out_track_id: str, *, ref: str = "", text: str = "") -> None:
        """Add the AI's name for the answer, or what the card shows by now; "" leaves what there was."""
        self._file.run(
            "UPDATE card SET ref = iif(?2, ?3, ref), text = iif(?4 AND owner IS NOT NULL, ?5, text) WHERE id = ?1",
            *(json.dumps(out_track_id), bool(ref), json.dumps(ref), bool(text), json.dumps(text)),
        )

    def close(self, out_track_id: str) -> None:
        """It shows its end; its text is forgotten, clicks still find it."""
        self._file.run("UPDATE card SET owner = NULL, text = ? WHERE id = ?", json.dumps(""), json.dumps(out_track_id))

    def find(self, out_track_id: str) -> CardRecord | None:
        """Return the card, or None when it is not (or no longer) known."""
        query = "SELECT id, client, owner IS NOT NULL, record, ref, text FROM card WHERE id = ?"
        rows = self._file.run(query, json.dumps(out_track_id))
        return card_of(rows[0]) if rows else None

    def orphans(self, client_id: str) -> tuple[CardRecord, ...]:
        """Return a bot's open cards whose processes are gone, the oldest first; they are this process's from now on."""
        rows = self._file.run(
            "UPDATE card SET owner = ?1 WHERE client = ?2 AND owner IS NOT NULL AND owner <> ?1"
            " AND owner NOT IN (SELECT id FROM owner) RETURNING rowid, id, client, owner IS NOT NULL, record, ref, text",
            *(self._owner, json.dumps(client_id)),
        )
        return tuple(card_of(row[1:]) for row in sorted(rows))


class SqliteMeter:
    """What companies used in the newest `limit` months, and their apps; older months are removed every `tidy_seconds`."""

    def __init__(self, file: SqliteFile, *, limit: int = MOST_MONTHS, tidy_seconds: float = TIDY_SECONDS) -> None:
        self._file, self._limit = file, limit
        self._tidy_due = Seldom(tidy_seconds)

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

    def apps(self) -> dict[str, str]:
        """Return the apps whose company is known, in whichever process: its corpId by their client ids."""
        return {json.loads(client): json.loads(corp) for client, corp in self._file.run("SELECT client, corp FROM app")}

    def remember(self, client_id: str, corp: str) -> None:
        """Remember whose app it is, in place of what was known."""
        self._file.run("INSERT OR REPLACE INTO app VALUES (?, ?)", json.dumps(client_id), json.dumps(corp))

    def _tidy(self) -> None:
        if self._tidy_due():
            months = "SELECT month FROM usage UNION SELECT month FROM event ORDER BY month DESC LIMIT ?"
            rows = self._file.run(months, self._limit)
            for table in ("usage", "event") if rows else ():
                self._file.run(f"DELETE FROM {table} WHERE month < ?", *rows[-1])  # noqa: S608 - a name of our own


def _written(conversation: str) -> str:
    """Return it as JSON, in the shortest form that SQLite takes: only half a surrogate pair needs an escape."""
    return json.dumps(conversation, ensure_ascii=False).encode(errors="backslashreplace").decode()
