"""The calls of one AI card to DingTalk, as its template wants them: create, open, stream, finalize, finish."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from handlers import markdown
from handlers.dingtalk import DingTalkClient
from handlers.message import Incoming
from handlers.templates import Template

STOP_ACTION = "btn_stop"
_VARIABLE_BYTES = 6_000  # of a text set as a variable; what is longer is streamed, which takes more
_HEAD_CHARACTERS = 100  # of the question, where the card shows it
_BEGUN = "…"  # what is shown of a text of which nothing can be seen yet: DingTalk refuses an empty one
_LIST_PREVIEW = {"dynamicSummary": "true"}  # the conversation list shows the text instead of "[card]"


class FlowStatus(StrEnum):
    """The variable flowStatus of the public templates."""

    PROCESSING = "1"
    INPUTING = "2"
    FINISHED = "3"
    FAILED = "5"


@dataclass(frozen=True)
class Labels:
    """What the card itself says: on its button, and where a text goes on that is longer than a card takes."""

    stop: str
    continued: str


@dataclass(frozen=True)
class Callback:
    """How clicks on a card reach the bot: by STREAM, or by HTTP to the address registered under `route_key`.

    With neither (`kind` is "") they do not: then the card has no button.
    """

    kind: Literal["STREAM", "HTTP", ""]
    route_key: str = ""

    @property
    def fields(self) -> Mapping[str, str]:
        """What the call that makes the card says about it; without them clicks are not sent."""
        named = {"callbackType": self.kind, "callbackRouteKey": self.route_key}
        return {name: value for name, value in named.items() if value}


BY_STREAM, NO_CALLBACK = Callback("STREAM"), Callback("")


@dataclass(frozen=True)
class CardCalls:
    """One card. Each method makes one call and raises a DingTalkError; texts are markdown as the AI wrote it.

    The `question` is what the card answers; where its template says so, it stands above every text. `shape` is what becomes of
    a text that still grows, before anybody sees it.
    """

    out_track_id: str
    template: Template
    client: DingTalkClient
    labels: Labels
    callback: Callback = BY_STREAM
    question: str = field(default="", repr=False)
    shape: Callable[[str], str] = str

    def create(self, incoming: Incoming) -> None:
        """Make the card and put it into the chat of the message that it answers."""
        self.client.create_and_deliver(
            {
                "cardTemplateId": self.template.template_id,
                "outTrackId": self.out_track_id,
                **self.callback.fields,
                "userIdType": 1,
                "cardData": {"cardParamMap": self._variables(FlowStatus.PROCESSING, self._shaped("", final=False))},
                **_space(incoming, self.client.client_id),
            }
        )

    def open(self, text: str) -> None:
        """Set a public template to typing, with the first text: one call from the AI's first word to the reader."""
        shown = self._growing(text)
        self.client.update_card(self.out_track_id, self._variables(FlowStatus.INPUTING, shown, stoppable=True))

    def stream(self, text: str) -> None:
        """Show the whole text so far."""
        self.client.stream_card(self.out_track_id, self.template.content_key, self._growing(text))

    def finalize(self, text: str, *, failed: bool, guid: str) -> None:
        """Show the last text and end the typing; the same guid again does nothing, should the answer have been lost."""
        shown, key = self._shaped(text), self.template.content_key
        self.client.stream_card(self.out_track_id, key, shown, finalize=True, failed=failed, guid=guid)

    def finish(self, text: str, *, failed: bool) -> None:
        """Set a public template to finished or failed."""
        status = FlowStatus.FAILED if failed else FlowStatus.FINISHED
        self.client.update_card(self.out_track_id, self._variables(status, self._shaped(text)))

    def fits_variable(self, text: str) -> bool:
        """Whether a text can be set by `open` and `finish`; a longer one is shown by streaming alone."""
        return _fits(self._shaped(text))

    def _growing(self, text: str) -> str:
        """Return a text that is not whole as the card is to show it."""
        shown = self.shape(text)
        return self._shaped(shown if shown.strip() else _BEGUN, final=False)

    def _shaped(self, text: str, *, final: bool = True) -> str:
        """Return a text as the card is to show it, below its head."""
        if self.template.shows_question and (head := markdown.one_line(self.question, _HEAD_CHARACTERS)):
            text = f"> {head}\n\n{text}"
        return markdown.shape(text, final=final)

    def _variables(self, status: FlowStatus, text: str, *, stoppable: bool = False) -> Mapping[str, str]:
        """Return the template's variables; all are strings, structures are JSON in a string."""
        variables = {"config": '{"autoLayout":true}'}
        if _fits(text):
            variables[self.template.content_key] = text
        if self.template.flow == "flow_status":
            shown: dict[str, Any] = {"order": [self.template.content_key]}
            if stoppable and self.callback.kind:
                button = {"text": self.labels.stop, "color": "gray", "id": STOP_ACTION, "request": True}
                shown = {"order": [self.template.content_key, "msgButtons"], "msgButtons": [button]}
            variables |= {
                "flowStatus": status.value,
                "staticMsgContent": "",
                "sys_full_json_obj": json.dumps(shown, ensure_ascii=False),
            }
        return variables


def _space(incoming: Incoming, robot: str) -> Mapping[str, Any]:
    if incoming.is_group:
        return {
            "openSpaceId": f"dtv1.card//IM_GROUP.{incoming.conversation_id}",
            "imGroupOpenSpaceModel": {"supportForward": True},
            "imGroupOpenDeliverModel": {"robotCode": robot, "extension": _LIST_PREVIEW},
        }
    return {
        "openSpaceId": f"dtv1.card//IM_ROBOT.{incoming.staff_id}",
        "imRobotOpenSpaceModel": {"supportForward": True},
        "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": robot, "extension": _LIST_PREVIEW},
    }


def _fits(shaped: str) -> bool:
    return len(shaped.encode()) <= _VARIABLE_BYTES
