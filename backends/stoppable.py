"""HTTP calls that any thread may break off, even while they wait for the head of an answer."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, cast

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection

from web import Web


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
        self._made = _Made()
        super().__init__(hosts=1, connections=connections, adapter=partial(_Adapter, self._made))

    def ask(
        self, url: str, headers: Mapping[str, str], body: bytes, *, timeout: tuple[float, float], stop: Stop | None
    ) -> requests.Response:
        """POST, and return the answer as soon as its head is there; its body is the caller's to read and to close.

        A stop ends the wait for it; while a connection is still being made it is waited for. Raises
        requests.RequestException.
        """
        self._made.stop = stop
        try:
            return self.send("POST", url, headers, body, timeout=timeout, stream=True)
        finally:
            self._made.stop = None


class _Made(threading.local):
    """The call that a thread makes."""

    stop: Stop | None = None


class _Adapter(HTTPAdapter):
    """requests' adapter over connections that tell which socket a call waits for."""

    def __init__(self, made: _Made, **sizes: Any) -> None:
        self._made = made
        super().__init__(**sizes)

    def get_connection_with_tls_context(self, *given: Any, **named: Any) -> Any:
        """Return the pool as requests would, whether a proxy leads there or not; its connections are ours."""
        pool: Any = super().get_connection_with_tls_context(*given, **named)
        usual = pool.ConnectionCls
        if not issubclass(usual, _StoppableConnection):
            pool.ConnectionCls = type(f"Stoppable{usual.__name__}", (_StoppableConnection, usual), {"made": self._made})
        return pool


class _StoppableConnection(HTTPConnection):
    """Mixed into a connection of urllib3's, whichever it is."""

    made: _Made

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as urllib3 itself does
        stop, on = self.made.stop, cast("socket.socket | None", self.sock)
        if stop is None or on is None:
            return super().getresponse()
        with stop.ends(partial(on.shutdown, socket.SHUT_RDWR)):
            return super().getresponse()


def shut(end: Callable[[], object]) -> None:
    """Shut a socket down by its own method or a response's; one that is at its end already says so by an error."""
    with suppress(OSError, ValueError, RuntimeError, TypeError):
        end()
