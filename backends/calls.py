"""The HTTP calls to one AI: each goes out with its key, and what fails has a name."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Protocol

import requests
import urllib3
from pydantic import SecretStr

from backends.retry import NOT_SENT
from backends.stoppable import Stop, StoppableWeb
from errors import BackendError, BackendUnreachable, NoAnswer

_CONNECT_SECONDS = 8
_CALL_SECONDS = 20  # for a short call
_REFUSAL_BYTES = 65_536  # of a refusal's body, at most
_LONGEST_ID = 100
_ID_HEADERS = ("X-Request-Id", "X-Oneapi-Request-Id", "X-Trace-Id")


class FromResponse(Protocol):
    """How a kind of AI tells its refusals apart."""

    def __call__(self, status: int, body: bytes, *, request_id: str, retry_after: float) -> BackendError:
        """Return the error; the body is empty below 400."""


class Calls:
    """The calls to one AI. Safe to share between threads.

    `key` is sent as Bearer, unless it is empty; `ai` is the kind that its errors name.
    """

    def __init__(self, *, key: str, connections: int, from_response: FromResponse, ai: str = "") -> None:
        self._web = StoppableWeb(connections=connections)
        key = "".join(key.split())  # it may hold any character, but a line break would be an error that quotes it
        self._bearer = SecretStr(f"Bearer {key}".encode().decode("latin-1")) if key else None
        self._from_response, self._ai = from_response, ai

    @contextmanager
    def short(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Iterator[requests.Response]:
        """Make a short call and lend what was answered, whether it is a refusal or not.

        Raises BackendError when nothing was, and for what breaks off while it is read.
        """
        timeout = (_CONNECT_SECONDS, _CALL_SECONDS)
        try:
            with self._web.send(method, url, self._with_key(headers), body, timeout=timeout, stream=True) as response:
                yield response
        except requests.RequestException as error:
            raise self._unreachable(error) from None

    def ask(
        self, url: str, headers: Mapping[str, str], body: bytes, *, seconds: float, stop: Stop | None = None
    ) -> requests.Response:
        """POST what may take minutes, and return the answer as soon as its head is there; its body is the caller's to read.

        One that is sent elsewhere would arrive as a GET, so redirects are not followed. Raises BackendError; NoAnswer after
        so many seconds without a head.
        """
        timeout = (_CONNECT_SECONDS, seconds)
        try:
            response = self._web.ask(url, self._with_key(headers), body, timeout=timeout, stop=stop)
        except requests.ReadTimeout:
            raise NoAnswer(f"no headers within {seconds:g} s", code="silent", ai=self._ai) from None
        except requests.RequestException as error:
            raise self._unreachable(error) from None
        if not is_success(response):
            with response:
                raise self.refusal(response)
        return response

    def refusal(self, response: requests.Response) -> BackendError:
        """Return the error for an answer that is none. Of one that is no refusal the body is left: it may have no end."""
        status = response.status_code
        body = _beginning(response) if status >= HTTPStatus.BAD_REQUEST else b""
        return self._from_response(status, body, request_id=_request_id(response), retry_after=_retry_after(response))

    def close(self) -> None:
        """Give back the connections."""
        self._web.close()

    def _with_key(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {**headers, "Authorization": self._bearer.get_secret_value()} if self._bearer else dict(headers)

    def _unreachable(self, error: requests.RequestException) -> BackendUnreachable:
        """Name what went wrong by its class alone: the texts of requests may quote what was sent."""
        cause = error.args[0] if error.args else error
        if isinstance(cause, urllib3.exceptions.MaxRetryError):  # it never came to a connection
            certificate = isinstance(error, requests.exceptions.SSLError)
            return BackendUnreachable(type(cause.reason).__name__, code="" if certificate else NOT_SENT, ai=self._ai)
        return BackendUnreachable(type(error).__name__, ai=self._ai)


def is_success(response: requests.Response) -> bool:
    """Whether an answer is a 2xx."""
    return HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES


def _beginning(response: requests.Response) -> bytes:
    """Return the body of a refusal, as much of it as counts."""
    with suppress(urllib3.exceptions.HTTPError, OSError):
        return response.raw.read(_REFUSAL_BYTES, decode_content=True) or b""
    return b""


def _request_id(response: requests.Response) -> str:
    """Return how the AI's own log calls this call, if it says so."""
    return next(filter(None, map(response.headers.get, _ID_HEADERS)), "")[:_LONGEST_ID]


def _retry_after(response: requests.Response) -> float:
    """Return the seconds for which an AI wants to be left alone; a date, as some proxies write, is not taken."""
    try:
        return max(0.0, float(response.headers.get("Retry-After", "0")))
    except ValueError:
        return 0.0
