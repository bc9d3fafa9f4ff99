"""What the bridge is told, as frozen values: the variables, and each bot's common keys."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_core import PydanticCustomError

from errors import Problem
from problems import Language

SessionScope = Literal["user_in_chat", "user", "chat"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


@dataclass(frozen=True)
class Endpoints:
    """Where DingTalk is, without a slash at the end."""

    openapi: str
    oapi: str


def _http_url(url: str) -> str:
    """Return the address without a slash at its end. A user in it would take the place of the AI's own key: refused."""
    try:
        parts = urlsplit(url)
        right = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        right = False
    if not right or "@" in url or any(character.isspace() for character in url):
        raise PydanticCustomError("http_url", "no http:// or https:// address")
    return url.rstrip("/")


def _public_url(url: str) -> str:
    """Return where our HTTP port is from outside, perhaps below a path; paths are put behind it, so that nothing may follow."""
    if not url:
        return ""
    parts = urlsplit(_http_url(url))
    if parts.query or parts.fragment:
        raise PydanticCustomError("public_url", "no address of a place")
    return url.rstrip("/")


def _host(host: str) -> str:
    """Return an address to listen on, as the system wants it: an IPv6 one without brackets."""
    plain = host.removeprefix("[").removesuffix("]")
    if not plain or re.search(r"[/\s\[\]@]", plain):
        raise PydanticCustomError("host", "no address")
    return plain


def _store(url: str) -> str:
    """Return the name of a store that there is: memory, an SQLite file by its path, or a Redis by its address."""
    if url.lower() == "memory":
        return "memory"
    if url.lower().startswith(("redis://", "rediss://")):
        return _redis(url)
    scheme, slashes, path = url.partition(":///")
    if scheme.lower() != "sqlite" or not slashes or not path.strip("/ ") or path == ":memory:":
        raise PydanticCustomError("store", "no store")
    return f"sqlite:///{path}"


def _redis(url: str) -> str:
    """Return the address of a Redis: its host, perhaps a user, a password, a port, and the number of a database."""
    try:
        parts = urlsplit(url)
        right = parts.hostname and parts.port != 0 and re.fullmatch(r"(/\d*)?", parts.path)
    except ValueError:
        right = False
    if not right or parts.query or parts.fragment or any(character.isspace() for character in url):
        raise PydanticCustomError("store", "no store")
    return url


def _path(path: str) -> str:
    """Return a path of our own HTTP server."""
    taken = path == "/" or path.startswith("/push/")
    dotted = {".", ".."} & set(path.split("/"))  # clients fold them away
    if not re.fullmatch(r"/[^\s?#%{}]*", path) or "//" in path or dotted or taken:
        raise PydanticCustomError("url_path", "no path")
    return path.rstrip("/")


def _token(token: SecretStr | None) -> SecretStr | None:
    """Refuse a token that can be guessed, or that no HTTP header holds."""
    if token and not re.fullmatch(r"[!-~]{16,}", token.get_secret_value()):
        raise PydanticCustomError("weak_token", "no token")
    return token


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _id(text: str) -> str:
    if not text:
        raise PydanticCustomError("empty", "no id")
    return text


HttpUrl = Annotated[str, AfterValidator(_http_url)]
_AnyCaseLanguage = Annotated[Language, BeforeValidator(_lower)]
_Listeners = Annotated[int, Field(ge=1, le=50)]
_Id = Annotated[str, AfterValidator(_id)]
_People = Annotated[tuple[_Id, ...], Field(examples=['[manager01, "0123"]'])]
_Groups = Annotated[tuple[_Id, ...], Field(examples=['["cid…=="]'])]
_PerMinute = Annotated[int, Field(ge=0, le=10_000, examples=[10])]


