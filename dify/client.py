"""Dify's Service API over pooled HTTP: one call each, errors translated here and nowhere else."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import requests

from backends.calls import Calls, is_success
from backends.retry import patiently
from backends.stream import EventStream, socket_of
from backends.watch import Keeper, Limits
from dify.failures import from_response
from errors import ConversationGone

_NEWEST = "5"  # messages to look among; others may have been asked in a shared conversation meanwhile
_LASTING = {"rate_limit_error"}  # with Dify, a quota of requests
_ASKER = "dingbridge"  # the `user` of calls that nobody in particular makes
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
# A proxy that compresses a stream also collects it; this asks for none.
_STREAM_HEADERS = {"Content-Type": "application/json", "Accept": "text/event-stream", "Accept-Encoding": "identity"}


class DifyClient:
    """One Dify app, named by its key. Safe to share between threads."""

    def __init__(self, base_url: str, api_key: str, *, limits: Limits, connections: int) -> None:
        self._base_url, self._limits = base_url, limits
        self._calls = Calls(key=api_key, connections=connections, from_response=from_response)
        self._keeper = Keeper()

    def stream(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        stopping: threading.Event,
        on_doubt: Callable[[EventStream], None] | None = None,
    ) -> EventStream:
        """Start a run and return its events. `on_doubt` is called when the first one is slow to come.

        Asked again, unless `stopping`, only while nothing can have begun. Raises BackendError.
        """

        def ask() -> EventStream:
            opened = time.monotonic()
            response = self._post(path, body)
            return EventStream(response, self._keeper, self._limits, opened=opened, decode=payload_of, on_doubt=on_doubt)

        return patiently(ask, pause=self._limits.pause, stopping=stopping, lasting=_LASTING)

    def stop(self, path: str, task: str, user: str) -> None:
        """Stop a task (`task_id` of its events); Dify obeys only for the user who began it. Raises BackendError."""
        self._call("POST", f"{path}/{task}/stop", {"user": user})

    def knows_conversation(self, conversation: str, user: str) -> bool:
        """Whether Dify still has this conversation of this user. Raises BackendError when it cannot be asked."""
        try:
            self._call("GET", "/messages", conversation_id=conversation, user=user, limit="1")
        except ConversationGone:
            return False
        return True

    def saved_message(self, conversation: str, message: str, user: str) -> Mapping[str, Any]:
        """Return a message of this conversation as Dify stored it, {} when it is not among the newest. Raises BackendError."""
        newest = self._call("GET", "/messages", conversation_id=conversation, user=user, limit=_NEWEST).get("data")
        return next((item for item in _each(newest) if isinstance(item, dict) and item.get("id") == message), {})

    def saved_run(self, run: str) -> Mapping[str, Any]:
        """Return a workflow run's detail. Raises BackendError."""
        return self._call("GET", f"/workflows/run/{run}")

    def required_inputs(self) -> list[str]:
        """Return the variables that the app's form requires. Raises BackendError."""
        form = self._call("GET", "/parameters", user=_ASKER).get("user_input_form")
        fields = [field for item in _each(form) if isinstance(item, dict) for field in item.values()]
        return [str(field.get("variable")) for field in fields if isinstance(field, dict) and field.get("required")]

    def check_key(self) -> None:
        """Raise BackendError when Dify cannot be reached or refuses the key. /parameters exists in every version."""
        self._call("GET", "/parameters", user=_ASKER)

    def close(self) -> None:
        """Give back connections and the watching thread."""
        self._keeper.close()
        self._calls.close()

    def _post(self, path: str, body: Mapping[str, Any]) -> requests.Response:
        """POST for a stream."""
        content = json.dumps(body, default=str).encode()  # a date among the inputs goes out as text
        response = self._calls.ask(self._base_url + path, _STREAM_HEADERS, content, seconds=self._limits.first_event)
        if response.status_code != HTTPStatus.OK or "text/event-stream" not in response.headers.get("Content-Type", ""):
            with response:
                raise self._calls.refusal(response)
        if connection := socket_of(response):
            connection.settimeout(self._limits.idle + 5)  # a back-stop: the keeper ends an idle stream before
        return response

    def _call(self, method: str, path: str, body: Mapping[str, str] | None = None, **query: str) -> dict[str, Any]:
        url = f"{self._base_url}{path}?{urlencode(query)}" if query else self._base_url + path
        with self._calls.short(method, url, _HEADERS, json.dumps(body).encode() if body else None) as response:
            if not is_success(response):
                raise self._calls.refusal(response)
            try:
                answer = response.json()
            except requests.JSONDecodeError:
                return {}  # 204, or a body that nobody reads
        return answer if isinstance(answer, dict) else {}


def payload_of(text: str) -> dict[str, Any] | None:
    """Return an event's payload, or None for noise: 0.6.0-0.6.3 ping as `data: ping`, and a cut leaves half a line."""
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) and "event" in payload else None


def _each(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else ()
