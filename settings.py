"""What the bridge is told, as frozen values: the variables, and each bot's common keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from problems import Language

SessionScope = Literal["user_in_chat", "user", "chat"]


@dataclass(frozen=True)
class Endpoints:
    """Where DingTalk is, without a slash at the end."""

    openapi: str
    oapi: str


def _url(url: str) -> str:
    return url.rstrip("/")


class EnvSettings(BaseModel):
    """The variables of `.env` and of the process's environment; the field names are the variables' names."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    LOG_LEVEL: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    BOT_LANGUAGE: Language = "zh"
    DEFAULT_MAX_WORKERS: Annotated[int, Field(ge=1, le=50)] = 2
    DIFY_OPEN_API_URL: Annotated[str, AfterValidator(_url)] = "https://api.dify.ai/v1"
    DIFY_CONVERSATION_REMAIN_TIME: Annotated[float, Field(ge=0)] = 15
    DIFY_FIRST_EVENT_SECONDS: Annotated[float, Field(gt=0)] = 60
    DINGTALK_AI_CARD_TEMPLATE_ID: str = ""
    DINGTALK_OPENAPI_ENDPOINT: Annotated[str, AfterValidator(_url)] = "https://api.dingtalk.com"
    DINGTALK_OAPI_ENDPOINT: Annotated[str, AfterValidator(_url)] = "https://oapi.dingtalk.com"
    DRAIN_SECONDS: Annotated[float, Field(ge=0)] = 30
    HEARTBEAT_FILE: str = ""

    @property
    def endpoints(self) -> Endpoints:
        """Where DingTalk is."""
        return Endpoints(self.DINGTALK_OPENAPI_ENDPOINT, self.DINGTALK_OAPI_ENDPOINT)


class BotSection(BaseModel):
    """The keys that every bot has, whatever its AI and its way to reply."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    dingtalk_app_client_id: str
    dingtalk_app_client_secret: SecretStr
    handler: str = "DifyAiCardBotHandler"
    max_workers: Annotated[int, Field(ge=1, le=50)] = 2
    max_concurrency: Annotated[int, Field(ge=1, le=10_000)] = 500
    session_scope: SessionScope = "user_in_chat"
    language: Language = "zh"


@dataclass(frozen=True)
class Kinds:
    """What a bot can be made of: its AI's section, and a section for each handler.

    `env_defaults` says which variable stands in for a key that a bot leaves out; `typed` are the keys whose values are
    YAML's own (numbers, true and false) instead of text.
    """

    backend: type[BaseModel]
    handlers: Mapping[str, type[BaseModel]]
    env_defaults: Mapping[str, str]
    typed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class BotSettings:
    """One bot: the common keys, its AI's and its reply's."""

    bot: BotSection
    backend: BaseModel
    reply: BaseModel


@dataclass(frozen=True)
class Settings:
    """All that the bridge is told."""

    env: EnvSettings
    bots: tuple[BotSettings, ...]
