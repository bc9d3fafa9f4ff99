"""Messages that a robot sends on its own: into a group, or to people one by one."""

import uuid
from typing import Any

from aiohttp import web

from sandbox.dingtalk.api import ApiFront, Json
from sandbox.dingtalk.apps import ROBOT_SEND, App
from sandbox.dingtalk.chats import Chat, Chats
from sandbox.dingtalk.media import Media
from sandbox.dingtalk.refusal import Refusal
from sandbox.dingtalk.shown import by_robot
from sandbox.json_api import parse_json
from sandbox.records import Records

_PARAM_BYTES = 15_000
_MOST_USERS = 20
_MEDIA_PREFIXES = ("@", "$")
_REQUIRED = {
    "sampleText": "content",
    "sampleMarkdown": "title text",
    "sampleImageMsg": "photoURL",
    "sampleLink": "title text picUrl messageUrl",
    "sampleActionCard": "title text singleTitle singleURL",
    "sampleActionCard2": "title text actionTitle1 actionURL1 actionTitle2 actionURL2",
    **{
        f"sampleActionCard{buttons}": "title text "
        + " ".join(f"actionTitle{number} actionURL{number}" for number in range(1, buttons + 1))
        for buttons in (3, 4, 5)
    },
    "sampleActionCard6": "title text buttonTitle1 buttonUrl1 buttonTitle2 buttonUrl2",
    "sampleAudio": "mediaId duration",
    "sampleFile": "mediaId fileName fileType",
    "sampleVideo": "duration videoMediaId videoType picMediaId",
}


class Robot:
    """The two send calls."""

    def __init__(self, chats: Chats, media: Media, records: Records) -> None:
        self._chats = chats
        self._media = media
        self._records = records

    def add_routes(self, app: web.Application, front: ApiFront) -> None:
        """Put the calls where DingTalk has them."""
        root = "/v1.0/robot"
        app.router.add_post(f"{root}/groupMessages/send", front.v1("group_send", ROBOT_SEND, self.to_group))
        app.router.add_post(f"{root}/oToMessages/batchSend", front.v1("oto_send", ROBOT_SEND, self.to_people))

    def to_group(self, app: App, body: Json) -> Json:
        """Send into a group by its openConversationId."""
        key, param = _message(app, body)
        if not body.get("openConversationId"):
            raise Refusal(400, "miss.openConversationId", "openConversationId is missing")
        chat = self._chats.group(app.client_id, str(body["openConversationId"]))
        if chat is None:
            raise Refusal(400, "invalid.openConversationId", "openConversationId is invalid")
        self._say(app, chat, key, param)
        return {"processQueryKey": uuid.uuid4().hex}

    def to_people(self, app: App, body: Json) -> Json:
        """Send to at most 20 people; HTTP 200 also where some of them, or all, are told to be invalid."""
        key, param = _message(app, body)
        users = body.get("userIds")
        if not isinstance(users, list) or not users:
            raise Refusal(400, "invalidParameter.userIds.empty", "userIds is empty")
        if len(users) > _MOST_USERS:
            raise Refusal(400, "invalidParameter.userIds.overMax", "too many userIds")
        invalid = []
        for user in users:
            chat = self._chats.single(app, str(user))
            if chat is None:
                invalid.append(user)
            else:
                self._say(app, chat, key, param)
        return {
            "processQueryKey": uuid.uuid4().hex,
            "invalidStaffIdList": invalid,
            "flowControlledStaffIdList": [],
        }

    def _say(self, app: App, chat: Chat, key: str, param: dict[str, Any]) -> None:
        kind, shown = by_robot(key, param, self._media)
        text = shown["text"] or str(param.get("fileName", f"[{key}]"))
        chat.say("bot", app.name, kind, **shown)
        self._records.add(
            "dingtalk",
            "said",
            client_id=app.client_id,
            conversation_id=chat.conversation_id,
            msgtype=key,
            text=text,
        )


def _message(app: App, body: Json) -> tuple[str, dict[str, Any]]:
    code = body.get("robotCode")
    if not code:
        raise Refusal(400, "invalidParameter.robotCode.empty", "robotCode is empty")
    if code != app.client_id:
        raise Refusal(400, "invalidParameter.robotCode.notExsit", "robotCode does not exist")
    key, raw = body.get("msgKey"), body.get("msgParam")
    if not isinstance(key, str) or key not in _REQUIRED:
        raise Refusal(400, "invalidParameter.msgKey.invalid", "msgKey is invalid")
    if isinstance(raw, str) and len(raw.encode()) > _PARAM_BYTES:
        raise Refusal(400, "invalidParameter.msgParam.tooLong", "msgParam is too long")
    try:
        param = parse_json(raw) if isinstance(raw, str) else None
    except ValueError:
        param = None
    if not isinstance(param, dict) or any(not _filled(param.get(name)) for name in _REQUIRED[key].split()):
        raise Refusal(400, "invalidParameter.msgParam.invalid", "msgParam is invalid")
    if any(not str(param[name]).startswith(_MEDIA_PREFIXES) for name in param if name.lower().endswith("mediaid")):
        raise Refusal(400, "invalidParameter.msgParam.invalid", "a media id keeps its leading @")
    if key == "sampleAudio" and not param["duration"].isdecimal():
        raise Refusal(400, "invalidParameter.msgParam.invalid", "duration is in milliseconds")
    return key, param


def _filled(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
