"""HTTP over pooled connections, by requests' own adapter: what a session works out for each call is worked out once.

And what of the environment is obeyed wherever this machine calls another one: the proxies and the bundle of authorities.
"""

import os
import ssl
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies, select_proxy

_CA_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # the variables that requests knows
_AS_HTTP = {"wss": "https", "ws": "http"}  # a socket goes the way of the calls
_MOST_BYTES = 4 * 1024 * 1024  # of an answer that is read as a whole; DingTalk's have some hundred
_BITE = 65_536
_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


class Web:
    """The calls to one platform. Safe to share between threads.

    The environment's proxies (with NO_PROXY) and its CA bundle are obeyed, read when a host is first called. There are no
    cookies (everybody who chats would share them), no ~/.netrc (it could replace a key), and no redirects.
    """

    def __init__(self, *, hosts: int, connections: int, adapter: Callable[..., HTTPAdapter] = HTTPAdapter) -> None:
        self._adapter = adapter(pool_connections=hosts, pool_maxsize=connections)
        self._verify = _bundle() or True
        self._lock = threading.Lock()
        self._proxies: dict[tuple[str, str], dict[str, str]] = {}  # by scheme and host

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        timeout: tuple[float, float],
        stream: bool = False,
    ) -> requests.Response:
        """Make one call; `timeout` is the seconds to connect and without a byte. Raises requests.RequestException.

        The body is read here, up to 4 MiB; with `stream` it is the caller's to read and to close.
        """
        prepared = requests.PreparedRequest()
        prepared.prepare_method(method)
        prepared.prepare_url(url, None)
        prepared.headers = CaseInsensitiveDict(headers)
        if body is not None:
            prepared.headers["Content-Length"] = str(len(body))
            prepared.body = body
        try:
            response = self._adapter.send(
                prepared, stream=stream, timeout=timeout, verify=self._verify, proxies=self._proxies_for(url)
            )
        except requests.RequestException:
            raise
        except ValueError as error:  # a header with a line break; its text holds the header
            raise requests.exceptions.InvalidHeader(type(error).__name__) from None
        except OSError as error:  # the environment names a bundle that is not there
            raise requests.exceptions.SSLError(type(error).__name__) from None
        return response if stream else _read(response)

    def close(self) -> None:
        """Give back the connections."""
        self._adapter.close()

    def _proxies_for(self, url: str) -> dict[str, str]:
        parts = urlsplit(url)
        key = parts.scheme, parts.netloc
        with self._lock:
            if key not in self._proxies:
                proxy = proxy_for(url)
                self._proxies[key] = {parts.scheme: proxy} if proxy else {}
            return self._proxies[key]


class AnswerTooLarge(requests.RequestException):
    """Nothing that we ask for is answered at such length."""


def _read(response: requests.Response) -> requests.Response:
    """Return the response with its body read, which gives the connection back."""
    body = bytearray()
    for bite in response.iter_content(_BITE):
        body += bite
        if len(body) > _MOST_BYTES:
            response.close()
            raise AnswerTooLarge
    response._content = bytes(body)  # noqa: SLF001 - requests itself reads without a limit only
    return response


def proxy_for(url: str) -> str | None:
    """Return the proxy through which an address (http, https, ws or wss) is reached, or None for the direct way.

    HTTP_PROXY and HTTPS_PROXY count before ALL_PROXY, and NO_PROXY before all; each in small letters too. It may hold a
    user and a password: show it by `origin` only.
    """
    scheme, colon, rest = url.partition(":")
    url = _AS_HTTP.get(scheme.lower(), scheme) + colon + rest
    proxy = select_proxy(url, get_environ_proxies(url))
    if not proxy:
        return None
    if "://" not in proxy:
        return f"http://{proxy}"
    # Desktops write socks:// and mean SOCKS 5; the name is left to the proxy to resolve.
    return f"socks5h{proxy[5:]}" if proxy.startswith("socks:") else proxy


def origin(url: str) -> str:
    """Return an address's scheme, host and port, without what may be secret in it: user, password, path and query."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "?"
    if not host:
        return "?"
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, _PORTS.get(parts.scheme)} else "")


def tls() -> ssl.SSLContext:
    """Return what a socket needs to trust the authorities of the system and those of the environment's bundle."""
    context = ssl.create_default_context()
    if bundle := _bundle():
        context.load_verify_locations(**{"capath" if Path(bundle).is_dir() else "cafile": bundle})
    return context


def _bundle() -> str | None:
    return next((os.environ[name] for name in _CA_BUNDLES if os.environ.get(name)), None)
