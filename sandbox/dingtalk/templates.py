"""The card templates that exist here: the public ones, and those that a test adds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.json_api import flag_of, text_of

Flow = Literal["streaming", "flow_status", "plain"]
Kind = Literal["markdown", "text", "complex"]

_SDK_VARIABLES = "msgTitle logo msgContent staticMsgContent msgTextList msgImages msgSlider msgButtons flowStatus"
_MOST = 10_000
_BLOCK_CARD_VARIABLES = "copy_content quoteContent statusLine hasAction stop_action"


@dataclass(frozen=True, slots=True)
class Variable:
    """A template's variable: `markdown` streams whole texts, streaming `text` may append, `complex` never."""

    name: str
    kind: Kind = "text"
    streams: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """A card template; `content_key` is the variable that shows the answer.

    `flow` says what moves its state: streaming calls, the variable flowStatus, or nothing ("plain"). An `ordered` one
    shows the blocks that sys_full_json_obj.order names. One that `spins_on` is not ended by flowStatus "3" while a
    streaming life cycle is open. One with a `blocks_key` shows, once ended, what that variable lists instead.
    """

    template_id: str
    content_key: str
    variables: tuple[Variable, ...]
    flow: Flow = "streaming"
    published: bool = True
    error_state: bool = True
    ordered: bool = False
    spins_on: bool = False
    blocks_key: str = ""

    def variable(self, name: str) -> Variable | None:
        """The variable of this name."""
        return next((each for each in self.variables if each.name == name), None)

    def to_json(self) -> dict[str, Any]:
        """The template as the control API shows it."""
        return {
            "template_id": self.template_id,
            "content_key": self.content_key,
            "variables": [{"name": v.name, "type": v.kind, "streams": v.streams} for v in self.variables],
            "flow": self.flow,
            "published": self.published,
            "error_state": self.error_state,
        }


def template_from_json(body: Mapping[str, Any]) -> Template:
    """Read a template of the control API; ValueError says what is wrong.

    A variable is a name or {"name", "type": "markdown" | "text" | "complex", "streams": bool}. The content key is
    there without being named, as a streaming markdown variable.
    """
    template_id, content_key = text_of(body, "template_id"), text_of(body, "content_key", "content")
    if not template_id or not content_key:
        raise ValueError("template_id or content_key is missing")
    flow = body.get("flow", "streaming")
    if flow not in ("streaming", "flow_status", "plain"):
        raise ValueError("flow must be streaming, flow_status or plain")
    variables = {content_key: Variable(content_key, "markdown", streams=True)}
    given = body.get("variables") or []
    if not isinstance(given, list) or not all(isinstance(each, str | dict) for each in given):
        raise ValueError("variables must be a list of names or {name, type, streams}")
    for each in given:
        variable = Variable(each) if isinstance(each, str) else _variable(each)
        if not (isinstance(each, str) and variable.name == content_key):
            variables[variable.name] = variable
    return Template(
        template_id,
        content_key,
        tuple(variables.values()),
        flow,
        published=flag_of(body, "published", default=True),
        error_state=flag_of(body, "error_state", default=True),
        ordered=flow == "flow_status",
        spins_on=flow == "flow_status",
    )


class Templates:
    """All templates by id, the public ones from the start."""

    def __init__(self) -> None:
        self._templates = {template.template_id: template for template in _public()}

    def put(self, template: Template) -> None:
        """Add a template, or replace the one of the same id; cards already made keep theirs. ValueError: too many."""
        if template.template_id not in self._templates and len(self._templates) >= _MOST:
            raise ValueError(f"{_MOST} templates are enough for one sandbox")
        self._templates[template.template_id] = template

    def find(self, template_id: str) -> Template | None:
        """The template of this id."""
        return self._templates.get(template_id)

    def all(self) -> list[Template]:
        """Every template."""
        return [*self._templates.values()]


def _variable(each: Mapping[str, Any]) -> Variable:
    kind = each.get("type", "text")
    name = text_of(each, "name")
    if kind not in ("markdown", "text", "complex") or not name:
        raise ValueError("a variable needs a name, and a type of markdown, text or complex")
    return Variable(name, kind, streams=flag_of(each, "streams", default=kind != "complex"))


def _public() -> list[Template]:
    return [
        # The SDK's own class ends a card of the first one by flowStatus alone; from the second such cards are
        # reported to spin on.
        _sdk("382e4302-551d-4880-bf29-a30acfab2e71.schema", spins_on=False),
        _sdk("02fcf2f4-5e02-4a85-b672-46d1f715543e.schema", spins_on=True),
        _plain("589420e2-c1e2-46ef-a5ed-b8728e654da9.schema", "title logo"),
        _plain("1366a1eb-bc54-4859-ac88-517c56a9acb1.schema", "tips title logo"),
        _rpa("7f538f6d-ebb7-4533-a9ac-61a32da094cf.schema"),
        _own("675cde2f-f526-40cb-b828-f5b2b57b8b77.schema", _BLOCK_CARD_VARIABLES, "blockList"),
        _own("301508cd-5ddd-4e86-85f0-6b5312032743.schema", ""),
        _own("d70f026e-7148-4479-b089-8dcf60289b9d.schema", "question origin_content submitted like dislike"),
        _own("8aebdfb9-28f4-4a98-98f5-396c3dde41a0.schema", ""),
    ]


def _sdk(template_id: str, *, spins_on: bool) -> Template:
    others = tuple(Variable(name) for name in _SDK_VARIABLES.split() if name != "msgContent")
    return Template(
        template_id,
        "msgContent",
        (Variable("msgContent", "markdown", streams=True), *others, Variable("sys_full_json_obj", "complex")),
        "flow_status",
        ordered=True,
        spins_on=spins_on,
    )


def _plain(template_id: str, names: str) -> Template:
    return Template(template_id, "markdown", (Variable("markdown", "markdown"), *_texts(names)), "plain")


def _rpa(template_id: str) -> Template:
    return Template(template_id, "goal", (*_texts("goal processFlag flowStatus"), Variable("plan", "complex")), "flow_status")


def _own(template_id: str, names: str, blocks_key: str = "") -> Template:
    block_list = Variable("blockList", "complex")
    content = Variable("content", "markdown", streams=True)
    return Template(template_id, "content", (content, block_list, *_texts(names)), blocks_key=blocks_key)


def _texts(names: str) -> Sequence[Variable]:
    return [Variable(name) for name in names.split()]
