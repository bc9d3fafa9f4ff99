"""However the bytes of a stream arrive, the same answer comes out; whatever else arrives ends with a sentence."""

import gzip
import json
import threading
from collections.abc import Callable, Sequence

import pytest
import requests

import errors
from backends import stream
from backends.base import File
from backends.stream import GuardedBytes
from tests.dify.conftest import Reader, Serve
from tests.dify.server import END, PING, Exchange, RawServer, event, message, run_frames

HELLO = message("你好，") + message("世界") + END


def in_pieces(pieces: Sequence[bytes], *, chunked: bool) -> Callable[[Exchange], None]:
    """Return a run that answers with a stream in these pieces."""

    def run(exchange: Exchange) -> None:
        exchange.begin(chunked=chunked).send(*pieces).end()

    return run


STREAMS: dict[str, tuple[Sequence[bytes], str]] = {
    "one event a write": ([message("你好，"), message("世界"), END], "你好，世界"),
    "all in one write": ([HELLO], "你好，世界"),
    "byte by byte": ([HELLO[at : at + 1] for at in range(len(HELLO))], "你好，世界"),
    "a split character": ([message("你")[:-6], message("你")[-6:], END], "你"),
    "a split prefix": ([b"da", message("你")[2:], b"data", END[4:]], "你"),
    "a prefix without its blank": ([HELLO.replace(b"data: ", b"data:")], "你好，世界"),
    "carriage returns": ([HELLO.replace(b"\n", b"\r\n")], "你好，世界"),
    "carriage returns, split": ([message("你好").replace(b"\n", b"\r\n")[:-1], b"\n", END.replace(b"\n", b"\r\n")], "你好"),
    "line separators in the text": ([message("a\u2028b\u2029c\x85d"), END], "a\u2028b\u2029c\x85d"),
    "pings between": ([PING, message("你"), PING + PING, message("好"), PING, END], "你好"),
    "pings of 0.6.3": ([b"data: ping\n\n", message("你好"), b"data: ping\n\n", END], "你好"),
    "comments and other fields": ([b": hi\n\nid: 5\nretry: 3\nfoo\n\n", message("你好"), END], "你好"),
    "noise that is no event": ([b'data: [DONE]\n\ndata: 5\n\ndata: {"a": 1}\n\ndata: {"\n\n', HELLO], "你好，世界"),
    "nesting without end": ([b"data: " + b"[" * 100_000 + b"\n\n", HELLO], "你好，世界"),
    "broken UTF-8": ([message("a?b").replace(b"?", b"\xe4\xbd"), END], "a\ufffdb"),
    "no blank line at the end": ([message("你好") + END.rstrip(b"\n") + b"\n"], "你好"),
    "no line end at the end": ([message("你好") + END.rstrip(b"\n")], "你好"),
}  # fmt: skip


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "until closed"])
@pytest.mark.parametrize(("pieces", "text"), STREAMS.values(), ids=STREAMS.keys())
def test_a_stream_is_read(serve: Serve, pieces: Sequence[bytes], text: str, chunked: bool) -> None:  # noqa: FBT001  # a table's column
    """Cut, merged or dressed up by a proxy, the stream gives its text and ends whole."""
    heard = serve(in_pieces(pieces, chunked=chunked)).ask()
    assert (heard.text, heard.error) == (text, None)


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "until closed"])
@pytest.mark.parametrize("cut", [message("好")[:-9], b"da", b"data: ", b"", PING, b"data: {}\n\n"], ids=repr)
def test_a_torn_end_is_an_incomplete_answer(serve: Serve, cut: bytes, chunked: bool) -> None:  # noqa: FBT001  # a table's column
    """A stream that ends before its terminal event keeps its text and says that it is not whole."""
    heard = serve(in_pieces([message("你"), cut], chunked=chunked)).ask()
    assert heard.text == "你"
    assert type(heard.error) is errors.AnswerInterrupted


def test_a_reset_is_an_incomplete_answer(serve: Serve) -> None:
    """So is a connection that is reset after some text."""
    read = threading.Event()

    def run(exchange: Exchange) -> None:
        exchange.begin().send(message("你"))
        assert read.wait(10)
        exchange.reset()

    reader = Reader(serve(run).start())
    reader.wait_for_event()
    read.set()
    heard = reader.end()
    assert heard.text == "你"
    assert type(heard.error) is errors.AnswerInterrupted


def test_a_chunk_of_the_wrong_size_is_an_incomplete_answer(serve: Serve) -> None:
    """So is a body that breaks HTTP's own framing."""

    def run(exchange: Exchange) -> None:
        exchange.begin().send(message("你")).connection.sendall(b"zz\r\nno size\r\n")

    heard = serve(run).ask()
    assert heard.text == "你"
    assert type(heard.error) is errors.AnswerInterrupted


