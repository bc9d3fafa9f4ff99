"""The client's manners: what it sends, when it tries again, how it shares connections, and what it never tells."""

import logging
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

import errors
from backends.base import Question
from backends.watch import Limits
from dify.backend import DifyBackend
from dify.client import DifyClient
from dify.settings import DifySettings
from tests.dify.conftest import KEY, Dify, Serve, hear
from tests.dify.server import END, Exchange, event, message


def answered(exchange: Exchange) -> None:
    """Answer with a whole stream."""
    exchange.stream(message("你好"), END)


class Pauses(threading.Event):
    """A stop that never comes, and the pauses that were made for it."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Note the pause instead of making it."""
        self.made.append(timeout)
        return False


BUSY = b'{"code": "too_many_requests", "message": "Too many requests. Please try again later."}'
QUOTA = b'{"code": "rate_limit_error", "message": "quota"}'


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("429 TOO MANY REQUESTS", BUSY),
        ("429 Too Many Requests", b"error code: 1015"),
        ("502 Bad Gateway", b"<html>"),
        ("503 Service Unavailable", b""),
        ("504 Gateway Time-out", b"<html>"),
    ],
)
def test_a_refusal_before_a_run_began_is_tried_again(serve: Serve, status: str, body: bytes) -> None:
    """Too many requests, or a proxy without a Dify behind it: the third try may be taken."""

    def run(exchange: Exchange) -> None:
        if len(dify.server.exchanges) < 3:
            exchange.answer(body, status=status)
        else:
            answered(exchange)

    dify = serve(run)
    heard = dify.ask()
    assert (heard.text, heard.error, len(dify.server.exchanges)) == ("你好", None, 3)


def test_after_three_retries_it_is_told(serve: Serve) -> None:
    """No fifth try, and the pauses between them grow."""
    dify = serve(lambda exchange: exchange.answer(BUSY, status="429 TOO MANY REQUESTS"))
    pauses = Pauses()
    with pytest.raises(errors.BackendBusy):
        dify.backend.client.stream("/chat-messages", {}, stopping=pauses)
    assert (len(dify.server.exchanges), pauses.made) == (4, [0.01, 0.02, 0.04])


@pytest.mark.parametrize(("wanted", "pauses_made"), [("2", [2, 2, 2]), ("3600", [])])
def test_a_dify_that_wants_to_be_left_alone_is(serve: Serve, wanted: str, pauses_made: list[float]) -> None:
    """For a few seconds; nobody is kept waiting for an hour."""
    dify = serve(lambda exchange: exchange.answer(BUSY, status="429 TOO MANY REQUESTS", Retry_After=wanted))
    pauses = Pauses()
    with pytest.raises(errors.BackendBusy) as raised:
        dify.backend.client.stream("/chat-messages", {}, stopping=pauses)
    assert (raised.value.retry_after, pauses.made) == (float(wanted), pauses_made)


@pytest.mark.parametrize(
    ("status", "body"),
    [("429 TOO MANY REQUESTS", QUOTA), ("500 Oh", b"{}"), ("400 BAD REQUEST", b"{}"), ("401 UNAUTHORIZED", b"{}")],
)
def test_a_refusal_that_would_be_the_same_is_not_tried_again(serve: Serve, status: str, body: bytes) -> None:
    """A used-up quota, a broken server and a bad request are told at once."""
    dify = serve(lambda exchange: exchange.answer(body, status=status))
    assert dify.ask().error
    assert len(dify.server.exchanges) == 1


def test_no_connection_is_tried_again() -> None:
    """Nobody listens: nothing was sent, so it is tried four times, then told."""
    client = DifyClient("http://127.0.0.1:1/v1", KEY, limits=Limits(pause=0.01), connections=1)
    pauses = Pauses()
    with pytest.raises(errors.BackendUnreachable) as raised:
        client.stream("/chat-messages", {}, stopping=pauses)
    client.close()
    assert raised.value.detail == "NewConnectionError"
    assert pauses.made == [0.01, 0.02, 0.04]


@pytest.mark.parametrize("begun", [False, True], ids=["before the head", "after the first event"])
def test_a_run_that_may_have_begun_is_not_asked_for_twice(serve: Serve, begun: bool) -> None:  # noqa: FBT001  # a table's column
    """Dify has no way to tell a repeated question: once it has read ours, a second one would be a second run."""

    def run(exchange: Exchange) -> None:
        if begun:
            exchange.begin().send(message("你"))
        exchange.reset()

    dify = serve(run)
    assert dify.ask().error
    assert len(dify.server.exchanges) == 1


def test_what_a_chatbot_is_asked(serve: Serve) -> None:
    """The question beside the inputs, a stream wanted, and no conversation where none is known (1.11.0 refuses "")."""
    day = {"day": date(2026, 1, 2), "who": "{sender_nick}"}
    dify = serve(answered, dify_inputs=day)
    assert hear(dify.backend.start(Question("你好", "user-1", "", {"sender_nick": "小明"}))).text == "你好"
    assert dify.ask("再问", "c-1").text == "你好"
    first, second = (exchange.json for exchange in dify.server.exchanges)
    assert first == {
        "inputs": {"day": "2026-01-02", "who": "小明"},
        "query": "你好",
        "response_mode": "streaming",
        "user": "user-1",
    }
    assert second["conversation_id"] == "c-1"
    headers = dify.server.exchanges[0].headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["content-type"] == "application/json"


