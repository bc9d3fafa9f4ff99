"""The keys of the kinds `openai`, `codebuddy` and `echo`: what is taken, what is refused, and that no secret is shown."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from backends.codebuddy.settings import CodeBuddySettings
from backends.echo import EchoSettings
from backends.openai.messages import default_prompt
from backends.openai.settings import OpenAiSettings
from backends.python.settings import PythonSettings
from backends.settings import AiSettings
from dify.settings import DifySettings

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
        {"session_timeout": "525601"},
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


def agent(url: str, **keys: object) -> CodeBuddySettings:
    """Return settings of an agent at this address."""
    return CodeBuddySettings.model_validate({"codebuddy_api_url": url, "codebuddy_api_token": SECRET, **keys})


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1:1", True), ("[::1]:1", True), ("localhost", True), ("10.0.0.1", False), ("api.deepseek.com", False)],
)
def test_an_ai_elsewhere_has_no_pictures_here_unless_it_is_said(host: str, here: bool, tmp_path: Path) -> None:  # noqa: FBT001  # a table's column
    """Another machine's files cannot be shown, and it need not know our folders; but two machines may share one."""
    url = f"http://{host}/v1"
    usual = Path("media").absolute() if here else None
    assert openai(openai_base_url=url).pictures == usual
    assert agent(url).pictures == usual
    assert openai(openai_base_url=url, media_root=str(tmp_path)).pictures == tmp_path
    assert agent(url, media_root=str(tmp_path)).pictures == tmp_path
    assert (str(usual) in default_prompt(openai(openai_base_url=url).pictures)) == here


@pytest.mark.parametrize(
    ("written", "folder"),
    [
        ("media", Path("media").absolute()),
        ("~/media", Path.home() / "media"),
        ("~nobody-of-that-name/media", Path("~nobody-of-that-name/media").absolute()),
        ("", None),
    ],
)
def test_the_folder_of_pictures_however_it_is_written(written: str, folder: Path | None) -> None:
    """Absolute, the home folder filled in; none where it is empty."""
    assert PythonSettings(agent="a:b", media_root=written).pictures == folder


@pytest.mark.parametrize(
    ("settings", "minutes", "folder"),
    [
        (openai(session_timeout="5"), 5, Path("media").absolute()),
        (agent("http://127.0.0.1/agent", session_timeout="0"), 0, Path("media").absolute()),
        (PythonSettings(agent="a:b"), 30, Path("media").absolute()),
        (DifySettings.model_validate({"dify_app_type": "chatbot", "dify_app_api_key": SECRET}), None, None),
        (EchoSettings(), None, None),
    ],
    ids=["openai", "codebuddy", "python", "dify", "echo"],
)
def test_the_settings_of_every_kind_answer_alike(settings: AiSettings, minutes: float | None, folder: Path | None) -> None:
    """Whoever makes a bot of them need not know which AI it is."""
    assert (settings.session_timeout, settings.pictures) == (minutes, folder)
    assert isinstance(settings, AiSettings)
