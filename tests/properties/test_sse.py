"""A stream of Dify's, cut, torn or made of anything: what came whole is kept, and the end is an answer or a BackendError."""

import io
import json
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
import requests
import urllib3
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from backends.base import Event, File, Replace, Text
from backends.stream import EventStream
from backends.watch import Keeper, Limits
from dify import events
from dify.client import payload_of
from dify.fold import AppKind, Fold
from errors import BackendError
from tests.dify.server import END, PING, event, message, run_frames
from tests.properties.strategies import JSON, nested, spoilt

_FILE = {"url": "/files/tools/0b6a8d0c.png?sign=x", "type": "image", "belongs_to": "assistant", "filename": "图.png"}
_SOURCES = {"retriever_resources": [{"document_name": "手册.pdf", "score": 0.9}, {"document_name": "手册.pdf"}]}
_STARTED, _FINISHED = run_frames(outputs={"answer": "你好"})
# One of each shape that Dify's apps have: a chatbot, an agent, a completion, a workflow, and a chatflow of either order.
STREAMS: dict[str, tuple[AppKind, list[bytes]]] = {
    "chatbot": (
        "chatbot",
        [PING, message("你好，"), message("<think>想</think>世界\u2028😀"), event("message_end", metadata=_SOURCES)],
    ),
    "agent": (
        "chatbot",
        [
            event("agent_message", answer="查。"),
            event("agent_thought", tool="weather;time", observation=""),
            event("agent_thought", tool="weather;time", observation="晴"),
            event("message_file", **_FILE),
            event("agent_message", answer="今天晴"),
            event("message", answer="今天晴 ![图](/files/tools/0b6a8d0c.png)"),
            END,
        ],
    ),
    "completion": ("completion", [message("第一行\n第二行"), event("message_replace", answer="收回"), END]),
    "workflow": ("workflow", [*run_frames("你", "好", outputs={"text": "你好", "files": [_FILE]}, files=[_FILE])]),
    "chatflow": ("chatbot", [_STARTED, message("你"), message("好"), _FINISHED, END]),
    "newer chatflow": ("chatbot", [_STARTED, message("你"), message("好"), END, _FINISHED]),
    "failing": ("chatbot", [message("你"), event("error", code="completion_request_error", message="model: 500", status=400)]),
}  # fmt: skip
_ENDS = (b"\n", b"\r\n")
_LIMITS = Limits()
_ODD = (
    b"\n", b"\r", b"\r\n", b"\n\n", b": hi\n", b"data", b"data:", b"data: ", b"data: {}\n\n", b"data: [1]\n\n", b"id: 5\n",
    b"retry: x\n", b"event: message\n", b"\xff\xfe", b"\xe4\xbd", b"\x00", "\u2028\u0085".encode(), message("你"), END, PING,
    b'data: {"event": "message", "answer": "\\ud83d"}\n\n', b'data: {"event": ["message"]}\n\n', b"<html>\n</html>\n",
)  # fmt: skip
_LONG = st.sampled_from([("[", 100_000), ("9", 5_000), ("x", 200_000)]).map(lambda of: f"data: {of[0] * of[1]}\n\n".encode())
_LINES = st.sampled_from(["a\n", "\r", "data: {\n"]).map(lambda line: (line * 3_000).encode())
NOISE = st.sampled_from(_ODD) | _LONG | _LINES


