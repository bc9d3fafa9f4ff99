"""The address at which a bot sees this server, and so the one that the platform hands out to it."""

from urllib.parse import urlsplit

from aiohttp import web

# Under which address a connection that came through the proxy door shall reach us directly, by its port on our side.
PROXIED = web.AppKey("proxied", dict[int, str])

_DINGTALK = ".dingtalk.com"
_OAPI = "https://oapi.dingtalk.com"
_STREAM = "wss://wss-open-connection.dingtalk.com:443/connect"


def is_dingtalk(host: str) -> bool:
    """Whether this is one of DingTalk's own host names."""
    return host.casefold().endswith(_DINGTALK)


def base_of(request: web.Request) -> str:
    """The base of the addresses for whoever sent this request, such as http://127.0.0.1:8090.

    Who came through a proxy gets our plain address, as few websocket clients use a proxy. To whom DingTalk's names lead
    here, the addresses are DingTalk's own.
    """
    assert request.transport  # it is still there while its request is handled
    if request.secure:
        own = "https://" + request.host
        plain = request.app[PROXIED].get(request.transport.get_extra_info("peername")[1])
        return plain or (_OAPI if is_dingtalk(request.host) else own)
    if is_dingtalk(request.host):
        host, port = request.transport.get_extra_info("sockname")[:2]
        return f"http://{url_host(host)}:{port}"
    return f"http://{request.host}"


def endpoint_of(request: web.Request) -> str:
    """The address of the Stream's websocket for whoever sent this request."""
    base = base_of(request)
    return _STREAM if base == _OAPI else f"{base.replace('http', 'ws', 1)}/connect"


def is_web_address(text: str) -> bool:
    """Whether this is a whole http or https address."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    # urlsplit drops some control characters, an address has none, nor blanks.
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0 and text.isprintable() and " " not in text


def url_host(host: str) -> str:
    """The host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host
