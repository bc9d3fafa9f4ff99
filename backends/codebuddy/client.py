"""CodeBuddy's HTTP agent: one POST that may take minutes; errors are translated here and nowhere else."""

import json
import threading
import time
from email.message import Message
from http import HTTPStatus

import requests
import urllib3

from backends.calls import Calls
from backends.codebuddy.body import AI, text_of
from backends.codebuddy.failures import from_response
from backends.codebuddy.settings import CodeBuddySettings
from backends.retry import patiently
from backends.stoppable import Stop, shut
from backends.watch import Keeper, Limits, Silence, Watch
from errors import AnswerInterrupted, AnswerTooLong

_MOST_BYTES = 4 * 1024 * 1024
_BITE = 65_536
_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json, text/plain",
    "Accept-Encoding": "identity",
    "X-CodeBuddy-Request": "1",  # newer servers answer 403 without it: no page in a browser could send it for somebody else
}
_KEY_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
# What a GET of the agent's own address cannot be refused for while the agent is there.
_THERE = {HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.INTERNAL_SERVER_ERROR}


class CodeBuddyClient:
    """One agent. Safe to share between threads; `pause` is the seconds before a call that cannot have begun is tried again."""

    def __init__(self, settings: CodeBuddySettings, *, connections: int, pause: float) -> None:
        whole = settings.codebuddy_timeout
        self._settings, self._limits = settings, Limits(first_event=whole, whole=whole, pause=pause)
        self._keeper = Keeper()
        token = settings.codebuddy_api_token.get_secret_value()
        self._calls = Calls(key=token, connections=connections, from_response=from_response, ai=AI)

    def ask(self, prompt: str, stop: Stop) -> str:
        """Return the answer's text. Raises BackendError; asked again, unless stopped, only while nothing can have begun."""
        body = json.dumps({**self._settings.codebuddy_options, "prompt": prompt, "print": True}, default=str).encode()
        return patiently(lambda: self._ask(body, stop), pause=self._limits.pause, stopping=stop.asked)

    def check_key(self) -> None:
        """Raise BackendError when nobody is there or the token is refused. The agent is not asked: that would be work."""
        with self._calls.short("GET", self._settings.codebuddy_api_url, _HEADERS) as response:
            status = response.status_code
            is_away = status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in _THERE
            if is_away or status in _KEY_REFUSED:
                raise self._calls.refusal(response)

    def close(self) -> None:
        """Give back connections and the watching thread."""
        self._keeper.close()
        self._calls.close()

    def _ask(self, body: bytes, stop: Stop) -> str:
        opened, url = time.monotonic(), self._settings.codebuddy_api_url
        with self._calls.ask(url, _HEADERS, body, seconds=self._limits.whole, stop=stop) as response:
            content = self._read(response, opened, stop)
            kind = Message()
            kind["Content-Type"] = response.headers.get("Content-Type", "")
            return text_of(content, is_json="json" in kind.get_content_type(), charset=kind.get_content_charset("utf-8"))

    def _read(self, response: requests.Response, opened: float, stop: Stop) -> bytes:
        """Return the whole body; a stop ends the reading, and so does the time that an answer may take."""
        content, late = bytearray(), threading.Event()

        def end(_: Silence) -> None:
            late.set()
            shut(response.raw.shutdown)

        watch = Watch(self._limits, opened, doubtful=False)
        self._keeper.add(watch, end)
        try:
            with stop.ends(response.raw.shutdown):
                while bite := response.raw.read1(_BITE, decode_content=True):
                    content += bite
                    if len(content) > _MOST_BYTES:
                        raise AnswerTooLong(f"more than {_MOST_BYTES} bytes", ai=AI)
        except (
            urllib3.exceptions.HTTPError,
            OSError,
            ValueError,
            AttributeError,
        ):  # cut, reset, or shut down by another thread
            raise AnswerInterrupted("not whole", code="silent" if late.is_set() else "eof", ai=AI) from None
        finally:
            self._keeper.remove(watch)
        if late.is_set():
            raise AnswerInterrupted("not whole within codebuddy_timeout", code="silent", ai=AI)
        return bytes(content)
