"""What a bot is made of, as .bots.yaml says it: its AI, its way to reply, and the way in which it is reached."""

from pathlib import Path
from typing import Any

import pytest

import config
from backends.codebuddy.settings import CodeBuddySettings
from backends.openai.settings import OpenAiSettings
from backends.python.settings import PythonSettings
from errors import ConfigError, Problem
from handlers.templates import CardSettings, MessageSettings
from kinds import KINDS
from settings import BotSettings, WebhookSettings
from tests.own_handlers import SalesSettings

APP = "name: 客服\ndingtalk_app_client_id: ding1\ndingtalk_app_client_secret: s"
DIFY = "dify_app_type: chatbot\ndify_app_api_key: app-1"
OPENAI = "backend: openai\nopenai_base_url: http://127.0.0.1:1\nopenai_model: m"
CODEBUDDY = "backend: codebuddy\ncodebuddy_api_url: http://127.0.0.1:1/agent\ncodebuddy_api_token: t"
PYTHON = "backend: python\nagent: docs.examples.agents.hello:answer"


def text(*parts: str, name: str = "客服", client_id: str = "ding1") -> str:
    """Return the text of one bot."""
    lines = "\n".join([APP.replace("客服", name).replace("ding1", client_id), *parts]).splitlines()
    return "  - " + "\n    ".join(lines) + "\n"


def one(*parts: str, **variables: str) -> BotSettings:
    """Return the bot of these lines."""
    (bot,) = config.load(f"bots:\n{text(*parts)}", variables, KINDS).bots
    return bot


def refused(*parts: str, language: str = "zh") -> list[Problem]:
    """Return what is wrong with these lines."""
    with pytest.raises(ConfigError) as caught:
        one(*parts, BOT_LANGUAGE=language)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("lines", "section"),
    [
        (OPENAI, OpenAiSettings),
        (CODEBUDDY, CodeBuddySettings),
        (PYTHON, PythonSettings),
        ("backend: echo", KINDS.backends["echo"]),
    ],
    ids=["openai", "codebuddy", "python", "echo"],
)
def test_a_bot_names_its_ai(lines: str, section: type[Any]) -> None:
    """Each kind brings its own keys, and needs none of Dify's."""
    assert isinstance(one(lines).backend, section)


@pytest.mark.parametrize(
    ("lines", "path", "owner", "own"),
    [
        (f"{OPENAI}\ndify_app_type: chatbot", "dify_app_type", "backend: dify", "backend: openai"),
        (f"{DIFY}\nopenai_model: m", "openai_model", "backend: openai", "backend: dify"),
        (f"{PYTHON}\ncodebuddy_api_url: http://a", "codebuddy_api_url", "backend: codebuddy", "backend: python"),
        (f"{DIFY}\nsession_timeout: 5", "session_timeout", "backend: openai | codebuddy | python", "backend: dify"),
        ("backend: echo\nhandler: TextBotHandler\ncard_pace: smooth", "card_pace", "handler: DifyAiCard", "handler: TextBot"),
        ("backend: echo\nmax_message_length: 900", "max_message_length", "MarkdownBotHandler | TextBotHandler", "DifyAiCard"),
        ("backend: echo\nwebhook_path: /x", "webhook_path", "receive: webhook", "receive: stream"),
        ("backend: echo\nreceive: webhook\nmax_workers: 2", "max_workers", "receive: stream", "receive: webhook"),
    ],
)
def test_a_key_of_another_kind_is_told_to_be_one(lines: str, path: str, owner: str, own: str) -> None:
    """Whose it is, and what this bot has."""
    (problem,) = refused(lines)
    assert problem.path == f"bots[0].{path}"
    assert "这一项属于" in problem.what
    assert owner in problem.what
    assert own in problem.what


