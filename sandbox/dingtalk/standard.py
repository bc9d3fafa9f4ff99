"""The robot's interactive cards of before 2023 ("StandardCard"): their layout comes along, and is shown as a card is now."""

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import web

from sandbox.dingtalk.api import ApiFront, Json
from sandbox.dingtalk.apps import ROBOT_SEND, App
from sandbox.dingtalk.cards import Cards
from sandbox.dingtalk.refusal import Refusal
from sandbox.dingtalk.templates import Template, Variable
from sandbox.json_api import parse_json

_NAME = "StandardCard"
_VARIABLES = tuple(Variable(name) for name in ("markdown", "title", "logo", "images"))
_TEMPLATE = Template(_NAME, "markdown", (*_VARIABLES, Variable("sys_full_json_obj", "complex")), "plain")
_COLORS = {"primary": "blue", "normal": "gray", "warning": "red"}


class StandardCards:
    """The two calls for such cards; a cardBizId is their outTrackId."""

    def __init__(self, cards: Cards) -> None:
        self._cards = cards

    def add_routes(self, app: web.Application, front: ApiFront) -> None:
        """Put the calls where DingTalk has them; the doubled version in the first path is DingTalk's."""
        app.router.add_post("/v1.0/im/v1.0/robot/interactiveCards/send", front.v1("standard_send", ROBOT_SEND, self.send))
        app.router.add_put("/v1.0/im/robots/interactiveCards", front.v1("standard_update", ROBOT_SEND, self.update))

    def send(self, app: App, body: Json) -> Json:
        """Show a card in a group or in one person's chat; the same cardBizId again shows the same card there too."""
        if body.get("cardTemplateId") != _NAME:
            raise Refusal(400, "param.templateNotExist", "cardTemplateId must be StandardCard")
        asked = {**_shown(body), "callbackType": "STREAM", **_where(body)}
        if self._cards.find(asked["outTrackId"]):
            results = self._cards.deliver(app, asked)["result"]
        else:
            results = self._cards.create_and_deliver(app, asked, _TEMPLATE)["result"]["deliverResults"]
        if not results[0]["success"]:
            raise Refusal(400, "param.error", results[0]["errorMsg"])
        return {"processQueryKey": results[0]["carrierId"]}

    def update(self, app: App, body: Json) -> Json:
        """Show other contents in a card that was sent."""
        self._cards.update(app, _shown(body))
        return {"processQueryKey": uuid.uuid4().hex}


def _shown(body: Mapping[str, Any]) -> Json:
    try:
        layout = parse_json(body["cardData"])
        header, contents = layout.get("header") or {}, layout["contents"]
        variables = {
            "title": str((header.get("title") or {}).get("text", "")),
            "logo": str(header.get("logo", "")),
            "markdown": "\n\n".join(text for each in contents for text in _texts(each)),
            "images": json.dumps([image for each in contents for image in _images(each)]),
            "sys_full_json_obj": json.dumps({"msgButtons": [button for each in contents for button in _buttons(each)]}),
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Refusal(400, "param.error", "cardData is not the JSON text of a card") from None
    card_id = body.get("cardBizId")
    if not isinstance(card_id, str) or not card_id:
        raise Refusal(400, "param.outTrackIdEmpty", "cardBizId is empty")
    return {"outTrackId": card_id, "cardData": {"cardParamMap": variables}}


def _where(body: Mapping[str, Any]) -> Json:
    if group := body.get("openConversationId"):
        model = {"imGroupOpenDeliverModel": {"robotCode": body.get("robotCode")}}
        return {"openSpaceId": f"dtv1.card//IM_GROUP.{group}", **model}
    try:
        user_id = parse_json(body["singleChatReceiver"])["userId"]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Refusal(400, "param.error", "openConversationId or singleChatReceiver is required") from None
    model = {"imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": body.get("robotCode")}}
    return {"openSpaceId": f"dtv1.card//IM_ROBOT.{user_id}", **model}


def _texts(content: Mapping[str, Any]) -> Iterator[str]:
    match content["type"]:
        case "markdown" | "text":
            yield str(content["text"])
        case "section":
            yield from (str(each["text"]) for each in content["fields"]["list"])


def _images(content: Mapping[str, Any]) -> Iterator[str]:
    match content["type"]:
        case "image":
            yield str(content["image"])
        case "imageList":
            yield from (str(image) for image in content["images"])


def _buttons(content: Mapping[str, Any]) -> Iterator[Json]:
    actions = content["actions"] if content["type"] == "action" else [content["extra"]] if "extra" in content else []
    for each in actions:
        button = {"id": each["id"], "text": each["label"]["text"], "color": _COLORS.get(each.get("status"), "gray")}
        opens = each["actionType"] == "openLink"
        yield {**button, **({"url": each["url"]["all"]} if opens else {"request": True})}