def test_a_stream_without_end_is_given_up(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would fill the memory, as one line or as many: what came is kept, and told to be incomplete."""
    monkeypatch.setattr(stream, "MOST_BYTES", 100_000)
    many = serve(in_pieces([message("你"), *[message("好" * 100)] * 400], chunked=True)).ask()
    line = serve(in_pieces([message("你"), b"data: " + b"x" * 200_000], chunked=True)).ask()
    assert 100 < len(many.text) < 40_000
    assert line.text == "你"
    assert [type(heard.error) for heard in (many, line)] == [errors.AnswerInterrupted] * 2


@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_a_compressed_stream_is_read(serve: Serve, piece: int) -> None:
    """A proxy that compresses although nobody asked for it is understood, in pieces of any size."""
    packed = gzip.compress(HELLO)
    pieces = [packed[at : at + piece] for at in range(0, len(packed), piece)]

    def run(exchange: Exchange) -> None:
        assert exchange.headers["accept-encoding"] == "identity"
        exchange.begin(Content_Encoding="gzip").send(*pieces).end()

    heard = serve(run).ask()
    assert (heard.text, heard.error) == ("你好，世界", None)


def test_a_line_of_a_megabyte_is_read(serve: Serve) -> None:
    """A node's outputs or a voice can make one line very long; it comes in small pieces."""
    long = event("node_finished", data={"outputs": {"text": "字" * 350_000}})
    pieces = [long[at : at + 1024] for at in range(0, len(long), 1024)]
    heard = serve(in_pieces([message("你"), *pieces, END], chunked=True)).ask()
    assert (heard.text, heard.error) == ("你", None)


def test_a_long_line_is_handed_on_once() -> None:
    """The decoder gets a line whole, when it is whole: no byte of it is looked at again for each piece that arrives."""
    long = b"data: " + b"x" * 1_000_000 + b"\n"
    pieces = [long[at : at + 512] for at in range(0, len(long), 512)]
    came: list[None] = []
    with (
        RawServer(in_pieces([b"event: ping\n\n", *pieces, b"\n", b"torn"], chunked=True)) as server,
        requests.post(f"{server.url}/x", stream=True, timeout=10) as response,
    ):
        runs = list(GuardedBytes(response, lambda: came.append(None)))
    assert b"".join(runs) == b"event: ping\n\n" + long + b"\n" + b"torn"
    assert len(runs) <= 5
    assert len(came) > len(runs)  # though every piece was noted as a sign of life


HTML = b"<html><h1>502 Bad Gateway</h1></html>"

REFUSALS: dict[str, tuple[str, str, bytes, type[errors.BackendError]]] = {
    "HTML 502": ("502 Bad Gateway", "text/html", HTML, errors.BackendDown),
    "HTML 504": ("504 Gateway Time-out", "text/html", HTML, errors.BackendDown),
    "HTML 413": ("413 Request Entity Too Large", "text/html", HTML, errors.InputRefused),
    "HTML 404": ("404 Not Found", "text/html", HTML, errors.BackendUnreachable),
    "200 with JSON": ("200 OK", "application/json", b'{"event": "message", "answer": "x"}', errors.BackendDown),
    "200 with HTML": ("200 OK", "text/html", HTML, errors.BackendDown),
    "204": ("204 No Content", "text/event-stream", b"", errors.BackendDown),
    "401": ("401 UNAUTHORIZED", "application/json", b'{"code": "unauthorized", "message": "no"}', errors.KeyRefused),
}


@pytest.mark.parametrize(("status", "content_type", "body", "kind"), REFUSALS.values(), ids=REFUSALS.keys())
def test_what_is_no_stream_is_refused(
    serve: Serve, status: str, content_type: str, body: bytes, kind: type[errors.BackendError]
) -> None:
    """A proxy's page, a refusal, or another service's 200: one error of the right kind, and no page in it."""
    dify = serve(lambda exchange: exchange.answer(body, status=status, content_type=content_type, X_Request_Id="r-7"))
    error = dify.ask().error
    assert type(error) is kind
    assert (error.status, error.request_id) == (int(status[:3]), "r-7")
    assert "<h1>" not in str(error)


@pytest.mark.parametrize("status", ["200 OK", "500 Internal Server Error"])
def test_a_page_without_end_is_not_read_to_its_end(serve: Serve, status: str) -> None:
    """What is no stream is judged by its head and its first bytes."""

    def run(exchange: Exchange) -> None:
        exchange.begin(status=status, Content_Type="text/plain").send(b"x" * 70_000)
        exchange.wait_until_left()

    assert isinstance(serve(run).ask().error, errors.BackendDown)


def test_a_redirect_is_not_followed(serve: Serve) -> None:
    """Followed, a POST would arrive as a GET; the admin is told to look at the address."""
    dify = serve(lambda exchange: exchange.answer(b"", status="301 Moved Permanently", Location="/v1/elsewhere"))
    error = dify.ask().error
    assert isinstance(error, errors.BackendDown)
    assert "dify_api_url" in error.detail
    assert len(dify.server.exchanges) == 1


@pytest.mark.parametrize(
    ("url", "resolved"),
    [
        ("/files/tools/a.png?sign=x", "{place}/files/tools/a.png?sign=x"),
        ("https://files.example/a.png", "https://files.example/a.png"),
    ],
)
def test_a_file_s_address_is_made_whole(serve: Serve, url: str, resolved: str) -> None:
    """Without FILES_URL a self-hosted Dify names files by a path; an absolute address is left alone."""
    made = event("message_file", type="image", belongs_to="assistant", url=url)
    dify = serve(in_pieces([made, END], chunked=True))
    place = dify.server.url.removesuffix("/v1")
    assert dify.ask().events == [File(resolved.format(place=place), "a.png", is_image=True)]


def test_a_workflow_is_read(serve: Serve) -> None:
    """A workflow's chunks grow, its outputs decide."""
    dify = serve(
        in_pieces(list(run_frames("甲\n", "乙", outputs={"a": "甲", "b": "乙"})), chunked=True),
        dify_app_type="workflow",
        dify_output_key="b",
    )
    heard = dify.ask()
    assert (heard.text, heard.error) == ("乙", None)
    (asked,) = dify.server.exchanges
    assert (asked.path, asked.json["inputs"]) == ("/v1/workflows/run", {"query": "你好"})
    assert json.loads(asked.body).keys() == {"inputs", "response_mode", "user"}
