"""The door for fixed addresses: three ways in on one port, and the addresses that each way is told."""

import json
import socket
import ssl
import stat
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter
from websockets.sync.client import connect

from sandbox.client import Json, SandboxProcess
from tests.clients.conftest import SECRET, Door

BOT_TOPIC = "/v1.0/im/bot/messages/get"
OPEN = "https://api.dingtalk.com/v1.0/gateway/connections/open"


@pytest.fixture
def client_id(door: Door) -> str:
    """An app."""
    door.sandbox.put_app("ding-door", SECRET, "门")
    return "ding-door"


def _request(client_id: str) -> Json:
    subscriptions = [{"type": "CALLBACK", "topic": BOT_TOPIC}]
    return {"clientId": client_id, "clientSecret": SECRET, "subscriptions": subscriptions}


def _by_name(door: Door, client_id: str) -> Json:
    """Open a connection as if DingTalk's name led to the door: TLS at once, with the name in the certificate."""

    class ByName(HTTPAdapter):
        def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:  # type: ignore[override]
            self.poolmanager.connection_pool_kw |= {
                "server_hostname": "api.dingtalk.com",
                "assert_hostname": "api.dingtalk.com",
            }
            request.headers["Host"] = "api.dingtalk.com"
            request.url = door.url.replace("http:", "https:") + request.path_url
            return super().send(request, **options)  # type: ignore[arg-type]

    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", ByName())
        answer = session.post(
            OPEN, json=_request(client_id), headers={"Accept": "application/json"}, verify=door.authority, timeout=10
        )
        return dict(answer.json())


def test_proxy_is_told_the_plain_address(door: Door, client_id: str) -> None:
    """Who comes by CONNECT gets a websocket address that needs neither proxy nor TLS."""
    proxies, wanted = {"https": door.url}, {"Accept": "application/json"}
    answer = requests.post(
        OPEN, json=_request(client_id), headers=wanted, proxies=proxies, verify=door.authority, timeout=10
    ).json()
    assert answer["endpoint"] == f"{door.sandbox.url.replace('http', 'ws')}/connect"


def test_old_proxy_clients_are_told_the_same(door: Door, client_id: str) -> None:
    """Some clients send a proxy the whole https address instead of CONNECT."""
    host, _, port = door.url.removeprefix("http://").partition(":")
    body = str(_request(client_id)).replace("'", '"')
    head = f"POST {OPEN} HTTP/1.1\r\nHost: api.dingtalk.com\r\nAccept: application/json\r\nConnection: close\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        answer = b"".join(iter(lambda: raw.recv(4096), b"")).decode()
    assert f"{door.sandbox.url.replace('http', 'ws')}/connect" in answer


def test_names_that_lead_here_are_told_dingtalks_addresses(door: Door, client_id: str) -> None:
    """Where DingTalk's hosts resolve to the door, every address that is handed out is DingTalk's own, and works."""
    answer = _by_name(door, client_id)
    assert answer["endpoint"] == "wss://wss-open-connection.dingtalk.com:443/connect"
    host, _, port = door.url.removeprefix("http://").partition(":")
    raw, trusted = socket.create_connection((host, int(port)), timeout=10), ssl.create_default_context(cafile=door.authority)
    address = f"{answer['endpoint']}?ticket={answer['ticket']}"
    with connect(address, sock=raw, ssl=trusted, close_timeout=1) as stream:
        door.sandbox.say(client_id, "你好")
        frames = (json.loads(stream.recv(timeout=10)) for _ in range(3))
        [message] = [json.loads(each["data"]) for each in frames if each["headers"]["topic"] == BOT_TOPIC]
    assert message["sessionWebhook"].startswith("https://oapi.dingtalk.com/robot/sendBySession?session=")


def test_proxy_leads_nowhere_else(door: Door) -> None:
    """It is no open proxy: another host is refused."""
    with pytest.raises(requests.exceptions.ProxyError, match="403"):
        requests.get("https://example.com", proxies={"https": door.url}, timeout=10)


def test_proxy_leads_to_the_sandbox_itself(door: Door) -> None:
    """Websocket clients that send everything through the proxy reach the plain address too."""
    host, _, port = door.url.removeprefix("http://").partition(":")
    plain = door.sandbox.url.removeprefix("http://")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(f"CONNECT {plain} HTTP/1.1\r\nHost: {plain}\r\n\r\n".encode())
        assert raw.recv(4096).startswith(b"HTTP/1.1 200")
        raw.sendall(f"GET /sandbox/apps HTTP/1.1\r\nHost: {plain}\r\nConnection: close\r\n\r\n".encode())
        assert b'"apps"' in b"".join(iter(lambda: raw.recv(4096), b""))


def test_stranger_who_hangs_up_disturbs_nobody(door: Door, client_id: str) -> None:
    """Gibberish, silence and broken handshakes end alone."""
    host, _, port = door.url.removeprefix("http://").partition(":")
    for words in (b"", b"\x16\x03", b"CONNECT\r\n\r\n", b"\0\r\n\r\n"):
        with socket.create_connection((host, int(port)), timeout=10) as raw:
            raw.sendall(words)
    assert _by_name(door, client_id)["ticket"]


def test_authority_stays_and_its_key_is_nowhere(tmp_path: Path) -> None:
    """A second start presents the same authority, so that bots need not be told again; no key of it is kept."""
    arguments = ("--port", "0", "--tls", str(tmp_path), "--tls-port", "0")
    told = []
    for _ in range(2):
        process = SandboxProcess(arguments)
        with process as client:
            told.append(Path(process.told["ca"]).read_bytes())
            verified = ssl.create_default_context(cafile=process.told["ca"])
            host, _, port = process.told["door"].removeprefix("http://").partition(":")
            raw = socket.create_connection((host, int(port)), timeout=10)
            with verified.wrap_socket(raw, server_hostname="oapi.dingtalk.com") as tls:
                assert tls.version()
            assert client.apps() == []
            assert process.stop() == 0
    assert told[0] == told[1]
    assert b"PRIVATE" not in told[0]
    assert stat.S_IMODE((tmp_path / "door.pem").stat().st_mode) == 0o600
    assert {each.name for each in tmp_path.iterdir()} == {"ca.pem", "door.pem"}


def test_strange_requests_are_refused_and_forgotten(door: Door) -> None:
    """A port of thousands of digits, a host of bytes that are no text; a name in capitals is the same name."""
    host, _, port = door.url.removeprefix("http://").partition(":")
    wanted = (
        (b"x:" + b"9" * 5_000, b"HTTP/1.1 403"),
        (b"\xff\xfe:443", b"HTTP/1.1 403"),
        (b"API.DINGTALK.COM:443", b"HTTP/1.1 200"),
    )
    for target, status in wanted:
        with socket.create_connection((host, int(port)), timeout=10) as raw:
            raw.sendall(b"CONNECT " + target + b" HTTP/1.1\r\n\r\n")
            assert raw.recv(4096).startswith(status)


def test_plain_http_comes_through_on_another_address(tmp_path: Path) -> None:
    """The door leads to where the sandbox listens."""
    arguments = ("--host", "127.0.0.2", "--port", "0", "--tls", str(tmp_path), "--tls-port", "0")
    process = SandboxProcess(arguments)
    with process:
        assert requests.get(f"{process.told['door']}/sandbox/apps", timeout=10).json() == {"apps": []}
