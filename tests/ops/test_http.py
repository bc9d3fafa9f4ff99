"""The HTTP server, knocked at by real sockets: who is let in, who is sent away and how, and how it ends."""

import asyncio
import contextlib
import errno
import json
import logging
import socket
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from errors import PortUnavailable
from ops.connection import Limits, room
from ops.door import Answer, Door, Headers, Visit
from ops.http import HttpServer

WAIT = 10

MakeServer = Callable[..., HttpServer]


@pytest.fixture
def make_server() -> Iterator[MakeServer]:
    """Return a function that starts a server with these doors on a free port."""
    with contextlib.ExitStack() as stack:

        def make(*doors: Door, **limits: Any) -> HttpServer:
            server = HttpServer("127.0.0.1", 0, doors, Limits(**limits))
            server.start()
            stack.callback(server.close)
            return server

        yield make


async def _echo(visit: Visit) -> Answer:
    return Answer.json(200, {"bytes": len(visit.body)})


def _only_friends(headers: Headers) -> Answer | None:
    return None if headers.get("friend") else Answer.json(401, {"error": "who are you?"})


def _url(server: HttpServer, path: str = "/") -> str:
    return f"http://127.0.0.1:{server.port}{path}"


def _send(server: HttpServer, sent: bytes, *, then: bytes = b"", seconds: float = WAIT) -> bytes:
    """Send these bytes, wait for the beginning of an answer, send more, and return all that comes until the other side ends."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as guest:
        guest.sendall(sent)
        answer = guest.recv(65_536)
        if then:
            guest.sendall(then)
        with contextlib.suppress(ConnectionResetError):
            while bite := guest.recv(65_536):
                answer += bite
        return answer


def test_it_says_ok_and_nothing_else(make_server: MakeServer) -> None:
    """The root is for a proxy's or an orchestrator's look, and names no bot and no version."""
    server = make_server(Door("GET", "/dingtalk/secret-bot", _echo))
    answer = requests.get(_url(server), timeout=WAIT)
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert answer.headers["Server"] == "DingBridge"
    assert "secret-bot" not in str(answer.headers)


def test_head_is_answered_as_get_is_without_a_body(make_server: MakeServer) -> None:
    """The same status and headers."""
    server = make_server()
    answer = requests.head(_url(server), timeout=WAIT)
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", "3")


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/elsewhere", 404, None),
        ("POST", "/", 405, "GET, HEAD"),
        ("PUT", "/a", 405, "GET, HEAD, POST"),
        ("DELETE", "/a", 405, "GET, HEAD, POST"),
        ("OPTIONS", "/a", 405, "GET, HEAD, POST"),
        ("GET", "/b", 405, "POST"),
        ("HEAD", "/b", 405, "POST"),
    ],
)
def test_a_wrong_path_or_method_is_told_in_json(
    make_server: MakeServer, method: str, path: str, status: int, allow: str | None
) -> None:
    """404 where nothing is, 405 with the methods that there are."""
    server = make_server(Door("GET", "/a", _echo), Door("POST", "/a", _echo), Door("POST", "/b", _echo))
    answer = requests.request(method, _url(server, path), timeout=WAIT)
    assert (answer.status_code, answer.headers.get("Allow")) == (status, allow)
    assert method == "HEAD" or answer.json()["error"]


@pytest.mark.parametrize("asked", ["/push/%E5%AE%A2%E6%9C%8D", "/push/客服", "/push/客服/", "/push/客服?token=x"])
def test_a_path_is_found_however_it_is_written(make_server: MakeServer, asked: str) -> None:
    """Escaped or not, with a slash at its end or a query."""
    server = make_server(Door("POST", "/push/客服", _echo))
    assert requests.post(_url(server, asked), data=b"abc", timeout=WAIT).json() == {"bytes": 3}


@pytest.mark.parametrize(("opened", "asked"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_an_accent_is_an_accent_however_it_is_put_together(make_server: MakeServer, opened: Any, asked: Any) -> None:
    """A name may have been typed on a Mac, and the address elsewhere."""
    server = make_server(Door("POST", "/push/" + unicodedata.normalize(opened, "Büro"), _echo))
    assert requests.post(_url(server, "/push/" + unicodedata.normalize(asked, "Büro")), data=b"abc", timeout=WAIT).ok


@pytest.mark.parametrize(
    "line", [b"GET /%ff%fe HTTP/1.1", b"GET /../../etc/passwd HTTP/1.1", b"OPTIONS * HTTP/1.1", b"GET http://x/y HTTP/1.1"]
)
def test_odd_targets_lead_nowhere(make_server: MakeServer, line: bytes) -> None:
    """They are refused like any path that is not there."""
    answer = _send(make_server(), line + b"\r\nHost: x\r\n\r\n")
    assert answer.split(b" ", 2)[1] in {b"400", b"404"}
    assert b"Traceback" not in answer


def test_what_is_no_http_learns_nothing(make_server: MakeServer, caplog: pytest.LogCaptureFixture) -> None:
    """400 without the library's name, version or words; the log has nothing of it either."""
    with caplog.at_level(logging.DEBUG):
        answer = _send(make_server(), b"\x16\x03\x01 secret-words\r\n\r\n")
    assert answer.split()[1] == b"400"
    assert b"aiohttp" not in answer
    assert b"secret-words" not in answer
    assert "secret-words" not in caplog.text


