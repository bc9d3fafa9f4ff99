"""How a message that a bot sent looks to people: the fields of a chat's message. Pure."""

from collections.abc import Mapping
from typing import Any

from sandbox.dingtalk.media import Media

Json = dict[str, Any]

_ROBOT_KINDS = {
    "sampleText": "text",
    "sampleMarkdown": "markdown",
    "sampleImageMsg": "picture",
    "sampleLink": "link",
    "sampleAudio": "audio",
    "sampleFile": "file",
    "sampleVideo": "video",
}


def by_webhook(msgtype: str, part: Mapping[str, Any]) -> Json:
    """The fields of a sessionWebhook message: its text, title, buttons, pictures."""
    match msgtype:
        case "link":
            links = [{"text": "", "url": part["messageUrl"]}]
            return {"title": part["title"], "text": part["text"], "buttons": links, "pictures": _filled(part.get("picUrl"))}
        case "actionCard":
            given = part.get("btns") or [{"title": part.get("singleTitle"), "actionURL": part.get("singleURL")}]
            buttons = [{"text": each["title"], "url": each["actionURL"]} for each in given]
            return {"title": part["title"], "text": part["text"], "buttons": buttons}
        case "feedCard":
            buttons = [{"text": each["title"], "url": each["messageURL"]} for each in part["links"]]
            pictures = [each["picURL"] for each in part["links"]]
            return {"text": "\n".join(each["text"] for each in buttons), "buttons": buttons, "pictures": pictures}
        case "markdown":
            return {"title": part["title"], "text": part["text"]}
        case _:
            return {"text": str(part.get("content", part.get("text", "")))}


def by_robot(key: str, param: Mapping[str, Any], media: Media) -> tuple[str, Json]:
    """The kind and the fields of a message that the robot sent on its own (msgKey and msgParam)."""
    kind = _ROBOT_KINDS.get(key, "actionCard")
    text = str(param.get("content", param.get("text", "")))
    match kind:
        case "text" | "markdown":
            return kind, {"text": text}
        case "picture":
            return kind, {"text": "", "pictures": [param["photoURL"]]}
        case "link":
            links = [{"text": "", "url": param["messageUrl"]}]
            return kind, {"title": param["title"], "text": text, "buttons": links, "pictures": [param["picUrl"]]}
        case "actionCard":
            return kind, {"title": param["title"], "text": text, "buttons": _buttons(param)}
        case _:
            return kind, {"text": "", **_file(kind, param, media)}


def _buttons(param: Mapping[str, Any]) -> list[Json]:
    named = [("singleTitle", "singleURL"), *((f"actionTitle{n}", f"actionURL{n}") for n in range(1, 6))]
    named += [(f"buttonTitle{n}", f"buttonUrl{n}") for n in (1, 2)]
    return [{"text": param[title], "url": param[url]} for title, url in named if param.get(title) and param.get(url)]


def _file(kind: str, param: Mapping[str, Any], media: Media) -> Json:
    media_id = param.get("videoMediaId") if kind == "video" else param.get("mediaId")
    medium = media.find(media_id)
    name = str(param.get("fileName") or (medium.name if medium else kind))
    shown: Json = {"file": {"media": media_id, "name": name, "bytes": len(medium.content) if medium else 0}}
    if str(param.get("duration", "")).isdecimal():
        shown["seconds"] = int(param["duration"]) / (1000 if kind == "audio" else 1)
    return shown


def _filled(value: object) -> list[str]:
    return [value] if isinstance(value, str) and value else []
