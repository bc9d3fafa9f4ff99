"""The keys of `.bots.yaml` that bind a bot to a Dify app."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from pydantic_core import PydanticCustomError

PLACEHOLDERS = ("sender_nick", "sender_staff_id", "sender_id", "conversation_id", "conversation_title", "bot_name")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def _known_placeholders(inputs: dict[str, Any]) -> dict[str, Any]:
    for name, value in inputs.items():
        for placeholder in _PLACEHOLDER.findall(value) if isinstance(value, str) else ():
            if placeholder not in PLACEHOLDERS:
                raise PydanticCustomError(
                    "unknown_placeholder",
                    "{name}: {placeholder} is not one of {known}",
                    {"name": name, "placeholder": f"{{{placeholder}}}", "known": ", ".join(PLACEHOLDERS)},
                )
    return inputs


def _http_url(url: str) -> str:
    url = url.rstrip("/")
    scheme, _, rest = url.partition("://")
    if scheme not in {"http", "https"} or not rest or " " in rest:
        raise PydanticCustomError("http_url", "must be a URL like https://api.dify.ai/v1", {})
    return url if "/" in rest else f"{url}/v1"


class DifySettings(BaseModel):
    """How a bot reaches its Dify app."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    env_defaults: ClassVar[Mapping[str, str]] = {"dify_api_url": "DIFY_OPEN_API_URL"}

    dify_app_type: Literal["chatbot", "completion", "workflow"]
    dify_app_api_key: SecretStr
    dify_api_url: Annotated[str, AfterValidator(_http_url)] = "https://api.dify.ai/v1"
    dify_query_variable: Annotated[str, Field(min_length=1)] = "query"
    dify_output_key: str = ""
    dify_inputs: Annotated[dict[str, Any], AfterValidator(_known_placeholders)] = Field(default_factory=dict)

    def inputs(self, text: str, facts: Mapping[str, str]) -> dict[str, Any]:
        """Return the `inputs` of one call: the fixed values, placeholders filled in, and the question where it goes.

        A chatbot takes the question as `query` beside its inputs, the other kinds as one of them.
        """

        def fill(value: Any) -> Any:
            if not isinstance(value, str):
                return value
            return _PLACEHOLDER.sub(lambda found: facts.get(found[1], ""), value)

        filled = {name: fill(value) for name, value in self.dify_inputs.items()}
        return filled if self.dify_app_type == "chatbot" else {**filled, self.dify_query_variable: text}
