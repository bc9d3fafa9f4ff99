"""What a gateway says of a failure -> the error tree. Pure.

Most send `{"error": {"message", "type", "code"}}` with an HTTP status, or as an event inside a stream that was answered with
200; some send the text alone, FastAPI's list of what it refuses, or a page of a proxy's.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from backends.failures import by_status, envelope, told
from errors import (
    BackendBusy,
    BackendDown,
    BackendError,
    BackendUnreachable,
    EndpointOff,
    InputRefused,
    KeyRefused,
    ModelFailed,
    ModelUnknown,
    QuotaExceeded,
)

AI = "openai"
_BY_CODE: Mapping[str, type[BackendError]] = {
    "invalid_api_key": KeyRefused,
    "no_db_connection": KeyRefused,  # litellm without a database, of any key but its own
    "unauthorized": KeyRefused,
    "authentication_error": KeyRefused,
    "permission_error": KeyRefused,
    "model_not_found": ModelUnknown,
    "content_filter": ModelFailed,
    "content_policy_violation": ModelFailed,
    "data_inspection_failed": ModelFailed,  # DashScope's content filter
    "rate_limit_exceeded": BackendBusy,
    "rate_limit_error": BackendBusy,
    "overloaded_error": BackendBusy,
    "server_error": BackendDown,
    "context_length_exceeded": InputRefused,
}
_QUOTA = re.compile(r"quota|(?<!load[ -])balance(?![a-z])|arrear|billing", re.IGNORECASE)
# What is full for a minute is no quota, though Moonshot calls it so.
_PASSES = re.compile(r"\b[RTQ]P[MS]\b|\b(?:try again|retry) (?:after|in)\b|\bper (?:min|sec)", re.IGNORECASE)
# Ollama, vLLM and Moonshot say so with 404, DeepSeek with 400, One-API with 503.
_NO_MODEL = re.compile(
    r"\bmodel\b.{0,120}\b(?:not found|not exist|does ?n[o']t exist)|\b(?:unknown|no such) model\b|\bnot found\b.{0,20}\bmodel\b"
    r"|\binvalid model name\b"
    r"|无可用渠道|模型不存在",
    re.IGNORECASE | re.DOTALL,
)
_TOO_LONG = re.compile(r"context (?:length|window|size)|prompt is too long|too many tokens", re.IGNORECASE)
_TOO_LONG_CODE = "context_length_exceeded"


def from_response(status: int, body: bytes, *, request_id: str = "", retry_after: float = 0) -> BackendError:
    """Return the error for an HTTP answer that is no 2xx."""
    written = envelope(body)
    message, code = _words(written)
    if body and not written:
        message = "the answer is not a gateway's JSON (a proxy's page?)"
    kind = _kind(status, code, message)
    if kind is BackendUnreachable:
        message = f"no chat at this address; is openai_base_url right? {message}".strip()
    if status < HTTPStatus.BAD_REQUEST:
        message = "a redirect; is openai_base_url right?"
    code = _TOO_LONG_CODE if kind is InputRefused and _TOO_LONG.search(message) else code
    return kind(message, code=code, status=status, request_id=request_id, ai=AI, retry_after=retry_after)


def from_event(payload: Mapping[str, Any]) -> BackendError:
    """Return the error for an event of a stream that tells one."""
    message, code = _words(payload)
    status = int(code) if re.fullmatch(r"[45]\d\d", code) else 0
    return _kind(status, code, message)(message, code=code, status=status, ai=AI)


def is_error(payload: Mapping[str, Any]) -> bool:
    """Whether an event tells that the answer failed."""
    return bool(payload.get("error")) or payload.get("object") == "error"


def _kind(status: int, code: str, message: str) -> type[BackendError]:
    told_so = status == HTTPStatus.TOO_MANY_REQUESTS and _QUOTA.search(message) and not _PASSES.search(message)
    if told_so or _QUOTA.search(code):
        return QuotaExceeded
    if kind := _BY_CODE.get(code):
        return kind
    if _NO_MODEL.search(message) or (status == HTTPStatus.NOT_FOUND and "model" in message.lower()):
        return ModelUnknown
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return EndpointOff
    if status:
        return by_status(status)
    return InputRefused if _TOO_LONG.search(message) else ModelFailed


def _words(written: Mapping[str, Any]) -> tuple[str, str]:
    """Return an envelope's message and code."""
    error = written.get("error") or written.get("detail") or written
    if isinstance(error, list):
        return "; ".join(map(_refused_field, error)), ""
    if not isinstance(error, Mapping):
        return error if isinstance(error, str) else "", ""
    message, code = told(error)
    kind = str(error.get("type") or "")
    # litellm's code only repeats the status; its type may say more.
    return message, kind if code.isdecimal() and kind in _BY_CODE else code


def _refused_field(item: Any) -> str:
    """Return what FastAPI says of a field, but not what was sent in it."""
    if not isinstance(item, Mapping):
        return ""
    place = item.get("loc")
    names = (name for name in place if isinstance(name, str)) if isinstance(place, list) else ()
    return f"{'.'.join(names)}: {told(item)[0]}"
