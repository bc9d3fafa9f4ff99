"""One event stream on its socket, written frame by frame, as hurt as a fault orders it."""

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.capture import follow

_HUGE_PLACE = 2
_FIRST_OF_SEVERAL = 0xC0  # the least first byte of a UTF-8 character of several bytes
_BETWEEN_HALVES = 0.002  # long enough for the halves of a frame to leave as two packets


@dataclass(frozen=True, kw_only=True)
class Hurt:
    """What shall go wrong with a stream; places count data frames from 1, 0 means never.

    `cut` ends the stream after that frame as if it were whole; `torn` ends it inside that frame's line and `rst`
    resets it after that frame, both without HTTP's own end. `huge` slips in one frame of that many bytes, `merge`
    writes that many frames at once, `split` writes each frame in parts, cut inside `data:` and inside a character,
    `strange` slips in events and lines that nobody knows.
    """

    cut: int = 0
    torn: int = 0
    rst: int = 0
    huge: int = 0
    merge: int = 0
    split: bool = False
    strange: bool = False

    @classmethod
    def ordered(cls, params: Mapping[str, Any]) -> "Hurt | None":
        """From a fault's params, where `true` stands for the default place; None if nothing shall go wrong."""
        defaults = {"cut": 3, "torn": 3, "rst": 3, "huge": 1_000_000, "merge": 4}
        places = {
            name: place if params[name] is True else int(params[name]) for name, place in defaults.items() if params.get(name)
        }
        hurt = cls(**places, split=bool(params.get("split")), strange=bool(params.get("strange")))
        return None if hurt == cls() else hurt


class EventStream:
    """Sends frames until the client is gone or the order says that the stream ends; then sending does nothing.

    Even the status line leaves with the first frame only, as it does from a real AI: who asks a slow one hears nothing at
    all before the first token or ping.
    """

    def __init__(self, request: web.Request, headers: Mapping[str, str], hurt: Hurt | None) -> None:
        self.response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8", **headers})
        self.closed_by = ""
        self._seen = follow(request)
        self._request = request
        self._hurt = hurt
        self._sent = 0
        self._held: list[bytes] = []

    async def send(self, frame: bytes) -> None:
        """Write one frame."""
        if self.closed_by:
            return
        try:
            if not self.response.prepared:
                await self._begin()
            if self._hurt is None:
                await self._put(frame)
            else:
                await self._send_hurt(self._hurt, frame)
        except ConnectionError:
            self._left()

    def alive(self) -> bool:
        """Whether anybody still listens; notices a client that has gone since the last frame."""
        transport = self._request.transport
        if not self.closed_by and (transport is None or transport.is_closing()):
            self._left()
        return not self.closed_by

    async def close(self) -> None:
        """End the stream properly, if it has not ended already."""
        if self.closed_by:
            return
        try:
            if not self.response.prepared:
                await self._begin()
            if self._held:
                await self._put(b"".join(self._held))
            await self.response.write_eof()
        except ConnectionError:
            self._left()
        else:
            self.closed_by = "server"
            self._seen.ended = self._seen.ended or "whole"

    async def _send_hurt(self, hurt: Hurt, frame: bytes) -> None:
        if not frame.startswith(b"data: {"):
            await self._write(hurt, frame)
            return
        self._sent += 1
        if hurt.strange and self._sent % 2:  # every other time, so that whole answers pass between
            await self._write(hurt, _strange_frames())
        if hurt.huge and self._sent == _HUGE_PLACE:
            await self._write(hurt, b'data: {"event": "padding", "data": "' + b"x" * hurt.huge + b'"}\n\n')
        if self._sent == hurt.torn:
            await self._put(frame[: max(10, len(frame) - 12)])
            await self._abandon()
            return
        await self._write(hurt, frame)
        if self._sent == hurt.cut:
            self._seen.ended = "cut"
            await self.close()
        elif self._sent == hurt.rst:
            await self._abandon(reset=True)

    async def _write(self, hurt: Hurt, frame: bytes) -> None:
        if hurt.merge:
            self._held.append(frame)
            if len(self._held) >= hurt.merge:
                held, self._held = self._held, []
                await self._put(b"".join(held))
        elif hurt.split:
            for part in _parts(frame):
                await self._put(part)
                await asyncio.sleep(_BETWEEN_HALVES)
        else:
            await self._put(frame)

    async def _begin(self) -> None:
        await self.response.prepare(self._request)
        self._seen.begun(self.response)

    async def _put(self, part: bytes) -> None:
        await self.response.write(part)
        self._seen.wrote(part)

    def _left(self) -> None:
        self.closed_by = "client"
        self._seen.ended = self._seen.ended or "left"

    async def _abandon(self, *, reset: bool = False) -> None:
        transport = self._request.transport
        self.closed_by, self._seen.ended = "server", "cut"
        if transport is None:
            return
        if reset:
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()


def _parts(frame: bytes) -> list[bytes]:
    """A frame, cut inside its `data:` and, where it has one, inside a character of several bytes."""
    inside = next((at + 1 for at, byte in enumerate(frame) if byte >= _FIRST_OF_SEVERAL), len(frame) // 2)
    return [part for part in (frame[:3], frame[3:inside], frame[inside:]) if part]


def _strange_frames() -> bytes:
    event = json.dumps({"event": "from_the_future", "data": {"anything": [1, None]}, "chunk_type": "new"})
    return f"data: {event}\n\ndata: not json\n\n: a comment\n\n".encode()
