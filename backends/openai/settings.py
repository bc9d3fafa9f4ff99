"""The keys of `.bots.yaml` that bind a bot to a gateway which speaks OpenAI's protocol."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from backends.settings import RememberedSettings, is_here
from backends.watch import Limits
from settings import HttpUrl

CHAT = "/chat/completions"
_LONGEST_ANSWER = 3_600  # seconds: behind some gateways an agent works


def _base(url: str) -> str:
    """Return the address that ends in `/v1`; the whole address of a chat endpoint, pasted, is the one that is asked."""
    if url.endswith(CHAT):
        return url.removesuffix(CHAT)
    return url if urlsplit(url).path else f"{url}/v1"


class OpenAiSettings(RememberedSettings):
    """How a bot reaches its model."""

    openai_base_url: Annotated[HttpUrl, AfterValidator(_base), Field(examples=["http://127.0.0.1:11434/v1"])]
    openai_model: Annotated[str, Field(examples=["qwen3"])]
    openai_api_key: SecretStr = SecretStr("")
    system_prompt: Annotated[str, Field(repr=False)] = ""
    temperature: Annotated[float | None, Field(ge=0, le=2, examples=[0.7])] = None
    history: Literal["bridge", "gateway"] = "bridge"
    history_tokens: Annotated[int, Field(ge=0, le=1_000_000)] = 4_000
    openai_silence_seconds: Annotated[float, Field(gt=0, le=_LONGEST_ANSWER)] = 120

    def __str__(self) -> str:
        return f"OpenAI-compatible {self.openai_model}, {self.openai_base_url}"

    @property
    def limits(self) -> Limits:
        """How long an answer is waited for; a gateway that is busy with an agent's tools may send comments meanwhile."""
        silence = self.openai_silence_seconds
        return Limits(first_event=silence, idle=silence, no_event=max(600, silence), whole=_LONGEST_ANSWER)

    @property
    def is_here(self) -> bool:
        """Whether the gateway is on this machine, and its models' tools with it."""
        return is_here(self.openai_base_url)
