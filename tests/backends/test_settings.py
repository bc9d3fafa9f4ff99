"""The keys of the kinds `openai`, `codebuddy` and `echo`: what is taken, what is refused, and that no secret is shown."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from backends.codebuddy.settings import CodeBuddySettings
from backends.echo import EchoSettings
from backends.openai.messages import default_prompt
from backends.openai.settings import OpenAiSettings

SECRET = "sk-very-secret"


def openai(**keys: object) -> OpenAiSettings:
    """Return settings with these keys, as YAML's texts."""
    return OpenAiSettings.model_validate({"openai_base_url": "http://127.0.0.1:11434", "openai_model": "qwen3", **keys})


@pytest.mark.parametrize(
    ("written", "base"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("http://127.0.0.1:11434/", "http://127.0.0.1:11434/v1"),
        ("http://127.0.0.1:11434/v1/", "http://127.0.0.1:11434/v1"),
        ("https://a.example/chat/completions", "https://a.example"),
        ("https://a.example/api/v3/chat/completions/", "https://a.example/api/v3"),
        ("https://a.example/compatible-mode/v1", "https://a.example/compatible-mode/v1"),
    ],
)
def test_the_base_however_it_is_written(written: str, base: str) -> None:
    """Without a path it gets /v1; the pasted address of a chat endpoint is asked as it is."""
    assert openai(openai_base_url=written).openai_base_url == base


def test_numbers_arrive_as_text() -> None:
    """As all values of the file that are not named as typed."""
    settings = openai(temperature="0.7", history_tokens="100", session_timeout="5", openai_silence_seconds="7")
    assert (settings.temperature, settings.history_tokens, settings.session_timeout) == (0.7, 100, 5)
    assert (settings.limits.first_event, settings.limits.idle) == (7, 7)


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": "2.1"},
        {"temperature": "nan"},
        {"history": "both"},
        {"history_tokens": "-1"},
        {"openai_silence_seconds": "0"},
        {"openai_base_url": "127.0.0.1:11434"},
        {"openai_modell": "x"},
    ],
)
def test_what_is_refused(wrong: dict[str, str]) -> None:
    """Also a key that there is not."""
    with pytest.raises(ValidationError):
        openai(**wrong)


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        (openai(openai_api_key=SECRET), "OpenAI-compatible qwen3, http://127.0.0.1:11434/v1"),
        (
            CodeBuddySettings.model_validate({"codebuddy_api_url": "http://a/b", "codebuddy_api_token": SECRET}),
            "CodeBuddy, http://a/b",
        ),
        (EchoSettings(), "echo"),
    ],
    ids=["openai", "codebuddy", "echo"],
)
def test_what_check_shows(settings: BaseModel, shown: str) -> None:
    """Which AI it is, and never a secret."""
    assert str(settings) == shown
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    ("base", "here"),
    [
        ("http://127.0.0.1:1/v1", True),
        ("http://[::1]:1/v1", True),
        ("http://localhost/v1", True),
        ("http://10.0.0.1/v1", False),
        ("https://api.deepseek.com", False),
    ],
)
def test_only_a_gateway_here_is_told_of_this_machine_s_pictures(base: str, here: bool) -> None:  # noqa: FBT001  # a table's column
    """Another machine's files cannot be shown, and need not know our folders."""
    settings = openai(openai_base_url=base, media_root="media")
    assert (str(Path("media").absolute()) in default_prompt(settings.pictures)) == here
