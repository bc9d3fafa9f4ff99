"""The Stream connection's life, as DingTalk ends it; and bots that cannot connect beside those that can."""

import base64
import contextlib
import hashlib
import json
import queue
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

import pytest

from errors import WebhookElsewhere
from handlers.account import Account, Companies
from handlers.dingtalk import DingTalkClient, _is_stream
from handlers.hand_over import Arrivals
from handlers.stream import StreamListener, Waits, pause_after
from handlers.texts import Texts
from sandbox.client import SandboxClient
from settings import Endpoints
from tests.conftest import MakeBridge

SECONDS = 15


def test_the_acknowledgement_comes_before_the_answer(make_bridge: MakeBridge) -> None:
    """A message is acknowledged while Dify has not even answered its first byte."""
    bridge = make_bridge()
    bridge.say("你好 [[first=1]] [[tokens=2]]")
    ack = bridge.sandbox.wait_for(bridge.since, kind="ack", client_id=bridge.client_id, msg_id=bridge.message["msg_id"])
    assert not bridge.sandbox.records(0, 0, side="dify", kind="answer", app=bridge.client_id)
    assert ack["code"] == 200
    assert bridge.ended_cards()[0]["state"] == "finished"


def test_an_announced_disconnect_loses_nothing(make_bridge: MakeBridge) -> None:
    """The next connection is up while the old one drains; the answer in flight ends, the next message is answered."""
    bridge = make_bridge(app={"drain_seconds": 1})
    bridge.say("很长 [[tokens=40]] [[rate=30]]")
    bridge.sandbox.wait_for(bridge.since, kind="ack", client_id=bridge.client_id)
    before = bridge.sandbox.last()
    bridge.sandbox.disconnect(bridge.client_id)
    connected = bridge.sandbox.wait_for(before, kind="stream.connected", client_id=bridge.client_id)
    closed = bridge.sandbox.wait_for(before, kind="stream.closed", client_id=bridge.client_id)
    assert connected["seq"] < closed["seq"]
    assert bridge.ended_cards()[0]["state"] == "finished"
    assert bridge.ask("还在吗")["state"] == "finished"


def test_a_cut_socket_is_opened_again(make_bridge: MakeBridge) -> None:
    """After a reset of the connection the bot is back within seconds."""
    bridge = make_bridge()
    before = bridge.sandbox.last()
    assert bridge.sandbox.cut(bridge.client_id) == 1
    bridge.sandbox.wait_for(before, kind="stream.connected", client_id=bridge.client_id)
    assert bridge.ask("还在吗")["state"] == "finished"


def test_a_bot_with_a_wrong_secret_disturbs_no_other(make_bridge: MakeBridge, caplog: pytest.LogCaptureFixture) -> None:
    """It is reported with its fix and tried again; it connects as soon as the secret is right, and others run meanwhile."""
    bridge = make_bridge()
    broken = make_bridge(secret_known_to_dingtalk="another-secret")
    broken.sandbox.wait_for(broken.since, kind="gateway.open", client_id=broken.client_id, status="401")
    assert bridge.ask("你好")["state"] == "finished"
    before = broken.sandbox.last()
    broken.sandbox.put_app(broken.client_id, f"secret-{broken.client_id}", broken.client_id, qps=0)
    broken.sandbox.wait_for(before, kind="stream.connected", client_id=broken.client_id)
    assert broken.ask("你好")["state"] == "finished"
    assert "dingtalk_app_client_secret" in caplog.text
    assert f"secret-{broken.client_id}" not in caplog.text


def test_odd_deliveries_are_acknowledged_and_harm_nothing(make_bridge: MakeBridge) -> None:
    """A message without content because the quota is used up gets a sentence; one without ids is only logged."""
    bridge = make_bridge()
    bridge.say("你好", overrides={"errorCode": 20001, "text": None, "msgtype": None})
    assert "额度" in bridge.said()
    bridge.say("你好", overrides={"senderId": None})
    assert bridge.ask("正常的问题")["state"] == "finished"


@dataclass
class Gateway:
    """A gateway and a Stream's place that behave as a test says: `endpoint` is named, `handshake` answered, then silence."""

    port: int = 0
    endpoint: str = "ws://127.0.0.1:{port}/connect"
    handshake: tuple[int, dict[str, str]] = (101, {"Upgrade": "websocket", "Connection": "Upgrade"})
    asked: queue.Queue[tuple[float, str]] = field(default_factory=queue.Queue)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


