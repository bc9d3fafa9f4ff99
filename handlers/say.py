"""Says something in a chat as plain messages: sentences of the bot, and answers that got no card."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from errors import DingTalkError, Throttled
from handlers import markdown, parts
from handlers.dingtalk import DingTalkClient
from handlers.message import Incoming
from handlers.rates import TO_GROUPS, TO_PEOPLE, Rates
from handlers.retry import patiently
from handlers.texts import Texts

log = logging.getLogger("dingbridge.say")

# Bytes of text as JSON: DingTalk takes 20,000 for a webhook's whole body, and 15,000 for what the robot sends.
_WEBHOOK_LIMIT, _ROBOT_LIMIT = 19_800, 14_000
_TITLE_LENGTH = 20  # characters; only the conversation list shows it
_SENTENCE_PATIENCE = 10.0  # seconds for which a sentence is tried
ANSWER_PATIENCE = 300.0  # for an answer: the webhook lives for 90 minutes, and nobody wants to ask twice


@dataclass(frozen=True)
class Form:
    """How messages are written: as Markdown or as plain text, and how many bytes long at most."""

    kind: Literal["markdown", "text"] = "markdown"
    limit: int = 18_000

    def shape(self, text: str) -> str:
        """Return a text as it is to be shown."""
        return markdown.shape(text) if self.kind == "markdown" else markdown.whole_characters(text)

    def split(self, text: str, most: int) -> list[str]:
        """Cut a text into messages of at most so many bytes."""
        split = parts.split if self.kind == "markdown" else parts.split_plain
        return split(text, min(self.limit, most))

    def title(self, part: str) -> str:
        """Return a message's title; plain text has none."""
        if self.kind == "text":
            return ""
        words = " ".join(part.replace("#", " ").replace("*", " ").replace("<br>", " ").split())
        return words[:_TITLE_LENGTH] or "…"

    def body(self, part: str) -> dict[str, Any]:
        """Return a message as a webhook takes it."""
        if self.kind == "text":
            return {"msgtype": "text", "text": {"content": part}}
        return {"msgtype": "markdown", "markdown": {"title": self.title(part), "text": part}}


class Speaker:
    """Sends messages for one DingTalk app, in one form; those by API within the app's rates."""

    def __init__(self, client: DingTalkClient, rates: Rates, texts: Texts, form: Form = Form()) -> None:
        self._client, self._rates, self._texts = client, rates, texts
        self.form = form

    def say(self, incoming: Incoming, text: str, *, patience: float = _SENTENCE_PATIENCE) -> bool:
        """Answer a message in its chat, in as many messages as the text needs; return whether all were taken.

        Through the session webhook while it lives (no API call) and takes it, else as the robot. What DingTalk cannot take
        now is tried for `patience` seconds.
        """
        deadline = time.monotonic() + patience
        try:
            sent, rest = self._by_webhook(incoming, self.form.shape(text), deadline - patience / 2)  # the rest is the robot's
            if rest:
                self._as_robot(incoming, rest, sent, deadline)
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

    def tell(self, staff_id: str, text: str, *, patience: float = ANSWER_PATIENCE) -> bool:
        """Write to a person of the company who asked nothing, as the robot; return whether DingTalk took it."""
        try:
            self._send(TO_PEOPLE, partial(self._client.send_to_person, staff_id), text, time.monotonic() + patience)
        except DingTalkError as error:
            kind, fix = type(error).__name__, self._texts.fix(error)
            log.error("an administrator could not be told by message: %s: %s; %s", kind, error, fix)
            return False
        return True

    def _by_webhook(self, incoming: Incoming, text: str, deadline: float) -> tuple[int, str]:
        """Send as much as the session webhook takes; return how many messages that were, and the rest."""
        expires = incoming.webhook_expires_at
        if not incoming.session_webhook or (expires and time.time() >= expires):
            return 0, text
        pieces = self.form.split(text, _WEBHOOK_LIMIT)
        for sent, part in enumerate(parts.numbered(pieces)):
            try:
                patiently(partial(self._client.send_to_webhook, incoming.session_webhook, self.form.body(part)), deadline)
            except DingTalkError as error:
                # Too many webhook messages a minute into a group are refused for ten; the robot's own way is counted apart.
                log.info("msg=%s the webhook does not take it, sent as robot: %s", incoming.message_id, error)
                return sent, "\n\n".join(pieces[sent:])
        return len(pieces), ""

    def _as_robot(self, incoming: Incoming, text: str, sent: int, deadline: float) -> None:
        if incoming.is_group:
            self._send(TO_GROUPS, partial(self._client.send_to_group, incoming.conversation_id), text, deadline, sent=sent)
        else:
            self._send(TO_PEOPLE, partial(self._client.send_to_person, incoming.staff_id), text, deadline, sent=sent)

    def _send(self, api: str, send: Callable[[str, str], None], text: str, deadline: float, *, sent: int = 0) -> None:
        """Send as the robot, after so many were `sent` otherwise; its two ways are two APIs, which DingTalk counts apart."""

        def within_rates(title: str, part: str) -> None:
            with self._rates.slot(api, deadline):
                send(title, part)

        for part in parts.numbered(self.form.split(text, _ROBOT_LIMIT), sent):
            patiently(partial(within_rates, self.form.title(part), part), deadline, also=(Throttled,))
