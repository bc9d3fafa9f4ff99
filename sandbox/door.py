"""The door for bots whose addresses are fixed to https://…dingtalk.com: a proxy, and TLS under DingTalk's names."""

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from sandbox.dingtalk.address import PROXIED, is_dingtalk, url_host

_HELLO_SECONDS = 10.0
_SILENT_SECONDS = 300.0  # longer than any ping takes; whoever says nothing for so long has gone without a word
_MOST_GUESTS = 1_000
_CHUNK = 65_536
_LOOPBACK = "127.0.0.1"
_NAMES = ("*.dingtalk.com", "localhost", _LOOPBACK, "::1")
_TLS_HELLO = b"\x16"
_CONNECT = re.compile(rb"CONNECT \[?([!-Z^-~]+?)\]?:(\d{1,5}) HTTP/1\.[01]\r\n")
_AGREED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_REFUSED = (
    b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
    b"This proxy leads to the sandbox only. Put other hosts into NO_PROXY.\n"
)

Address = tuple[str, int]
Pipe = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def door(runner: web.AppRunner, host: str, port: int, folder: Path) -> AsyncIterator[int]:
    """Keep a door open for the running sandbox; gives its port (0 takes any free one).

    Three ways lead in on this one port: a proxy's CONNECT to DingTalk's hosts, TLS itself, and plain HTTP. The authority
    that bots have to trust is `folder`/ca.pem. OSError where the port is taken or trustme is not there.
    """
    plain, context = runner.addresses[0][:2], _context(folder)
    listener = socket.create_server((_LOOPBACK, 0))
    inner = web.SockSite(runner, listener, ssl_context=context)
    await inner.start()
    opened = _Door(runner.app[PROXIED], (_reachable(plain[0]), plain[1]), listener.getsockname()[1])
    try:
        server = await asyncio.start_server(opened.admit, host, port)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            await opened.close()
    finally:
        await inner.stop()


class _Door:
    def __init__(self, proxied: dict[int, str], plain: Address, tls_port: int) -> None:
        self._proxied = proxied
        self._plain = plain
        self._tls = (_LOOPBACK, tls_port)
        self._guests: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    async def admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Find out what a guest wants, lead it there, and pass everything on until either side ends."""
        if len(self._guests) >= _MOST_GUESTS:
            writer.close()
            return
        self._guests[asyncio.current_task()] = writer
        try:
            # Whoever hangs up or talks gibberish is simply gone.
            with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError):
                await self._receive(reader, writer)
        finally:
            writer.close()
            del self._guests[asyncio.current_task()]

    async def close(self) -> None:
        """Send everybody away."""
        for writer in self._guests.values():
            writer.transport.abort()
        if tasks := [task for task in self._guests if task]:
            await asyncio.wait(tasks, timeout=1)

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_HELLO_SECONDS):
            first = await reader.readexactly(1)
            target, came_by_proxy = await self._target(first, reader, writer)
            inside = await asyncio.open_connection(*target) if target else None
        if inside:
            await self._lead((reader, writer), inside, b"" if came_by_proxy else first, came_by_proxy)

    async def _target(
        self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[Address | None, bool]:
        """Where inside this guest is led, and whether it asked for that by CONNECT."""
        if first == _TLS_HELLO:
            return self._tls, False
        if first != _CONNECT.pattern[:1]:
            return self._plain, False
        asked = _CONNECT.match(first + await reader.readuntil(b"\r\n\r\n"))
        host, port = (asked[1].decode(), int(asked[2])) if asked else ("", 0)
        target = None
        if is_dingtalk(host):
            target = self._tls
        elif port == self._plain[1] and host in {"localhost", _own_host(writer), self._plain[0]}:
            target = self._plain
        writer.write(_AGREED if target else _REFUSED)
        return target, True

    async def _lead(self, guest: Pipe, inside: Pipe, first: bytes, came_by_proxy: bool) -> None:  # noqa: FBT001  # private
        our_port = inside[1].get_extra_info("sockname")[1]
        if came_by_proxy:
            self._proxied[our_port] = f"http://{url_host(_own_host(guest[1]))}:{self._plain[1]}"
        try:
            inside[1].write(first)
            await _pass_on(guest, inside)
        finally:
            self._proxied.pop(our_port, None)
            inside[1].close()


async def _pass_on(one: Pipe, other: Pipe) -> None:
    """Copy both ways until one side ends or both are silent; a side that broke breaks the other one too."""
    try:
        async with asyncio.timeout(_SILENT_SECONDS) as silence:
            copies = [_copy(one[0], other[1], silence), _copy(other[0], one[1], silence)]
            await _first_to_end(copies)
    except OSError:  # TimeoutError is one
        one[1].transport.abort()
        other[1].transport.abort()


async def _first_to_end(copies: list[Coroutine[None, None, None]]) -> None:
    tasks = [asyncio.create_task(copy) for copy in copies]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for copy in done:
            copy.result()
    finally:
        for copy in tasks:
            copy.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter, silence: asyncio.Timeout) -> None:
    while chunk := await source.read(_CHUNK):
        silence.reschedule(asyncio.get_running_loop().time() + _SILENT_SECONDS)
        target.write(chunk)
        await target.drain()


def _reachable(host: str) -> str:
    """Where a listener on this host is reached from here."""
    return {"0.0.0.0": _LOOPBACK, "::": "::1"}.get(host, host)  # compared, not bound


def _own_host(writer: asyncio.StreamWriter) -> str:
    return str(writer.get_extra_info("sockname")[0])


def _context(folder: Path) -> ssl.SSLContext:
    """Our certificate for DingTalk's names, made once; its authority signs nothing else, as its key is not kept."""
    authority, own = folder / "ca.pem", folder / "door.pem"
    if not (authority.exists() and own.exists()):
        try:
            import trustme  # noqa: PLC0415  # wanted by this door alone
        except ModuleNotFoundError as missing:
            raise OSError("pip install trustme") from missing
        folder.mkdir(parents=True, exist_ok=True)
        maker = trustme.CA()
        own.touch(mode=0o600)
        own.write_bytes(maker.issue_cert(*_NAMES).private_key_and_cert_chain_pem.bytes())
        authority.write_bytes(maker.cert_pem.bytes())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own)
    return context
