"""One AI card's life as calls to DingTalk: created, growing, closed; what is newest is what is sent."""

import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from errors import CardRefused, DingTalkError, DingTalkUnreachable, PermissionMissing, Throttled
from handlers import markdown
from handlers.dingtalk import DingTalkClient
from handlers.message import Incoming
from handlers.pacing import pause
from handlers.templates import Template

STOP_ACTION = "btn_stop"
_SAFE_CHARACTERS = 800  # of a text that DingTalk refused, when nothing of it was shown before
_VARIABLE_BYTES = 6_000  # of a text set as a variable; what is longer is streamed, which takes more
_LIST_PREVIEW = {"dynamicSummary": "true"}  # the conversation list shows the text instead of "[card]"


class FlowStatus(StrEnum):
    """The variable flowStatus of the public templates."""

    PROCESSING = "1"
    INPUTING = "2"
    FINISHED = "3"
    FAILED = "5"


class Priority(IntEnum):
    """Who goes first when several cards are due: an end frees a spinner, a middle frame is soon outdated."""

    END = 0
    CREATE = 1
    FIRST_TEXT = 2
    MORE_TEXT = 3


@dataclass(frozen=True)
class Labels:
    """What the card itself says: on its button, and where a text goes on that is longer than a card takes."""

    stop: str
    continued: str


@dataclass(frozen=True)
class Closing:
    """How a card is to end."""

    text: str
    failed: bool


