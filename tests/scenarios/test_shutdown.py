"""How the bridge ends: after its answers, with a sentence for those that take too long, at once for who insists."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from tests.scenarios.launched import LaunchedBot


@pytest.fixture(params=["30"])
def process(request: pytest.FixtureRequest, sandbox: SandboxClient, tmp_path: Path) -> Iterator[LaunchedBot]:
    """One bot in a process of its own; the parameter is DRAIN_SECONDS."""
    one = LaunchedBot(sandbox, tmp_path, DRAIN_SECONDS=request.param)
    one.start()
    yield one
    one.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_answer_in_flight_is_finished_before_leaving(process: LaunchedBot, number: int) -> None:
    """A signal takes no new message, lets the answer end, and exits with 0; the health check is green before only."""
    process.wait_ready()
    process.say("很长 [[tokens=40]] [[rate=30]]")
    process.wait_for_card("inputing")
    assert process.end(number) == 0
    assert "中断" not in process.wait_for_card("finished")["text"]
    assert process.ready()[0] == 1


@pytest.mark.parametrize("process", ["0.2"], indirect=True)
def test_what_does_not_end_in_time_is_closed_with_a_sentence(process: LaunchedBot) -> None:
    """After DRAIN_SECONDS the growing card and the waiting question each get a sentence; none is left spinning."""
    process.say("很长 [[tokens=400]] [[rate=30]]")
    process.wait_for_card("inputing")
    process.say("排队的问题")
    process.sandbox.wait_for(process.since, kind="ack", client_id=process.name)
    assert process.end() == 0
    assert "中断" in process.wait_for_card("finished")["text"]
    said = process.sandbox.wait_for(process.since, kind="said", client_id=process.name)
    assert "重启" in said["text"]


def test_a_second_signal_leaves_at_once(process: LaunchedBot) -> None:
    """Who insists is obeyed, in the middle of an answer."""
    process.say("很长 [[tokens=400]] [[rate=30]]")
    process.wait_for_card("inputing")
    process.children[0].send_signal(signal.SIGTERM)
    process.sandbox.wait_for(process.since, kind="stream.closed", client_id=process.name)
    assert process.end() == 128 + signal.SIGTERM
    assert process.ended() == {}


def test_the_log_holds_no_secret_and_no_words(process: LaunchedBot) -> None:
    """At every level: no secret, token, ticket, key, session webhook, nor what people and the AI said."""
    process.say("我的密码是西瓜 [[tokens=5]]")
    process.wait_for_card("finished")
    process.end()
    log = process.log()
    assert process.name in log
    for secret in ("西瓜", "春江", "ticket=", "session=", f"app-{process.name}", "accessToken"):
        assert secret not in log
