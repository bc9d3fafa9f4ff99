"""The keys of `.bots.yaml` that bind a bot to a gateway which speaks OpenAI's protocol."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from backends.watch import Limits
from settings import HttpUrl

CHAT = "/chat/completions"
_LONGEST_ANSWER = 3_600  # seconds: behind some gateways an agent works


def _base(url: str) -> str:
    """Return the address that ends in `/v1`; the whole address of a chat endpoint, pasted, is the one that is asked."""
    if url.endswith(CHAT):
        return url.removesuffix(CHAT)
    return url if urlsplit(url).path else f"{url}/v1"


class OpenAiSettings(BaseModel):
    """How a bot reaches its model."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    openai_base_url: Annotated[HttpUrl, AfterValidator(_base), Field(examples=["http://127.0.0.1:11434/v1"])]
    openai_model: Annotated[str, Field(examples=["qwen3"])]
    openai_api_key: SecretStr = SecretStr("")
    system_prompt: Annotated[str, Field(repr=False)] = ""
    temperature: Annotated[float | None, Field(ge=0, le=2, examples=[0.7])] = None
    history: Literal["bridge", "gateway"] = "bridge"
    history_tokens: Annotated[int, Field(ge=0, le=1_000_000)] = 4_000
    session_timeout: Annotated[float, Field(ge=0)] = 30
    openai_silence_seconds: Annotated[float, Field(gt=0, le=_LONGEST_ANSWER)] = 120
    media_root: str = "media"

    def __str__(self) -> str:
        return f"OpenAI-compatible {self.openai_model}, {self.openai_base_url}"

    @property
    def limits(self) -> Limits:
        """How long an answer is waited for; a gateway that is busy with an agent's tools may send comments meanwhile."""
        silence = self.openai_silence_seconds
        return Limits(first_event=silence, idle=silence, no_event=max(600, silence), whole=_LONGEST_ANSWER)

    @property
    def pictures(self) -> Path | None:
        """The folder of the pictures that the model can show; None when its gateway is on another machine."""
        return Path(self.media_root).absolute() if _is_here(self.openai_base_url) else None


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
