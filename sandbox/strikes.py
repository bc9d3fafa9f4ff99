"""What an ordered fault makes of a call to one of the AIs."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from sandbox.capture import tell
from sandbox.faults import Fault, Faults

Refusal = Callable[[int, str, str], web.Response]

_PAGE = "<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n<body><h1>{title}</h1><p>a proxy</p></body></html>\n"
_TITLES = {200: "Sign in", 502: "502 Bad Gateway", 503: "503 Service Unavailable"}


def taken(request: web.Request, faults: Faults, point: str, app: str, **facts: str) -> Fault | None:
    """The fault that strikes a call at this point, with the call's app; the wire tells of both."""
    fault = faults.take(point, app=app, **facts)
    tell(request, app=app or None, fault=bool(fault) or None)
    return fault


async def struck(fault: Fault | None, request: web.Request, refusal: Refusal) -> web.Response | None:
    """The answer that a fault orders, after its delay; None if there is no fault, or the call goes on.

    `refusal` writes a status, a code and a message down as this AI does; without a code a proxy answers with its page.
    """
    if fault is None:
        return None
    params = fault.params
    if delay := float(params.get("delay", 0)):
        await asyncio.sleep(delay)
    if params.get("drop") and request.transport:
        request.transport.abort()
        return web.Response(status=500)
    if "status" not in params:
        return None
    status = int(params["status"])
    if "code" in params:
        return refusal(status, params["code"], params.get("message", params["code"]))
    html = params.get("html", True)
    return proxy_page(status, html if isinstance(html, str) else "")


def proxy_page(status: int, html: str = "") -> web.Response:
    """The HTML of a proxy that stands in front of an AI."""
    text = html or _PAGE.format(title=_TITLES.get(status, str(status)))
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")
