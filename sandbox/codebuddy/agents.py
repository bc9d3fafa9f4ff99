"""The CodeBuddy agents: what a token opens, and the form in which that agent answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from sandbox.json_api import check_names, number_of, one_of, text_of

_FORMS: Final = ("text", "json")
_FIELDS: Final = ("content", "response", "message", "result")
_LONGEST_SECONDS: Final = 3_600


@dataclass(frozen=True, kw_only=True)
class Agent:
    """One agent: it works for so many seconds, then answers in plain text, or in JSON with its text in a `field`."""

    token: str = field(repr=False)
    name: str
    form: str = "text"
    field: str = "content"
    seconds: float = 0.5

    def to_json(self) -> dict[str, Any]:
        """It without its token."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "token"}


def parse(body: Mapping[str, Any]) -> Agent:
    """An agent from the control API's JSON; ValueError says what is wrong with it."""
    check_names(body, {each.name for each in fields(Agent)}, ("token", "name"))
    return Agent(
        token=text_of(body, "token"),
        name=text_of(body, "name"),
        form=one_of(body, "form", _FORMS),
        field=one_of(body, "field", _FIELDS),
        seconds=number_of(body, "seconds", Agent.seconds, _LONGEST_SECONDS),
    )
