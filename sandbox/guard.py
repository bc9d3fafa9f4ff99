"""Keeps other people's web pages off the control API: a browser on this machine must not be their hand."""

import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a call of /sandbox/... that a foreign page makes, under its own name or under a name that leads here.

    A page may send such calls to 127.0.0.1 without being asked, and a name of its own may be made to lead here (DNS
    rebinding). Programs send no Origin and are let through.
    """
    if not request.path.startswith("/sandbox/") or _is_ours(request):
        return await handler(request)
    return web.json_response({"error": "another web page may not call the sandbox"}, status=403)


def _is_ours(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.casefold() != request.host.casefold():
        return False
    local = request.transport.get_extra_info("sockname") if request.transport else None
    if not local or not ipaddress.ip_address(local[0]).is_loopback:
        return True
    return _is_local_name(urlsplit(f"//{request.host}").hostname or "")


def _is_local_name(host: str) -> bool:
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
