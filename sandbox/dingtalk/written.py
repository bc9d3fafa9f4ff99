"""What a person wrote: as the page shows it, and as the platform's payload tells it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.dingtalk.apps import App
from sandbox.dingtalk.chats import Chat, Chats, Message
from sandbox.dingtalk.files import Files
from sandbox.dingtalk.media import Medium
from sandbox.dingtalk.payloads import bot_user_id
from sandbox.json_api import flag_of, number_of, object_of, text_of

Json = dict[str, Any]

_WITH_FILE = ("picture", "file", "video")
_LATEST = 253_402_300_799_000  # the last second of the year 9999
_LONGEST_SECONDS = 86_400
_SILENCE = b"#!AMR\n"


@dataclass(frozen=True, slots=True)
class Written:
    """A message of a person: `shown` are the fields of the chat's message, `content` the payload (None: made up).

    `created` is in epoch milliseconds, `mentioned` are encrypted ids, `quote` is for payloads.with_quote, `overrides` are
    fields of the whole message.
    """

    msgtype: str
    text: str
    shown: Json
    content: Json | None
    created: int
    mentioned: tuple[str, ...]
    quote: Json
    overrides: Json


class Reader:
    """Reads the body of POST /sandbox/messages; ValueError says what is wrong with it."""

    def __init__(self, chats: Chats, files: Files) -> None:
        self._chats = chats
        self._files = files

    def read(self, app: App, chat: Chat, body: Mapping[str, Any]) -> Written:
        """The message, its files handed to the bot; `mentioned` are the encrypted ids of colleagues beside the bot."""
        msgtype, text = text_of(body, "msgtype", "text"), text_of(body, "text")
        content = object_of(body, "content") if body.get("content") is not None else None
        created = int(number_of(body, "create_at", 0, _LATEST)) or int(time.time() * 1000)
        overrides = object_of(body, "overrides")
        quote, shown_quote = self._quote(app, chat, body)
        shown: Json = {}
        if content is None and "parts" in body:
            content, shown = self._rich(app, body["parts"])
            text = text or "".join(part.get("text", "") for part in shown["parts"])
        elif content is None and (msgtype == "audio" or (msgtype in _WITH_FILE and body.get("file") is not None)):
            content, shown = self._single(app, msgtype, text, body)
        nicks = _names(body.get("mention"))
        at = [app.name] * (chat.conversation_type == "2" and flag_of(body, "at", default=True)) + nicks
        mentioned = tuple(self._chats.named(app, nick).sender_id for nick in nicks)
        shown = {"text": text, **({"at": at} if at else {}), **shown, **shown_quote}
        return Written(msgtype, text, shown, content, created, mentioned, quote, overrides)

    def _quote(self, app: App, chat: Chat, body: Mapping[str, Any]) -> tuple[Json, Json]:
        """What the message replies to, a message of this chat by its number or a quote spelled out; and how it is shown."""
        quote = object_of(body, "quote")
        if not quote:
            return {}, {}
        if "number" not in quote:
            _check_quote(quote)
            return quote, {"quote": {"nick": quote.get("nick", ""), "text": quote.get("text", "")}}
        quoted = chat.message(quote["number"])
        if quoted is None:
            raise ValueError(f"no message {quote['number']!r} in this chat (any more)")
        card = {"card": quoted["card"]} if "card" in quoted else {}
        nick = app.name if quoted["from"] == "bot" else quoted["nick"]
        told = quote_of(app, quoted, self._files, {each.nick: each.sender_id for each in chat.members.values()})
        return told, {"quote": {"number": quoted["number"], "nick": nick, "text": quoted.get("text", ""), **card}}

    def _rich(self, app: App, parts: Any) -> tuple[Json, Json]:
        if not isinstance(parts, list) or not parts:
            raise ValueError('parts must be a list of {"text"}, {"file"} or {"at"}')
        told, shown = [], []
        for part in parts:
            match part:
                case {"text": str(text)}:
                    told.append({"text": text})
                    shown.append({"text": text})
                case {"file": file_id}:
                    medium = self._medium(file_id)
                    told.append({"type": "picture", **self._picture(app, medium)})
                    shown.append({"picture": medium.id})
                case {"at": str(nick)}:
                    person = self._chats.named(app, nick)
                    told.append({"type": "at", "atName": nick, "atUserId": person.sender_id})
                    shown.append({"at": nick})
                case _:
                    raise ValueError('a part is {"text"}, {"file"} or {"at"}')
        return {"richText": told}, {"parts": shown}

    def _single(self, app: App, msgtype: str, text: str, body: Mapping[str, Any]) -> tuple[Json, Json]:
        shown: Json = {}
        if body.get("file") is None:  # a voice that was never recorded
            medium = self._files.media.keep("voice.amr", _SILENCE)
        else:
            medium = self._medium(body["file"])
            shown = {"file": {"media": medium.id, "name": medium.name, "bytes": len(medium.content)}}
        if msgtype == "picture":
            return self._picture(app, medium), shown
        code = self._files.send(app.client_id, medium)
        if msgtype == "file":
            return {"downloadCode": code, "fileName": medium.name, "spaceId": "2461", "fileId": "9873"}, shown
        seconds = number_of(body, "seconds", 4, _LONGEST_SECONDS)
        shown["seconds"] = seconds
        if msgtype == "audio":
            return {"duration": int(seconds * 1000), "downloadCode": code, "recognition": text}, shown
        kind = medium.name.rpartition(".")[2].lower() or "mp4"
        return {"duration": str(int(seconds)), "videoType": kind, "downloadCode": code}, shown

    def _picture(self, app: App, medium: Medium) -> Json:
        first, second = (self._files.send(app.client_id, medium) for _ in range(2))
        return {"downloadCode": first, "pictureDownloadCode": second}

    def _medium(self, file_id: object) -> Medium:
        medium = self._files.media.find(file_id)
        if medium is None:
            raise ValueError(f"no file {file_id!r} (any more): POST it to /sandbox/files first")
        return medium


def quote_of(app: App, quoted: Message, files: Files, staff: Mapping[str, str]) -> Json:
    """How a message of the chat is told to the bot when somebody replies to it: the `quote` of payloads.with_quote.

    `staff` gives the encrypted ids of the chat's people by nick.
    """
    facts: Json = {"created_at": int(quoted["time"] * 1000), "msg_id": quoted.get("msg_id") or f"msg{quoted['number']:020d}=="}
    if "card" in quoted:
        return {"form": "card", "out_track_id": quoted["card"], **facts}
    by_bot = quoted["from"] == "bot"
    facts |= {"nick": app.name if by_bot else quoted["nick"]}
    facts |= {"sender_id": bot_user_id(app) if by_bot else staff.get(quoted["nick"])}
    return {**facts, "msgtype": quoted["msgtype"], "content": _quoted_content(app, quoted, files)}


def _quoted_content(app: App, quoted: Message, files: Files) -> Json:
    def code(media_id: object) -> Json:
        medium = files.media.find(media_id)
        return {"downloadCode": files.send(app.client_id, medium)} if medium else {}

    file = quoted.get("file") or {}
    match quoted["msgtype"]:
        case "richText":
            parts = quoted.get("parts", [])
            told = [
                {"msgType": "picture", **code(part["picture"])}
                if "picture" in part
                else {"msgType": "text", "content": part.get("text") or f"@{part.get('at', '')}"}
                for part in parts
            ]
            return {"richText": told}
        case "picture":
            return code(file.get("media"))
        case "audio":
            return {**code(file.get("media")), "recognition": quoted["text"]}
        case "file" | "video":
            return {**code(file.get("media")), "fileName": file.get("name", "")}
        case _:
            return {"text": quoted["text"]}


def _check_quote(quote: Mapping[str, Any]) -> None:
    if quote.get("form", "full") not in ("full", "id_only", "card"):
        raise ValueError("the form of a quote is full, id_only or card")
    for name in ("msg_id", "msgtype", "text", "sender_id", "nick", "out_track_id"):
        text_of(quote, name)
    object_of(quote, "content")
    number_of(quote, "created_at", 0, _LATEST)


def _names(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ValueError("mention must be a list of names")
    return value