def test_a_bug_behind_a_door_is_the_logs_alone(make_server: MakeServer, caplog: pytest.LogCaptureFixture) -> None:
    """The visitor gets 500 and no trace; the server goes on."""

    async def broken(_: Visit) -> Answer:
        raise RuntimeError("a bug")

    server = make_server(Door("POST", "/broken", broken), Door("POST", "/echo", _echo))
    answer = requests.post(_url(server, "/broken?token=hidden"), data=b"words", timeout=WAIT)
    assert (answer.status_code, answer.json()) == (500, {"error": "internal error"})
    assert "a bug" in caplog.text
    assert "hidden" not in caplog.text
    assert requests.post(_url(server, "/echo"), data=b"x", timeout=WAIT).ok


def test_nothing_of_a_request_is_logged(make_server: MakeServer, caplog: pytest.LogCaptureFixture) -> None:
    """No path, no query, no header."""
    server = make_server(Door("POST", "/echo", _echo))
    with caplog.at_level(logging.DEBUG, "dingbridge"):
        requests.post(_url(server, "/echo?token=hidden"), headers={"Authorization": "Bearer hidden"}, data=b"x", timeout=WAIT)
    assert "hidden" not in caplog.text


def test_a_stranger_is_sent_away_before_the_body(make_server: MakeServer) -> None:
    """The guard answers though not one byte of the promised body has come."""
    server = make_server(Door("POST", "/a", _echo, guard=_only_friends))
    begun = time.monotonic()
    answer = _send(server, b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert time.monotonic() - begun < WAIT / 2


def test_a_guard_reads_headers_in_any_case(make_server: MakeServer) -> None:
    """Proxies write them as they like."""
    server = make_server(Door("POST", "/a", _echo, guard=_only_friends))
    assert requests.post(_url(server, "/a"), headers={"FRIEND": "yes"}, data=b"x", timeout=WAIT).ok


def test_a_body_of_exactly_the_limit_is_taken(make_server: MakeServer) -> None:
    """One byte more is not."""
    server = make_server(Door("POST", "/a", _echo), body=1_000)
    assert requests.post(_url(server, "/a"), data=b"x" * 1_000, timeout=WAIT).json() == {"bytes": 1_000}
    assert requests.post(_url(server, "/a"), data=b"x" * 1_001, timeout=WAIT).status_code == 413


def test_a_large_body_is_refused_by_what_it_promises(make_server: MakeServer) -> None:
    """413 before any of it is sent."""
    server = make_server(Door("POST", "/a", _echo))
    answer = _send(server, b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_large_body_without_a_length_is_refused_on_the_way(make_server: MakeServer) -> None:
    """Chunked: 413 as soon as it is too much."""
    server = make_server(Door("POST", "/a", _echo), body=10_000)
    bites = 0

    def endless() -> Iterator[bytes]:
        nonlocal bites
        while bites < 10_000:
            bites += 1
            yield b"x" * 1_000

    with contextlib.suppress(requests.ConnectionError):  # the server hung up while we were sending
        assert requests.post(_url(server, "/a"), data=endless(), timeout=WAIT).status_code == 413
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = _send(server, head + b"2710\r\n" + b"x" * 10_000 + b"\r\n1\r\nx\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_packed_body_is_not_unpacked(make_server: MakeServer) -> None:
    """What would be a gigabyte is the few bytes that were sent."""
    server = make_server(Door("POST", "/a", _echo))
    answer = requests.post(_url(server, "/a"), data=b"\x1f\x8bxyz", headers={"Content-Encoding": "gzip"}, timeout=WAIT)
    assert answer.json() == {"bytes": 5}


def test_a_slow_body_is_cut_off(make_server: MakeServer) -> None:
    """408, and the connection ends."""
    server = make_server(Door("POST", "/a", _echo), body_seconds=0.2)
    answer = _send(server, b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_whoever_says_nothing_is_hung_up_on(make_server: MakeServer) -> None:
    """A connection without a whole head, however long it drips, ends."""
    server = make_server(head_seconds=0.2)
    assert _send(server, b"GET / HT") == b""


def test_who_brings_something_keeps_the_connection(make_server: MakeServer) -> None:
    """A proxy's next message goes the same way; who was refused has to come anew."""
    server = make_server(Door("POST", "/a", _echo, guard=_only_friends))
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as guest:
        for _ in range(2):
            guest.sendall(b"POST /a HTTP/1.1\r\nHost: x\r\nfriend: yes\r\nContent-Length: 2\r\n\r\nhi")
            assert guest.recv(65_536).startswith(b"HTTP/1.1 200 ")
        guest.sendall(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
        assert guest.recv(65_536).startswith(b"HTTP/1.1 401 ")
        assert guest.recv(65_536) == b""


def test_an_expectation_is_met(make_server: MakeServer) -> None:
    """`Expect: 100-continue`, as curl sends it for a large body: the body is asked for."""
    server = make_server(Door("POST", "/a", _echo))
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n"
    answer = _send(server, head, then=b"hi")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert answer.endswith(b'{"bytes": 2}')


@pytest.mark.parametrize("header", [b"X-Long: " + b"x" * 20_000, b"\r\n".join(b"X-%d: 1" % n for n in range(200))])
def test_headers_are_limited(make_server: MakeServer, header: bytes) -> None:
    """In length and in number."""
    answer = _send(make_server(), b"GET / HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n\r\n")
    assert answer.split()[1] == b"400"


def test_no_more_requests_at_once_than_there_is_room_for(make_server: MakeServer) -> None:
    """The one beyond gets 503, and the others their answers."""
    arrived, may_go = threading.Semaphore(0), threading.Event()

    async def slow(_: Visit) -> Answer:
        arrived.release()
        await asyncio.to_thread(may_go.wait, WAIT)
        return Answer.json(200, {})

    server = make_server(Door("POST", "/slow", slow), requests=2)
    with ThreadPoolExecutor(2) as guests:
        waiting = [guests.submit(requests.post, _url(server, "/slow"), timeout=WAIT) for _ in range(2)]
        assert all(arrived.acquire(timeout=WAIT) for _ in waiting)
        beyond = requests.post(_url(server, "/slow"), timeout=WAIT)
        may_go.set()
        assert [answer.result().status_code for answer in waiting] == [200, 200]
    assert (beyond.status_code, beyond.headers["Retry-After"]) == (503, "5")


def test_no_more_connections_than_there_is_room_for(make_server: MakeServer) -> None:
    """The one beyond is told so in a whole answer."""
    server = make_server(connections=1)
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as first:
        first.sendall(b"GET / HTTP/1.1\r\n")
        with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as second:
            head, _, body = second.recv(65_536).partition(b"\r\n\r\n")
        first.sendall(b"Host: x\r\n\r\n")
        assert first.recv(65_536).startswith(b"HTTP/1.1 200 ")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body)["error"]


@pytest.mark.parametrize(("open_files", "connections"), [(1_024, 256), (4_096, 1_000), (float("inf"), 1_000)])
def test_connections_leave_files_for_the_bots(open_files: float, connections: int) -> None:
    """A quarter of what the process may open, 1,000 at most."""
    assert room(open_files) == connections


def test_want_of_files_is_said_once_a_minute(make_server: MakeServer, caplog: pytest.LogCaptureFixture) -> None:
    """However often the loop tells of it; what else it tells is logged as ever."""
    server = make_server()
    loop = server._loop
    assert loop
    none_left = {
        "message": "socket.accept() out of system resource",
        "exception": OSError(errno.EMFILE, "Too many open files"),
    }
    for context in (none_left, none_left, {"message": "something else"}, none_left):
        loop.call_soon_threadsafe(loop.call_exception_handler, context)
    server.close()
    assert [record.getMessage() for record in caplog.records] == [
        "no file is left for another guest: allow this process more of them (ulimit -n)",
        "something else",
    ]


def test_a_taken_port_is_named() -> None:
    """PortUnavailable, with host and port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortUnavailable, match=f"127.0.0.1:{port}"):
            HttpServer("127.0.0.1", port, ()).start()


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_ours_is_named(host: str) -> None:
    """PortUnavailable as well; closing what never listened does nothing."""
    server = HttpServer(host, 0, ())
    with pytest.raises(PortUnavailable, match=host):
        server.start()
    server.close()


def test_two_doors_in_one_place_are_a_mistake() -> None:
    """Also when one of them is written with a slash at its end."""
    with pytest.raises(ValueError, match="POST /a"):
        HttpServer("127.0.0.1", 0, (Door("POST", "/a", _echo), Door("POST", "/a/", _echo)))


def test_closing_lets_an_answer_under_way_arrive(make_server: MakeServer) -> None:
    """Who is inside is served, who comes later finds nobody; the thread is gone."""
    arrived, may_go = threading.Event(), threading.Event()

    async def slow(_: Visit) -> Answer:
        arrived.set()
        await asyncio.to_thread(may_go.wait, WAIT)
        return Answer.json(200, {})

    server = make_server(Door("POST", "/slow", slow))
    port = server.port
    with ThreadPoolExecutor(2) as guests:
        inside = guests.submit(requests.post, _url(server, "/slow"), timeout=WAIT)
        assert arrived.wait(WAIT)
        closing = guests.submit(server.close, WAIT)
        deadline = time.monotonic() + WAIT
        with contextlib.suppress(ConnectionError):  # refused; or reset, for who came in the moment of closing
            while time.monotonic() < deadline:
                socket.create_connection(("127.0.0.1", port), timeout=WAIT).close()
                time.sleep(0.01)
        may_go.set()
        assert inside.result().status_code == 200
        closing.result()
    assert not any(thread.name == "http" for thread in threading.enumerate())


def test_closing_waits_no_longer_than_it_may(make_server: MakeServer) -> None:
    """A request that never ends is ended; idle connections hold nothing up."""
    arrived = threading.Event()

    async def endless(_: Visit) -> Answer:
        arrived.set()
        await asyncio.Event().wait()
        return Answer.json(200, {})

    server = make_server(Door("POST", "/endless", endless))
    with ThreadPoolExecutor(1) as guests, socket.create_connection(("127.0.0.1", server.port), timeout=WAIT):
        inside = guests.submit(requests.post, _url(server, "/endless"), timeout=WAIT)
        assert arrived.wait(WAIT)
        begun = time.monotonic()
        server.close(0.2)
        assert time.monotonic() - begun < 5
        with pytest.raises(requests.ConnectionError):
            inside.result()
    server.close()


def test_it_listens_on_ipv6() -> None:
    """Where the machine has it."""
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    server = HttpServer("::1", 0, ())
    try:
        server.start()
    except PortUnavailable as error:
        pytest.skip(str(error))
    answer = requests.get(f"http://[::1]:{server.port}/", timeout=WAIT)
    server.close()
    assert answer.ok
