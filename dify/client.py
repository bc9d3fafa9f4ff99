"""Dify's Service API over pooled HTTP: one call each, errors translated here and nowhere else."""

import time
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from dify.failures import from_response
from dify.stream import EventStream
from dify.watch import Keeper, Limits
from errors import BackendBusy, BackendDown, BackendError, BackendUnreachable, ConversationGone, NoAnswer

_CONNECT_SECONDS = 8
_CALL_SECONDS = 20  # for the short calls: stop, messages, info
_TRIES = 3
_RETRY_STATUS = {502, 503, 504}
_FIRST_PAUSE = 1.0  # seconds before the second try; doubled before the third


class DifyClient:
    """One Dify app, named by its key. Safe to share between threads."""

    def __init__(self, base_url: str, api_key: str, *, limits: Limits, connections: int) -> None:
        self._base_url, self._limits = base_url, limits
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {api_key}"
        # A session's cookies would be shared by everybody who chats with this app.
        self._http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections)
        self._http.mount("http://", adapter)
        self._http.mount("https://", adapter)
        self._keeper = Keeper()

    def stream(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        on_doubt: Callable[[], None] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> EventStream:
        """Start a run and return its events. `on_doubt` is called when a known conversation stays silent at first.

        Tried again only while nothing can have begun: no connection, 429, 502, 503, 504. Raises BackendError.
        """
        pause = _FIRST_PAUSE
        for attempt in range(1, _TRIES + 1):
            try:
                response = self._post(path, body)
            except (BackendUnreachable, BackendBusy, BackendDown) as error:
                repeatable = isinstance(error, BackendUnreachable | BackendBusy) or error.status in _RETRY_STATUS
                if attempt == _TRIES or not repeatable or stopped():
                    raise
                time.sleep(pause)
                pause *= 2
            else:
                return EventStream(response, self._keeper, self._limits, on_doubt=on_doubt)
        raise AssertionError("the last try returns or raises")

    def stop(self, path: str, task: str, user: str) -> None:
        """Stop a task (`task_id` of its events); Dify obeys only for the user who began it. Raises BackendError."""
        self._call("POST", f"{path}/{task}/stop", json={"user": user})

    def knows_conversation(self, conversation: str, user: str) -> bool:
        """Whether Dify still has this conversation of this user. Raises BackendError when it cannot be asked."""
        try:
            self._call("GET", "/messages", params={"conversation_id": conversation, "user": user, "limit": "1"})
        except ConversationGone:
            return False
        return True

    def required_inputs(self) -> list[str]:
        """Return the variables that the app's form requires. Raises BackendError."""
        form = self._call("GET", "/parameters", params={"user": "dingbridge"}).get("user_input_form", [])
        items = [inner for item in form for inner in item.values()]
        return [str(inner.get("variable", "")) for inner in items if inner.get("required")]

    def check_key(self) -> None:
        """Raise BackendError when Dify cannot be reached or refuses the key. /parameters exists in every version."""
        self._call("GET", "/parameters", params={"user": "dingbridge"})

    def close(self) -> None:
        """Give back connections and the watching thread."""
        self._keeper.close()
        self._http.close()

    def _post(self, path: str, body: Mapping[str, Any]) -> requests.Response:
        """POST for a stream; the wait for the headers counts as the wait for the first event."""
        timeout = (_CONNECT_SECONDS, self._limits.first_event)
        try:
            response = self._http.post(self._base_url + path, json=body, timeout=timeout, stream=True)
        except requests.ReadTimeout as error:
            raise NoAnswer(code="no headers") from error
        except requests.RequestException as error:
            raise _unreachable(error) from error
        if not response.ok or "text/event-stream" not in response.headers.get("Content-Type", ""):
            with response:
                raise _refusal(response)
        _allow_idle(response, self._limits.idle)
        return response

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            response = self._http.request(method, self._base_url + path, timeout=(_CONNECT_SECONDS, _CALL_SECONDS), **options)
        except requests.RequestException as error:
            raise _unreachable(error) from error
        if not response.ok:
            raise _refusal(response)
        try:
            answer = response.json()
        except ValueError:
            return {}  # 204, or a body that nobody reads
        return answer if isinstance(answer, dict) else {}


def _refusal(response: requests.Response) -> BackendError:
    try:
        body = response.content
    except requests.RequestException:
        body = b""
    request_id = response.headers.get("X-Request-Id") or response.headers.get("X-Trace-Id") or ""
    if response.ok:
        return BackendDown("the answer is no event stream; is dify_api_url right?", status=response.status_code)
    return from_response(response.status_code, body, request_id=request_id)


def _unreachable(error: requests.RequestException) -> BackendUnreachable:
    # The exception's text holds the URL, never the key; its class says enough for most.
    return BackendUnreachable(type(error).__name__)


def _allow_idle(response: requests.Response, seconds: float) -> None:
    """Give the socket the time-out of a running stream; until the headers it had that of the first event."""
    sock = getattr(getattr(response.raw, "connection", None), "sock", None)
    if sock is not None:
        sock.settimeout(seconds + 5)  # a back-stop: the keeper ends an idle stream before