class _Asked(BaseHTTPRequestHandler):
    gateway: Gateway
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Open a connection: name the place."""
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = json.dumps({"endpoint": self.gateway.endpoint.format(port=self.gateway.port), "ticket": "t1cket"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        """Shake hands, then read and never say a word, as a machine that has gone without notice."""
        self.gateway.asked.put((time.monotonic(), self.path))
        status, headers = self.gateway.handshake
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()  # noqa: S324  # the protocol's own
        self.send_response(status)
        for name, value in {**headers, "Sec-WebSocket-Accept": accept}.items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        with contextlib.suppress(OSError):
            while status == HTTPStatus.SWITCHING_PROTOCOLS and self.connection.recv(4096):
                pass

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # its own name for it
        """Write nothing to the terminal."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """The gateway of a test."""
    made = Gateway()
    with _Server(("127.0.0.1", 0), type("Asked", (_Asked,), {"gateway": made})) as server:
        made.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield made
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def listening(gateway: Gateway, waits: Waits) -> Iterator[StreamListener]:
    """A listener of this gateway, with nobody to take what it hears."""
    client = DingTalkClient(Endpoints(gateway.url, gateway.url), "ding1", "s3cret", Account(Companies()))
    listener = StreamListener("bot", client, Arrivals(lambda _: None, lambda _: {}), Texts("en"), waits)
    thread = threading.Thread(target=listener.run)
    thread.start()
    try:
        yield listener
    finally:
        listener.stop()
        thread.join(SECONDS)
        client.close()
    assert not thread.is_alive()


def test_a_message_is_acknowledged_though_the_store_is_slow(sandbox: SandboxClient, ding_app: str) -> None:
    """Each of a burst, while the first one is still being kept; they are taken in in their order, and health is told."""
    kept, taken = threading.Event(), Queue[str]()

    def receive(raw: Mapping[str, Any]) -> None:
        assert kept.wait(SECONDS)
        taken.put(raw["msgId"])

    client = DingTalkClient(Endpoints(sandbox.url, sandbox.url), ding_app, "secret", Account(Companies()))
    listener = StreamListener("bot", client, Arrivals(receive, lambda _: {}), Texts("en"), Waits(accept=0.05))
    thread = threading.Thread(target=listener.run)
    thread.start()
    since = sandbox.last()
    sandbox.wait_for(0, kind="stream.connected", client_id=ding_app)
    said = [sandbox.say(ding_app, f"{number}")["msg_id"] for number in range(5)]
    for message_id in said:
        sandbox.wait_for(since, kind="ack", client_id=ding_app, msg_id=message_id)
    assert taken.empty()
    assert listener.early == len(said)
    kept.set()
    assert [taken.get(timeout=SECONDS) for _ in said] == said
    listener.stop()
    thread.join(SECONDS)
    client.close()


@pytest.fixture
def ding_app(sandbox: SandboxClient) -> str:
    """An app of the sandbox's DingTalk that nobody has connected to."""
    name = f"early-{uuid.uuid4().hex[:8]}"
    sandbox.put_app(name, "secret", name)
    return name


def test_a_socket_that_is_only_half_open_is_noticed(gateway: Gateway) -> None:
    """No ping is answered: the connection is given up after `ping` + `pong` + `close`, and the next one opened."""
    waits = Waits(ping=0.3, pong=0.2, close=0.1)
    with listening(gateway, waits):
        first, _ = gateway.asked.get(timeout=SECONDS)
        second, _ = gateway.asked.get(timeout=SECONDS)
    assert second - first >= waits.ping + waits.pong
    usual = Waits()
    assert usual.ping + usual.pong + usual.close < 30


