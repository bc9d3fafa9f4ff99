"""A gateway over pooled HTTP: chat completions, streamed or whole; errors are translated here and nowhere else."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from backends.calls import Calls
from backends.openai.failures import AI, from_response
from backends.openai.fold import DONE
from backends.openai.frames import framed
from backends.openai.settings import CHAT, OpenAiSettings
from backends.retry import patiently
from backends.stoppable import Stop
from backends.stream import EventStream, socket_of
from backends.watch import Keeper, Limits
from errors import BackendDown, InputRefused

_MAY_BE_MISSING = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
_BACK_STOP = 5  # seconds; the keeper ends an idle stream before
# A proxy that compresses a stream also collects it; this asks for none.
_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "text/event-stream, application/json",
    "Accept-Encoding": "identity",
}

Json = Mapping[str, Any]


class OpenAiClient:
    """One gateway. Safe to share between threads."""

    def __init__(self, settings: OpenAiSettings, *, limits: Limits, connections: int) -> None:
        # A gateway whose tools are at work, or whose model waits its turn, sends comments.
        self._base_url, self._limits = settings.openai_base_url, replace(limits, pings_count=True)
        key = settings.openai_api_key.get_secret_value()
        self._calls = Calls(key=key, connections=connections, from_response=from_response, ai=AI)
        self._keeper = Keeper()
        self._asks_usage = True  # until the gateway says that it does not know how to tell it

    def chat(self, body: Json, stop: Stop) -> EventStream:
        """Ask for a chat completion and return what comes of it. Raises BackendError.

        Asked again, unless stopped, only while nothing can have begun.
        """

        def ask() -> EventStream:
            if self._asks_usage:
                try:
                    return self._open({**body, "stream": True, "stream_options": {"include_usage": True}}, stop)
                except InputRefused as error:
                    if "stream_options" not in error.detail:
                        raise
                self._asks_usage = False
            return self._open({**body, "stream": True}, stop)

        return patiently(ask, pause=self._limits.pause, stopping=stop.asked)

    def check_key(self) -> None:
        """Raise BackendError when the gateway cannot be reached or refuses the key; not each has a list of models."""
        with self._calls.short("GET", f"{self._base_url}/models", _HEADERS) as response:
            if response.status_code >= HTTPStatus.MULTIPLE_CHOICES and response.status_code not in _MAY_BE_MISSING:
                raise self._calls.refusal(response)

    def close(self) -> None:
        """Give back connections and the watching thread."""
        self._keeper.close()
        self._calls.close()

    def _open(self, body: Json, stop: Stop) -> EventStream:
        opened, limits = time.monotonic(), self._limits
        content = json.dumps(body).encode()
        response = self._calls.ask(self._base_url + CHAT, _HEADERS, content, seconds=limits.first_event, stop=stop)
        if "html" in response.headers.get("Content-Type", "").lower():
            response.close()
            raise BackendDown("a page instead of an answer; is openai_base_url right?", status=response.status_code, ai=AI)
        if connection := socket_of(response):
            connection.settimeout(limits.idle + _BACK_STOP)
        return EventStream(response, self._keeper, limits, opened=opened, decode=payload_of, framed=framed)


def payload_of(text: str) -> dict[str, Any] | None:
    """Return an event's payload, DONE for the line that ends a stream, or None for noise, such as half a line."""
    if text.strip() == "[DONE]":
        return DONE
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None
