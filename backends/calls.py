"""HTTP calls to an AI that may take minutes: any thread may break one off, and a failed one gets a name."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Protocol, cast

import requests
import urllib3
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection

from backends.retry import NOT_SENT
from errors import BackendUnreachable
from web import Web

_REFUSAL_BYTES = 65_536  # of a refusal's body, at most
_LONGEST_ID = 100


class Stop:
    """One question's end from outside: `asked` is set from then on, and what the question waits for ends at once."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self._lock = threading.Lock()  # so that no socket is shut down that has gone back to the pool
        self._end: Callable[[], object] | None = None

    def ask(self) -> None:
        """End it; from any thread, more than once."""
        with self._lock:
            self.asked.set()
            if self._end:
                shut(self._end)

    @contextmanager
    def ends(self, end: Callable[[], object]) -> Iterator[None]:
        """Let `ask` call `end`, at once if it was asked before, while the caller waits inside; `end` must not block."""
        with self._lock:
            self._end = end
            if self.asked.is_set():
                shut(end)
        try:
            yield
        finally:
            with self._lock:
                self._end = None


class StoppableWeb(Web):
    """The calls to one AI. A proxy, TLS and the environment are obeyed as everywhere."""

    def __init__(self, *, connections: int) -> None:
        super().__init__(hosts=1, connections=connections)
        self._adapter = self._stoppable = _Adapter(connections)

    def ask(
        self, url: str, headers: Mapping[str, str], body: bytes, *, timeout: tuple[float, float], stop: Stop
    ) -> requests.Response:
        """POST, and return the answer as soon as its head is there; its body is the caller's to read and to close.

        A stop ends the wait for it; while a connection is still being made it is waited for. Raises
        requests.RequestException.
        """
        self._stoppable.asked.stop = stop
        try:
            return self.send("POST", url, headers, body, timeout=timeout, stream=True)
        finally:
            self._stoppable.asked.stop = None


class _Adapter(HTTPAdapter):
    """requests' adapter over connections that tell which socket a call waits for."""

    def __init__(self, connections: int) -> None:
        self.asked = threading.local()  # `stop` of the call that this thread makes
        super().__init__(pool_connections=1, pool_maxsize=connections)

    def get_connection_with_tls_context(self, *given: Any, **named: Any) -> Any:
        """Return the pool as requests would, whether a proxy leads there or not; its connections are ours."""
        pool: Any = super().get_connection_with_tls_context(*given, **named)
        usual = pool.ConnectionCls
        if not issubclass(usual, _StoppableConnection):
            known = {"asked": self.asked}
            pool.ConnectionCls = type(f"Stoppable{usual.__name__}", (_StoppableConnection, usual), known)
        return pool


class _Asked(Protocol):
    stop: Stop | None


class _StoppableConnection(HTTPConnection):
    """Mixed into a connection of urllib3's, whichever it is."""

    asked: _Asked

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as urllib3 itself does
        stop, on = getattr(self.asked, "stop", None), cast("socket.socket | None", self.sock)
        if stop is None or on is None:
            return super().getresponse()
        with stop.ends(partial(on.shutdown, socket.SHUT_RDWR)):
            return super().getresponse()


def bearer(key: str) -> SecretStr:
    """Return the Authorization header's value; a line break in a key would be an error that quotes it."""
    return SecretStr(f"Bearer {''.join(key.split())}".encode().decode("latin-1"))


def unreachable(error: requests.RequestException, *, ai: str) -> BackendUnreachable:
    """Name what went wrong by its class alone: the texts of requests may quote what was sent."""
    cause = error.args[0] if error.args else error
    if isinstance(cause, urllib3.exceptions.MaxRetryError):  # it never came to a connection
        certificate = isinstance(error, requests.exceptions.SSLError)
        return BackendUnreachable(type(cause.reason).__name__, code="" if certificate else NOT_SENT, ai=ai)
    return BackendUnreachable(type(error).__name__, ai=ai)


def refusal_body(response: requests.Response) -> bytes:
    """Return the body of a refusal, as much of it as counts."""
    with suppress(urllib3.exceptions.HTTPError, OSError):
        return response.raw.read(_REFUSAL_BYTES, decode_content=True) or b""
    return b""


def request_id(response: requests.Response) -> str:
    """Return how the AI's own log calls this call, if it says so."""
    told = response.headers.get("X-Request-Id") or response.headers.get("X-Oneapi-Request-Id") or ""
    return told[:_LONGEST_ID]


def retry_after(response: requests.Response) -> float:
    """Return the seconds for which an AI wants to be left alone; a date, as some proxies write, is not taken."""
    try:
        return max(0.0, float(response.headers.get("Retry-After", "0")))
    except ValueError:
        return 0.0


def shut(end: Callable[[], object]) -> None:
    """Shut a socket down by its own method or a response's; one that is at its end already says so by an error."""
    with suppress(OSError, ValueError, RuntimeError, TypeError):
        end()
