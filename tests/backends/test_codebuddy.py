"""CodeBuddy's HTTP agent: what it is asked, and what its answers become."""

import json
from collections.abc import Callable

import pytest
from pydantic import ValidationError

import errors
from backends import memory
from backends.base import Text, Working
from backends.codebuddy.settings import CodeBuddySettings
from errors import BackendError
from tests.backends.conftest import KEY, ServeAgent, refusal
from tests.dify.conftest import hear
from tests.dify.server import Exchange, ping_until_left

PLAIN = "text/plain; charset=utf-8"


def answered(exchange: Exchange) -> None:
    """Say 你好 as plain text."""
    exchange.answer("你好".encode(), content_type=PLAIN)


def test_what_the_agent_is_asked(agent: ServeAgent) -> None:
    """The question itself, print, the options as they are; the token as Bearer. Before all, that it works."""
    place = agent(answered, codebuddy_options={"model": "m", "dangerouslySkipPermissions": True, "addDir": ["/a"]})
    heard = place.ask("做点事")
    assert (heard.events, heard.error) == ([Working(), Text("你好")], None)
    (exchange,) = place.server.exchanges
    assert (exchange.method, exchange.headers["authorization"]) == ("POST", f"Bearer {KEY}")
    assert exchange.headers["x-codebuddy-request"] == "1"
    assert exchange.json == {
        "prompt": "做点事",
        "print": True,
        "model": "m",
        "dangerouslySkipPermissions": True,
        "addDir": ["/a"],
    }


def test_what_was_said_before_goes_in_front(agent: ServeAgent) -> None:
    """As a transcript; the question stands last."""
    place = agent(answered)
    answer = place.start("一")
    hear(answer)
    later = place.start("二", answer.conversation)
    hear(later)
    prompt = place.bodies[1]["prompt"]
    assert prompt.index("User: 一") < prompt.index("You: 你好") < prompt.index("二")
    assert prompt.endswith("\n\n二")
    assert memory.read(later.conversation) == (memory.Exchange("一", "你好"), memory.Exchange("二", "你好"))


@pytest.mark.parametrize("option", [{"continue": True}, {"resume": "s-1"}, {"sessionId": "s-1"}, {"session_id": "s-1"}])
def test_an_agent_that_goes_on_itself_gets_the_question_alone(agent: ServeAgent, option: dict[str, object]) -> None:
    """What was said before would be told twice."""
    place = agent(answered, codebuddy_options=option)
    answer = place.start("二", memory.write([memory.Exchange("一", "你好")]))
    hear(answer)
    assert place.bodies[0]["prompt"] == "二"


def test_an_option_that_is_off_changes_nothing(agent: ServeAgent) -> None:
    """`continue: false` is no session."""
    place = agent(answered, codebuddy_options={"continue": False})
    place.ask("二", memory.write([memory.Exchange("一", "你好")]))
    assert "一" in place.bodies[0]["prompt"]


@pytest.mark.parametrize("name", ["prompt", "print"])
def test_what_is_ours_is_no_option(name: str) -> None:
    """The question cannot be overridden by the settings."""
    section = {"codebuddy_api_url": "http://a", "codebuddy_api_token": KEY, "codebuddy_options": {name: "x"}}
    with pytest.raises(ValidationError) as raised:
        CodeBuddySettings.model_validate(section)
    assert raised.value.errors()[0]["type"] == "codebuddy_option"


JSON = [
    ({"content": "好", "result": "坏"}, "好"),
    ({"response": "好", "message": "坏"}, "好"),
    ({"message": "好", "result": "坏"}, "好"),
    ({"result": "好"}, "好"),
    ({"content": "", "result": "好"}, "好"),
    ({"message": {"content": "好"}}, "好"),
    ({"result": {"message": {"content": [{"type": "text", "text": "你"}, {"type": "text", "text": "好"}]}}}, "你好"),
    ({"content": ["你", "好"]}, "你好"),
    ("好", "好"),
    ([{"role": "user", "content": "坏"}, {"role": "assistant", "content": [{"type": "text", "text": "好"}]}], "好"),
    ([{"type": "system"}, {"type": "assistant", "message": {"content": "半"}}, {"type": "result", "result": "好"}], "好"),
    ([{"role": "user", "content": "坏"}, {"type": "x", "text": "好"}], "好"),
]


@pytest.mark.parametrize(("body", "text"), JSON)
@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_the_text_of_json(agent: ServeAgent, body: object, text: str, content_type: str) -> None:
    """Whatever the Content-Type says, the first text under content, response, message, result, however deep."""
    heard = agent(lambda exchange: exchange.answer(json.dumps(body).encode(), content_type=content_type)).ask()
    assert (heard.text, heard.error) == (text, None)


@pytest.mark.parametrize("text", ['{"a": 1}', "[1, 2]", "{no json", "\ufeff你好", "<b>粗</b>"])
def test_plain_text_stays_as_it_is(agent: ServeAgent, text: str) -> None:
    """Also where somebody asked for JSON."""
    heard = agent(lambda exchange: exchange.answer(text.encode(), content_type=PLAIN)).ask()
    assert (heard.text, heard.error) == (text.lstrip("\ufeff"), None)


def _status(status: str, body: bytes = b"") -> Callable[[Exchange], None]:
    return lambda exchange: exchange.answer(body, status=status)


