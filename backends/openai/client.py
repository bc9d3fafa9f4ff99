"""A gateway over pooled HTTP: chat completions, streamed or whole; errors are translated here and nowhere else."""

import json
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import requests

from backends.calls import Stop, StoppableWeb, bearer, refusal_body, request_id, retry_after, unreachable
from backends.openai.failures import AI, from_response
from backends.openai.fold import DONE
from backends.openai.settings import CHAT, OpenAiSettings
from backends.retry import patiently
from backends.stream import EventStream, GuardedBytes, socket_of
from backends.watch import Keeper, Limits, Silence, Watch
from errors import AnswerInterrupted, BackendDown, BackendError, InputRefused, NoAnswer

_CONNECT_SECONDS = 8
_CALL_SECONDS = 20  # for the list of models
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
        self._base_url, self._limits = settings.openai_base_url, limits
        self._web = StoppableWeb(connections=connections)
        key = settings.openai_api_key.get_secret_value().strip()
        self._bearer = bearer(key) if key else None
        self._keeper = Keeper()
        self._asks_usage = True  # until the gateway says that it does not know how to tell it

    def chat(self, body: Json, stop: Stop) -> "Reading":
        """Ask for a chat completion and return what comes of it. Raises BackendError.

        Asked again, unless stopped, only while nothing can have begun.
        """

        def ask() -> Reading:
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
        timeout = (_CONNECT_SECONDS, _CALL_SECONDS)
        try:
            with self._web.send("GET", f"{self._base_url}/models", self._headers(), timeout=timeout, stream=True) as response:
                if response.status_code >= HTTPStatus.MULTIPLE_CHOICES and response.status_code not in _MAY_BE_MISSING:
                    raise _refusal(response)
        except requests.RequestException as error:
            raise unreachable(error, ai=AI) from None

    def close(self) -> None:
        """Give back connections and the watching thread."""
        self._keeper.close()
        self._web.close()

    def _headers(self) -> dict[str, str]:
        return {**_HEADERS, "Authorization": self._bearer.get_secret_value()} if self._bearer else dict(_HEADERS)

    def _open(self, body: Json, stop: Stop) -> "Reading":
        """POST; one that is sent elsewhere would arrive as a GET, so redirects are not followed."""
        opened, limits = time.monotonic(), self._limits
        timeout = (_CONNECT_SECONDS, limits.first_event)
        try:
            response = self._web.ask(
                self._base_url + CHAT, self._headers(), json.dumps(body).encode(), timeout=timeout, stop=stop
            )
        except requests.ReadTimeout:
            raise NoAnswer("no headers", code="silent", ai=AI) from None
        except requests.RequestException as error:
            raise unreachable(error, ai=AI) from None
        kind = response.headers.get("Content-Type", "").lower()
        if not HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES:
            with response:
                raise _refusal(response)
        if "html" in kind:
            response.close()
            raise BackendDown("a page instead of an answer; is openai_base_url right?", status=response.status_code, ai=AI)
        if connection := socket_of(response):
            connection.settimeout(limits.idle + _BACK_STOP)
        if "json" in kind:
            return WholeBody(response, self._keeper, limits, opened=opened)
        return EventStream(response, self._keeper, limits, opened=opened, decode=payload_of)


class WholeBody:
    """An answer in one piece, from a gateway that does not stream; read like an EventStream of one event."""

    def __init__(self, response: requests.Response, keeper: Keeper, limits: Limits, *, opened: float) -> None:
        self._keeper = keeper
        self._watch = Watch(limits, opened, doubtful=False)
        self._watch.last_event = self._watch.last_byte = time.monotonic()  # its head came
        self._bytes = GuardedBytes(response, self._byte)
        self.begun = False
        self.silence: Silence | None = None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        self._keeper.add(self._watch, self.abort)
        body = b"".join(self._bytes)
        if self.silence or not body:
            return
        self.begun = True
        payload = payload_of(body.decode())
        if payload is None:
            raise AnswerInterrupted("no whole JSON", code="eof", ai=AI)
        yield payload

    def settle(self) -> None:
        """Nothing follows a whole answer."""

    def abort(self, why: Silence | None = None) -> None:
        """End the reading at once, from any thread."""
        self.silence = why or self.silence
        self._bytes.abort()

    def close(self) -> None:
        """Give the connection back; not while another thread iterates."""
        self._keeper.remove(self._watch)
        self._bytes.close()

    def _byte(self) -> None:
        self._watch.last_byte = time.monotonic()


Reading = EventStream | WholeBody


def payload_of(text: str) -> dict[str, Any] | None:
    """Return an event's payload, DONE for the line that ends a stream, or None for noise, such as half a line."""
    if text.strip() == "[DONE]":
        return DONE
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def _refusal(response: requests.Response) -> BackendError:
    body = refusal_body(response)
    return from_response(response.status_code, body, request_id=request_id(response), retry_after=retry_after(response))
