"""The variables: whose counts, and what is told of a wrong one, with the line of `.env` or the process as its place."""

import os
from pathlib import Path

import pytest

import config
import envfile
from envfile import Variables
from tests.test_config import SECRET, bot, bots, load, only

WRONG_VARIABLES = [
    ("LOG_LEVEL", "loud", "DEBUG | INFO", "LOG_LEVEL=INFO"),
    ("BOT_LANGUAGE", "fr", "zh | en", "BOT_LANGUAGE=zh"),
    ("DEFAULT_MAX_WORKERS", "two", "整数", "DEFAULT_MAX_WORKERS=2"),
    ("DEFAULT_MAX_WORKERS", "0", "不能小于 1", "DEFAULT_MAX_WORKERS=2"),
    ("DIFY_OPEN_API_URL", "api.dify.ai", "http://", "DIFY_OPEN_API_URL=https://api.dify.ai/v1"),
    ("DIFY_CONVERSATION_REMAIN_TIME", "-1", "不能小于 0", "DIFY_CONVERSATION_REMAIN_TIME=15"),
    ("DIFY_CONVERSATION_REMAIN_TIME", "15分钟", "数字", "DIFY_CONVERSATION_REMAIN_TIME=15"),
    ("DIFY_CONVERSATION_REMAIN_TIME", "inf", "数字", "DIFY_CONVERSATION_REMAIN_TIME=15"),
    ("DIFY_FIRST_EVENT_SECONDS", "0", "大于 0", "DIFY_FIRST_EVENT_SECONDS=60"),
    ("DIFY_FIRST_EVENT_SECONDS", "1e9", "不能大于", "DIFY_FIRST_EVENT_SECONDS=60"),
    ("DINGTALK_OPENAPI_ENDPOINT", "x", "http://", "DINGTALK_OPENAPI_ENDPOINT=https://api.dingtalk.com"),
    ("DRAIN_SECONDS", "nan", "数字", "DRAIN_SECONDS=30"),
]


@pytest.mark.parametrize(("name", "value", "said", "fix"), WRONG_VARIABLES)
def test_a_wrong_variable_is_told_once_with_its_source(name: str, value: str, said: str, fix: str) -> None:
    """The line of `.env`, or the process's environment, which wins; never once for each bot that uses it."""
    text = bots(bot(), bot(name="b", dingtalk_app_client_id="b"))
    for place, variables in (
        (".env 第 3 行", Variables({}, f"# x\n\n{name}={value}\n")),
        ("环境变量", Variables({name: value}, f"{name}=1\n")),
        ("环境变量", {name: value}),
    ):
        problem = only(text, variables)
        assert (problem.where, problem.path, problem.fix) == (place, name, fix)
        assert said in problem.what


@pytest.mark.parametrize("written", ["debug", "Debug", " DEBUG "])
def test_the_log_level_may_be_in_any_case(written: str) -> None:
    """LOG_LEVEL=debug is DEBUG."""
    assert config.load_env({"LOG_LEVEL": written}).LOG_LEVEL == "DEBUG"


def test_the_process_wins_over_the_file_and_an_empty_variable_is_unset(tmp_path: Path) -> None:
    """An empty variable of the process lets the file's count; quotes, `export` and comments of the file are its own."""
    path = tmp_path / ".env"
    path.write_bytes("\ufeffexport A='a' # note\r\nB=b\r\nC=\r\nD=\"${A} ${NONE}\"\r\nE=中文\r\n".encode())
    variables = config.read_env(path, {"A": "", "B": "process", "F": "f"})
    assert dict(variables) == {"A": "a", "B": "process", "D": "a ${NONE}", "E": "中文", "F": "f"}
    assert len(variables) == 5
    assert "process" not in repr(variables)


@pytest.mark.parametrize("line", ["LOG_LEVEL INFO", "LOG_LEVEL＝INFO", "LOG_LEVEL：INFO", f'A="{SECRET}', "=x", "LOG_LEVEL"])
def test_a_line_of_env_that_sets_nothing_is_told(line: str) -> None:
    """python-dotenv would leave it out; what stands there is not shown."""
    problem = only(bots(bot()), Variables({}, f"# first\n\n{line}\n"))
    assert (problem.where, problem.path) == (".env 第 3 行", "")
    assert "变量名=值" in problem.what


def test_a_misspelt_variable_of_the_file_is_noted() -> None:
    """It is no error (any variable may stand in `.env`), unless the list refers to it."""
    variables = Variables({}, "DIFY_OPEN_API_ULR=x\nDIFY_OPEN_API_UR=x\nOTHER=x\n")
    (note,) = load(bots(bot(name="${DIFY_OPEN_API_UR}")), variables).notes
    assert (note.where, note.path, note.fix) == (".env 第 1 行", "DIFY_OPEN_API_ULR", "DIFY_OPEN_API_URL=…")


def test_the_language_of_problems_comes_from_the_file_too(tmp_path: Path) -> None:
    """BOT_LANGUAGE of `.env` counts; a wrong one is told in Chinese."""
    path = tmp_path / ".env"
    path.write_text("BOT_LANGUAGE=en\nLOG_LEVEL=loud\n", "utf-8")
    assert "has to be one of" in only(bots(bot()), config.read_env(path, os.environ)).what
    assert "应为" in only(bots(bot()), {"BOT_LANGUAGE": "english"}).what


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("memory", "memory"),
        ("Memory", "memory"),
        ("sqlite:///kept.db", "sqlite:///kept.db"),
        ("SQLite:////data/Kept.db", "sqlite:////data/Kept.db"),
        ("sqlite", None),
        ("sqlite://", None),
        ("sqlite:///", None),
        ("sqlite:////", None),
        ("sqlite:///:memory:", None),
        ("kept.db", None),
        ("redis://redis", "redis://redis"),
        ("rediss://:p%40ss@kept.internal:6380/2", "rediss://:p%40ss@kept.internal:6380/2"),
        ("redis://", None),
        ("redis://redis:port", None),
        ("redis://redis/name", None),
        ("redis://a b", None),
    ],
)
def test_a_store_is_memory_a_file_or_a_redis(written: str, meant: str | None) -> None:
    """What is neither is told when the configuration is checked, not when the bots start."""
    env, problems = envfile.check(Variables({"SESSION_STORE": written}), "en")
    assert (env.SESSION_STORE if env else None) == meant
    assert [problem.path for problem in problems] == ([] if meant else ["SESSION_STORE"])


def test_the_fix_for_a_quota_is_a_quota() -> None:
    """Not the default, which is none."""
    _, (problem,) = envfile.check(Variables({"DINGTALK_MONTHLY_CALLS": "5,000"}), "en")
    assert problem.fix == "DINGTALK_MONTHLY_CALLS=5000"