class EnvSettings(BaseModel):
    """The variables of `.env` and of the process's environment; the field names are the variables' names."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    LOG_LEVEL: Annotated[LogLevel, BeforeValidator(_upper)] = "INFO"
    BOT_LANGUAGE: _AnyCaseLanguage = "zh"
    DEFAULT_MAX_WORKERS: _Listeners = 2
    DIFY_OPEN_API_URL: HttpUrl = "https://api.dify.ai/v1"
    DIFY_CONVERSATION_REMAIN_TIME: Annotated[float, Field(ge=0)] = 15
    DIFY_FIRST_EVENT_SECONDS: Annotated[float, Field(gt=0, le=86_400)] = 60
    DINGTALK_AI_CARD_TEMPLATE_ID: str = ""
    DINGTALK_OPENAPI_ENDPOINT: HttpUrl = "https://api.dingtalk.com"
    DINGTALK_OAPI_ENDPOINT: HttpUrl = "https://oapi.dingtalk.com"
    DINGTALK_QPS: Annotated[float, Field(ge=0, le=1_000)] = 20
    DINGTALK_MONTHLY_CALLS: Annotated[int, Field(ge=0, examples=[5000])] = 0
    DINGTALK_MONTHLY_PUSHES: Annotated[int, Field(ge=0, examples=[3000])] = 0
    SESSION_STORE: Annotated[str, AfterValidator(_store)] = Field(
        default="memory",
        repr=False,  # it may hold a password
        examples=["sqlite:///dingbridge.db"],
    )
    DRAIN_SECONDS: Annotated[float, Field(ge=0, le=86_400)] = 30
    HEARTBEAT_FILE: str = ""
    HTTP_HOST: Annotated[str, AfterValidator(_host)] = "127.0.0.1"
    HTTP_PORT: Annotated[int, Field(ge=0, le=65_535)] = 8080
    HTTP_PUBLIC_URL: Annotated[str, AfterValidator(_public_url)] = Field(default="", examples=["https://bots.example.com"])

    @property
    def endpoints(self) -> Endpoints:
        """Where DingTalk is."""
        return Endpoints(self.DINGTALK_OPENAPI_ENDPOINT, self.DINGTALK_OAPI_ENDPOINT)


class AdmissionSection(BaseModel):
    """The keys that say who may ask a bot, by staff id or conversationId, and how often; an empty list keeps nobody out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    admins: _People = ()
    allow_users: _People = ()
    deny_users: _People = ()
    allow_groups: _Groups = ()
    deny_groups: _Groups = ()
    user_questions_per_minute: _PerMinute = 0
    bot_questions_per_minute: _PerMinute = 0


class BotSection(AdmissionSection):
    """The keys that every bot has, whatever its AI and its way to reply. `examples` are what a problem tells to write."""

    name: Annotated[str, Field(examples=["客服"])]
    dingtalk_app_client_id: Annotated[str, Field(examples=["ding…"])]
    dingtalk_app_client_secret: Annotated[SecretStr, Field(examples=["…"])]
    backend: str = "dify"
    handler: str = "DifyAiCardBotHandler"
    receive: str = "stream"
    max_concurrency: Annotated[int, Field(ge=1, le=10_000)] = 500
    session_scope: SessionScope = "user_in_chat"
    language: _AnyCaseLanguage = "zh"
    push_token: Annotated[SecretStr | None, AfterValidator(_token), Field(examples=["…"])] = None


class StreamSettings(BaseModel):
    """The keys of a bot that DingTalk reaches by Stream."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_workers: _Listeners = 2


CARD_PATH = "/card"  # below a bot's own path: where clicks on its cards come


class WebhookSettings(BaseModel):
    """The keys of a bot that DingTalk calls over HTTP."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    webhook_path: Annotated[str, AfterValidator(_path)] = ""

    def path(self, name: str) -> str:
        """Return where DingTalk calls the bot of this name, as it stands in a URL before it is quoted."""
        return (self.webhook_path or f"/dingtalk/{name}").rstrip("/")

    def places(self, name: str) -> tuple[str, str]:
        """Return that path, and the one below it to which clicks on its cards are brought."""
        return self.path(name), self.path(name) + CARD_PATH


@dataclass(frozen=True)
class Kinds:
    """What a bot can be made of: by the names of its keys `backend`, `handler` and `receive`, a section of keys for each.

    `load_handler` returns the section of a handler that is a team's own, `package.module:Class`; `loaders` try, with its whole
    section, what another key names so. Both raise Unloadable. `env_defaults` says which variable stands in for a key that a
    bot leaves out; `typed` are the keys whose values are YAML's own (numbers, true and false) instead of text.
    """

    backends: Mapping[str, type[BaseModel]]
    handlers: Mapping[str, type[BaseModel]]
    receivers: Mapping[str, type[BaseModel]]
    load_handler: Callable[[str], type[BaseModel]]
    loaders: Mapping[str, Callable[[Any], object]]
    env_defaults: Mapping[str, str]
    typed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class BotSettings:
    """One bot: the common keys, its AI's, its reply's, and those of the way in which it is reached."""

    bot: BotSection
    backend: BaseModel
    reply: BaseModel
    receive: BaseModel

    @property
    def places(self) -> tuple[str, ...]:
        """The paths at which it is called over HTTP, if it is."""
        called = self.receive.places(self.bot.name) if isinstance(self.receive, WebhookSettings) else ()
        return (*called, f"/push/{self.bot.name}".rstrip("/")) if self.bot.push_token else called


@dataclass(frozen=True)
class Settings:
    """All that the bridge is told; `notes` are what is odd in it, but not wrong."""

    env: EnvSettings
    bots: tuple[BotSettings, ...]
    notes: tuple[Problem, ...] = ()
