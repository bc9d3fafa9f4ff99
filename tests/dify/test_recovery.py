"""An answer whose stream broke off is looked for where Dify stores it."""

import json
import threading

import pytest

import errors
from backends.watch import Limits
from tests.dify.conftest import Reader, Serve
from tests.dify.server import Exchange, event, message

LIMITS = Limits(pause=0.01, recovery=10, look=0.01)
GO = event("workflow_started", message_id="", conversation_id="", workflow_run_id="run-1", data={"id": "run-1"})


def _torn(exchange: Exchange) -> None:
    exchange.stream(message("你"))


def _list(*items: dict[str, object]) -> bytes:
    return json.dumps({"limit": 5, "has_more": False, "data": items}).encode()


def test_a_chatbots_answer_is_taken_from_its_messages(serve: Serve) -> None:
    """It is stored when it is whole: until then the list has it without an answer, and others before it."""
    dify = serve(_torn, limits=LIMITS)
    reader = Reader(dify.start())
    reader.wait_for_event()
    looks = iter(
        [_list(), _list({"id": "m-1", "answer": ""}), _list({"id": "x", "answer": "no"}, {"id": "m-1", "answer": "你好"})]
    )
    dify.server.others["messages"] = lambda exchange: exchange.answer(next(looks))
    heard = reader.end()
    assert (heard.text, heard.error) == ("你好", None)
    assert "conversation_id=c-1" in dify.server.exchanges[-1].path
    assert "user=user-1" in dify.server.exchanges[-1].path


@pytest.mark.parametrize("as_text", [True, False], ids=["until 1.12", "since 1.13"])
def test_a_workflows_answer_is_taken_from_its_run(serve: Serve, as_text: bool) -> None:  # noqa: FBT001  # a table's column
    """Its outputs are an object, or JSON in a string."""
    dify = serve(lambda exchange: exchange.stream(GO), limits=LIMITS, dify_app_type="workflow")
    outputs = {"text": "好了"}
    looks = iter(
        json.dumps(detail).encode()
        for detail in (
            {"id": "run-1", "status": "running", "outputs": "{}"},
            {"id": "run-1", "status": "succeeded", "outputs": json.dumps(outputs) if as_text else outputs},
        )
    )
    dify.server.others["run-1"] = lambda exchange: exchange.answer(next(looks))
    heard = dify.ask()
    assert (heard.text, heard.error) == ("好了", None)


def test_a_run_that_failed_meanwhile_is_told_as_failed(serve: Serve) -> None:
    """The reason is the run's own, not the broken stream."""
    dify = serve(lambda exchange: exchange.stream(GO), limits=LIMITS, dify_app_type="workflow")
    detail = {"id": "run-1", "status": "failed", "outputs": None, "error": "boom"}
    dify.server.others["run-1"] = lambda exchange: exchange.answer(json.dumps(detail).encode())
    assert type(dify.ask().error) is errors.RunFailed


def test_what_1_16_stored_is_shown_but_not_taken_for_whole(serve: Serve) -> None:
    """It ends a run that nobody listens to; only its items count tokens."""
    dify = serve(_torn, limits=LIMITS)
    item = {"id": "m-1", "answer": "你好啊", "answer_tokens": 3}
    dify.server.others["messages"] = lambda exchange: exchange.answer(_list(item))
    heard = dify.ask()
    assert heard.text == "你好啊"
    assert type(heard.error) is errors.AnswerInterrupted


def test_a_dify_that_is_gone_is_not_waited_for(serve: Serve) -> None:
    """The first look that fails is the last: what was written stays, and is told to be incomplete."""
    dify = serve(_torn, limits=LIMITS)
    dify.server.others["messages"] = lambda exchange: exchange.answer(b"", status="502 Bad Gateway")
    heard = dify.ask()
    assert heard.text == "你"
    assert type(heard.error) is errors.AnswerInterrupted
    assert len(dify.server.exchanges) == 2


def test_what_is_never_stored_is_given_up(serve: Serve) -> None:
    """After the recovery time."""
    dify = serve(_torn, limits=Limits(pause=0.01, recovery=0.1, look=0.01))
    heard = dify.ask()
    assert heard.text == "你"
    assert type(heard.error) is errors.AnswerInterrupted


def test_a_completions_answer_cannot_be_asked_for(serve: Serve) -> None:
    """So nobody waits."""
    dify = serve(_torn, limits=LIMITS, dify_app_type="completion")
    assert type(dify.ask().error) is errors.AnswerInterrupted
    assert len(dify.server.exchanges) == 1


def test_a_stop_ends_the_looking(serve: Serve) -> None:
    """It reaches Dify, too: the run goes on there."""
    dify = serve(_torn, limits=Limits(pause=0.01, recovery=60, look=0.01))
    looked = threading.Event()

    def look(exchange: Exchange) -> None:
        looked.set()
        exchange.answer(_list())

    dify.server.others["messages"] = look
    answer = dify.start()
    reader = Reader(answer)
    assert looked.wait(10)
    answer.stop()
    assert reader.end().error is None
    assert any(exchange.path.endswith("/stop") for exchange in dify.server.exchanges)
