"""The card templates that exist here: the public ones, and those that a test adds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Flow = Literal["streaming", "flow_status"]
Kind = Literal["markdown", "text", "complex"]

_SDK_VARIABLES = "msgTitle logo msgContent staticMsgContent msgTextList msgImages msgSlider msgButtons flowStatus"


@dataclass(frozen=True, slots=True)
class Variable:
    """A template's variable: `markdown` streams whole texts, streaming `text` may append, `complex` never."""

    name: str
    kind: Kind = "text"
    streams: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """A card template; `content_key` is the variable that shows the answer, `flow` says what moves its state."""

    template_id: str
    content_key: str
    variables: tuple[Variable, ...]
    flow: Flow = "streaming"
    published: bool = True
    error_state: bool = True

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
    template_id, content_key = body.get("template_id"), body.get("content_key", "content")
    if not isinstance(template_id, str) or not template_id:
        raise ValueError("template_id is missing")
    flow = body.get("flow", "streaming")
    if flow not in ("streaming", "flow_status"):
        raise ValueError("flow must be streaming or flow_status")
    variables = {content_key: Variable(content_key, "markdown", streams=True)}
    for each in body.get("variables", []):
        variable = Variable(each) if isinstance(each, str) else _variable(each)
        if not (isinstance(each, str) and variable.name == content_key):
            variables[variable.name] = variable
    return Template(
        template_id,
        content_key,
        tuple(variables.values()),
        flow,
        published=bool(body.get("published", True)),
        error_state=bool(body.get("error_state", True)),
    )


class Templates:
    """All templates by id, the public ones from the start."""

    def __init__(self) -> None:
        self._templates = {template.template_id: template for template in _public()}

    def put(self, template: Template) -> None:
        """Add a template, or replace the one of the same id; cards already made keep theirs."""
        self._templates[template.template_id] = template

    def find(self, template_id: str) -> Template | None:
        """The template of this id."""
        return self._templates.get(template_id)

    def all(self) -> list[Template]:
        """Every template."""
        return [*self._templates.values()]


def _variable(each: Mapping[str, Any]) -> Variable:
    kind = each.get("type", "text")
    if kind not in ("markdown", "text", "complex") or not each.get("name"):
        raise ValueError(f"variable {each!r} needs a name, and a type of markdown, text or complex")
    return Variable(str(each["name"]), kind, streams=bool(each.get("streams", kind != "complex")))


def _public() -> list[Template]:
    return [
        _sdk("382e4302-551d-4880-bf29-a30acfab2e71.schema"),
        _sdk("02fcf2f4-5e02-4a85-b672-46d1f715543e.schema"),
        _plain("589420e2-c1e2-46ef-a5ed-b8728e654da9.schema", "markdown", "title logo"),
        _plain("1366a1eb-bc54-4859-ac88-517c56a9acb1.schema", "markdown", "tips title logo"),
        _own("675cde2f-f526-40cb-b828-f5b2b57b8b77.schema", "copy_content quoteContent statusLine hasAction stop_action"),
        _own("301508cd-5ddd-4e86-85f0-6b5312032743.schema", ""),
        _own("d70f026e-7148-4479-b089-8dcf60289b9d.schema", "question origin_content submitted like dislike"),
        _own("8aebdfb9-28f4-4a98-98f5-396c3dde41a0.schema", ""),
    ]


def _sdk(template_id: str) -> Template:
    others = tuple(Variable(name) for name in _SDK_VARIABLES.split() if name != "msgContent")
    return Template(
        template_id,
        "msgContent",
        (Variable("msgContent", "markdown", streams=True), *others, Variable("sys_full_json_obj", "complex")),
        "flow_status",
    )


def _plain(template_id: str, content_key: str, names: str) -> Template:
    return Template(template_id, content_key, (Variable(content_key, "markdown"), *_texts(names)))


def _own(template_id: str, names: str) -> Template:
    block_list = Variable("blockList", "complex")
    content = Variable("content", "markdown", streams=True)
    return Template(template_id, "content", (content, block_list, *_texts(names)))


def _texts(names: str) -> Sequence[Variable]:
    return [Variable(name) for name in names.split()]