def test_keys_of_an_ai_that_is_not_named_are_the_only_problem() -> None:
    """Whoever forgets `backend:` is told that line, not everything that Dify would need."""
    (problem,) = refused(OPENAI.partition("\n")[2])
    assert problem.path in {"bots[0].openai_base_url", "bots[0].openai_model"}
    assert problem.fix == "backend: openai"
    assert "没有写 backend" in problem.what


def test_there_is_no_such_ai_handler_or_reception() -> None:
    """Each is told with what there is."""
    problems = {problem.path: problem for problem in refused("backend: gpt\nhandler: Card\nreceive: http", DIFY)}
    assert len(problems) == 3  # and none about the keys of whatever it was meant to be
    assert "dify | openai | codebuddy | python | echo" in problems["bots[0].backend"].what
    assert "MarkdownBotHandler" in problems["bots[0].handler"].what
    assert "stream | webhook" in problems["bots[0].receive"].what


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("backend: python\nagent: no.such:thing", "no.such"),
        ("backend: python\nagent: docs.examples.agents.hello:nobody", "nobody"),
        ("backend: python\nagent: hello", "ours.sales:answer"),
        ("backend: python\nagent: tests.own_handlers:SalesBotHandler", "SalesBotHandler"),
        ("backend: echo\nhandler: tests.own_handlers:NoHandler", "NoHandler"),
        ("backend: echo\nhandler: tests.own_handlers:WrongWordsBotHandler", "new"),
        ("backend: echo\nhandler: tests.nowhere:BotHandler", "tests.nowhere"),
        ("backend: echo\nhandler: tests.own_handlers:NoWordsBotHandler", "words"),
        ("backend: echo\nhandler: tests.own_handlers:WrongReplyBotHandler", "reply_by"),
        ("backend: echo\nhandler: tests.own_handlers:WrongSettingsBotHandler", "Settings"),
    ],
)
def test_code_that_cannot_be_used_is_told_by_check(lines: str, told: str, language: str) -> None:
    """Before anybody asks the bot something."""
    (problem,) = refused(lines, language=language)
    assert told in problem.what


def test_a_module_that_fails_is_told_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The class of the error, the file and the line; never its text."""
    (tmp_path / "broken_agent.py").write_text("x = 1\nraise ValueError('a secret')\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    (problem,) = refused("backend: python\nagent: broken_agent:answer")
    assert "ValueError" in problem.what
    assert "broken_agent.py:2" in problem.what
    assert "secret" not in problem.what


def test_a_handler_of_ones_own_brings_its_own_keys() -> None:
    """Its section takes the place of the cards'."""
    reply = one("backend: echo\nhandler: tests.own_handlers:SalesBotHandler\nsales_region: 华南\ncard_pace: smooth").reply
    assert isinstance(reply, SalesSettings)
    assert (reply.sales_region, reply.card_pace) == ("华南", "smooth")


def test_the_ways_to_reply_have_their_own_keys() -> None:
    """Cards, and messages of a length."""
    assert isinstance(one("backend: echo").reply, CardSettings)
    reply = one("backend: echo\nhandler: MarkdownBotHandler\nmax_message_length: 5000").reply
    assert isinstance(reply, MessageSettings)
    assert reply.max_message_length == 5000


def test_a_webhook_bot_has_a_path_of_its_own() -> None:
    """By its name, unless it says otherwise; two bots behind one path are refused."""
    usual, named = (
        one("backend: echo\nreceive: webhook").receive,
        one("backend: echo\nreceive: webhook\nwebhook_path: /a/b/").receive,
    )
    assert isinstance(usual, WebhookSettings)
    assert isinstance(named, WebhookSettings)
    assert (usual.path("客服"), named.path("客服")) == ("/dingtalk/客服", "/a/b")
    same = text("backend: echo\nreceive: webhook\nwebhook_path: /dingtalk/客服", name="二", client_id="ding2")
    with pytest.raises(ConfigError) as caught:
        config.load(f"bots:\n{text('backend: echo', 'receive: webhook')}{same}", {}, KINDS)
    (problem,) = caught.value.problems
    assert problem.path == "bots[1].webhook_path"


