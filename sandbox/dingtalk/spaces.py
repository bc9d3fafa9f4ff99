"""Where a card shall appear: openSpaceId, its deliver models, and whether the platform takes it there."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.dingtalk.apps import App
from sandbox.dingtalk.card import Place
from sandbox.dingtalk.chats import Chat, Chats
from sandbox.dingtalk.refusal import Refusal

_PREFIX = "dtv1.card//"
_MODELS = {
    "IM_GROUP": "imGroupOpenDeliverModel",
    "IM_ROBOT": "imRobotOpenDeliverModel",
    "IM_SINGLE": "imSingleOpenDeliverModel",
    "ONE_BOX": "topOpenDeliverModel",
    "COOPERATION_FEED": "coFeedOpenDeliverModel",
}
_IM_MODELS = ("imGroupOpenSpaceModel", "imRobotOpenSpaceModel", "imSingleOpenSpaceModel")
_SPACE_MODELS = (*_IM_MODELS, "topOpenSpaceModel", "coFeedOpenSpaceModel")
_LANGUAGES = {"ZH_CN", "ZH_TW", "EN_US", "JA_JP", "VI_VN", "TH_TH"}
_LONGEST_SEARCH_TEXT = 200


@dataclass(frozen=True, slots=True)
class Space:
    """One part of an openSpaceId."""

    space_type: str
    space_id: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one space: the place, or why there is none."""

    space: Space
    place: Place | None
    error: str = ""
    chat: Chat | None = None

    def to_json(self) -> dict[str, Any]:
        """One item of deliverResults."""
        return {
            "spaceType": self.space.space_type,
            "spaceId": self.space.space_id,
            "success": self.place is not None,
            "carrierId": self.place.carrier_id if self.place else "",
            "errorMsg": self.error,
        }


def space_models(body: Mapping[str, Any], *, new: bool) -> dict[str, Any]:
    """The well-formed space models of a call, or the refusal; a `new` card's must say whether it may be forwarded."""
    models = {name: body[name] for name in _SPACE_MODELS if body.get(name) is not None}
    for name, model in models.items():
        if not isinstance(model, dict):
            raise _invalid_model(name)
        if name in _IM_MODELS and not isinstance(model.get("supportForward", None if new else False), bool):
            raise _invalid_model(f"{name}.supportForward")
        if not is_text_map(model.get("lastMessageI18n", {})) or {*model.get("lastMessageI18n", {})} - _LANGUAGES:
            raise _invalid_model(f"{name}.lastMessageI18n")
        search = model.get("searchSupport", {})
        if not is_text_map(search) or len(search.get("searchDesc", "")) > _LONGEST_SEARCH_TEXT:
            raise _invalid_model(f"{name}.searchSupport")
        if not isinstance(model.get("notification", {}), dict):
            raise _invalid_model(f"{name}.notification")
    return models


def is_text_map(value: object) -> bool:
    """Whether this is a JSON object whose values are texts."""
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def is_text_list(value: object) -> bool:
    """Whether this is a JSON array of texts."""
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def read_spaces(body: Mapping[str, Any]) -> list[Space]:
    """The spaces of a deliver call, each with a well-formed deliver model, or the refusal."""
    spaces = _parse(body.get("openSpaceId"))
    if body.get("userIdType", 1) not in (1, 2):
        raise Refusal(400, "param.invalid", "userIdType is invalid")
    if not any(body.get(model) for model in _MODELS.values()):
        raise Refusal(400, "param.openDeliverModelEmpty", "openDeliverModel is empty")
    for space in spaces:
        name = _MODELS[space.space_type]
        model = body.get(name)
        if not model:
            raise Refusal(400, "param.spaceDeliverModelEmpty", f"{name} is empty")
        if not isinstance(model, dict):
            raise Refusal(400, "param.openDeliverModelError", f"{name} is not an object")
        if space.space_type == "IM_GROUP" and not model.get("robotCode"):
            raise Refusal(400, "param.openDeliverModelError", f"{name}.robotCode is required")
        if space.space_type == "IM_ROBOT" and model.get("spaceType") != "IM_ROBOT":
            raise Refusal(400, "param.openDeliverModelError", f"{name}.spaceType must be IM_ROBOT")
        if not is_text_map(model.get("atUserIds", {})) or not is_text_map(model.get("extension", {})):
            raise Refusal(400, "param.openDeliverModelError", f"{name}.atUserIds and extension are maps of texts")
        if not is_text_list(model.get("recipients", [])):
            raise Refusal(400, "param.openDeliverModelError", f"{name}.recipients is a list of user ids")
    return spaces


def place(app: App, chats: Chats, space: Space, body: Mapping[str, Any]) -> Delivery:
    """Try to put a card into one space; failing here is an item with success=false under HTTP 200."""
    robot_code = body[_MODELS[space.space_type]].get("robotCode", app.client_id)
    if robot_code != app.client_id:
        return Delivery(space, None, "robotCode is not a robot of this app")
    if space.space_type == "IM_GROUP":
        chat, missing = chats.group(app.client_id, space.space_id), "robot is not in the group"
    elif space.space_type == "IM_ROBOT":
        # Nobody here has a unionId.
        by_user_id = body.get("userIdType", 1) == 1
        chat, missing = chats.single(app, space.space_id) if by_user_id else None, "user does not exist"
    else:
        chat, missing = None, f"{space.space_type} is not imitated by the sandbox"
    if chat is None:
        return Delivery(space, None, missing)
    where = Place(chat.conversation_id, space.space_type, space.space_id, uuid.uuid4().hex)
    return Delivery(space, where, chat=chat)


def _invalid_model(name: str) -> Refusal:
    return Refusal(400, "param.openSpaceModelInvalid", f"{name} is invalid")


def _parse(open_space_id: object) -> list[Space]:
    if not open_space_id:
        raise Refusal(400, "param.openSpaceIdEmpty", "openSpaceId is empty")
    spaces = []
    for part in str(open_space_id).split(";"):
        space_type, dot, space_id = part.removeprefix(_PREFIX).partition(".")
        if not (part.startswith(_PREFIX) and dot and space_id and space_type in _MODELS):
            raise Refusal(400, "param.openSpaceIdInvalid", "openSpaceId is invalid")
        spaces.append(Space(space_type, space_id))
    return spaces
