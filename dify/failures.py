"""Dify's error codes -> the error tree. Pure.

A refusal is either an HTTP status with `{"code", "message", "status"}`, or an `error` event inside a stream that was
answered with 200. Messages are matched by their beginning only: from 1.8 on the framework appends text to some.
"""

import json
from collections.abc import Mapping
from typing import Any

from errors import (
    BackendBusy,
    BackendDown,
    BackendError,
    ConversationGone,
    InputRefused,
    KeyRefused,
    ModelFailed,
    QuotaExceeded,
    RunFailed,
    WrongAppKind,
)

_BY_CODE: Mapping[str, type[BackendError]] = {
    "unauthorized": KeyRefused,
    "forbidden": KeyRefused,
    "not_chat_app": WrongAppKind,
    "not_completion_app": WrongAppKind,
    "not_workflow_app": WrongAppKind,
    "app_unavailable": WrongAppKind,
    "invalid_param": InputRefused,
    "bad_request": InputRefused,
    "provider_not_initialize": ModelFailed,
    "provider_quota_exceeded": QuotaExceeded,
    "model_currently_not_support": ModelFailed,
    "completion_request_error": ModelFailed,
    "plugin_runtime_error": ModelFailed,
    "too_many_requests": BackendBusy,
    "rate_limit_error": BackendBusy,
    "conversation_completed": ConversationGone,
    "internal_server_error": BackendDown,
}
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY, _SERVER_ERROR = 401, 403, 404, 429, 500
_DETAIL_LIMIT = 300  # characters of Dify's own message kept for the admin


def from_response(status: int, body: bytes, *, request_id: str = "") -> BackendError:
    """Return the error for an HTTP answer that is no 2xx; the body may be JSON, HTML of a proxy, or nothing."""
    envelope = _envelope(body)
    code, message = str(envelope.get("code") or ""), str(envelope.get("message") or "")
    if not message and body:
        message = "the answer is not Dify's JSON (a proxy's page?)"
    kind = _BY_CODE.get(code) or _by_status(status)
    if status == _NOT_FOUND:
        kind = ConversationGone if message.startswith("Conversation Not Exists") else WrongAppKind
    return kind(message[:_DETAIL_LIMIT], code=code, status=status, request_id=request_id)


def from_event(code: str, message: str, status: int) -> BackendError:
    """Return the error for an `error` event of a stream."""
    if message.startswith("Run failed"):
        kind: type[BackendError] = RunFailed
    elif code == "invalid_param" and message.startswith("Model "):
        kind = ModelFailed  # "Model x not exist.": the app's model was removed
    else:
        kind = _BY_CODE.get(code) or ModelFailed
    return kind(message[:_DETAIL_LIMIT], code=code, status=status)


def from_run(error: str) -> BackendError:
    """Return the error for a run that finished as failed; from 1.15 on a bad input is told only here."""
    kind = InputRefused if "in input form" in error else RunFailed
    return kind(error.strip()[-_DETAIL_LIMIT:], code="failed")


def _by_status(status: int) -> type[BackendError]:
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        return KeyRefused
    if status == _TOO_MANY:
        return BackendBusy
    return BackendDown if status >= _SERVER_ERROR or not status else InputRefused


def _envelope(body: bytes) -> Mapping[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
