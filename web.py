"""HTTP over pooled connections, by requests' own adapter: what a session works out for each call is worked out once."""

import os
import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies, select_proxy

_CA_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # the variables that requests knows


class Web:
    """The calls to one platform. Safe to share between threads.

    The environment's proxies (with NO_PROXY) and its CA bundle are obeyed, read when a host is first called. There are no
    cookies (everybody who chats would share them), no ~/.netrc (it could replace a key), and no redirects.
    """

    def __init__(self, *, hosts: int, connections: int) -> None:
        self._adapter = HTTPAdapter(pool_connections=hosts, pool_maxsize=connections)
        self._verify = next((os.environ[name] for name in _CA_BUNDLES if os.environ.get(name)), True)
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

        With `stream` the body is the caller's to read and to close.
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
        if not stream:
            _ = response.content  # reads it, and gives the connection back
        return response

    def close(self) -> None:
        """Give back the connections."""
        self._adapter.close()

    def _proxies_for(self, url: str) -> dict[str, str]:
        parts = urlsplit(url)
        key = parts.scheme, parts.netloc
        with self._lock:
            if key not in self._proxies:
                proxy = select_proxy(url, get_environ_proxies(url))
                self._proxies[key] = {parts.scheme: proxy} if proxy else {}
            return self._proxies[key]
