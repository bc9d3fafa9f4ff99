"""The keys of an agent: what they are when left out, and what is refused."""

import pytest
from pydantic import ValidationError

from backends.python.settings import PythonSettings


def test_an_agent_is_all_that_is_needed() -> None:
    """The rest has a default."""
    settings = PythonSettings(agent="agents.hello:answer")
    assert str(settings) == "Python agents.hello:answer"
    assert (settings.agent_timeout, settings.agent_isolation, settings.session_timeout) == (300, "thread", 30)


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"agent_timeout": 0},
        {"agent_timeout": 86_401},
        {"agent_timeout": float("nan")},
        {"agent_isolation": "container"},
        {"session_timeout": -1},
        {"session_timeout": float("inf")},
        {"session_timeout": 525_601},
        {"dify_app_type": "chatbot"},
    ],
)
def test_what_is_out_of_range_is_refused(keys: dict[str, object]) -> None:
    """Also a key of another kind, and a bot without an agent."""
    with pytest.raises(ValidationError):
        PythonSettings.model_validate({**({"agent": "a:b"} if keys else {}), **keys})
