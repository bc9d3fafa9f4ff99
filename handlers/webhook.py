"""Receives by signed HTTP callback: who is not DingTalk stays out, what comes in is handed over and acknowledged in time."""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from handlers import signature
from handlers.callback import CardCallback
from handlers.hand_over import Arrivals, HandOver, Overfull
from handlers.lately import Lately
from handlers.message import UnreadableMessage, parse
from handlers.signature import Verdict
from handlers.texts import Texts
from handlers.webhook_page import page
from ops.door import Answer, Door, Headers, Visit
from settings import CARD_PATH

log = logging.getLogger("dingbridge.webhook")

_REPLAY_SECONDS, _MOST_REMEMBERED = 7_200.0, 50_000  # a signature is good for an hour, by a clock that may be an hour off
_COMPLAINT_SECONDS = 60.0  # for which a refusal is not logged again: the internet knocks all day

State = Literal["connecting", "connected", "stopped"]


@dataclass(frozen=True)
class Waits:
    """The seconds until an acknowledgement at the latest; DingTalk gives a callback 2.5 and a click 2."""

    accept: float = 1.0  # for a message to be kept
    click: float = 1.0  # for a click's answer


class WebhookReceiver:
    """One bot's way in over HTTP. Its doors are open from `doors` on; `run` holds its thread until `stop`.

    `state` and `early` may be read from any thread, as a Stream listener's.
    """

    def __init__(
        self,
        name: str,
        client_secret: str,
        receivers: Arrivals,
        path: str,
        texts: Texts,
        callback: CardCallback,
        *,
        card_secret: str,
        waits: Waits = Waits(),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name, self._path, self._texts, self._clock = name, path.rstrip("/"), texts, clock
        self._client_secret, self._card_secret, self._callback = client_secret, card_secret, callback
        self.state: State = "connecting"
        self._stopping = threading.Event()
        self._hand_over = HandOver(name, receivers, message_seconds=waits.accept, click_seconds=waits.click)
        self._seen = Lately(_REPLAY_SECONDS, _MOST_REMEMBERED)
        self._complaints = Lately(_COMPLAINT_SECONDS, len(Verdict))

    @property
    def early(self) -> int:
        """How many messages of the last hour were acknowledged before they were kept."""
        return self._hand_over.early

    def doors(self) -> tuple[Door, ...]:
        """Return where DingTalk, and whoever looks whether the address is right, may knock."""
        return (
            Door("GET", self._path, self._show),
            Door("POST", self._path, self._message, guard=self._guard_messages),
            Door("POST", self._path + CARD_PATH, self._click, guard=self._guard_clicks),
        )

    def run(self) -> None:
        """Register the card callback and wait for `stop`; the HTTP server listens meanwhile."""
        try:
            if not self._stopping.is_set():
                self.state = "connected"
                log.info("bot=%s takes messages over HTTP at %s", self.name, self._path)
            self._callback.register(self._stopping)
        except Exception:  # messages are taken all the same
            log.exception("bot=%s the card callback was not registered", self.name)
        self._stopping.wait()
        self._hand_over.close()
        self.state = "stopped"

    def stop(self) -> None:
        """Turn away what comes from now on, and let `run` return; from any thread."""
        self._stopping.set()

    def _guard_messages(self, headers: Headers) -> Answer | None:
        return self._refusal(
            signature.verify(headers.get("timestamp"), headers.get("sign"), self._client_secret, self._clock())
        )

    def _guard_clicks(self, headers: Headers) -> Answer | None:
        timestamp, sign = headers.get("x-ddpaas-signature-timestamp"), headers.get("x-ddpaas-signature")
        return self._refusal(signature.verify_card(timestamp, sign, self._card_secret, self._clock()))

    def _refusal(self, verdict: Verdict) -> Answer | None:
        if verdict is not Verdict.VALID:
            if self._complaints.meet(verdict, time.monotonic()):
                fix = self._texts.say("clock_differs" if verdict in {Verdict.LATE, Verdict.EARLY} else "not_signed_for_us")
                log.warning("bot=%s a request was refused, its signature is %s; %s", self.name, verdict.value, fix)
            return Answer.json(401, {"error": f"the signature is {verdict.value}"})
        return _closing() if self._stopping.is_set() else None

    async def _message(self, visit: Visit) -> Answer:
        raw = _object(visit.body)
        if raw is None:
            return _no_object()
        try:
            message_id = parse(raw).message_id
        except UnreadableMessage as error:
            log.warning("bot=%s a request is no robot message: %s", self.name, error)
            return Answer.json(400, {"error": f"no robot message: {error}"})
        # What was captured may be sent again while its signature is good; the store forgets what has ended sooner.
        if not self._seen.has(message_id, time.monotonic()):
            try:
                await self._hand_over.message(raw)
            except Overfull:
                return _closing()
            except Exception:  # it is logged; DingTalk repeats what is not acknowledged
                return Answer.json(500, {"error": "not taken in"})
            self._seen.meet(message_id, time.monotonic())
        return Answer.json(200, {"msgtype": "empty"})

    async def _click(self, visit: Visit) -> Answer:
        raw = _object(visit.body)
        if raw is None:
            return _no_object()
        try:
            return Answer.json(200, await self._hand_over.click(raw))
        except Overfull:
            return _closing()
        except Exception:  # it is logged
            return Answer.json(500, {"error": "not taken in"})

    async def _show(self, _: Visit) -> Answer:
        return page(self.name, self._texts, listening=not self._stopping.is_set())


def _closing() -> Answer:
    return Answer.json(503, {"error": "not now"}, Retry_After="5")


def _no_object() -> Answer:
    return Answer.json(400, {"error": "not a JSON object"})


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
