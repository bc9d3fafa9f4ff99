"""Keeps other people's web pages off the control API: a browser on this machine must not be their hand."""

import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import hdrs, web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_NEVER_PUBLIC = ("localhost", "internal")  # top-level names that nobody can register, as host.docker.internal


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what a foreign page asks of the page and of /sandbox/..., under its own name or under one that leads here.

    A page may send calls to 127.0.0.1 without being asked, and a name of its own may be made to lead here (DNS
    rebinding), so only names that belong to no stranger are answered. Programs send no Origin and are let through. What
    bots call is open under every name: DingTalk's own may lead here.
    """
    path = request.path
    for_people = path == "/" or path.startswith("/page")
    if not (for_people or path.startswith("/sandbox")):
        return await handler(request)
    if _is_known_name(request) and (for_people or _is_own_call(request)):
        return await handler(request)
    return web.json_response({"error": "another web page may not call the sandbox"}, status=403)


def _is_known_name(request: web.Request) -> bool:
    """Whether nobody else can own the name: an address, a name of this network, or none at all."""
    try:
        host = urlsplit(f"//{request.headers.get(hdrs.HOST, '')}").hostname or "localhost"
    except ValueError:
        return False
    if "." not in host or host.rpartition(".")[2] in _NEVER_PUBLIC:
        return True
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _is_own_call(request: web.Request) -> bool:
    """Whether no other page has sent it; a link that somebody follows to the page itself is no call."""
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return False
    origin = request.headers.get(hdrs.ORIGIN)
    try:
        return origin is None or urlsplit(origin).netloc.casefold() == request.host.casefold()
    except ValueError:
        return False
