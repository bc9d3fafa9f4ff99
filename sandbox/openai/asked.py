"""The body of a chat completion: which fields it may have, of which type, and what a gateway says of others (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from sandbox.openai.gateways import Gateway
from sandbox.openai.litellm import unknown_model
from sandbox.openai.pictures import Picture, picture_of
from sandbox.openai.refusal import RefusalError, missing, wrong_type, wrong_value

# What chat completions could be asked in the beginning; a gateway of that time refuses everything else.
_FIRST_KEYS: Final = frozenset(
    [
        *("model", "messages", "stream", "temperature", "top_p", "n", "stop", "max_tokens", "user"),
        *("presence_penalty", "frequency_penalty", "logit_bias"),
    ]
)
_SYSTEM: Final = ("system", "developer")
_ROLES: Final = (*_SYSTEM, "user", "assistant", "tool")
_HOTTEST: Final = 2


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A checked request: the last user message as `query` with its pictures, the system prompt, how to answer."""

    model: str
    query: str
    pictures: Sequence[Picture]
    system: str
    messages: int
    questions: int
    streaming: bool
    with_usage: bool
    user: str
    most_tokens: int | None


@dataclass(frozen=True)
class _Message:
    role: str
    text: str
    pictures: Sequence[Picture]


def asked_in(body: Mapping[str, Any], gateway: Gateway) -> Asked:
    """What a body asks of this gateway; RefusalError if it does not fit."""
    if gateway.flavor == "strict" and (unknown := sorted(body.keys() - _FIRST_KEYS)):
        words = f"Unrecognized request argument{'s' * (len(unknown) > 1)} supplied: {', '.join(unknown)}"
        raise RefusalError(HTTPStatus.BAD_REQUEST, words)
    model = _model(body, gateway)
    messages = _messages(body, gateway)
    streaming, options = _typed(body, "stream", bool, "a boolean"), _typed(body, "stream_options", dict, "an object") or {}
    if options and not streaming:
        raise wrong_value("stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
    temperature = _typed(body, "temperature", (int, float), "a decimal")
    if temperature is not None and not 0 <= temperature <= _HOTTEST:
        raise wrong_value(
            "temperature", f"Invalid 'temperature': expected a value from 0 to {_HOTTEST}, but got {temperature}."
        )
    if _typed(body, "n", int, "an integer") not in {None, 1}:
        raise wrong_value("n", "Invalid 'n': this gateway gives one answer.")
    user = _typed(body, "user", str, "a string")
    questions = [each for each in messages if each.role == "user"]
    if not questions and gateway.flavor == "openclaw":
        raise RefusalError(HTTPStatus.BAD_REQUEST, "Missing user message in `messages`.")
    last = questions[-1] if questions else _Message("user", "", ())
    return Asked(
        model=model,
        query=last.text,
        pictures=last.pictures,
        system="\n\n".join(each.text for each in messages if each.role in _SYSTEM),
        messages=len(messages),
        questions=len(questions),
        streaming=bool(streaming),
        with_usage=bool(_typed(options, "include_usage", bool, "a boolean", at="stream_options.")),
        user=user if user and gateway.flavor != "litellm" else "",
        most_tokens=_most_tokens(body),
    )


def _model(body: Mapping[str, Any], gateway: Gateway) -> str:
    model = _typed(body, "model", str, "a string")
    if model is None and gateway.flavor == "openclaw":
        return "openclaw"
    if gateway.flavor == "litellm" and not gateway.serves(model or ""):
        raise unknown_model(model)
    if not model or not gateway.serves(model):
        words = f"The model `{model or ''}` does not exist or you do not have access to it."
        raise RefusalError(HTTPStatus.NOT_FOUND, words, code="model_not_found")
    return str(model)


def _most_tokens(body: Mapping[str, Any]) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        most = _typed(body, name, int, "an integer")
        if most is not None and most < 1:
            raise wrong_value(
                name, f"Invalid '{name}': expected a value of 1 or more, but got {most}.", "integer_below_min_value"
            )
        if most is not None:
            return int(most)
    return None


def _messages(body: Mapping[str, Any], gateway: Gateway) -> list[_Message]:
    messages = body.get("messages")
    if messages is None:
        raise missing("messages")
    if not isinstance(messages, list):
        raise wrong_type("messages", "an array of objects", messages)
    if not messages:
        raise wrong_value("messages", "Invalid 'messages': an empty array, where at least one is expected.", "empty_array")
    return [_message(each, f"messages[{place}]", gateway) for place, each in enumerate(messages)]


def _message(message: Any, at: str, gateway: Gateway) -> _Message:
    if not isinstance(message, dict):
        raise wrong_type(at, "an object", message)
    role = message.get("role")
    if role is None:
        raise missing(f"{at}.role")
    if role not in _ROLES:
        raise wrong_value(f"{at}.role", f"Invalid value: {role!r}. Supported values are: {', '.join(map(repr, _ROLES))}.")
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise missing(f"{at}.tool_call_id")
    content = message.get("content")
    if content is None and role == "assistant" and message.get("tool_calls"):
        return _Message(role, "", ())
    if isinstance(content, str):
        return _Message(role, content, ())
    if not isinstance(content, list) or not content:
        raise wrong_type(f"{at}.content", "one of a string or array of objects", content)
    return _in_parts(role, content, f"{at}.content", gateway)


def _in_parts(role: str, parts: list[Any], at: str, gateway: Gateway) -> _Message:
    texts, pictures = [], []
    for place, part in enumerate(parts):
        here = f"{at}[{place}]"
        if not isinstance(part, dict):
            raise wrong_type(here, "an object", part)
        kind = part.get("type")
        if kind == "text":
            if not isinstance(part.get("text"), str):
                raise wrong_type(f"{here}.text", "a string", part.get("text"))
            texts.append(part["text"])
        elif kind == "image_url" and role == "user" and gateway.vision:
            pictures.append(picture_of(part, here, addresses=gateway.flavor != "openclaw"))
        else:
            fitting = "'text', 'image_url'" if role == "user" and gateway.vision else "'text'"
            raise wrong_value(f"{here}.type", f"Invalid value: {kind!r}. Supported values are: {fitting}.")
    return _Message(role, "\n".join(texts), pictures)


def _typed(body: Mapping[str, Any], name: str, kind: type | tuple[type, ...], words: str, at: str = "") -> Any:
    """A field of this type, None where it is missing or null; no truth value is a number."""
    value = body.get(name)
    if value is None or (isinstance(value, kind) and (kind is bool or not isinstance(value, bool))):
        return value
    raise wrong_type(f"{at}{name}", words, value)
