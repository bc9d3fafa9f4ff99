"""One card: its variables, its state machine, and what people see of it."""

import json
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.dingtalk.refusal import Refusal, unknown_error
from sandbox.dingtalk.templates import Template

State = Literal["processing", "inputing", "finished", "failed"]
Variables = dict[str, str]

_GUIDS_KEPT = 512
_FLOW_STATES: Mapping[str, State] = {
    "1": "processing",
    "2": "inputing",
    "3": "finished",
    "4": "processing",
    "5": "failed",
}


@dataclass(frozen=True, slots=True)
class Streamed:
    """A validated streaming call."""

    guid: str
    key: str
    content: str
    is_full: bool
    is_finalize: bool
    is_error: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card was delivered: a conversation, and the carrier id that quotes of the card name."""

    conversation_id: str
    space_type: str
    space_id: str
    carrier_id: str


@dataclass(slots=True)
class Card:
    """A card instance. `private` lies over `variables` for the person it names."""

    out_track_id: str
    client_id: str
    template: Template
    variables: Variables
    private: dict[str, Variables]
    callback_type: str = ""
    user_id_type: int = 1
    preview: dict[str, Any] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    history: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=2_000))
    calls: int = 0
    _stream: State = "processing"
    _guids: deque[str] = field(default_factory=lambda: deque(maxlen=_GUIDS_KEPT))

    @property
    def state(self) -> State:
        """The state on screen.

        Own templates switch by streaming alone. The public ones show what the variable flowStatus says, except that
        an opened streaming life cycle that was never finalised keeps "finished" from showing: the stuck spinner.
        """
        if self.template.flow == "streaming":
            return self._stream
        state = _FLOW_STATES.get(self.variables.get("flowStatus", ""), "processing")
        return "inputing" if state == "finished" and self._stream == "inputing" else state

    @property
    def text(self) -> str:
        """The answer as everybody sees it; "" where the template shows a spinner or leaves the block out.

        The public templates show msgContent only when sys_full_json_obj.order names it and staticMsgContent is set,
        were it to ""; this is the blank card of practice.
        """
        text = self.variables.get(self.template.content_key, "")
        if self.template.flow == "streaming":
            return text
        shown = self.template.content_key in self._full_object().get("order", []) and "staticMsgContent" in self.variables
        return text if shown and self.variables.get("flowStatus") in ("2", "3", "5") else ""

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """The buttons that a person could press: msgButtons if ordered, or the stop button of own templates."""
        full = self._full_object()
        if self.template.flow == "flow_status":
            return _objects(full.get("msgButtons")) if "msgButtons" in full.get("order", []) else []
        if self.variables.get("hasAction") == "true" or self.variables.get("stop_action") == "true":
            return [{"text": "停止", "id": "btn_stop", "request": True}]
        return _objects(full.get("msgButtons"))

    @property
    def conversation_id(self) -> str | None:
        """The first conversation that shows it; None before delivery."""
        return self.places[0].conversation_id if self.places else None

    def stream(self, call: Streamed, *, after_finalize: str) -> None:
        """Take one streaming update; a guid seen before changes nothing and is no error."""
        if call.guid in self._guids:
            return
        variable = self.template.variable(call.key)
        if variable is None or not variable.streams:
            raise unknown_error()
        if variable.kind == "markdown" and not call.is_full:
            raise Refusal(400, "param.stream.isFull", "streaming update the parameter isFull is null")
        if call.is_error and not self.template.error_state:
            raise unknown_error()
        if self._stream in ("finished", "failed") and after_finalize == "refuse":
            raise unknown_error()
        before = "" if call.is_full else self.variables.get(call.key, "")
        self.variables[call.key] = before + call.content
        self._guids.append(call.guid)
        if call.is_error:
            self._stream = "failed"
        elif call.is_finalize:
            self._stream = "finished"
        elif self._stream == "processing":
            self._stream = "inputing"

    def update(self, variables: Variables | None, *, by_key: bool) -> None:
        """Set public variables: all of them anew, or only the ones named."""
        if variables is not None:
            self.variables = {**(self.variables if by_key else {}), **variables}

    def update_private(self, user_id: str, variables: Variables, *, by_key: bool) -> None:
        """Set what one person sees instead: all anew, or only the ones named."""
        self.private[user_id] = {**(self.private.get(user_id, {}) if by_key else {}), **variables}

    def note(self) -> bool:
        """Append what is visible now to the history if it differs from what was; whether it did."""
        visible = {"state": self.state, "text": self.text, "buttons": self.buttons}
        if self.history and all(self.history[-1][name] == value for name, value in visible.items()):
            return False
        self.history.append({"time": time.time(), **visible})
        return True

    def to_json(self) -> dict[str, Any]:
        """The card as the control API shows it."""
        return {
            "out_track_id": self.out_track_id,
            "client_id": self.client_id,
            "conversation_id": self.conversation_id,
            "template_id": self.template.template_id,
            "state": self.state,
            "text": self.text,
            "buttons": self.buttons,
            "variables": self.variables,
            "private": self.private,
            "preview": self.preview,
            "history": [*self.history],
            "calls": self.calls,
        }

    def _full_object(self) -> dict[str, Any]:
        try:
            full = json.loads(self.variables.get("sys_full_json_obj", "{}"))
        except ValueError:
            return {}
        return full if isinstance(full, dict) and isinstance(full.get("order", []), list) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
