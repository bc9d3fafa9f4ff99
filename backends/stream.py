"""One event stream of an AI: guarded bytes in, JSON payloads out.

sseclient-py decodes the frames. It is fed whole lines by `GuardedBytes`, because it reads in small bites by itself, drops
pings (our sign of life) and fails on a character that a cut left torn.
"""

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import requests
import sseclient
import urllib3

from backends.watch import Keeper, Limits, Silence, Watch

MOST_BYTES = 64 * 1024 * 1024  # of a stream; no answer is that long, and what goes on would fill the memory
_BITE = 65_536  # bytes asked for at once; what is there is taken, nothing is waited for
_REST_SECONDS = 0.1  # for the end of a body behind its last event, which frees the connection for the next question
_REST_BITES = 8


class GuardedBytes:
    """The body of a response as runs of whole lines, valid UTF-8; ends early when `abort` is called from another thread.

    A broken connection ends it like a closed one, and so do more than 64 MiB: whether the answer is whole is told by its
    events alone.
    """

    def __init__(self, response: requests.Response, on_byte: Callable[[], None]) -> None:
        self._response = response
        self._raw: urllib3.response.BaseHTTPResponse = response.raw
        self._on_byte = on_byte
        self._aborted = False

    def __iter__(self) -> Iterator[bytes]:
        parts: list[bytes] = []
        size = 0
        while size < MOST_BYTES and (chunk := self._read()):
            size += len(chunk)
            self._on_byte()
            lines, newline, rest = chunk.rpartition(b"\n")
            if newline:
                yield _valid(b"".join(parts) + lines + newline)
                parts.clear()
            parts.append(rest)
        if last := b"".join(parts):
            yield _valid(last)

    def close(self) -> None:
        """Give the connection back to the pool if the body ends here, else close it."""
        connection = socket_of(self._response)
        if connection and not self._aborted:
            connection.settimeout(_REST_SECONDS)
            for _ in range(_REST_BITES):
                if not self._read():
                    break
        self._response.close()

    def abort(self) -> None:
        """End the reading at once, from any thread."""
        self._aborted = True  # a socket that is shut down still hands out what has arrived
        try:
            self._raw.shutdown()
        except (OSError, ValueError, RuntimeError, TypeError):
            return  # already at its end

    def _read(self) -> bytes:
        if self._aborted:
            return b""
        try:
            return self._raw.read1(_BITE, decode_content=True)
        except (urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError):
            return b""  # cut, reset, timed out, or shut down by abort() in the middle of a read


class EventStream:
    """The payloads of one response, watched; iterate it once, then close it.

    `silence` tells why the wait ended, None if the stream ended by itself. `opened` is when the question was sent; `decode`
    turns an event's text into its payload, or noise into None; `framed` makes of runs of lines what sseclient-py can read.
    """

    def __init__(
        self,
        response: requests.Response,
        keeper: Keeper,
        limits: Limits,
        *,
        opened: float,
        decode: Callable[[str], dict[str, Any] | None],
        framed: Callable[[Iterable[bytes]], Iterator[bytes]] | None = None,
        on_doubt: "Callable[[EventStream], None] | None" = None,
    ) -> None:
        self._keeper, self._decode, self._on_doubt = keeper, decode, on_doubt
        self._watch = Watch(limits, opened, doubtful=on_doubt is not None)
        self._bytes = GuardedBytes(response, self._byte)
        self._framed = framed or _apart
        self._byte()  # its head came
        self.silence: Silence | None = None

    @property
    def begun(self) -> bool:
        """Whether a data event came."""
        return self._watch.last_event > 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        self._keeper.add(self._watch, self._on_silence)
        for event in sseclient.SSEClient(self._framed(self._bytes)).events():
            payload = self._decode(event.data)
            if payload is None:
                continue
            first = not self.begun
            self._watch.last_event = time.monotonic()
            if first:
                self._keeper.look_again()
            yield payload

    def settle(self) -> None:
        """The answer is whole: wait only the grace time for what may follow."""
        self._watch.settled = time.monotonic()
        self._keeper.look_again()

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

    def _on_silence(self, silence: Silence) -> None:
        if silence is not Silence.DOUBT:
            self.abort(silence)
        elif self._on_doubt:
            self._on_doubt(self)


def socket_of(response: requests.Response) -> socket.socket | None:
    """Return the socket of a response whose body is not yet read to its end."""
    return getattr(getattr(response.raw, "connection", None), "sock", None)


def _valid(lines: bytes) -> bytes:
    """Return the same lines with broken UTF-8 replaced; sseclient-py decodes strictly."""
    return lines.decode("utf-8", errors="replace").encode()


def _apart(runs: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same lines, each an event by itself.

    sseclient-py copies an event anew for each of its lines, which would take hours where a blank line never comes.
    """
    for lines in runs:
        yield lines.replace(b"\r", b"\n").replace(b"\n", b"\n\n")
