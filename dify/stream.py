"""One Dify event stream: guarded bytes in, JSON payloads out.

sseclient-py decodes the frames. It is fed whole lines by `GuardedBytes`, because it reads in small bites by itself, drops
pings (our sign of life) and fails on a character that a cut left torn.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import requests
import sseclient
import urllib3

from dify.watch import Keeper, Limits, Silence, Watch

_BITE = 65_536  # bytes asked for at once; what is there is taken, nothing is waited for


class GuardedBytes:
    """The body of a response as runs of whole lines, valid UTF-8; ends early when `abort` is called from another thread.

    A broken connection ends it like a closed one: whether the answer is whole is told by its events alone.
    """

    def __init__(self, response: requests.Response, on_byte: Callable[[], None]) -> None:
        self._response = response
        self._raw: urllib3.response.BaseHTTPResponse = response.raw
        self._on_byte = on_byte

    def __iter__(self) -> Iterator[bytes]:
        parts: list[bytes] = []
        while chunk := self._read():
            self._on_byte()
            lines, newline, rest = chunk.rpartition(b"\n")
            if newline:
                yield _valid(b"".join(parts) + lines + newline)
                parts.clear()
            parts.append(rest)
        if last := b"".join(parts):
            yield _valid(last)

    def close(self) -> None:
        """Close the connection unless it was read to its end (then it goes back to the pool)."""
        self._response.close()

    def abort(self) -> None:
        """End the reading at once, from any thread."""
        try:
            self._raw.shutdown()
        except (OSError, ValueError, RuntimeError):
            return  # already at its end

    def _read(self) -> bytes:
        try:
            return self._raw.read1(_BITE, decode_content=True)
        except (urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError):
            return b""  # cut, reset, timed out, or shut down by abort() in the middle of a read


class EventStream:
    """The payloads of one response, watched; `silence` tells why the wait ended, if it did not end by itself."""

    def __init__(
        self,
        response: requests.Response,
        keeper: Keeper,
        limits: Limits,
        *,
        on_doubt: Callable[[], None] | None = None,
    ) -> None:
        self._response, self._keeper = response, keeper
        self._watch = Watch(limits, time.monotonic(), doubtful=on_doubt is not None)
        self._bytes = GuardedBytes(response, self._byte)
        self._on_doubt = on_doubt
        self.silence: Silence | None = None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        self._keeper.add(self._watch, self._on_silence)
        try:
            for event in sseclient.SSEClient(iter(self._bytes)).events():
                payload = _object(event.data)
                if payload is not None:
                    self._watch.last_event = time.monotonic()
                    yield payload
        finally:
            self.close()

    def settle(self) -> None:
        """The answer is whole: wait only the grace time for what may follow."""
        self._keeper.settle(self._watch)

    def abort(self) -> None:
        """End the reading at once, from any thread."""
        self._bytes.abort()

    def close(self) -> None:
        """Give the connection back."""
        self._keeper.remove(self._watch)
        self._bytes.close()

    def _byte(self) -> None:
        self._watch.last_byte = time.monotonic()

    def _on_silence(self, silence: Silence) -> None:
        if silence is Silence.DOUBT:
            if self._on_doubt:
                self._on_doubt()
            return
        self.silence = silence
        self.abort()


def _valid(lines: bytes) -> bytes:
    """Return the same lines with broken UTF-8 replaced; sseclient-py decodes strictly."""
    return lines.decode("utf-8", errors="replace").encode()


def _object(text: str) -> dict[str, Any] | None:
    """Return a payload, or None for noise: 0.6.0-0.6.3 ping as `data: ping`, and a cut leaves half a line."""
    try:
        payload = json.loads(text)
    except ValueError:
        return None
    return payload if isinstance(payload, dict) and "event" in payload else None