def test_the_key_comes_from_the_settings_alone(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ~/.netrc that names the same host does not replace the key."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    dify = serve(answered)
    dify.ask()
    assert dify.server.exchanges[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(("key", "sent"), [("app-密钥", "app-密钥"), (" app-1\n", "app-1"), ("app-1\r\nX: y", "app-1X:y")])
def test_a_key_of_any_shape_is_sent(serve: Serve, key: str, sent: str) -> None:
    """A key is held to no pattern; a line break that slipped into it does no harm."""
    dify = serve(answered, dify_app_api_key=key)
    assert dify.ask().text == "你好"
    assert dify.server.exchanges[0].headers["authorization"] == f"Bearer {sent}"


def test_cookies_are_not_kept(serve: Serve) -> None:
    """All people of a bot share its connections; a proxy's cookie of one must not follow the next."""

    def run(exchange: Exchange) -> None:
        exchange.begin(Set_Cookie="sid=1; Path=/").send(message("你好"), END).end()

    dify = serve(run)
    dify.ask()
    dify.ask()
    assert all("cookie" not in exchange.headers for exchange in dify.server.exchanges)


def test_one_answer_after_the_other_shares_a_connection(serve: Serve) -> None:
    """A stream is read to its end, so its connection serves the next question; also after a refusal."""

    def run(exchange: Exchange) -> None:
        if exchange.json["query"] == "bad":
            exchange.answer(b'{"code": "invalid_param"}', status="400 BAD REQUEST")
        else:
            answered(exchange)

    dify = serve(run)
    for _ in range(5):
        assert dify.ask().text == "你好"
        assert isinstance(dify.ask("bad").error, errors.InputRefused)
    dify.backend.ping()
    assert dify.server.connections == 1


def test_no_connection_leaks(serve: Serve) -> None:
    """After 200 answers, eight at a time and a quarter of them broken off, no more than eight connections are open."""
    closed: list[int] = []

    def run(exchange: Exchange) -> None:
        exchange.begin().send(message("你好"))
        if exchange.json["query"].endswith(("0", "5", "7")):
            exchange.send(event("error", code="completion_request_error", message="m", status=400)).wait_until_left()
            closed.append(1)
        else:
            exchange.send(END).end()

    dify = serve(run)
    with ThreadPoolExecutor(8) as askers:
        texts = list(askers.map(lambda number: dify.ask(f"{number}").text, range(200)))
    assert texts == ["你好"] * 200
    assert dify.server.connections - len(closed) <= 8
    assert not dify.backend.client._keeper._watches


def test_an_answer_that_is_left_gives_its_connection_back(serve: Serve) -> None:
    """A reader that fails in the middle leaves nothing open behind it."""
    left = threading.Event()

    def run(exchange: Exchange) -> None:
        exchange.begin().send(message("你好")).wait_until_left()
        left.set()

    dify = serve(run)
    reading = iter(dify.start())
    next(reading)
    del reading
    assert left.wait(10)
    assert not dify.backend.client._keeper._watches


@pytest.mark.parametrize(
    "refusal",
    [
        ("401 UNAUTHORIZED", b'{"code": "unauthorized", "message": "Access token is invalid"}'),
        ("400 BAD REQUEST", '{"code": "invalid_param", "message": "input_value={\'query\': \'我的工资\'}"}'.encode()),
        ("200 OK", b"<html>"),
        ("502 Bad Gateway", b"<html>"),
    ],
)
def test_nothing_that_is_shown_holds_a_secret_or_a_person_s_words(
    serve: Serve, refusal: tuple[str, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither an error with its trace, nor a repr, nor a log line of any level holds the key or the question."""
    caplog.set_level(logging.DEBUG, "dingbridge")
    dify = serve(lambda exchange: exchange.answer(refusal[1], status=refusal[0]))
    error = dify.ask("我的工资").error
    assert error
    shown = [*traceback.format_exception(error), repr(error), str(error), caplog.text]
    shown += map(repr, (dify.backend, dify.backend.client, dify.backend.settings, dify.start(), vars(dify.backend.client)))
    for text in shown:
        assert KEY not in text
        assert "我的工资" not in text


def test_ping_tells_what_is_wrong(serve: Serve) -> None:
    """The check of a bot: a good key passes, a wrong one and a wrong address are told."""

    def unauthorized(exchange: Exchange) -> None:
        exchange.answer(b'{"code": "unauthorized", "message": "Access token is invalid"}', status="401 UNAUTHORIZED")

    dify = serve(answered)
    dify.backend.ping()
    dify.server.others["parameters"] = unauthorized
    with pytest.raises(errors.KeyRefused):
        dify.backend.ping()
    section = {"dify_app_type": "chatbot", "dify_app_api_key": KEY, "dify_api_url": "http://127.0.0.1:1/v1"}
    nowhere = DifyBackend(DifySettings.model_validate(section), limits=Limits(), connections=1)
    with pytest.raises(errors.BackendUnreachable):
        nowhere.ping()
    nowhere.close()


def test_many_streams_share_one_watching_thread(serve: Serve) -> None:
    """However many answers grow at once, one thread looks after their silence; closing ends it."""

    def run(exchange: Exchange) -> None:
        exchange.begin().send(message("你好"))
        everybody.wait(10)
        exchange.send(END).end()

    everybody = threading.Barrier(8)
    dify: Dify = serve(run)
    with ThreadPoolExecutor(8) as askers:
        assert all(heard.error is None for heard in askers.map(lambda _: dify.ask(), range(8)))
    assert sum(thread.name == "stream-keeper" for thread in threading.enumerate()) == 1
    dify.backend.close()
    assert sum(thread.name == "stream-keeper" for thread in threading.enumerate()) == 0
