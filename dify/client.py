"""Dify's Service API over pooled HTTP: one call each, errors translated here and nowhere else."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import requests
import urllib3
from pydantic import SecretStr

from backends.retry import NOT_SENT, patiently
from backends.stream import EventStream, socket_of
from backends.watch import Keeper, Limits
from dify.failures import from_response
from errors import BackendDown, BackendError, BackendUnreachable, ConversationGone, NoAnswer
from web import Web

_CONNECT_SECONDS = 8
_CALL_SECONDS = 20  # for the short calls: stop, messages, parameters
_REFUSAL_BYTES = 65_536  # of a refusal's body, at most
_NEWEST = "5"  # messages to look among; others may have been asked in a shared conversation meanwhile
_ASKER = "dingbridge"  # the `user` of calls that nobody in particular makes
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
# A proxy that compresses a stream also collects it; this asks for none.
_STREAM_HEADERS = {"Content-Type": "application/json", "Accept": "text/event-stream", "Accept-Encoding": "identity"}


class DifyClient:
    """One Dify app, named by its key. Safe to share between threads."""

    def __init__(self, base_url: str, api_key: str, *, limits: Limits, connections: int) -> None:
        self._base_url, self._limits = base_url, limits
        self._web = Web(hosts=1, connections=connections)
        # A key may hold any character; but a line break in it would be an error that quotes it.
        self._bearer = SecretStr(f"Bearer {''.join(api_key.split())}".encode().decode("latin-1"))
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

        return patiently(ask, pause=self._limits.pause, stopping=stopping)

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
        self._web.close()

    def _headers(self, usual: Mapping[str, str]) -> dict[str, str]:
        return {**usual, "Authorization": self._bearer.get_secret_value()}

    def _post(self, path: str, body: Mapping[str, Any]) -> requests.Response:
        """POST for a stream; a POST that is sent elsewhere would arrive as a GET, so redirects are not followed."""
        try:
            response = self._web.send(
                "POST",
                self._base_url + path,
                self._headers(_STREAM_HEADERS),
                json.dumps(body, default=str).encode(),  # a date among the inputs goes out as text
                timeout=(_CONNECT_SECONDS, self._limits.first_event),
                stream=True,
            )
        except requests.ReadTimeout:
            raise NoAnswer("no headers", code="silent") from None
        except requests.RequestException as error:
            raise _unreachable(error) from None
        if response.status_code != HTTPStatus.OK or "text/event-stream" not in response.headers.get("Content-Type", ""):
            with response:
                raise _refusal(response)
        if connection := socket_of(response):
            connection.settimeout(self._limits.idle + 5)  # a back-stop: the keeper ends an idle stream before
        return response

    def _call(self, method: str, path: str, body: Mapping[str, str] | None = None, **query: str) -> dict[str, Any]:
        url = f"{self._base_url}{path}?{urlencode(query)}" if query else self._base_url + path
        payload = json.dumps(body).encode() if body else None
        try:
            response = self._web.send(
                method, url, self._headers(_HEADERS), payload, timeout=(_CONNECT_SECONDS, _CALL_SECONDS), stream=True
            )
            with response:
                if not HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES:
                    raise _refusal(response)
                answer = response.json()
        except requests.JSONDecodeError:
            return {}  # 204, or a body that nobody reads
        except requests.RequestException as error:
            raise _unreachable(error) from None
        return answer if isinstance(answer, dict) else {}


def payload_of(text: str) -> dict[str, Any] | None:
    """Return an event's payload, or None for noise: 0.6.0-0.6.3 ping as `data: ping`, and a cut leaves half a line."""
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) and "event" in payload else None


def _refusal(response: requests.Response) -> BackendError:
    status, headers = response.status_code, response.headers
    request_id = headers.get("X-Request-Id") or headers.get("X-Trace-Id") or ""
    if status < HTTPStatus.BAD_REQUEST:
        return BackendDown("the answer is none of Dify's; is dify_api_url right?", status=status, request_id=request_id)
    try:
        body = response.raw.read(_REFUSAL_BYTES, decode_content=True)
    except (urllib3.exceptions.HTTPError, OSError):
        body = b""
    return from_response(status, body, request_id=request_id)


def _unreachable(error: requests.RequestException) -> BackendUnreachable:
    """Name what went wrong by its class alone: the texts of requests may quote what was sent."""
    cause = error.args[0] if error.args else error
    if isinstance(cause, urllib3.exceptions.MaxRetryError):  # it never came to a connection
        certificate = isinstance(error, requests.exceptions.SSLError)
        return BackendUnreachable(type(cause.reason).__name__, code="" if certificate else NOT_SENT)
    return BackendUnreachable(type(error).__name__)


def _each(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else ()
