"""Whatever stands in a `.env`, it makes variables or problems: each with its line, and none with a secret."""

import re

from hypothesis import given
from hypothesis import strategies as st

import config
from envfile import Variables
from errors import ConfigError, Problem
from settings import EnvSettings
from tests.properties.test_yaml import SECRETS, check_hidden, check_problems, edited

TEXT = f"""\
# the team's variables
export LOG_LEVEL=INFO
BOT_LANGUAGE = en
DEFAULT_MAX_WORKERS=2
DIFY_OPEN_API_URL="https://dify.example/v1"
KEFU_SECRET='{SECRETS[0]}'
KEFU_KEY={SECRETS[1]}  # from the app's page
BOTH="${{KEFU_KEY}} ${{NOT_SET}}"
DINGTALK_QPS=20
DINGTALK_MONTHLY_CALLS=5000
SESSION_STORE=sqlite:///dingbridge.db
DRAIN_SECONDS=1.5
"""
_VALUES = st.text() | st.sampled_from(
    [
        *(
            "",
            " ",
            "0",
            "-1",
            "1e999",
            "nan",
            "inf",
            "9" * 5_000,
            "1e308",
            "yes",
            "memory",
            "sqlite:///",
            "sqlite:////x",
            "${A}",
        ),
        *("http://", "http://[", "https://a:0", "http://a b", "\ud83d", SECRETS[0]),
    ]
)


def verdict(text: str) -> EnvSettings | None:
    """Return the settings, or None where problems are told; any other error is a crash."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # as a file is read
    variables = Variables({"BOT_LANGUAGE": "en"}, text)
    check_hidden(repr(variables))
    settings, problems = load(variables)
    lines = len(text.split("\n"))
    for problem in problems:
        place = re.fullmatch(r"\.env line (\d+)", problem.where)
        assert place, problem
        assert 1 <= int(place[1]) <= lines, problem
    check_hidden(repr(settings))
    return settings


def load(variables: Variables) -> tuple[EnvSettings | None, tuple[Problem, ...]]:
    """Return the settings or the problems."""
    try:
        return config.load_env(variables), ()
    except ConfigError as error:
        refused = error
    check_problems(refused)
    return None, refused.problems


def test_what_is_spoilt_here_is_right_at_first() -> None:
    """Or the other properties would say nothing."""
    settings = verdict(TEXT)
    assert settings
    assert settings.DRAIN_SECONDS == 1.5


@given(st.text() | st.text("AB=${}'\"\\# \n\r\texport"))
def test_any_text_makes_variables_or_problems(text: str) -> None:
    """No text breaks the reader."""
    verdict(text)


@given(st.sampled_from(sorted(EnvSettings.model_fields)), st.integers(0, 10))
def test_a_character_that_no_path_can_hold_is_told(name: str, at: int) -> None:
    """It would end in an error of the system's where the file is opened."""
    line = f"{name}=sqlite:///dingbridge.db"
    assert verdict(f"{line[: len(name) + at]}\0{line[len(name) + at :]}") is None


@given(edited(TEXT))
def test_a_slip_of_the_hand_makes_variables_or_problems(text: str) -> None:
    """A quote lost, a line doubled, a wide sign: it is told where, and no secret with it."""
    verdict(text)


@given(st.sampled_from(sorted(EnvSettings.model_fields)), _VALUES)
def test_an_odd_value_is_told_at_its_variable(name: str, value: str) -> None:
    """Set by the process, where it may hold anything that an environment can."""
    variables = Variables({"BOT_LANGUAGE": "en", name: value})
    settings, problems = load(variables)
    assert settings or [problem.path for problem in problems] == [name]
