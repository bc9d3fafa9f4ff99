"""The keys of `.bots.yaml` that bind a bot to CodeBuddy's HTTP agent."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr
from pydantic_core import PydanticCustomError

from backends.settings import RememberedSettings, is_here
from settings import HttpUrl

OURS = ("prompt", "print")  # the keys of a call that are no options
_GOES_ON = {"continue", "resume", "sessionid"}  # options by which CodeBuddy goes on with a conversation of its own


def _options(options: dict[str, Any]) -> dict[str, Any]:
    for name in OURS:
        if name in options:
            raise PydanticCustomError("codebuddy_option", "no option", {"name": name})
    return options


class CodeBuddySettings(RememberedSettings):
    """How a bot reaches its agent."""

    codebuddy_api_url: Annotated[HttpUrl, Field(examples=["http://127.0.0.1:8080/agent"])]
    codebuddy_api_token: Annotated[SecretStr, Field(examples=["…"])]
    codebuddy_options: Annotated[dict[str, Any], AfterValidator(_options)] = Field(
        default_factory=dict, repr=False, examples=["{model: claude-sonnet}"]
    )
    codebuddy_timeout: Annotated[float, Field(gt=0, le=3_600)] = 600

    def __str__(self) -> str:
        return f"CodeBuddy, {self.codebuddy_api_url}"

    @property
    def is_here(self) -> bool:
        """Whether the agent works on this machine."""
        return is_here(self.codebuddy_api_url)

    @property
    def goes_on_itself(self) -> bool:
        """Whether the options say that CodeBuddy remembers what was said before."""
        return _goes_on(self.codebuddy_options)


def _goes_on(options: Mapping[str, Any]) -> bool:
    given = {
        name.replace("-", "").replace("_", "").lower() for name, value in options.items() if value not in (None, False, "")
    }
    return bool(given & _GOES_ON)
