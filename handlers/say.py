"""Says something in a chat as plain markdown messages: sentences of the bot, and answers that got no card."""

import logging
import time
from collections.abc import Callable
from functools import partial

from errors import DingTalkError, DingTalkUnreachable, Throttled
from handlers import markdown
from handlers.dingtalk import DingTalkClient
from handlers.message import Incoming
from handlers.rates import Rates
from handlers.texts import Texts

log = logging.getLogger("dingbridge.say")

_LIMIT = 18_000  # bytes of text a message; DingTalk takes 20,000 for the whole body
_ROBOT_LIMIT = 12_000  # bytes; the robot API takes 15,000 for its JSON
_TITLE_LENGTH = 20  # characters; only the conversation list shows it
_FIRST_PAUSE, _LONGEST_PAUSE = 1.5, 30.0  # seconds between tries
_SENTENCE_PATIENCE = 10.0  # seconds for which a sentence is tried
ANSWER_PATIENCE = 300.0  # for an answer: the webhook lives for 90 minutes, and nobody wants to ask twice


class Speaker:
    """Sends messages for one DingTalk app, those by API within its rates."""

    def __init__(self, client: DingTalkClient, rates: Rates, texts: Texts) -> None:
        self._client, self._rates, self._texts = client, rates, texts

    def say(self, incoming: Incoming, text: str, *, patience: float = _SENTENCE_PATIENCE) -> bool:
        """Answer a message in its chat, in as many messages as the text needs; return whether all were taken.

        Through the session webhook while it lives (no API call) and takes it, else as the robot. What DingTalk cannot take
        now is tried for `patience` seconds.
        """
        deadline = time.monotonic() + patience
        try:
            rest = self._by_webhook(incoming, markdown.shape(text), deadline - patience / 2)  # the other half is the robot's
            if rest:
                self._as_robot(incoming, rest, deadline)
        except DingTalkError as error:
            log.error(
                "msg=%s could not be answered by message: %s: %s; %s",
                incoming.message_id,
                type(error).__name__,
                error,
                self._texts.fix(error),
            )
            return False
        return True

    def _by_webhook(self, incoming: Incoming, text: str, deadline: float) -> str:
        """Send as much as the session webhook takes; return the rest."""
        expires = incoming.webhook_expires_at
        if not incoming.session_webhook or (expires and time.time() >= expires):
            return text
        parts = markdown.split(text, _LIMIT)
        for number, part in enumerate(parts):
            body = {"msgtype": "markdown", "markdown": {"title": _title(part), "text": part}}
            try:
                _patiently(partial(self._client.send_to_webhook, incoming.session_webhook, body), deadline)
            except DingTalkError as error:
                # Too many webhook messages a minute into a group are refused for ten; the robot's own way is counted apart.
                log.info("msg=%s the webhook does not take it, sent as robot: %s", incoming.message_id, error)
                return "\n\n".join(parts[number:])
        return ""

    def tell(self, staff_id: str, text: str, *, patience: float = ANSWER_PATIENCE) -> bool:
        """Write to a person of the company who asked nothing, as the robot; return whether DingTalk took it."""
        try:
            self._send("to a person", partial(self._client.send_to_person, staff_id), text, time.monotonic() + patience)
        except DingTalkError as error:
            kind, fix = type(error).__name__, self._texts.fix(error)
            log.error("an administrator could not be told by message: %s: %s; %s", kind, error, fix)
            return False
        return True

    def _as_robot(self, incoming: Incoming, text: str, deadline: float) -> None:
        if incoming.is_group:
            self._send("to a group", partial(self._client.send_to_group, incoming.conversation_id), text, deadline)
        else:
            self._send("to a person", partial(self._client.send_to_person, incoming.staff_id), text, deadline)

    def _send(self, api: str, send: Callable[[str, str], None], text: str, deadline: float) -> None:
        """Send as the robot; its two ways are two APIs, which DingTalk counts apart."""

        def within_rates(title: str, part: str) -> None:
            slot, refused = self._rates.wait(api, deadline), False
            try:
                send(title, part)
            except Throttled:
                refused = True
                raise
            finally:
                self._rates.returned(api, slot, refused=refused)

        for part in markdown.split(text, _ROBOT_LIMIT):
            _patiently(partial(within_rates, _title(part), part), deadline, also=(Throttled,))


def _patiently(send: Callable[[], None], deadline: float, *, also: tuple[type[DingTalkError], ...] = ()) -> None:
    """Send, and again after growing pauses while DingTalk cannot be reached (`also`: or refuses for another such reason)."""
    passing: tuple[type[DingTalkError], ...] = (DingTalkUnreachable, *also)
    pause = _FIRST_PAUSE
    while True:
        try:
            send()
        except passing:
            if time.monotonic() + pause > deadline:
                raise
        else:
            return
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _title(text: str) -> str:
    words = " ".join(text.replace("#", " ").replace("*", " ").replace("<br>", " ").split())
    return words[:_TITLE_LENGTH] or "…"
