"""The OpenAI-compatible gateways: what an API key opens, and how that gateway behaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from sandbox.json_api import flag_of, number_of, object_of, text_of
from sandbox.keyring import Keyring

_FLAVORS: Final = ("openai", "strict", "openclaw")
_REASONING: Final = ("reasoning_content", "reasoning")
_FLAGS: Final = ("remembers", "requires_key", "endpoint_off", "vision")
_LARGEST_NUMBER: Final = 1_000_000
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """One gateway, opened by one API key; where none is required, by any key and by none.

    The flavor `strict` refuses every key of the body that the first chat completions had not; `openclaw` takes any
    model, and never says in a stream why it ended. A gateway that `remembers` keeps a conversation for each `user`.
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
    if unknown := settings.keys() - {each.name for each in fields(Gateway)}:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    if missing := [name for name in ("api_key", "name", "models") if not settings.get(name)]:
        raise ValueError(f"missing: {', '.join(missing)}")
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


def one_of(settings: Mapping[str, Any], name: str, choices: Sequence[str]) -> str:
    """One of these texts, the first of them where none is named; ValueError for anything else."""
    found = text_of(settings, name, choices[0])
    if found not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}")
    return found


def _models(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and 0 < len(each) <= _LONGEST_NAME for each in value):
        raise ValueError("models must be a list of names")
    return tuple(value)


def _at_least(value: Any, least: float) -> Any:
    if value < least:
        raise ValueError(f"of pace, chunk_chars must be 1 or more and ping_seconds 0.01 or more, not {value}")
    return value


class Gateways:
    """The gateways by API key; the keys are on the keyring."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._by_key: dict[str, Gateway] = {}

    def put(self, gateway: Gateway) -> None:
        """Add a gateway, or replace the one with the same key."""
        self._by_key.pop(gateway.api_key, None)
        self._by_key[gateway.api_key] = gateway
        self._keyring.keep(gateway.api_key)

    def opened_by(self, api_key: str) -> Gateway | None:
        """The gateway that a key opens, or else the newest one that requires none."""
        open_ones = (each for each in reversed(self._by_key.values()) if not each.requires_key)
        return self._by_key.get(api_key) or next(open_ones, None)

    def listed(self) -> list[Gateway]:
        """All gateways, the newest last."""
        return list(self._by_key.values())
