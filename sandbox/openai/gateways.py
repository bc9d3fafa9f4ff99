"""The OpenAI-compatible gateways: what an API key opens, and how that gateway behaves."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from sandbox.json_api import check_names, flag_of, number_of, object_of, one_of, text_of
from sandbox.keyed import Keyed
from sandbox.keyring import Keyring

_FLAVORS: Final = ("openai", "strict", "openclaw", "litellm")
_REASONING: Final = ("reasoning_content", "reasoning")
_FLAGS: Final = ("remembers", "requires_key", "endpoint_off", "vision")
_LARGEST_NUMBER: Final = 1_000_000
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """One gateway, opened by one API key; where none is required, by any key and by none.

    The flavor `strict` refuses every key of the body that the first chat completions had not; `openclaw` takes any
    model, and never says in a stream why it ended; `litellm` hands on to other servers, refuses in ways of its own and
    drops the `user`. A gateway that `remembers` keeps a conversation for each `user`.
    `tokens_per_second` counts pieces of `chunk_chars` characters; while it is silent, a comment comes each
    `ping_seconds`.
    """

    api_key: str = field(repr=False)
    name: str
    models: tuple[str, ...]
    flavor: str = "openai"
    remembers: bool = False
    requires_key: bool = True
    endpoint_off: bool = False
    vision: bool = True
    reasoning_field: str = "reasoning_content"
    tokens_per_second: float = 30.0
    chunk_chars: int = 6
    ping_seconds: float = 10.0

    def serves(self, model: str) -> bool:
        """Whether it has this model."""
        return self.flavor == "openclaw" or model in self.models

    def to_json(self) -> dict[str, Any]:
        """It without its key."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "api_key"}


def parse(body: Mapping[str, Any]) -> Gateway:
    """A gateway from the control API's JSON; ValueError says what is wrong with it."""
    settings = {**body, **object_of(body, "pace")}
    settings.pop("pace", None)
    check_names(settings, {each.name for each in fields(Gateway)}, ("api_key", "name", "models"))
    return Gateway(
        api_key=text_of(settings, "api_key"),
        name=text_of(settings, "name"),
        models=_models(settings["models"]),
        flavor=one_of(settings, "flavor", _FLAVORS),
        reasoning_field=one_of(settings, "reasoning_field", _REASONING),
        tokens_per_second=number_of(settings, "tokens_per_second", Gateway.tokens_per_second, _LARGEST_NUMBER),
        chunk_chars=_at_least(int(number_of(settings, "chunk_chars", Gateway.chunk_chars, _LARGEST_NUMBER)), 1),
        ping_seconds=_at_least(number_of(settings, "ping_seconds", Gateway.ping_seconds, _LARGEST_NUMBER), 0.01),
        **{name: flag_of(settings, name, default=getattr(Gateway, name)) for name in _FLAGS},
    )


def _models(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and 0 < len(each) <= _LONGEST_NAME for each in value):
        raise ValueError("models must be a list of names")
    return tuple(value)


def _at_least(value: Any, least: float) -> Any:
    if value < least:
        raise ValueError(f"of pace, chunk_chars must be 1 or more and ping_seconds 0.01 or more, not {value}")
    return value


class Gateways(Keyed[Gateway]):
    """The gateways by API key."""

    def __init__(self, keyring: Keyring) -> None:
        super().__init__(keyring, "gateways")

    def opened_by(self, key: str) -> Gateway | None:
        """The gateway that a key opens, or else the newest one that requires none."""
        open_ones = (each for each in reversed(self.listed()) if not each.requires_key)
        return super().opened_by(key) or next(open_ones, None)

    def shut(self) -> Gateway:
        """A gateway without a name, for a key that opens none: it refuses as the newest one would."""
        flavor = next((each.flavor for each in reversed(self.listed())), Gateway.flavor)
        return Gateway(api_key="", name="", models=(), flavor=flavor)
