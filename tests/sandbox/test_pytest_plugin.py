"""The fixtures for other people's bots: the document's example in a project of its own, and what a wait in vain says."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from sandbox.pytest_plugin import MakeDingTalkApp
from sandbox.testbed import DifyApp, DingTalkApp

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = ("docs/testing-a-bot.md", "docs/testing-a-bot.zh-CN.md")
EXAMPLE = ("bot.py", "conftest.py", "test_bot.py")
PACKAGE_OF = {"markdown_it": "markdown-it-py"}  # where the module is named otherwise
SDK_BOT = """\
import os, dingtalk_stream
client = dingtalk_stream.DingTalkStreamClient(dingtalk_stream.Credential(os.environ["ID"], os.environ["SECRET"]))
client.register_callback_handler(dingtalk_stream.ChatbotMessage.TOPIC, dingtalk_stream.CallbackHandler())
client.start_forever()
"""


def _python_blocks(document: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", (ROOT / document).read_text("utf-8"), re.DOTALL | re.MULTILINE)


def _write_example(folder: Path) -> None:
    for name, code in zip(EXAMPLE, _python_blocks(DOCUMENTS[0]), strict=True):
        (folder / name).write_text(code, "utf-8")


def _pytest(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a project that is not ours."""
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **variables}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=120, check=False)


def test_the_documents_example_passes_with_the_checkout_on_the_path(tmp_path: Path) -> None:
    """The bot of DingTalk's own SDK and its tests run as they are printed, in a project of their own."""
    _write_example(tmp_path)
    ended = _pytest(tmp_path, "-q", "-W", "error", PYTHONPATH=str(ROOT))
    assert ended.returncode == 0, ended.stdout
    assert "5 passed" in ended.stdout


def test_one_linked_folder_is_all_that_is_needed(tmp_path: Path) -> None:
    """A link to `sandbox` beside the tests, and modules of the project that are named like ours."""
    _write_example(tmp_path)
    (tmp_path / "sandbox").symlink_to(ROOT / "sandbox")
    for name in ("app.py", "config.py", "errors.py"):
        (tmp_path / name).write_text("raise RuntimeError('the project own module, which the sandbox must not import')\n")
    ended = _pytest(tmp_path, "-q", "-k", "hears")
    assert "1 passed" in ended.stdout, ended.stdout


def test_both_documents_hold_the_same_code() -> None:
    """So that the one that is run proves the other."""
    english, chinese = (_python_blocks(document) for document in DOCUMENTS)
    assert english == chinese
    assert len(english) == len(EXAMPLE)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_documents_name_what_the_sandbox_needs(document: str) -> None:
    """The packages to install are those that its modules import, and pytest."""
    (line,) = re.findall(r"^pip install (pytest .*)$", (ROOT / document).read_text("utf-8"), re.MULTILINE)
    imported = {
        name.partition(".")[0]
        for path in (ROOT / "sandbox").rglob("*.py")
        for node in ast.parse(path.read_text("utf-8")).body  # what a function imports is wanted by that function alone
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else _names(node))
    }
    needed = {PACKAGE_OF.get(name, name) for name in imported - sys.stdlib_module_names - {"sandbox"}}
    assert needed == set(line.split())


def _names(node: ast.AST) -> list[str]:
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_documents_name_every_public_method(document: str) -> None:
    """And every fixture."""
    text = (ROOT / document).read_text("utf-8")
    public = [name for name in vars(DingTalkApp) if not name.startswith("_") and name != "close"]
    made = ("dingtalk_app", "dify_app", "openai_gateway", "codebuddy_agent")
    fixtures = ("dingtalk_sandbox", *made, *(f"make_{name}" for name in made))
    assert not [name for name in (*public, *fixtures) if not re.search(rf"`(\w+\(.*?\)`, `)*{name}\b", text)]


def _failure(app: DingTalkApp, *command: str | Path, seconds: float = 10, **variables: str) -> str:
    with pytest.raises(pytest.fail.Exception) as failed:
        app.start(sys.executable, *command, seconds=seconds, **variables)
    return str(failed.value)


