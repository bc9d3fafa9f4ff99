"""HTTP to the platforms: the environment's proxy and bundle are obeyed, and nothing else of it."""

import contextlib
import socketserver
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import trustme

from web import AnswerTooLarge, Web, origin, proxy_for, tls

TIMEOUT = (5.0, 5.0)


class _Endless(BaseHTTPRequestHandler):
    """Answers without an end."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while self.wfile.write(b"x" * 65_536):
                pass

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # its own name for it
        """Write nothing to the terminal."""


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


def test_an_answer_without_an_end_is_given_up(web: Web) -> None:
    """So much is read, and no more."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Endless) as endless:
        thread = threading.Thread(target=endless.serve_forever)
        thread.start()
        with pytest.raises(AnswerTooLarge):
            web.send("POST", f"http://127.0.0.1:{endless.server_address[1]}", {}, b"", timeout=TIMEOUT)
        endless.shutdown()
        thread.join()


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


@pytest.mark.parametrize(
    ("variables", "url", "proxy"),
    [
        ({"https_proxy": "http://a:1"}, "https://api.dingtalk.com/x", "http://a:1"),
        ({"HTTPS_PROXY": "http://a:1"}, "wss://wss-open-connection.dingtalk.com:443/connect", "http://a:1"),
        ({"HTTPS_PROXY": "http://a:1"}, "ws://127.0.0.1:8090/connect", None),
        ({"HTTP_PROXY": "a:1"}, "ws://127.0.0.1:8090/connect", "http://a:1"),
        ({"ALL_PROXY": "socks5://a:1"}, "wss://x.dingtalk.com/", "socks5://a:1"),
        ({"ALL_PROXY": "socks://a:1/"}, "https://x.dingtalk.com/", "socks5h://a:1/"),
        ({"ALL_PROXY": "socks5h://a:1", "HTTPS_PROXY": "http://b:2"}, "WSS://x.dingtalk.com/", "http://b:2"),
        ({"ALL_PROXY": "http://a:1", "NO_PROXY": "dingtalk.com"}, "wss://x.dingtalk.com:443/", None),
        ({"ALL_PROXY": "http://a:1", "NO_PROXY": "10.0.0.0/8"}, "wss://10.1.2.3/", None),
        ({"ALL_PROXY": "http://a:1", "NO_PROXY": "*"}, "https://x.dingtalk.com/", None),
        ({"ALL_PROXY": ""}, "https://x.dingtalk.com/", None),
    ],
)
def test_a_socket_goes_the_way_of_the_calls(
    web: Web, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], url: str, proxy: str | None
) -> None:
    """One rule for both: the scheme's own proxy before the general one, NO_PROXY before all."""
    assert web  # its environment has no proxy
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == proxy


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://anna:secret@proxy.lan:3128/", "http://proxy.lan:3128"),
        ("socks5h://anna:se/cret@proxy.lan:1080", "?"),
        ("https://oapi.dingtalk.com:443/robot/sendBySession?session=secret", "https://oapi.dingtalk.com"),
        ("HTTPS://OAPI.dingtalk.com/secret", "https://oapi.dingtalk.com"),
        ("wss://[::1]:8090/connect?ticket=secret", "wss://[::1]:8090"),
        ("http://host:secret/", "?"),
        ("secret", "?"),
    ],
)
def test_an_address_is_shown_without_what_may_be_secret(url: str, shown: str) -> None:
    """Scheme, host and port; of what is no address, nothing."""
    assert origin(url) == shown


def test_a_socket_trusts_what_the_calls_trust(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authorities of REQUESTS_CA_BUNDLE, a file or a folder, besides the system's."""
    assert web  # its environment names no bundle
    before = tls().cert_store_stats()["x509"]
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    assert tls().cert_store_stats()["x509"] == before + 1
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    assert tls().verify_mode is ssl.CERT_REQUIRED


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


def test_a_bundle_that_is_not_there_is_an_error_of_requests(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """REQUESTS_CA_BUNDLE names no file: nothing is sent without one."""
    assert web  # its environment has no proxy
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    trusting = Web(hosts=1, connections=1)
    with pytest.raises(requests.exceptions.SSLError):
        trusting.send("POST", "https://127.0.0.1:1/", {}, b"", timeout=TIMEOUT)
    trusting.close()
