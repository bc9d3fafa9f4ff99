"""DingTalk's own Node client, unchanged and with DingTalk's addresses built in, works with the sandbox."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import Running, Start

_SOURCES = Path(__file__).parent / "node"
_INSTALL_SECONDS = 300


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The installed packages, kept outside of the checkout; without them the tests are skipped, except in CI."""
    lock = (_SOURCES / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "dingbridge-tests" / hashlib.sha256(lock).hexdigest()[:16]
    done = folder / "node_modules" / ".package-lock.json"
    if not shutil.which("node") or not shutil.which("npm"):
        _unavailable("node and npm are not on the PATH")
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_SOURCES / name, folder)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=_INSTALL_SECONDS)
        except subprocess.CalledProcessError as error:
            _unavailable(f"npm cannot install the client: {error.stderr.decode()[-1000:]}")
        except subprocess.TimeoutExpired:
            _unavailable("npm does not come to an end")
    return folder / "node_modules"


def _unavailable(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def bot(node_modules: Path, start_bot: Start, tmp_path: Path) -> Running:
    """The Node bot, connected."""
    (tmp_path / "node_modules").symlink_to(node_modules)
    for name in ("bot.js", "package.json"):
        shutil.copy(_SOURCES / name, tmp_path)
    return start_bot(["node", "bot.js"], {}, tmp_path)


@pytest.mark.parametrize("chat", [{}, {"conversation_type": "2"}], ids=["private", "group"])
def test_node_bot_answers_by_webhook_and_by_card(bot: Running, chat: dict[str, object]) -> None:
    """It says something through the session, acknowledges, and streams an AI card to its end; nothing is refused."""
    before = bot.sandbox.last()
    said = bot.ask("你好", **chat)
    assert bot.wait_for(before, kind="said")["text"] == "收到你好"
    assert bot.wait_for(before, kind="ack", msg_id=said["msg_id"])["code"] == 200
    card = bot.sandbox.card(bot.card(before))
    assert [(each["state"], each["text"]) for each in card["history"]][:4] == [
        ("processing", ""),
        ("inputing", "你说："),
        ("inputing", "你说：你好"),
        ("finished", "你说：你好。"),
    ]
    assert card["conversation_id"] == said["conversation_id"]
    calls = bot.sandbox.records(before, kind="api", client_id=bot.client_id)
    assert {call["status"] for call in calls} == {200}
    assert not bot.sandbox.records(before, kind="ack.stray", client_id=bot.client_id)


def test_node_bot_answers_a_click(bot: Running) -> None:
    """The answer of its acknowledgement changes the view of the one who clicked."""
    before = bot.sandbox.last()
    bot.ask("你好")
    card = bot.card(before)
    bot.wait_for(before, kind="api", api="update")
    click = bot.sandbox.click(card, "staff-1", "btn_stop")
    assert click["answered"]
    assert bot.sandbox.card(card)["views"]["staff-1"] == {
        "state": "finished",
        "text": "staff-1 按了 btn_stop",
        "buttons": [],
        "tips": "",
    }


def test_node_bot_comes_back(bot: Running) -> None:
    """After an announced disconnect, and after a cut, it connects anew and answers."""
    for end in (bot.sandbox.disconnect, bot.sandbox.cut):
        before = bot.sandbox.last()
        assert end(bot.client_id)
        bot.wait_for(before, kind="stream.closed")
        bot.wait_for(before, kind="stream.connected")
        bot.ask("还在吗")
        assert bot.wait_for(before, kind="said")["text"] == "收到还在吗"
