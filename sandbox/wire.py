"""Every frame and call of the sandbox in order, for people to look at: short lines to follow, and each one whole."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from sandbox.json_api import Json, parse_json, wait_of
from sandbox.json_api import add_routes as add_json_routes
from sandbox.keyring import Keyring
from sandbox.masking import mask_address, mask_headers, mask_json, mask_text
from sandbox.records import Records

_ENTRIES_KEPT = 2_000
_BYTES_KEPT = 64 * 1024 * 1024
_ANSWERS_KEPT = 20_000
_BODY_BYTES = 256 * 1024  # of one body; what is longer is shown by its beginning
_ONE_TOO_MANY = frozenset({"Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "90018", "410100"})  # refused, and not counted
_MAY_QUOTE = ("client_id", "what", "reason")  # what a summary takes from the other side's words
_OF_NO_QUOTA = frozenset({"", "token", "gateway.open", "unknown"})

Headers = Mapping[str, str]
Facts = dict[str, Any]
_Value = TypeVar("_Value")


class Whole(Protocol):
    """What an entry holds: kept as it came, made readable when somebody reads it."""

    @property
    def size(self) -> int:
        """About how many bytes it keeps."""

    def to_json(self) -> dict[str, Any]:
        """It in full, secrets masked."""


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes that went one way, or their beginning; `files` names what came as multipart and was not kept."""

    content: bytes = b""
    total: int = 0
    kind: str = ""
    files: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(cls, content: bytes, kind: str, total: int | None = None) -> "Body":
        """Of what is long only the beginning is kept, of what is no text nothing."""
        kept = content if len(content) <= _BODY_BYTES else content[:_BODY_BYTES]
        return cls(kept if _is_text(kind) else b"", len(content) if total is None else total, kind)

    def shown(self) -> dict[str, Any]:
        """As `body` (JSON where it is JSON, else text) and `truncated`; or as `multipart`, or only by its size."""
        if self.files:
            return {"body": None, "truncated": False, "multipart": [dict(each) for each in self.files]}
        if not self.content:
            return {"body": None, "truncated": self.total > 0, "bytes": self.total, "type": self.kind}
        truncated = self.total > len(self.content)
        return {"body": _readable(self.content), "truncated": truncated}


@dataclass(frozen=True, slots=True)
class Call:
    """A request and what it was answered with; no status if there was no answer."""

    method: str
    url: str
    headers: Headers
    body: Body
    status: int | None
    answer_headers: Headers
    answer: Body

    @property
    def size(self) -> int:
        """About how many bytes it keeps."""
        return len(self.body.content) + len(self.answer.content) + 1_000

    def to_json(self) -> dict[str, Any]:
        """Both ways."""
        request = {"method": self.method, "url": mask_address(self.url), "headers": mask_headers(self.headers.items())}
        answer = {"status": self.status, "headers": mask_headers(self.answer_headers.items())}
        return {"request": request | self.body.shown(), "response": answer | self.answer.shown()}


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of a Stream connection, as text."""

    text: str

    @property
    def size(self) -> int:
        """About how many bytes it keeps."""
        return 2 * len(self.text) + 200

    def to_json(self) -> dict[str, Any]:
        """The frame's JSON, or its text if it is none."""
        return {"frame": _readable(self.text[:_BODY_BYTES].encode(errors="replace")) if self.text else None}


class Wire:
    """The last entries: `log` has their summaries, `whole` what each of them was.

    It also counts the DingTalk calls of each answer: a card's by its outTrackId, messages by the message whose session
    webhook they went through. Nothing is copied or formatted before somebody reads it.
    """

    def __init__(self, keep: int = _ENTRIES_KEPT, most_bytes: int = _BYTES_KEPT) -> None:
        self.log = Records(keep)
        self.keyring = Keyring()
        self._keep = keep
        self._most_bytes = most_bytes
        self._bytes = 0
        self._entries: OrderedDict[int, tuple[str, str, Facts, Whole]] = OrderedDict()
        self._calls: OrderedDict[str, int] = OrderedDict()
        self._sessions: OrderedDict[str, str] = OrderedDict()

    def add(self, side: str, kind: str, whole: Whole, facts: Facts) -> None:
        """Note one frame or call; the facts, `time` among them, are its summary, in which no known secret is kept."""
        facts |= {name: self.keyring.hide(facts[name]) for name in _MAY_QUOTE if name in facts}
        seq = self.log.add(side, kind, **facts)
        self._entries[seq] = (side, kind, facts, whole)
        self._bytes += whole.size
        while len(self._entries) > self._keep or (self._bytes > self._most_bytes and len(self._entries) > 1):
            self._bytes -= self._entries.popitem(last=False)[1][-1].size

    def pushed(self, message: Mapping[str, Any]) -> bool:
        """A message was pushed: what goes through its session webhook belongs to it. Whether it had been pushed before."""
        session, msg_id = session_of(str(message.get("sessionWebhook", ""))), message.get("msgId")
        again = session in self._sessions
        if session and isinstance(msg_id, str):
            _put(self._sessions, session, msg_id)
        return again

    def answer_through(self, url: str) -> str | None:
        """The message to which this session webhook belongs."""
        return self._sessions.get(session_of(url))

    def count(self, facts: Facts) -> None:
        """Add `counted`: whether DingTalk's quota counts this call; and `calls`: how many of its answer did so far."""
        counted = facts["counted"] = facts.get("api", "") not in _OF_NO_QUOTA and facts.get("code") not in _ONE_TOO_MANY
        if answer := facts.get("answer"):
            facts["calls"] = self._calls.get(answer, 0) + counted
            _put(self._calls, answer, facts["calls"])

    def whole(self, seq: int) -> dict[str, Any] | None:
        """One entry in full; None if it was never there or is no longer kept."""
        if seq not in self._entries:
            return None
        side, kind, facts, whole = self._entries[seq]
        return {"seq": seq, "side": side, "kind": kind, **facts, **self.keyring.hide(whole.to_json())}


def add_routes(app: web.Application, wire: Wire) -> None:
    """GET /sandbox/wire?after=&wait=&...: summaries, every other key must equal a fact; GET /sandbox/wire/{seq}: one whole."""

    async def summaries(request: web.Request) -> Json:
        match = dict(request.query)
        after, wait = int(match.pop("after", "0")), wait_of(match)
        match.pop("wait", None)
        found = await wire.log.after(after, wait, match)
        return {"wire": found, "last": wire.log.last, "oldest": wire.log.oldest}

    async def whole(request: web.Request) -> Json:
        found = wire.whole(int(request.match_info["seq"]))
        if found is None:
            raise LookupError("no such entry on the wire, or no longer kept")
        return found

    add_json_routes(app, "GET", {"wire": summaries, r"wire/{seq:\d{1,15}}": whole})


@lru_cache(maxsize=256)
def _is_text(kind: str) -> bool:
    return not kind or kind.startswith("text/") or any(name in kind for name in ("json", "xml", "form-urlencoded"))


def session_of(url: str) -> str:
    """The session that an address of a session webhook names, "" for none."""
    return parse_qs(urlsplit(url).query).get("session", [""])[0] if "session=" in url else ""


def _readable(content: bytes) -> Any:
    text = content.decode(errors="replace")
    try:
        return mask_json(parse_json(text))
    except (ValueError, RecursionError):
        return mask_text(text)


def _put(kept: OrderedDict[str, _Value], key: str, value: _Value) -> None:
    kept[key] = value
    if len(kept) > _ANSWERS_KEPT:
        kept.popitem(last=False)
