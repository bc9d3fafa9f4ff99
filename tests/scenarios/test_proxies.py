"""A network that only a proxy leads out of: the Stream's socket and every call go through it, and no password is logged."""

import base64
import contextlib
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import requests

from handlers.dingtalk import _unreachable
from handlers.stream import _not_opened
from handlers.texts import Texts
from sandbox.client import SandboxClient, SandboxProcess
from settings import EnvSettings
from tests.conftest import Bridge, MakeBridge

# DingTalk's own addresses, whose names nothing on this machine resolves but the proxy.
ADDRESSES = {
    name: str(EnvSettings.model_fields[name].default) for name in ("DINGTALK_OPENAPI_ENDPOINT", "DINGTALK_OAPI_ENDPOINT")
}
HOSTS = {"api.dingtalk.com", "oapi.dingtalk.com", "wss-open-connection.dingtalk.com"}
USER, PASSWORD = "anna", "p@ss:w/rd"
QUOTED = "p%40ss%3Aw%2Frd"
SECONDS = 15

SOCKS_NAME, SOCKS_PASSWORD, SOCKS_DONE = 3, 2, b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"


@dataclass
class Proxy:
    """A proxy that asks for the user and the password, and leads every host to one place; `led` are those asked for."""

    place: tuple[str, int]
    port: int = 0
    led: list[str] = field(default_factory=list)

    def address(self, scheme: str, password: str = QUOTED) -> str:
        """Return what a variable names it by."""
        return f"{scheme}://{USER}:{password}@127.0.0.1:{self.port}"


