"""Whatever arrives by a Stream connection, it stays open, and the next good frame is acknowledged and answered by it."""

import json
import logging
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from traceback import walk_tb
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from websockets.sync.server import Server, ServerConnection, serve

import config
from fleet import Fleet
from handlers import stream
from handlers.frames import CLICKS, MESSAGES
from kinds import KINDS
from tests.dify.server import END, Exchange, RawServer, message
from tests.properties.strategies import JSON, WORDS, spoilt
from tests.properties.test_clicks import CLICK
from tests.properties.test_payloads import PAYLOADS

_PATIENCE = 15.0  # seconds, for what must come
_READING = Path(stream.__file__).resolve()
_ROOT = _READING.parent.parent


def frame(topic: str, body: object, number: int = 0) -> dict[str, Any]:
    """Return a frame as DingTalk sends it: its payload is JSON in a string."""
    headers = {"appId": "a", "connectionId": "c", "contentType": "application/json", "messageId": f"f-{number}", "time": "1"}
    return {"specVersion": "1.0", "type": "CALLBACK", "headers": {**headers, "topic": topic}, "data": json.dumps(body)}


def _spoilt_frame(topic: str, body: object) -> SearchStrategy[Any]:
    """Give frames with a spoilt payload, and those that are spoilt themselves."""
    return (spoilt(body) | JSON).map(lambda odd: frame(topic, odd)) | spoilt(frame(topic, body))


_FRAMES = st.one_of(
    JSON,
    *(_spoilt_frame(MESSAGES, payload) for payload in PAYLOADS.values()),
    _spoilt_frame(CLICKS, CLICK),
    spoilt(frame("/unknown", {})),
    spoilt({**frame("ping", {"opaque": "x"}), "type": "SYSTEM"}),
    spoilt({**frame("chat_update_title", {}), "type": "EVENT"}),
).filter(lambda odd: not (isinstance(odd, dict) and odd.get("type") == "SYSTEM" and "disconnect" in str(odd)))
_ODD = st.sampled_from([("[", 200_000), ("9", 5_000), ("{", 1), ('"', 1), ("\x00", 1), ("", 0)]).map(lambda of: of[0] * of[1])
_RAW = _FRAMES.map(json.dumps) | st.text() | st.binary() | _ODD


@dataclass
class Cloud:
    """The gateway, the socket and the API of a DingTalk of the test's own, with a Dify in it; `said` is what bots said."""

    web: RawServer
    sockets: Server
    opened: "queue.Queue[ServerConnection]" = field(default_factory=queue.Queue)
    said: "queue.Queue[str]" = field(default_factory=queue.Queue)
    number: int = 0

    def ask_for_help(self, socket: ServerConnection) -> None:
        """Send a command in a good frame; it must be acknowledged on this socket, and answered."""
        self.number += 1
        webhook = f"{self.web.url.removesuffix('/v1')}/robot/sendBySession?number={self.number}"
        payload = PAYLOADS["text"] | {"msgId": f"good-{self.number}", "text": {"content": "/help"}, "sessionWebhook": webhook}
        payload["sessionWebhookExpiredTime"] = (time.time() + 60) * 1000
        socket.send(json.dumps(frame(MESSAGES, payload, self.number)))
        while json.loads(socket.recv(_PATIENCE))["headers"].get("messageId") != f"f-{self.number}":
            pass  # the acknowledgement of an odd one
        while not self.said.get(timeout=_PATIENCE).endswith(f"?number={self.number}"):
            pass


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """Return a DingTalk that takes everything, and says nothing by itself."""

    def answer(exchange: Exchange) -> None:
        if exchange.path.startswith("/robot/"):
            cloud.said.put(exchange.path)
        exchange.answer(
            json.dumps({"errcode": 0, "accessToken": "t", "expireIn": 7200, "success": True, "result": True}).encode()
        )

    def hold(socket: ServerConnection) -> None:
        cloud.opened.put(socket)
        left.wait()

    left = threading.Event()
    with RawServer(answer) as web, serve(hold, "127.0.0.1", 0) as sockets:
        cloud = Cloud(web, sockets)
        port = sockets.socket.getsockname()[1]
        ticket = json.dumps({"endpoint": f"ws://127.0.0.1:{port}/connect", "ticket": "t"}).encode()
        web.others["open"] = lambda exchange: exchange.answer(ticket)
        web.others["chat-messages"] = lambda exchange: exchange.stream(message("你好"), END)
        serving = threading.Thread(target=sockets.serve_forever)
        serving.start()
        yield cloud
        left.set()
        sockets.shutdown()
        serving.join(_PATIENCE)
    assert not web.errors


@pytest.fixture(scope="module")
def socket(cloud: Cloud) -> Iterator[ServerConnection]:
    """Return the socket of a bot that is connected there."""
    place = cloud.web.url.removesuffix("/v1")
    text = (
        "bots: [{name: b, dingtalk_app_client_id: b, dingtalk_app_client_secret: s, dify_app_type: chatbot, "
        "dify_app_api_key: app-k, max_workers: 1}]"
    )
    variables = {"DINGTALK_OPENAPI_ENDPOINT": place, "DINGTALK_OAPI_ENDPOINT": place, "DINGTALK_QPS": "0"}
    fleet = Fleet(config.load(text, {**variables, "DIFY_OPEN_API_URL": cloud.web.url}, KINDS))
    fleet.start()
    yield cloud.opened.get(timeout=_PATIENCE)
    fleet.stop(_PATIENCE)


# The bot's threads draw their own random numbers while hypothesis draws; it would take those for a strategy's.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning")
@given(st.lists(_RAW, min_size=1, max_size=4))
def test_the_connection_outlives_any_frame(
    cloud: Cloud, socket: ServerConnection, logged: list[logging.LogRecord], frames: list[str | bytes]
) -> None:
    """Any JSON, any text, any bytes: the bot stays on the same socket, obeys the next command, and has met no bug."""
    for odd in frames:
        socket.send(odd)
    cloud.ask_for_help(socket)
    assert cloud.opened.empty()
    written = [logging.Formatter().format(record) for record in logged if _is_bug(record) or WORDS in record.getMessage()]
    logged.clear()
    assert not written, written[0]


def _is_bug(record: logging.LogRecord) -> bool:
    """Whether an error came from further inside than the reading of a frame, where a stranger's mistake is told apart."""
    trace = record.exc_info[2] if record.exc_info else None
    files = [Path(frame.f_code.co_filename) for frame, _ in walk_tb(trace)]
    return any(file.is_relative_to(_ROOT) and ".venv" not in file.parts and file != _READING for file in files)


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(scope="module")
def logged() -> Iterator[list[logging.LogRecord]]:
    """Return what the bridge logs, as it comes."""
    kept, log = _Kept(), logging.getLogger("dingbridge")
    log.addHandler(kept)
    yield kept.records
    log.removeHandler(kept)
