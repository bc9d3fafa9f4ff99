"""Raw robot-message JSON of DingTalk -> Incoming. Pure, and lenient: unknown fields and odd shapes are no errors.

Fields: DingTalk's "receive message" document; what differs between its samples and the wire is noted at the line.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]

GROUP = "2"  # conversationType; "1" is a chat with the robot alone
QUOTA_USED_UP = "20001"  # errorCode of a message that comes without content: the month's pushes are used up


class UnreadableMessage(ValueError):
    """The frame is no robot message: `str()` says what is missing, never what it holds."""


@dataclass(frozen=True)
class Incoming:
    """One message to a bot. What people wrote and the reply address stay out of its repr."""

    message_id: str
    robot_code: str
    kind: str  # DingTalk's msgtype: text, richText, picture, ...
    conversation_id: str
    is_group: bool
    sender_id: str  # encrypted, always there
    staff_id: str = ""  # "" for people outside the company
    corp_id: str = ""
    text: str = field(default="", repr=False)
    pictures: tuple[str, ...] = field(default=(), repr=False)  # their download codes, in order
    sender_nick: str = field(default="", repr=False)
    conversation_title: str = field(default="", repr=False)
    session_webhook: str = field(default="", repr=False)
    webhook_expires_at: float = 0  # epoch seconds; 0 when not told
    created_at: float = 0  # epoch seconds
    error_code: str = ""

    @property
    def user(self) -> str:
        """Who asks: the staffId, or the senderId of somebody outside the company."""
        return self.staff_id or self.sender_id

    @property
    def facts(self) -> dict[str, str]:
        """What a setting may quote as a placeholder."""
        return {
            "sender_nick": self.sender_nick,
            "sender_staff_id": self.staff_id,
            "sender_id": self.sender_id,
            "conversation_id": self.conversation_id,
            "conversation_title": self.conversation_title,
        }


def parse(raw: object) -> Incoming:
    """Return the message; raises UnreadableMessage when what identifies it is missing."""
    if not isinstance(raw, Mapping):
        raise UnreadableMessage("not a JSON object")
    missing = [name for name in ("msgId", "conversationId", "senderId") if not _text(raw.get(name))]
    if missing:
        raise UnreadableMessage(f"no {', '.join(missing)}")
    kind = _text(raw.get("msgtype"))
    return Incoming(
        message_id=_text(raw["msgId"]),
        robot_code=_text(raw.get("robotCode")),
        kind=kind,
        text=_words(kind, raw).strip(),
        pictures=tuple(_pictures(kind, _object(raw.get("content")))),
        conversation_id=_text(raw["conversationId"]),
        is_group=_text(raw.get("conversationType")) == GROUP,
        conversation_title=_text(raw.get("conversationTitle")),
        sender_id=_text(raw["senderId"]),
        staff_id=_text(raw.get("senderStaffId")),
        sender_nick=_text(raw.get("senderNick")),
        # The bot's own company first: it is there for everybody, the sender's is not.
        corp_id=_text(raw.get("chatbotCorpId")) or _text(raw.get("senderCorpId")),
        session_webhook=_text(raw.get("sessionWebhook")),
        webhook_expires_at=_seconds(raw.get("sessionWebhookExpiredTime")),
        created_at=_seconds(raw.get("createAt") or raw.get("createdAt")),
        error_code=_text(raw.get("errorCode")),
    )


def _words(kind: str, raw: Json) -> str:
    """Return what can be read of the message as text; "" for kinds that hold none."""
    content = _object(raw.get("content"))
    match kind:
        case "text":
            return _text(_object(raw.get("text")).get("content"))
        case "richText":
            return "".join(_rich_text(content))
        case "markdown":  # forwarded and bot messages; peers see it in either place
            return _text(_object(raw.get("text")).get("content")) or _text(content.get("text"))
        case _:
            return ""


def _rich_text(content: Json) -> Iterator[str]:
    for item in _items(content):
        # Text items carry no type in the documents, "text" on the wire; mentions and pictures are no words.
        if item.get("type", "text") == "text":
            yield _text(item.get("text"))


def _pictures(kind: str, content: Json) -> Iterator[str]:
    """Yield the download codes of a message's pictures: of a picture by itself, or of those among rich text."""
    match kind:
        case "picture":
            found = [content]
        case "richText":
            found = [item for item in _items(content) if item.get("type") == "picture"]
        case _:
            found = []
    for item in found:
        # Either code leads to the picture.
        if code := _text(item.get("downloadCode")) or _text(item.get("pictureDownloadCode")):
            yield code


def _items(content: Json) -> list[Json]:
    items = content.get("richText")
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def _object(value: Any) -> Json:
    """Return an object; some clients send `content` as a JSON string."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()  # half of a character could be neither kept nor sent
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _seconds(milliseconds: Any) -> float:
    try:
        seconds = float(milliseconds) / 1000
    except (TypeError, ValueError, OverflowError):
        return 0
    return seconds if math.isfinite(seconds) else 0  # JSON as Python reads it has NaN and Infinity