class _Guest(socketserver.BaseRequestHandler):
    """One connection: by CONNECT, or by SOCKS 5 with a name and a password."""

    proxy: Proxy
    request: socket.socket

    def handle(self) -> None:
        self._heard = self.request.makefile("rb", buffering=0)
        with contextlib.suppress(OSError), self._heard:
            host = self._socks() if self.request.recv(1, socket.MSG_PEEK) == b"\x05" else self._connect()
            if host:
                self.proxy.led.append(host)
                self._lead()

    def _connect(self) -> str:
        lines = [line.strip().decode() for line in iter(self._heard.readline, b"\r\n")]
        method, target, _ = lines[0].split()
        known = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if method != "CONNECT" or f"Proxy-Authorization: Basic {known}".casefold() not in [line.casefold() for line in lines]:
            self.request.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return ""
        self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return target.rpartition(":")[0]

    def _socks(self) -> str:
        self._read(self._read(2)[1])
        self.request.sendall(bytes([5, SOCKS_PASSWORD]))
        user = self._read(self._read(2)[1])
        right = (user, self._read(self._read(1)[0])) == (USER.encode(), PASSWORD.encode())
        self.request.sendall(bytes([1, not right]))
        if not right or self._read(4)[3] != SOCKS_NAME:
            return ""
        host = self._read(self._read(1)[0]).decode()
        struct.unpack(">H", self._read(2))
        self.request.sendall(SOCKS_DONE)
        return host

    def _read(self, number: int) -> bytes:
        found = b""
        while len(found) < number:
            chunk = self._heard.read(number - len(found))
            if not chunk:
                raise ConnectionError
            found += chunk
        return found

    def _lead(self) -> None:
        with socket.create_connection(self.proxy.place, timeout=SECONDS) as inside:
            inside.settimeout(None)
            back = threading.Thread(target=_pass_on, args=(inside, self.request))
            back.start()
            _pass_on(self.request, inside)
            back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(65_536):
            target.sendall(chunk)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A sandbox with a door, which is DingTalk to whom its names lead there."""
    process = SandboxProcess(("--port", "0", "--tls", str(tmp_path_factory.mktemp("tls")), "--tls-port", "0"))
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def sandbox(outside: SandboxProcess) -> Iterator[SandboxClient]:
    """The one with the door."""
    client = SandboxClient(outside.told["url"])
    yield client
    client.close()


@pytest.fixture
def environ(outside: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that sets the environment's proxies; besides them there is an authority, and Dify on this machine."""
    names = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "CURL_CA_BUNDLE")
    for name in (*names, *(name.upper() for name in names)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", outside.told["ca"])
    monkeypatch.setenv("NO_PROXY", "127.0.0.0/8")

    def set_them(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_them


@pytest.fixture
def proxy(outside: SandboxProcess) -> Iterator[Proxy]:
    """A proxy that leads to the door."""
    host, _, port = outside.told["door"].removeprefix("http://").partition(":")
    made = Proxy((host, int(port)))
    with _Server(("127.0.0.1", 0), type("Guest", (_Guest,), {"proxy": made})) as server:
        made.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield made
        server.shutdown()
        thread.join()


def _complaint(caplog: pytest.LogCaptureFixture, word: str) -> str:
    """Wait for the log's line that holds this word, and return it."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if found := [message for message in caplog.messages if word in message]:
            return found[0]
        time.sleep(0.01)
    pytest.fail(f"no line with {word}: {caplog.messages}")


def _answers(bridge: Bridge) -> None:
    assert bridge.ask("你好")["state"] == "finished"  # by card
    bridge.say("/help")
    assert "/new" in bridge.said()  # by session webhook


@pytest.mark.parametrize(
    ("variable", "scheme"),
    [
        ("HTTPS_PROXY", "http"),
        ("all_proxy", "http"),
        ("HTTPS_PROXY", "socks5h"),
        ("ALL_PROXY", "socks5h"),
        ("all_proxy", "socks"),
    ],
)
def test_all_that_is_dingtalks_goes_through_the_proxy(
    environ: Callable[..., None], proxy: Proxy, make_bridge: MakeBridge, variable: str, scheme: str
) -> None:
    """Gateway, socket, cards and webhooks, by CONNECT and by SOCKS; none of DingTalk's names is resolved here."""
    environ(**{variable: proxy.address(scheme)})
    _answers(make_bridge(variables=ADDRESSES))
    assert set(proxy.led) == HOSTS


@pytest.mark.parametrize("direct", ["127.0.0.1", "127.0.0.0/8", "*"])
def test_hosts_that_need_no_proxy_are_reached_without(
    environ: Callable[..., None], proxy: Proxy, make_bridge: MakeBridge, direct: str
) -> None:
    """NO_PROXY counts for the socket as for the calls."""
    wrong = proxy.address("http")
    environ(HTTP_PROXY=wrong, HTTPS_PROXY=wrong, ALL_PROXY=wrong, NO_PROXY=direct)
    _answers(make_bridge())
    assert not proxy.led


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_a_proxy_that_is_away_is_named_without_its_password(
    environ: Callable[..., None], make_bridge: MakeBridge, caplog: pytest.LogCaptureFixture, scheme: str
) -> None:
    """One line says which proxy, and which variables to look at."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        away = Proxy(("", 0), taken.getsockname()[1])
    environ(HTTPS_PROXY=away.address(scheme))
    make_bridge(variables=ADDRESSES, secret_known_to_dingtalk="of-no-use")
    line = _complaint(caplog, "ProxyFailed")
    assert f"through the proxy {scheme}://127.0.0.1:{away.port}" in line
    assert "HTTPS_PROXY" in line
    assert not {QUOTED, PASSWORD, USER} & set(caplog.text.replace("@", " ").replace(":", " ").split())
    assert QUOTED not in caplog.text


def test_a_proxy_that_refuses_is_told_with_its_answer(
    environ: Callable[..., None], proxy: Proxy, make_bridge: MakeBridge, caplog: pytest.LogCaptureFixture
) -> None:
    """A wrong password for the proxy: the log says 407, and not the password."""
    environ(HTTPS_PROXY=proxy.address("http", "wr0ng"))
    make_bridge(variables=ADDRESSES, secret_known_to_dingtalk="of-no-use")
    assert "407" in _complaint(caplog, "ProxyFailed")
    assert "wr0ng" not in caplog.text


def test_a_missing_library_is_told_with_what_to_install(environ: Callable[..., None]) -> None:
    """SOCKS needs two of them: one for the calls, one for the socket."""
    environ(ALL_PROXY=f"socks5h://{USER}:{QUOTED}@127.0.0.1:1")
    missing = requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support.")
    errors = [
        _unreachable(missing, "https://api.dingtalk.com/x"),
        _not_opened(ImportError("python-socks"), "socks5h://a:b@c:1"),
    ]
    assert [type(error).__name__ for error in errors] == ["ProxyFailed", "ProxyFailed"]
    assert all("requirements.txt" in Texts("en").fix(error) for error in errors)
    assert str(errors[1]) == "the socket could not be opened: ImportError, through the proxy socks5h://c:1"
