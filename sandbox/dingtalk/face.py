"""What people see of a card: its variables, read the way its template shows them. Pure."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sandbox.dingtalk.templates import Template

Json = dict[str, Any]

# The states in which the public templates show more than a spinner.
_FILLED = ("2", "3", "5")
# What buttons and slides say and show: texts and addresses, whatever a bot puts there.
_SAID = ("id", "image", "picture", "text", "title", "url")


@dataclass(frozen=True, slots=True)
class Face:
    """The visible parts of a card; what it does not show is empty."""

    title: str
    logo: str
    text: str
    static: str
    images: tuple[str, ...]
    list: tuple[str, ...]
    tips: str
    buttons: tuple[Json, ...]
    carousel: tuple[Json, ...]

    def to_json(self) -> Json:
        """The parts as JSON; `carousel` only where there is one."""
        parts = {name: [*part] if isinstance(part, tuple) else part for name, part in asdict(self).items()}
        return parts if self.carousel else {name: part for name, part in parts.items() if name != "carousel"}


def face(template: Template, variables: Mapping[str, str], *, ended: bool) -> Face:
    """What a person sees whose variables these are, while the card grows or once it has `ended`."""
    if template.ordered:
        return _ordered(template, variables)
    shown = _declared(template, variables)
    return _of_blocks(template, variables, shown) if template.blocks_key and ended else shown


def _ordered(template: Template, variables: Mapping[str, str]) -> Face:
    """The face of the public templates: the blocks that `sys_full_json_obj.order` names, once there is an answer.

    The answer needs staticMsgContent to be set besides, were it to "": the blank card of practice.
    """
    full = _full_object(variables)
    order = full.get("order", [])
    filled = variables.get("flowStatus") in _FILLED

    def text(name: str) -> str:
        return variables.get(name, "") if filled and name in order else ""

    def block(name: str) -> Any:
        return _complex(full, variables, name) if filled and name in order else None

    source = full.get("source")
    return Face(
        title=variables.get("msgTitle", "") if "msgTitle" in order else "",
        logo=variables.get("logo", ""),
        text=text(template.content_key) if "staticMsgContent" in variables else "",
        static=text("staticMsgContent"),
        images=_texts(block("msgImages"), "image", "url"),
        list=_texts(block("msgTextList"), "text", "title"),
        tips=next(iter(_texts([source], "text")), "") if isinstance(source, dict) else "",
        buttons=_objects(full.get("msgButtons")) if "msgButtons" in order else (),
        carousel=_objects(block("msgSlider")),
    )


def _declared(template: Template, variables: Mapping[str, str]) -> Face:
    """The face of every other template: a part is shown if the template declares the variable of its name."""
    full = _full_object(variables)

    def text(*names: str) -> str:
        return next((variables[name] for name in names if name in variables and template.variable(name)), "")

    def block(*names: str) -> Any:
        given = (_complex(full, variables, name) for name in names if template.variable(name))
        return next((each for each in given if each is not None), None)

    return Face(
        title=text("title", "msgTitle"),
        logo=text("logo"),
        text=variables.get(template.content_key, ""),
        static=text("static", "staticMsgContent", "quoteContent"),
        images=_texts(block("images", "msgImages"), "image", "url"),
        list=_texts(block("list", "msgTextList"), "text", "title"),
        tips=text("tips", "statusLine"),
        buttons=_stop_button(variables) or _objects(full.get("msgButtons")) or _objects(block("buttons", "msgButtons")),
        carousel=_objects(block("carousel", "msgSlider")),
    )


def _of_blocks(template: Template, variables: Mapping[str, str], growing: Face) -> Face:
    """The face of a template that ends in a list of blocks; if nobody wrote that list, it ends blank."""
    blocks = _objects(_parsed(variables.get(template.blocks_key, "null")))
    text = "\n\n".join(_texts([*blocks], "markdown"))
    return replace(growing, text=text, images=tuple(each["mediaId"] for each in blocks if isinstance(each.get("mediaId"), str)))


def _stop_button(variables: Mapping[str, str]) -> tuple[Json, ...]:
    if "true" in (variables.get("hasAction"), variables.get("stop_action")):
        return ({"text": "停止", "id": "btn_stop", "request": True},)
    return ()


def _full_object(variables: Mapping[str, str]) -> Json:
    full = _parsed(variables.get("sys_full_json_obj", "{}"))
    return full if isinstance(full, dict) and isinstance(full.get("order", []), list) else {}


def _complex(full: Json, variables: Mapping[str, str], name: str) -> Any:
    # The public templates bundle what is no string in sys_full_json_obj; newer ones give each its own JSON text.
    return full[name] if name in full else _parsed(variables.get(name, "null"))


def _parsed(text: str) -> Any:
    """What a variable holds as JSON; None if it is none, or none that can be told on: `NaN`, half a character."""
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None
    return value


def _objects(value: Any) -> tuple[Json, ...]:
    """The objects of a list; where one should say a text and holds something else, it says nothing."""
    objects = (each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()
    return tuple({name: part for name, part in each.items() if name not in _SAID or isinstance(part, str)} for each in objects)


def _texts(value: Any, *names: str) -> tuple[str, ...]:
    """The texts of a list whose items are texts, or objects that hold the text under one of these names."""
    items = value if isinstance(value, list) else []
    texts = (next((item[name] for name in names if name in item), None) if isinstance(item, dict) else item for item in items)
    return tuple(text for text in texts if isinstance(text, str) and text)
