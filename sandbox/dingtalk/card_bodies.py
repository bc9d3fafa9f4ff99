"""What the bodies of card calls say, each field checked; a Refusal for what DingTalk would not take (pure)."""

from sandbox.dingtalk.api import Json
from sandbox.dingtalk.apps import App
from sandbox.dingtalk.card import Streamed, Variables
from sandbox.dingtalk.refusal import Refusal

_MOST_OF_ONE_CALL = 1_000_000
_KEY_BYTES = 100


def read_variables(holder: object) -> Variables | None:
    """The cardParamMap of a card's holder if it is a map of strings to strings; None without one."""
    if holder is None:
        return None
    variables = holder.get("cardParamMap") if isinstance(holder, dict) else holder
    if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
        raise Refusal(400, "param.invalid", "cardParamMap must be a map of strings to strings")
    return variables


def card_variables(app: App, holder: object) -> Variables | None:
    """The same, within the bounds of this app's cards."""
    variables = read_variables(holder)
    for key, value in (variables or {}).items():
        if len(key.encode()) > _KEY_BYTES or len(value.encode()) > app.card_value_bytes:
            raise Refusal(400, "param.invalid", f"cardParamMap {key[:_KEY_BYTES]} is too long")
    if sum(len(key) + len(value) for key, value in (variables or {}).items()) > _MOST_OF_ONE_CALL:
        raise Refusal(400, "param.invalid", "cardParamMap is too long")
    return variables


def private_variables(app: App, holder: object) -> dict[str, Variables]:
    """The variables that single people see instead, by user id; {} without any."""
    if holder is None:
        return {}
    if not isinstance(holder, dict):
        raise Refusal(400, "param.invalid", "privateData must be a map of user ids")
    return {str(user_id): card_variables(app, each) or {} for user_id, each in holder.items()}


def streamed(body: Json) -> Streamed:
    """What a streaming call writes."""
    required(body, "outTrackId", "param.outTrackIdEmpty")
    guid = required(body, "guid", "param.stream.guidEmpty")
    key = required(body, "key", "param.stream.keyEmpty")
    content = body.get("content")
    if not isinstance(content, str):
        raise Refusal(400, "param.stream.contentEmpty", "streaming update the parameter content is empty")
    flags = {name: body.get(name) for name in ("isFull", "isFinalize", "isError")}
    if any(flag is not None and not isinstance(flag, bool) for flag in flags.values()):
        raise Refusal(400, "param.error", "isFull, isFinalize and isError are booleans")
    full, final, error = (bool(flag) for flag in flags.values())
    return Streamed(guid, key, content, is_full=full, is_finalize=final, is_error=error)


def required(body: Json, name: str, code: str) -> str:
    """A text that must be there and not be empty; else a Refusal with this code."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refusal(400, code, f"{name} is empty")
    return value
