"""HTTP to the platforms: the environment's proxy and bundle are obeyed, and nothing else of it."""

import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from web import Web

TIMEOUT = (5.0, 5.0)


class _Noting(BaseHTTPRequestHandler):
    """Answers with a redirect and a cookie, and notes what it was asked."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.command, self.path, dict(self.headers), body))
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.send_header("Set-Cookie", "session=anna; Path=/")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # its own name for it
        """Write nothing to the terminal."""


@pytest.fixture
def server() -> Iterator[tuple[str, type[_Noting]]]:
    """A server's address, and what it was asked."""
    handler = type("Handler", (_Noting,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_address[1]}", handler
        listening.shutdown()
        thread.join()


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """What is under test, in an environment without a proxy."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    made = Web(hosts=2, connections=2)
    yield made
    made.close()


def test_a_call_is_sent_as_it_is_given(web: Web, server: tuple[str, type[_Noting]]) -> None:
    """No redirect is followed, no cookie comes back, one connection serves both calls."""
    url, handler = server
    for _ in range(2):
        answer = web.send("POST", f"{url}/path?q=你", {"X-Key": "k"}, b"body", timeout=TIMEOUT)
        assert (answer.status_code, answer.json()) == (302, {})
    assert len(handler.asked) == 2
    for command, path, headers, body in handler.asked:
        assert (command, path, body) == ("POST", "/path?q=%E4%BD%A0", b"body")
        assert headers["X-Key"] == "k"
        assert "Cookie" not in headers


def test_the_key_of_a_netrc_replaces_none(
    web: Web, server: tuple[str, type[_Noting]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The home folder's ~/.netrc is other programs' business."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login anna password other\n", "utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    web.send("POST", server[0], {"Authorization": "Bearer own"}, b"", timeout=TIMEOUT)
    assert server[1].asked[0][2]["Authorization"] == "Bearer own"


def test_the_proxy_is_used_except_for_hosts_that_need_none(
    web: Web, server: tuple[str, type[_Noting]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTP_PROXY gets the whole address; NO_PROXY goes past it."""
    url, handler = server
    monkeypatch.setenv("http_proxy", url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    web.send("POST", "http://dify.invalid/v1/x", {}, b"", timeout=TIMEOUT)
    web.send("POST", f"{url}/v1/y", {}, b"", timeout=TIMEOUT)
    assert [path for _, path, _, _ in handler.asked] == ["http://dify.invalid/v1/x", "/v1/y"]


def test_what_cannot_be_sent_is_an_error_of_requests(web: Web) -> None:
    """A refused connection, an address that is none, a header with a line break: the text holds no header."""
    with socketserver.TCPServer(("127.0.0.1", 0), _Noting) as taken:
        port = taken.server_address[1]
    with pytest.raises(requests.ConnectionError):
        web.send("POST", f"http://127.0.0.1:{port}/", {}, b"", timeout=TIMEOUT)
    with pytest.raises(requests.RequestException):
        web.send("POST", "http://", {}, b"", timeout=TIMEOUT)
    with pytest.raises(requests.RequestException) as refused:
        web.send("POST", f"http://127.0.0.1:{port}/", {"X-Key": "secret\nX: 1"}, b"", timeout=TIMEOUT)
    assert "secret" not in str(refused.value)