@pytest.mark.parametrize("path", ["x", "/", "/push/a", "/a b", "/a?b", "//a", "/a/{b}", "/a/../b", "/."])
def test_what_is_no_path_is_refused(path: str) -> None:
    """Before DingTalk calls in vain."""
    (problem,) = refused(f'backend: echo\nreceive: webhook\nwebhook_path: "{path}"')
    assert problem.path == "bots[0].webhook_path"


@pytest.mark.parametrize("token", ["short", "has a blank in the middle", "有中文有中文有中文有中文有中文"])
def test_a_token_that_is_none_is_refused_and_not_shown(token: str) -> None:
    """It would be guessed, or fit into no header."""
    (problem,) = refused(f'backend: echo\npush_token: "{token}"')
    assert problem.path == "bots[0].push_token"
    assert token not in str(problem)
    assert "push_token" in repr(one("backend: echo\npush_token: abcdefghijklmnop").bot)
    assert "abcdefghijklmnop" not in repr(one("backend: echo\npush_token: abcdefghijklmnop").bot)


def test_a_webhook_bot_without_a_public_address_is_noted() -> None:
    """It works, but its cards have no button."""
    settings = config.load(f"bots:\n{text('backend: echo', 'receive: webhook')}", {}, KINDS)
    assert [note for note in settings.notes if "HTTP_PUBLIC_URL" in note.fix]
    told = config.load(f"bots:\n{text('backend: echo', 'receive: webhook')}", {"HTTP_PUBLIC_URL": "https://a.b"}, KINDS)
    assert not told.notes


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("backend: OpenAI", "backend: openai"),
        ("backend: “echo”", "backend: echo"),
        ("backend: echo\nhandler: MarkdownHandler", "handler: MarkdownBotHandler"),
        ("backend: echo\ncard_status: 是", "card_status: false"),
    ],
)
def test_what_was_meant_is_told(line: str, fix: str) -> None:
    """One problem, and the line that was meant."""
    (problem,) = refused(line)
    assert problem.fix == fix


@pytest.mark.parametrize("url", ["https://a.b/x?y=z", "https://a.b/#x", "a.b", "https://user@a.b"])
def test_what_is_no_public_address_is_refused(url: str) -> None:
    """Paths are put behind it."""
    with pytest.raises(ConfigError) as caught:
        config.load(f"bots:\n{text('backend: echo')}", {"HTTP_PUBLIC_URL": url}, KINDS)
    (problem,) = caught.value.problems
    assert problem.path == "HTTP_PUBLIC_URL"


@pytest.mark.parametrize(
    "url", ["https://a.b/dingtalk/客服", "https://a.b/dingtalk/%E5%AE%A2%E6%9C%8D", "http://localhost:8080", "http://127.0.0.1"]
)
def test_a_public_address_that_cannot_be_meant_is_noted(url: str) -> None:
    """It would make dead buttons."""
    settings = config.load(f"bots:\n{text('backend: echo', 'receive: webhook')}", {"HTTP_PUBLIC_URL": url}, KINDS)
    (note,) = settings.notes
    assert note.path == "HTTP_PUBLIC_URL"


@pytest.mark.parametrize(("host", "meant"), [("[::1]", "::1"), ("::", "::"), ("localhost", "localhost")])
def test_a_host_to_listen_on_is_taken_as_the_system_wants_it(host: str, meant: str) -> None:
    """With brackets or without."""
    assert meant == config.load_env({"HTTP_HOST": host}).HTTP_HOST


@pytest.mark.parametrize("host", ["http://127.0.0.1", "a b", "[]"])
def test_what_is_no_host_is_refused(host: str) -> None:
    """Before the port is opened in vain."""
    with pytest.raises(ConfigError):
        config.load_env({"HTTP_HOST": host})