class LiveCard:
    """A card that the pacer calls for. Writers only set what it should show; `ended` tells when it does.

    `error` is set when the card could not be made, or could not be closed: then the answer has to go another way.
    """

    # How long a call that DingTalk cannot take now is tried again, in seconds from when it was first due.
    CREATE_PATIENCE = 20.0
    END_PATIENCE = 60.0

    def __init__(
        self,
        out_track_id: str,
        template: Template,
        incoming: Incoming,
        client: DingTalkClient,
        *,
        labels: Labels,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.out_track_id, self._template, self._incoming, self._client = out_track_id, template, incoming, client
        self._labels, self._clock = labels, clock
        self._lock = threading.Lock()
        self._text = ""
        self._closing: Closing | None = None
        self._created = self._opened = self._finalized = False  # which calls of its life are behind it
        self._shown = ""  # the text that DingTalk has
        self._first_shown_at = self._last_shown_at = 0.0
        self._mute: DingTalkError | None = None  # streaming is refused: only creation and end are left
        self._has_failed_state = True  # until DingTalk says otherwise
        self._begun = clock()
        self._closing_since = 0.0
        self._retry_at = 0.0
        self._retries = 0
        self.error: DingTalkError | None = None
        self.calls = 0
        self.ended = threading.Event()

    def show(self, text: str) -> bool:
        """Set the text so far; return whether the pacer has to be told (it knows already of an earlier change)."""
        with self._lock:
            known = self._text != self._shown
            self._text = text
            return not known and not self._closing

    def close(self, text: str, *, failed: bool) -> bool:
        """Set the text to end with; only the first call counts. Return whether it was the first."""
        with self._lock:
            if self._closing:
                return False
            self._closing = Closing(text, failed)
            self._closing_since = self._clock()
            self._retry_at = 0.0 if self._created else self._retry_at
            self._retries = 0
            return True

    @property
    def priority(self) -> int:
        """Return who goes first among those that are due: the lower."""
        if not self._created:
            return Priority.CREATE
        if self._closing:
            return Priority.END
        return Priority.MORE_TEXT if self._opened else Priority.FIRST_TEXT

    def due(self) -> float | None:
        """Return when the next call is worth making, or None."""
        with self._lock:
            if self.ended.is_set():
                return None
            if not self._created or self._closing:
                return self._retry_at
            if self._text == self._shown or self._mute:
                return None
            if not self._opened:
                return self._retry_at
            return max(self._retry_at, self._last_shown_at + pause(self._last_shown_at - self._first_shown_at))

    @property
    def api(self) -> str:
        """Return which API the next call uses; DingTalk counts the calls of each apart."""
        if not self._created:
            return "create"
        sets_variables = self._finalized or isinstance(self._mute, PermissionMissing)
        if self._template.flow == "flow_status":
            sets_variables = sets_variables or not self._opened
        return "update" if sets_variables else "streaming"

    def call(self) -> bool:
        """Make the next call of the card's life: what cannot be taken now is tried again, what is refused is noted.

        Return False when it was one call too many for DingTalk in this second.
        """
        with self._lock:
            text, closing = self._text, self._closing
        self.calls += 1
        try:
            if not self._created:
                self._create()
            elif closing:
                self._end(closing)
            else:
                self._grow(text)
        except (Throttled, DingTalkUnreachable) as error:
            self._try_again(error, closing)
            return not isinstance(error, Throttled)
        except DingTalkError as error:
            self._refused(error, closing)
        else:
            self._retries = 0
        return True

    def _create(self) -> None:
        try:
            self._client.create_and_deliver(self._body())
        except CardRefused as error:
            if error.code != "param.cardAlreadyExist":  # the answer to an earlier try was lost, the card was not
                raise
        self._created = True

    def _grow(self, text: str) -> None:
        shown = markdown.shape(text, final=False)
        if not self._opened and self._template.flow == "flow_status":
            # This call brings the first text as well as the state: one call from the AI's first word to the reader.
            self._client.update_card(self.out_track_id, self._variables(FlowStatus.INPUTING, shown, stoppable=True))
            text = text if _fits_variable(shown) else ""
        else:
            self._client.stream_card(self.out_track_id, self._template.content_key, shown)
        self._shown_now(text)

    def _end(self, closing: Closing) -> None:
        """Make the one or two calls that end a card; a call that succeeded is not repeated."""
        shown = markdown.shape(self._what_fits(closing.text))
        if not self._finalized:
            self._finalize(shown, failed=closing.failed)
            self._finalized = True
            self._shown_now(closing.text)
            if self._template.flow == "flow_status":
                return  # the pacer comes again for the second call
        if self._template.flow == "flow_status":
            status = FlowStatus.FAILED if closing.failed else FlowStatus.FINISHED
            self._client.update_card(self.out_track_id, self._variables(status, shown))
        self.error = self._mute
        self.ended.set()

    def _finalize(self, shown: str, *, failed: bool) -> None:
        if isinstance(self._mute, PermissionMissing):
            self._client.update_card(self.out_track_id, {self._template.content_key: shown})
            return
        if not self._opened and self._template.flow == "flow_status":
            self._client.update_card(self.out_track_id, self._variables(FlowStatus.INPUTING, shown))
            self._opened = True
        failed = failed and self._template.flow == "streaming" and self._has_failed_state
        self._client.stream_card(self.out_track_id, self._template.content_key, shown, finalize=True, failed=failed)

    def _what_fits(self, text: str) -> str:
        """Return the whole text, or as much as DingTalk took before it refused more, with a word on where the rest is."""
        if self._mute is None or isinstance(self._mute, PermissionMissing):
            return text
        return f"{self._shown or text[:_SAFE_CHARACTERS]}\n\n{self._labels.continued}"

    def _shown_now(self, text: str) -> None:
        now = self._clock()
        with self._lock:
            self._shown, self._last_shown_at = text, now
        self._first_shown_at = self._first_shown_at or now
        self._opened = True

    def _try_again(self, error: DingTalkError, closing: Closing | None) -> None:
        """Wait a growing, jittered while; a middle frame is simply overtaken, an end is tried for a long time."""
        self._retries += 1
        now = self._clock()
        wait = min(8.0, 2.0 ** (self._retries - 1)) * random.uniform(1.0, 1.5)  # noqa: S311 - jitter, no secret
        self._retry_at = now + wait
        since, patience = (self._begun, self.CREATE_PATIENCE) if not self._created else (self._closing_since, self.END_PATIENCE)
        if (not self._created or closing) and self._retry_at - since > patience:
            self._give_up(error)

    def _refused(self, error: DingTalkError, closing: Closing | None) -> None:
        """DingTalk will never take this call."""
        if not self._created or (closing and self._mute):
            self._give_up(error)
        elif closing and closing.failed and self._has_failed_state:
            self._has_failed_state = False  # own templates may lack that state: end it as finished
        else:
            self._mute = error

    def _give_up(self, error: DingTalkError) -> None:
        self.error = error
        self.ended.set()

    def _body(self) -> dict[str, Any]:
        incoming, robot = self._incoming, self._client.client_id
        space: dict[str, Any]
        if incoming.is_group:
            space = {
                "openSpaceId": f"dtv1.card//IM_GROUP.{incoming.conversation_id}",
                "imGroupOpenSpaceModel": {"supportForward": True},
                "imGroupOpenDeliverModel": {"robotCode": robot, "extension": _LIST_PREVIEW},
            }
        else:
            space = {
                "openSpaceId": f"dtv1.card//IM_ROBOT.{incoming.staff_id}",
                "imRobotOpenSpaceModel": {"supportForward": True},
                "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": robot, "extension": _LIST_PREVIEW},
            }
        return {
            "cardTemplateId": self._template.template_id,
            "outTrackId": self.out_track_id,
            "callbackType": "STREAM",  # without it clicks are not sent
            "userIdType": 1,
            "cardData": {"cardParamMap": self._variables(FlowStatus.PROCESSING, "")},
            **space,
        }

    def _variables(self, status: FlowStatus, text: str, *, stoppable: bool = False) -> Mapping[str, str]:
        """Return the template's variables; all are strings, structures are JSON in a string."""
        variables = {"config": '{"autoLayout":true}'}
        if _fits_variable(text):
            variables[self._template.content_key] = text
        if self._template.flow == "flow_status":
            shown: dict[str, Any] = {"order": [self._template.content_key]}
            if stoppable:
                button = {"text": self._labels.stop, "color": "gray", "id": STOP_ACTION, "request": True}
                shown = {"order": [self._template.content_key, "msgButtons"], "msgButtons": [button]}
            variables |= {
                "flowStatus": status.value,
                "staticMsgContent": "",
                "sys_full_json_obj": json.dumps(shown, ensure_ascii=False),
            }
        return variables


def _fits_variable(text: str) -> bool:
    return len(text.encode()) <= _VARIABLE_BYTES