@pytest.mark.parametrize(
    ("run", "kind"),
    [
        (_status("200 OK"), errors.NoAnswer),
        (_status("200 OK", b"  \n"), errors.NoAnswer),
        (_status("200 OK", b"{}"), errors.NoAnswer),
        (_status("200 OK", b'{"content": [[[[[[[[[[[[[[["deep"]]]]]]]]]]]]]]]}'), errors.NoAnswer),
        (_status("200 OK", b"<!DOCTYPE html><p>hi"), errors.BackendDown),
        (_status("200 OK", b'{"error": "no model"}'), errors.ModelFailed),
        (_status("200 OK", b'{"error": {"message": "no model"}, "content": "half"}'), errors.ModelFailed),
        (_status("200 OK", b'{"success": false, "message": "no model"}'), errors.ModelFailed),
        (_status("200 OK", b'{"code": 500, "message": "oh"}'), errors.BackendDown),
        (_status("200 OK", b'{"code": "401", "message": "bad token"}'), errors.KeyRefused),
        (_status("200 OK", b'[{"type": "result", "is_error": true, "result": "oh"}]'), errors.ModelFailed),
        (_status("200 OK", b'{"is_error": true, "result": "no model"}'), errors.ModelFailed),
        (_status("401 Unauthorized"), errors.KeyRefused),
        (_status("403 Forbidden", refusal("no")), errors.KeyRefused),
        (_status("404 Not Found", b"<html>"), errors.BackendUnreachable),
        (_status("405 Method Not Allowed"), errors.EndpointOff),
        (_status("400 Bad Request", b"bad option"), errors.InputRefused),
        (_status("429 Too Many Requests"), errors.BackendBusy),
        (_status("500 Oh", b'"oh"'), errors.BackendDown),
        (_status("302 Found"), errors.BackendDown),
        (lambda exchange: exchange.begin(Content_Type=PLAIN).send(b"ha").reset(), errors.AnswerInterrupted),
        (lambda exchange: exchange.reset(), errors.BackendUnreachable),
    ],
)
def test_an_answer_that_is_none(agent: ServeAgent, run: Callable[[Exchange], None], kind: type[BackendError]) -> None:
    """Each has its class, and is told as this kind's."""
    heard = agent(run).ask()
    assert heard.error
    assert (type(heard.error), heard.error.ai, heard.text) == (kind, "codebuddy", "")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"is_error": True, "result": "what the AI wrote"}, "is_error"),
        ({"error": {"message": "no model"}, "result": "what the AI wrote"}, "no model"),
        ({"success": False, "msg": "no model", "content": "what the AI wrote"}, "no model"),
        ({"code": 500, "message": "oh", "content": "what the AI wrote"}, "oh"),
    ],
)
def test_a_failure_with_status_200_is_told_without_what_the_ai_wrote(agent: ServeAgent, body: object, detail: str) -> None:
    """It is the server's word that an admin needs."""
    error = agent(_status("200 OK", json.dumps(body).encode())).ask().error
    assert error
    assert error.detail == detail


@pytest.mark.parametrize(
    ("charset", "written"),
    [("gbk", "gbk"), ("GB18030", "gb18030"), ("utf-8", "utf-8-sig"), ("no-such", "utf-8"), ("idna", "utf-8")],
)
def test_a_charset_is_obeyed(agent: ServeAgent, charset: str, written: str) -> None:
    """Where there is such a one; else it is UTF-8."""
    body = "联通".encode(written)
    heard = agent(lambda exchange: exchange.answer(body, content_type=f"text/plain; charset={charset}")).ask()
    assert (heard.text, heard.error) == ("联通", None)


def test_an_agent_at_work_is_not_asked_twice(agent: ServeAgent) -> None:
    """A proxy that lost its patience says nothing of the agent, which works on: 504 is told at once. 503 is asked again."""
    place = agent(_status("504 Gateway Timeout"))
    assert type(place.ask().error) is errors.NoAnswer
    assert len(place.bodies) == 1
    place = agent(_status("503 Oh"))
    assert place.ask().error
    assert len(place.bodies) == 4


def test_the_time_for_an_answer_is_all_in_all(agent: ServeAgent) -> None:
    """Neither silence nor a trickle outlasts it."""
    place = agent(lambda exchange: exchange.wait_until_left(), codebuddy_timeout=0.2)
    assert type(place.ask().error) is errors.NoAnswer

    place = agent(lambda exchange: ping_until_left(exchange.begin(Content_Type=PLAIN)), codebuddy_timeout=0.3)
    error = place.ask().error
    assert error
    assert (type(error), error.code) == (errors.AnswerInterrupted, "silent")


def test_a_flood_is_left(agent: ServeAgent) -> None:
    """More than 4 MiB are no answer."""

    def flood(exchange: Exchange) -> None:
        exchange.begin(Content_Type=PLAIN)
        while True:  # until the client has left
            exchange.send(b"x" * 1_000_000)

    assert type(agent(flood).ask().error) is errors.AnswerTooLong


def test_no_error_quotes_what_was_said(agent: ServeAgent) -> None:
    """Neither the question nor the token nor what came before."""
    place = agent(_status("400 Bad Request", f"bad prompt: 我的工资, {KEY}, 张三李四王五赵六孙七周八".encode()))
    error = place.ask("我的工资", memory.write([memory.Exchange("张三李四王五赵六孙七周八", "")])).error
    assert error
    assert error.detail == "bad prompt: …, …, …"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("200 OK", None),
        ("404 Not Found", None),
        ("405 Method Not Allowed", None),
        ("500 Oh", None),
        ("401 Unauthorized", errors.KeyRefused),
        ("502 Bad Gateway", errors.BackendDown),
    ],
)
def test_ping_asks_whether_somebody_is_there(agent: ServeAgent, status: str, kind: type[BackendError] | None) -> None:
    """By a GET, which sets no agent to work; whatever it says but that the token is wrong, or a proxy that nobody is there."""
    place = agent(_status(status))
    if kind:
        with pytest.raises(kind):
            place.backend.ping()
    else:
        place.backend.ping()
    assert [exchange.method for exchange in place.server.exchanges] == ["GET"]