def test_a_bot_that_dies_is_told_with_what_it_wrote(dingtalk_app: DingTalkApp) -> None:
    """At once, with its exit code, and not after the whole wait."""
    told = _failure(dingtalk_app, "-c", "raise SystemExit('no such model')", seconds=60)
    assert told.startswith(f"the bot ended before it connected; records of {dingtalk_app.client_id} so far:")
    assert f"it never called DingTalk at {dingtalk_app.url}" in told
    assert "ended with exit code 1 and wrote:\nno such model" in told


def test_a_bot_with_a_wrong_secret_is_told_with_the_refusal(dingtalk_app: DingTalkApp) -> None:
    """The records say what the gateway answered."""
    told = _failure(dingtalk_app, "-c", SDK_BOT, ID=dingtalk_app.client_id, SECRET="wrong", seconds=3)
    assert told.startswith("the bot never connected within 3 s")
    assert "gateway.open status=401" in told
    assert "is running and wrote:" in told
    assert dingtalk_app.client_secret not in told


@pytest.fixture
def mute(dingtalk_app: DingTalkApp) -> DingTalkApp:
    """A bot that connects and never says a word."""
    dingtalk_app.start(sys.executable, "-c", SDK_BOT, ID=dingtalk_app.client_id, SECRET=dingtalk_app.client_secret)
    return dingtalk_app


def _said_in_vain(wait: Callable[[float], object]) -> str:
    with pytest.raises(pytest.fail.Exception) as failed:
        wait(0.1)
    return str(failed.value)


def test_a_silent_bot_is_told_with_what_was_asked(mute: DingTalkApp) -> None:
    """Whatever the test waits for, its own words and the records are in the failure."""
    mute.say("anybody there?")
    waited = "within 0.1 s after 'anybody there?' was said; records of"
    assert _said_in_vain(mute.said).startswith(f"the bot said nothing {waited}")
    assert _said_in_vain(mute.card).startswith(f"no card ended {waited}")
    told = _said_in_vain(lambda seconds: mute.wait_for("click", seconds, action_id="buy"))
    assert told.startswith(f"no record 'click' {{'action_id': 'buy'}} {waited}")
    assert "message msg_id=" in told


def test_a_bot_that_was_stopped_is_reached_no_more(mute: DingTalkApp) -> None:
    """`stop` ends its process; a message waits for a connection and then fails."""
    mute.stop()
    mute.wait_for("stream.closed")
    with pytest.raises(pytest.fail.Exception, match=r"^the bot never connected within 0\.1 s"):
        mute.wait_connected(0.1)


def test_each_app_is_another(
    dingtalk_app: DingTalkApp, make_dingtalk_app: MakeDingTalkApp, dingtalk_sandbox: SandboxClient
) -> None:
    """Two bots in one test hear nothing of each other."""
    other = make_dingtalk_app(qps=7)
    assert other.client_id != dingtalk_app.client_id
    settings = {app["client_id"]: app["qps"] for app in dingtalk_sandbox.apps()}
    assert (settings[dingtalk_app.client_id], settings[other.client_id]) == (20, 7)


def test_the_environment_keeps_what_is_set_about_proxies(dingtalk_app: DingTalkApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot may need a proxy for its AI, never for the sandbox."""
    monkeypatch.setenv("no_proxy", "intranet.example")
    assert dingtalk_app.env["NO_PROXY"] == "intranet.example,127.0.0.1,localhost"
    assert dingtalk_app.env["DINGTALK_OPENAPI_ENDPOINT"] == dingtalk_app.url


def test_a_dify_app_is_there_for_bots_that_ask_dify(dify_app: DifyApp, dingtalk_sandbox: SandboxClient) -> None:
    """A chat app under its own key; the key is not in the app's repr."""
    assert dify_app.url == f"{dingtalk_sandbox.url}/v1"
    assert (dify_app.name, "chat") in [(app["name"], app["kind"]) for app in dingtalk_sandbox.dify_apps()]
    assert dify_app.api_key not in repr(dify_app)
