"""What every kind of AI promises, one suite over all of them."""

import logging
from collections.abc import Iterator

import pytest

from backends.base import Answer, Backend, Question, Text
from errors import BackendError, KeyRefused
from tests.backends.agents import FAILS, HANGS
from tests.backends.conftest import KEY
from tests.backends.kinds import KINDS, Kind
from tests.dify.conftest import Heard, Reader, hear


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind in turn."""
    chosen: Kind = request.param
    return chosen


@pytest.fixture
def backend(kind: Kind) -> Iterator[Backend]:
    """The kind, with something behind it that answers."""
    with kind.opened() as opened:
        yield opened


def start(backend: Backend, text: str, conversation: str = "") -> Answer:
    """Begin an answer."""
    return backend.start(Question(text, "user-1", conversation))


def asked(backend: Backend, text: str, conversation: str = "") -> tuple[Heard, str]:
    """Ask, and return what was heard and what to ask the next question with."""
    answer = start(backend, text, conversation)
    return hear(answer), answer.conversation


def test_it_answers_with_text(kind: Kind, backend: Backend) -> None:
    """A plain end means a whole answer."""
    heard, _ = asked(backend, "你好")
    assert heard.error is None
    assert heard.text == ("答：你好" if kind.remembers else "你好")


def test_a_conversation_goes_on_and_begins_anew(kind: Kind, backend: Backend) -> None:
    """With what the last answer left it goes on, with nothing it begins anew, as after /new."""
    if not kind.remembers:
        pytest.skip("it remembers nothing, which is its nature")
    _, conversation = asked(backend, "一")
    heard, conversation = asked(backend, "二", conversation)
    assert heard.text == "答：一|二"
    assert asked(backend, "三", conversation)[0].text == "答：一|二|三"
    assert asked(backend, "四")[0].text == "答：四"


def test_what_another_kind_left_is_begun_anew(backend: Backend) -> None:
    """After a change of `backend` the kept conversations are foreign; none of them ends a turn."""
    for left in ("b54b9d4e-7d2b-4f3b-b2bb-4b5e6ab5a3ff", '[["旧", "旧"]]', "5", "{", "user-1-0a1b2c3d"):
        heard, _ = asked(backend, "你好", left)
        assert heard.error is None
        assert heard.text.endswith("你好")


def test_the_conversation_is_known_after_the_first_text(kind: Kind, backend: Backend) -> None:
    """So that a question after a stop finds it."""
    answer = start(backend, "你好")
    events = iter(answer)
    while not isinstance(next(events), Text):
        pass
    assert bool(answer.conversation) == kind.remembers
    answer.stop()
    list(events)


def test_a_stop_ends_the_reading_quietly(kind: Kind, backend: Backend) -> None:
    """From another thread, more than once; what was written stays, and the next question is answered."""
    if not kind.can_fail:
        pytest.skip("there is nothing to wait for")
    answer = start(backend, HANGS)
    reader = Reader(answer)
    reader.wait_for_event()
    answer.stop()
    answer.stop()
    heard = reader.end()
    answer.stop()
    assert (heard.text, heard.error) == ("答：" if kind.grows else "", None)
    assert asked(backend, "你好")[0].error is None


def test_a_stop_before_the_reading_asks_nothing(backend: Backend) -> None:
    """An answer that is stopped before it is read is empty."""
    answer = start(backend, "你好")
    answer.stop()
    assert hear(answer).events == []


def test_nobody_there_is_a_backend_error(kind: Kind) -> None:
    """For a question and for a ping; no other class leaves this shore."""
    if not kind.elsewhere:
        pytest.skip("it is in this process, or a child of it")
    backend = kind.elsewhere()
    heard, _ = asked(backend, "你好")
    assert heard.error
    assert "你好" not in str(heard.error)
    with pytest.raises(BackendError):
        backend.ping()
    backend.close()


def test_an_error_quotes_nobody(kind: Kind, backend: Backend, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the AI writes into its refusal, neither the error nor the log holds the question."""
    caplog.set_level(logging.DEBUG)
    heard, _ = asked(backend, FAILS)
    assert bool(heard.error) == kind.can_fail
    assert FAILS not in f"{heard.error!r} {heard.error}"
    assert FAILS not in "".join(record.getMessage() for record in caplog.records if record.name.startswith("dingbridge"))


def test_ping_of_one_that_is_there(backend: Backend) -> None:
    """It says nothing."""
    backend.ping()


def test_a_refused_key_is_not_quoted(kind: Kind) -> None:
    """Neither by a ping nor by an answer, though the AI quotes it."""
    if not kind.locked:
        pytest.skip("it has no key")
    with kind.locked() as backend:
        with pytest.raises(KeyRefused) as raised:
            backend.ping()
        heard, _ = asked(backend, "你好")
    assert isinstance(heard.error, KeyRefused)
    assert KEY not in f"{raised.value} {heard.error}"


def test_many_ask_at_once(kind: Kind, backend: Backend) -> None:
    """A backend is shared by all threads of a bot; nobody gets the answer of another."""
    readers = [Reader(start(backend, f"问{number}")) for number in range(8)]
    texts = [reader.end().text for reader in readers]
    assert texts == [f"{'答：' if kind.remembers else ''}问{number}" for number in range(8)]


def test_closing_twice_is_harmless(kind: Kind) -> None:
    """Whoever ends a bot need not know whether it was ended before; neither unused nor after an answer."""
    for questions in ((), ("你好",)):
        with kind.opened() as backend:
            assert all(asked(backend, question)[0].error is None for question in questions)
            backend.close()
            backend.close()
