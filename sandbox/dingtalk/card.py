"""One card: its variables, its state machine, and who sees what of it."""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.dingtalk.face import Face, face
from sandbox.dingtalk.refusal import Refusal, unknown_error
from sandbox.dingtalk.templates import Template
from sandbox.kept import weight

State = Literal["processing", "inputing", "finished", "failed"]
Variables = dict[str, str]

_GUIDS_KEPT = 512
_HEAD_CHARACTERS = 1_000
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
    """A card instance. `private` lies over `variables` for the person it names, `calls` are those that it took.

    `unfinalised` says what flowStatus "3" does to a streaming life cycle that was never closed: it "ends" it, the card
    "spins" on, or the "template" decides.
    """

    out_track_id: str
    client_id: str
    template: Template
    variables: Variables
    private: dict[str, Variables]
    callback_type: str = ""
    route_key: str = ""
    user_id_type: int = 1
    unfinalised: str = "template"
    preview: dict[str, Any] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    history: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=2_000))
    calls: int = 0
    _stream: State = "processing"
    _past: int = 0
    _looked: dict[str, Any] = field(default_factory=dict)
    _guids: deque[str] = field(default_factory=lambda: deque(maxlen=_GUIDS_KEPT))

    @property
    def state(self) -> State:
        """The state on screen."""
        return self._state(self.variables)

    @property
    def text(self) -> str:
        """The answer as everybody sees it; "" where the template shows a spinner or leaves the block out."""
        return self._face(self.variables).text

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """The buttons that a person could press."""
        return [*self._face(self.variables).buttons]

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
        self.variables[call.key] = self.grown(call)
        self._guids.append(call.guid)
        if call.is_error:
            self._stream = "failed"
        elif call.is_finalize:
            self._stream = "finished"
        elif self._stream == "processing":
            self._stream = "inputing"

    def grown(self, call: Streamed) -> str:
        """What its variable would be after this streaming update."""
        return call.content if call.is_full else self.variables.get(call.key, "") + call.content

    def update(self, variables: Variables | None, *, by_key: bool) -> None:
        """Set public variables: all of them anew, or only the ones named."""
        if variables is not None:
            self.variables = {**(self.variables if by_key else {}), **variables}

    def update_private(self, user_id: str, variables: Variables, *, by_key: bool) -> None:
        """Set what one person sees instead: all anew, or only the ones named."""
        self.private[user_id] = {**(self.private.get(user_id, {}) if by_key else {}), **variables}

    def note(self) -> bool:
        """Whether anything that anybody sees has changed.

        The history tells of state, text (its first 1,000 characters) and buttons for everybody.
        """
        looks = {"state": self.state, **self._face(self.variables).to_json(), "views": self._views()}
        if looks == self._looked:
            return False
        row = {name: looks[name] for name in ("state", "text", "buttons")}
        if any(self._looked.get(name) != value for name, value in row.items()):
            row["text"] = row["text"][:_HEAD_CHARACTERS]
            if len(self.history) == self.history.maxlen:
                self._past -= weight(self.history[0])
            self.history.append({"time": time.time(), **row})
            self._past += weight(row) + weight(0.0)
        self._looked = looks
        return True

    def weight(self) -> int:
        """About how many characters it keeps: what its variables hold, and its history."""
        return weight(self.variables) + weight(self.private) + self._past

    def to_json(self, *, brief: bool = False) -> dict[str, Any]:
        """The card as the control API shows it; in brief only what people see."""
        shown = {
            "out_track_id": self.out_track_id,
            "client_id": self.client_id,
            "conversation_id": self.conversation_id,
            "template_id": self.template.template_id,
            "flow": self.template.flow,
            "state": self.state,
            **self._face(self.variables).to_json(),
            "calls": self.calls,
            "views": self._views(),
        }
        if brief:
            return shown
        more = {"variables": self.variables, "private": self.private, "preview": self.preview}
        return {**shown, **more, "history": [*self.history]}

    def _state(self, variables: Variables) -> State:
        """The state for someone with these variables.

        Own templates switch by streaming alone, plain ones have nothing to wait for. The public ones show what the
        variable flowStatus says, unless an opened streaming life cycle that was never finalised keeps them spinning.
        """
        if self.template.flow == "plain":
            return "finished"
        if self.template.flow == "streaming":
            return self._stream
        state = _FLOW_STATES.get(variables.get("flowStatus", ""), "processing")
        return "inputing" if state == "finished" and self._stream == "inputing" and self._spins_on else state

    @property
    def _spins_on(self) -> bool:
        return self.template.spins_on if self.unfinalised == "template" else self.unfinalised == "spins"

    def _face(self, variables: Variables) -> Face:
        return face(self.template, variables, ended=self._state(variables) in {"finished", "failed"})

    def _views(self) -> dict[str, Any]:
        return {user_id: self._view({**self.variables, **own}) for user_id, own in self.private.items() if own}

    def _view(self, variables: Variables) -> dict[str, Any]:
        seen = self._face(variables)
        return {"state": self._state(variables), "text": seen.text, "buttons": [*seen.buttons], "tips": seen.tips}
