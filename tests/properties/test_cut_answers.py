"""An answer whose stream is cut or spoilt on a real socket ends, with what came before and a BackendError at most."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.base import Question
from backends.watch import Limits
from dify.backend import DifyBackend
from dify.fold import AppKind
from dify.settings import DifySettings
from tests.dify.conftest import KEY, Heard, hear
from tests.dify.server import Exchange, RawServer
from tests.properties.test_sse import NOISE, STREAMS


class Dify:
    """A server that answers with `pieces` and then does `end`, and the backends that ask it."""

    def __init__(self, server: RawServer) -> None:
        self._server = server
        server.run = self._play
        self._pieces: list[bytes] = []
        self._chunked = True
        self._end: Callable[[Exchange], None] = Exchange.end
        self._backends: dict[AppKind, DifyBackend] = {}

    def ask(self, kind: AppKind, *pieces: bytes, chunked: bool = True, end: Callable[[Exchange], None] = Exchange.end) -> Heard:
        """Ask an app of this kind, be answered with these bytes, and read to the end; what is no BackendError is raised."""
        self._pieces, self._chunked, self._end = list(pieces), chunked, end
        if kind not in self._backends:
            section = {"dify_app_type": kind, "dify_app_api_key": KEY, "dify_api_url": self._server.url}
            limits = Limits(pause=0.01, recovery=0)
            self._backends[kind] = DifyBackend(DifySettings.model_validate(section), limits=limits, connections=2)
        return hear(self._backends[kind].start(Question("你好", "user-1", "")))

    def close(self) -> None:
        """Close the backends."""
        for backend in self._backends.values():
            backend.close()

    def _play(self, exchange: Exchange) -> None:
        exchange.begin(chunked=self._chunked).send(*self._pieces)
        self._end(exchange)


@pytest.fixture(scope="module")
def dify() -> Iterator[Dify]:
    """Return a Dify of the test's own."""
    with RawServer(Exchange.end) as server:
        dify = Dify(server)
        yield dify
        dify.close()


def against_http(exchange: Exchange) -> None:
    """Send what is no chunk."""
    exchange.connection.sendall(b"zz\r\nno size\r\n")


@pytest.mark.parametrize("name", ["chatbot", "chatflow"])
def test_an_answer_cut_at_any_byte_keeps_what_came(dify: Dify, name: str) -> None:
    """At every offset of its stream: more bytes bring no less text, and only the whole answer ends without an error."""
    kind, frames = STREAMS[name]
    body = b"".join(frames)
    whole = dify.ask(kind, body)
    assert whole.error is None
    before = ""
    for cut in range(len(body)):
        heard = dify.ask(kind, body[:cut])
        assert heard.error or heard.text == whole.text
        assert whole.text.startswith(heard.text)
        assert heard.text.startswith(before)
        before = heard.text


@given(
    st.sampled_from(sorted(STREAMS)),
    st.lists(st.binary(max_size=60) | NOISE, max_size=5),
    st.integers(0, 1_500),
    st.booleans(),
    st.sampled_from([Exchange.end, Exchange.reset, against_http]),
)
def test_noise_in_a_stream_ends_as_an_answer_or_an_error(
    dify: Dify,
    name: str,
    noise: list[bytes],
    at: int,
    chunked: bool,  # noqa: FBT001  # drawn
    end: Callable[[Exchange], None],
) -> None:
    """Whatever is put in wherever, and however the body ends: closed, reset, or against HTTP's own framing."""
    kind, frames = STREAMS[name]
    body = b"".join(frames)
    heard = dify.ask(kind, body[:at], *noise, body[at:], chunked=chunked, end=end)
    assert heard.error or heard.events or not heard.text