def test_pauses_grow_to_a_minute_and_bots_come_back_apart() -> None:
    """One second, two, four, ... never more than sixty; chance shortens each by a fifth at most."""
    assert [pause_after(failures, 0) for failures in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert pause_after(1_000_000, 0) == 60
    assert pause_after(3, 1) == pytest.approx(6.4)
    assert pause_after(3, 0.5) == pytest.approx(7.2)


def test_a_handshake_is_never_led_elsewhere(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    """The ticket goes to the place that the gateway named; a redirect is a refusal, and the ticket is not logged."""
    gateway.handshake = (302, {"Location": f"ws://localhost:{gateway.port}/elsewhere"})
    with listening(gateway, Waits()):
        paths = [gateway.asked.get(timeout=SECONDS)[1] for _ in range(2)]  # the second is the next try
    assert paths == ["/connect?ticket=t1cket"] * 2
    assert "HTTP 302" in caplog.text
    assert "t1cket" not in caplog.text


@pytest.mark.parametrize(
    ("endpoint", "encrypted", "plain"),
    [
        ("wss://wss-open-connection.dingtalk.com:443/connect", True, True),
        ("wss://stream.private.example/connect", True, True),
        ("ws://127.0.0.1:8090/connect", False, True),
        ("https://wss-open-connection.dingtalk.com/connect", False, False),
        ("wss://user:pass@wss-open-connection.dingtalk.com/connect", False, False),
        ("wss:///connect", False, False),
        ("wss://host:port/connect", False, False),
        ("wss://[host/connect", False, False),
        ("wss://host/connect#", True, True),
        ("wss://host/connect#part", False, False),
        ("wss://host/con nect", False, False),
        ("wss-open-connection.dingtalk.com", False, False),
        ("file:///etc/passwd", False, False),
    ],
)
def test_what_can_be_the_place_of_a_stream(endpoint: str, encrypted: bool, plain: bool) -> None:  # noqa: FBT001  # parameters
    """Any host, as the gateway says; but encrypted, unless the gateway itself was asked without."""
    assert _is_stream(endpoint, plain=False) is encrypted
    assert _is_stream(endpoint, plain=True) is plain


def test_a_gateway_that_names_no_stream_is_told(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is opened; the log says which place was named."""
    gateway.endpoint = "https://127.0.0.1:{port}/connect?x=secret"
    with listening(gateway, Waits()):
        deadline = time.monotonic() + SECONDS
        while "no place for a Stream" not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.01)
    assert f"https://127.0.0.1:{gateway.port}, which is no place for a Stream" in caplog.text
    assert "secret" not in caplog.text
    assert gateway.asked.empty()


def _elsewhere(gateway: Gateway) -> list[str]:
    """Return addresses of session webhooks that are not DingTalk's, though some look so."""
    port = gateway.port
    return [
        f"http://127.0.0.1:{port}/robot/sendBySession?session=s3ssion",
        f"http://oapi.dingtalk.com@127.0.0.1:{port}/robot/sendBySession?session=s3ssion",
        "file:///robot/sendBySession?session=s3ssion",
    ]


def test_a_webhook_elsewhere_is_not_called(make_bridge: MakeBridge, gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    """The answer goes as the robot instead; the log names the place, never the session."""
    bridge = make_bridge()
    for webhook in _elsewhere(gateway):
        caplog.clear()
        bridge.say("/help", overrides={"sessionWebhook": webhook})
        assert "/new" in bridge.said()
        warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        assert len(warnings) == 1, webhook
        assert "DINGTALK_OAPI_ENDPOINT" in warnings[0]
        assert "s3ssion" not in caplog.text
        assert bridge.records(kind="said")[-1]["msgtype"] == "sampleMarkdown"  # the robot API's, not the webhook's
    assert gateway.asked.empty()


@pytest.mark.parametrize(
    ("oapi", "webhook", "called"),
    [
        ("https://oapi.dingtalk.com", "https://oapi.dingtalk.com/a?session=1", "https://oapi.dingtalk.com/a?session=1"),
        ("https://oapi.dingtalk.com", "http://OAPI.dingtalk.com:80/a?session=1", "https://oapi.dingtalk.com/a?session=1"),
        ("https://oapi.dingtalk.com", "https://x@oapi.dingtalk.com:443/a?session=1", "https://oapi.dingtalk.com/a?session=1"),
        ("https://oapi.dingtalk.com", "http://x.example\\@oapi.dingtalk.com/a", "https://oapi.dingtalk.com/a"),
        ("http://ding.lan:8090/oapi", "https://oapi.dingtalk.com/a?session=1", "http://ding.lan:8090/oapi/a?session=1"),
        ("http://ding.lan:8090/oapi", "http://ding.lan:8090/oapi/a?session=1", "http://ding.lan:8090/oapi/a?session=1"),
        ("https://ding.lan", "https://ding.lan:443/a?session=1", "https://ding.lan/a?session=1"),
        ("https://ding.lan", "http://ding.lan/a?session=1", None),
        ("https://ding.lan", "http://[ding.lan/a?session=1", None),
        ("https://ding.lan", "https://ding.lan:8443/a?session=1", None),
        ("https://ding.lan", "https://oapi.dingtalk.com.example/a?session=1", None),
    ],
)
def test_where_a_webhook_is_called(oapi: str, webhook: str, called: str | None) -> None:
    """At DINGTALK_OAPI_ENDPOINT: what messages say of the public DingTalk is said of that one, and no other place is called."""
    client = DingTalkClient(Endpoints("https://api.dingtalk.com", oapi), "ding1", "s3cret", Account(Companies()))
    if called:
        assert client._own_place(webhook) == called
    else:
        with pytest.raises(WebhookElsewhere):
            client._own_place(webhook)
    client.close()