class Pieces(io.BufferedIOBase):
    """A body that arrives in these pieces, one a read."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        super().__init__()
        self._pieces = iter(pieces)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        return self.read1(-1 if size is None else size)

    def read1(self, size: int = -1, /) -> bytes:
        """Return what has arrived, up to `size` bytes; nothing at the end."""
        arrived = self._rest or next(filter(None, self._pieces), b"")
        size = len(arrived) if size < 0 else size
        self._rest = arrived[size:]
        return arrived[:size]


@pytest.fixture(scope="module")
def keeper() -> Iterator[Keeper]:
    """Return what looks after the streams, one for all."""
    keeper = Keeper()
    yield keeper
    keeper.close()


def payloads(keeper: Keeper, *pieces: bytes) -> list[dict[str, object]]:
    """Return the payloads of a stream that arrives in these pieces."""
    response = requests.Response()
    response.raw = urllib3.HTTPResponse(Pieces(pieces), preload_content=False)
    stream = EventStream(response, keeper, _LIMITS, opened=time.monotonic(), decode=payload_of)
    found = list(stream)
    stream.close()
    return found


def answer(kind: AppKind, found: list[dict[str, object]]) -> tuple[str, list[Event], BackendError | None]:
    """Fold payloads as far as they count; return the text, the events and the error that ends it."""
    fold, seen = Fold(kind, place="http://dify"), list[Event]()
    for payload in found:
        events.ids(payload)
        if (meant := events.decode(payload)) is not None:
            seen.extend(fold.feed(meant))
        if fold.end == "over":
            break
    seen.extend(fold.flush())
    try:
        fold.judge()
    except BackendError as error:
        return fold.text, seen, error
    return fold.text, seen, None


def shown(seen: list[Event]) -> str:
    """Return what a reader has seen of these events."""
    text = ""
    for one in seen:
        match one:
            case Text(more):
                text += more
            case Replace(whole):
                text = whole
    return text


def check(kind: AppKind, found: list[dict[str, object]]) -> None:
    """The answer that its reader sees is the one that counts, all of it is text, and each event is of its type."""
    text, seen, _ = answer(kind, found)
    assert shown(seen) == text
    for one in seen:
        if isinstance(one, File):
            assert isinstance(one.url, str)
    text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("end", _ENDS, ids=["newlines", "carriage returns"])
@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_cut_at_any_byte_keeps_what_came_whole(keeper: Keeper, name: str, end: bytes) -> None:
    """At every offset: the events before the cut come out, none is made up, and an error tells that it is not whole."""
    kind, frames = STREAMS[name]
    body = b"".join(frames).replace(b"\n", end)
    whole = payloads(keeper, body)
    text = answer(kind, whole)[0]
    for cut in range(len(body) + 1):
        found = payloads(keeper, body[:cut])
        came = sum(frame.startswith(b"data") for frame in body[:cut].split(end * 2)[:-1])
        assert found == whole[: len(found)]
        assert came <= len(found) <= came + 1, "a frame whose line came whole needs no blank line after it"
        check(kind, found)
        said, _, error = answer(kind, found)
        assert error or said == text


@given(st.sampled_from(sorted(STREAMS)), st.sampled_from(_ENDS), st.lists(st.integers(0, 2_000), max_size=60))
def test_a_stream_torn_anywhere_is_the_same_stream(keeper: Keeper, name: str, end: bytes, cuts: list[int]) -> None:
    """How the network cuts it up makes no difference: within a character, a line end, or a prefix."""
    body = b"".join(STREAMS[name][1]).replace(b"\n", end)
    marks = [0, *sorted(cuts), len(body)]
    pieces = [body[begin:stop] for begin, stop in pairwise(marks)]
    assert payloads(keeper, *pieces) == payloads(keeper, body)


@given(st.lists(st.binary(max_size=200) | NOISE, max_size=20))
def test_any_bytes_are_a_stream(keeper: Keeper, pieces: list[bytes]) -> None:
    """Nothing that arrives breaks the reading."""
    found = payloads(keeper, *pieces)
    check("chatbot", found)
    check("completion", found)
    check("workflow", found)


def _payload(frame: bytes) -> dict[str, object]:
    return dict(json.loads(frame.removeprefix(b"data: "))) if frame.startswith(b"data: ") else {}


_BY_NAME = {str(payload["event"]): payload for _, frames in STREAMS.values() for payload in map(_payload, frames) if payload}
_BY_NAME["reasoning_chunk"] = {"event": "reasoning_chunk", "data": {"reasoning": "想"}}
_BY_NAME["text_replace"] = {"event": "text_replace", "data": {"text": "收回"}}
_BY_NAME["node_started"] = {"event": "node_started", "data": {"title": "节点"}}
_BY_NAME["workflow_paused"] = {"event": "workflow_paused", "data": {}}
_STORED = {
    "id": "m-1",
    "status": "normal",
    "answer": "你好",
    "error": None,
    "outputs": '{"text": "你好"}',
    "answer_tokens": 5,
    **_SOURCES,
}


def _spoilt_event(name: str) -> SearchStrategy[dict[str, object]]:
    return spoilt(_BY_NAME[name], most=2).filter(lambda payload: isinstance(payload, dict))


@given(
    st.sampled_from(["chatbot", "completion", "workflow"]),
    st.lists(st.sampled_from(sorted(_BY_NAME)).flatmap(_spoilt_event), max_size=6),
)
def test_events_of_any_shape_make_an_answer_or_an_error(kind: AppKind, found: list[dict[str, object]]) -> None:
    """Keys gone, other types, huge and deep values, in any order: no other exception, and nothing that is no text."""
    check(kind, found)


@given(spoilt(_STORED) | JSON)
def test_what_dify_has_stored_can_be_of_any_shape(stored: object) -> None:
    """So can the answer to the question what became of a broken run."""
    item = stored if isinstance(stored, dict) else {}
    for of_chatflow in (True, False):
        for meant in (*events.saved_message(item, of_chatflow=of_chatflow), *events.saved_run(item)):
            list(Fold("workflow").feed(meant))
            list(Fold("chatbot").feed(meant))


def test_an_output_may_be_nested_as_deep_as_anything() -> None:
    """A workflow may give back whatever it likes: what cannot be written down is left out."""
    for deep in nested(5_000):
        check("workflow", [{"event": "workflow_finished", "data": {"status": "succeeded", "outputs": {"a": deep, "b": deep}}}])
