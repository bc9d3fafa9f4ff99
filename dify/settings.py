"""The keys of `.bots.yaml` that bind a bot to a Dify app."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_core import PydanticCustomError

from settings import HttpUrl

PLACEHOLDERS = ("sender_nick", "sender_staff_id", "sender_id", "conversation_id", "conversation_title", "bot_name")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_MEANT_AS_ONE = re.compile(r"\{\s*(\w+)\s*\}", re.ASCII)  # also with a capital or a blank, which would stay as they are
_CHATBOTS = frozenset({"agent", "agent-chat", "chat", "chatflow", "advanced-chat"})  # Dify's names of what /chat-messages runs


def _app_type(value: Any) -> Any:
    """Refuse Dify's other names for a chatbot with a hint; what else is no type is told by the list of types."""
    if isinstance(value, str) and value.lower() in _CHATBOTS:
        raise PydanticCustomError("counts_as", "an agent or chatflow counts as chatbot", {"meant": "chatbot"})
    return value


def _input(value: Any) -> Any:
    """Refuse a placeholder that is none, and one that YAML read as a mapping because its quotes are missing."""
    unquoted = isinstance(value, dict) and value and all(inner is None for inner in value.values())
    wrong = isinstance(value, str) and any(found[0][1:-1] not in PLACEHOLDERS for found in _MEANT_AS_ONE.finditer(value))
    if unquoted or wrong:
        name = "unquoted_placeholder" if unquoted else "unknown_placeholder"
        known = {"known": " ".join(f"{{{placeholder}}}" for placeholder in PLACEHOLDERS), "meant": '"{sender_nick}"'}
        raise PydanticCustomError(name, "no placeholder", known)
    return value


def _with_version(url: str) -> str:
    return url if urlsplit(url).path else f"{url}/v1"


class DifySettings(BaseModel):
    """How a bot reaches its Dify app."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    session_timeout: ClassVar[None] = None  # DIFY_CONVERSATION_REMAIN_TIME says so for all of them
    pictures: ClassVar[None] = None

    dify_app_type: Annotated[
        Literal["chatbot", "completion", "workflow"], BeforeValidator(_app_type), Field(examples=["chatbot"])
    ]
    dify_app_api_key: Annotated[SecretStr, Field(examples=["app-…"])]
    dify_api_url: Annotated[HttpUrl, AfterValidator(_with_version)] = "https://api.dify.ai/v1"
    dify_query_variable: str = "query"
    dify_output_key: str = ""
    dify_inputs: Annotated[
        dict[str, Annotated[Any, AfterValidator(_input)]], Field(repr=False, examples=["{language: 中文}"])
    ] = {}

    def __str__(self) -> str:
        return f"Dify {self.dify_app_type}, {self.dify_api_url}"

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
