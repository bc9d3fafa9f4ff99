"""What `check` may know of an agent: with a thread all of it, with a process that there is such a module."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.python.agent import check
from backends.python.settings import PythonSettings
from errors import Unloadable

NAMES = ("checked_agents", "checked_agents.inner", "checked_agents.broken", "lone_agent")


@pytest.fixture(autouse=True)
def agents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package and a module, to be found and not yet imported."""
    package = tmp_path / "checked_agents"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "inner.py").write_text("def answer(question):\n    return question\n")
    (package / "broken.py").write_text("raise ValueError('a secret')\n")
    (tmp_path / "lone_agent.py").write_text("raise ValueError('a secret')\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in NAMES:
        sys.modules.pop(name, None)


def _check(agent: str, isolation: str) -> None:
    check(PythonSettings.model_validate({"agent": agent, "agent_isolation": isolation}))


@pytest.mark.parametrize("agent", ["checked_agents.inner:answer", "checked_agents.broken:answer", "lone_agent:answer"])
def test_a_process_s_agent_is_looked_for_and_not_imported(agent: str) -> None:
    """What it does when it is imported, it does in the worker only; the package around it is imported."""
    _check(agent, "process")
    assert agent.partition(":")[0] not in sys.modules


@pytest.mark.parametrize(
    ("agent", "isolation", "reason"),
    [
        ("no form", "process", "import_form"),
        ("no form", "thread", "import_form"),
        ("no_such_agent:answer", "process", "import_missing"),
        ("checked_agents.no_such:answer", "process", "import_missing"),
        ("no_such_agents.inner:answer", "process", "import_missing"),
        ("lone_agent.inner:answer", "process", "import_failed"),
        ("lone_agent:answer", "thread", "import_failed"),
        ("checked_agents.inner:no_such", "thread", "import_nothing"),
    ],
)
def test_an_agent_that_is_not_to_be_had(agent: str, isolation: str, reason: str) -> None:
    """Each has its sentence."""
    with pytest.raises(Unloadable) as raised:
        _check(agent, isolation)
    assert raised.value.reason == reason


def test_a_thread_s_agent_is_imported() -> None:
    """It runs here anyway."""
    _check("checked_agents.inner:answer", "thread")
    assert "checked_agents.inner" in sys.modules
