"""Says something in a chat as plain markdown messages: sentences of the bot, and answers that got no card."""

import logging
import time
from collections.abc import Callable
from functools import partial

from errors import DingTalkError, DingTalkUnreachable, Throttled, WebhookExpired
from handlers import markdown
from handlers.dingtalk import DingTalkClient
from handlers.message import Incoming
from handlers.texts import Texts

log = logging.getLogger("dingbridge.say")

_LIMIT = 18_000  # bytes of text a message; DingTalk takes 20,000 for the whole body
_ROBOT_LIMIT = 12_000  # bytes; the robot API takes 15,000 for its JSON
_TITLE_LENGTH = 20  # characters; only the conversation list shows it
_TRIES, _PAUSE = 4, 1.5  # seconds before the second try, growing


class Speaker:
    """Sends messages for one DingTalk app."""

    def __init__(self, client: DingTalkClient, texts: Texts) -> None:
        self._client, self._texts = client, texts

    def say(self, incoming: Incoming, text: str) -> bool:
        """Answer a message in its chat, in as many messages as the text needs; return whether all were taken.

        Through the session webhook while it lives (no API call), else as the robot.
        """
        shaped = markdown.shape(text)
        try:
            if self._webhook_lives(incoming):
                try:
                    self._by_webhook(incoming, shaped)
                except WebhookExpired:
                    self._as_robot(incoming, shaped)
            else:
                self._as_robot(incoming, shaped)
        except DingTalkError as error:
            log.error("a message could not be sent: %s: %s; %s", type(error).__name__, error, self._texts.fix(error))
            return False
        return True

    def _webhook_lives(self, incoming: Incoming) -> bool:
        return bool(incoming.session_webhook) and (not incoming.webhook_expires_at or time.time() < incoming.webhook_expires_at)

    def _by_webhook(self, incoming: Incoming, text: str) -> None:
        for part in markdown.split(text, _LIMIT):
            body = {"msgtype": "markdown", "markdown": {"title": _title(part), "text": part}}
            _patiently(partial(self._client.send_to_webhook, incoming.session_webhook, body))

    def _as_robot(self, incoming: Incoming, text: str) -> None:
        for part in markdown.split(text, _ROBOT_LIMIT):
            if incoming.is_group:
                send = partial(self._client.send_to_group, incoming.conversation_id, _title(part), part)
            else:
                send = partial(self._client.send_to_person, incoming.staff_id, _title(part), part)
            _patiently(send)


def _patiently(send: Callable[[], None]) -> None:
    """Send, and again after a growing pause while DingTalk cannot take it now."""
    for attempt in range(1, _TRIES + 1):
        try:
            send()
        except (Throttled, DingTalkUnreachable):
            if attempt == _TRIES:
                raise
            time.sleep(_PAUSE * attempt)
        else:
            return


def _title(text: str) -> str:
    words = " ".join(text.replace("#", " ").replace("*", " ").replace("<br>", " ").split())
    return words[:_TITLE_LENGTH] or "…"
