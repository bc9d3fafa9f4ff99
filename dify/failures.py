"""Dify's error codes -> the error tree. Pure.

A refusal is either an HTTP status with `{"code", "message", "status"}`, or an `error` event inside a stream that was
answered with 200. Messages are matched by their beginning only: from 1.8 on the framework appends text to some.
"""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from errors import (
    BackendBusy,
    BackendDown,
    BackendError,
    BackendUnreachable,
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
_DETAIL_LIMIT = 300  # characters of Dify's own message kept for the admin
_WORD = "[A-Za-z0-9]"


def from_response(status: int, body: bytes, *, request_id: str = "") -> BackendError:
    """Return the error for an HTTP answer that is no 2xx; the body may be JSON, HTML of a proxy, or nothing."""
    envelope = _envelope(body)
    code, message = str(envelope.get("code") or ""), str(envelope.get("message") or "")
    if not envelope and body:
        message = "the answer is not Dify's JSON (a proxy's page?)"
    if status == HTTPStatus.NOT_FOUND:
        return _not_found(code, message)(message, code=code, status=status, request_id=request_id)
    kind = _BY_CODE.get(code) or _by_status(status)
    return kind(message, code=code, status=status, request_id=request_id)


def from_event(code: str, message: str, status: int) -> BackendError:
    """Return the error for an `error` event of a stream."""
    if message.startswith("Run failed"):
        kind: type[BackendError] = RunFailed
    elif code == "invalid_param" and message.startswith("Model "):
        kind = ModelFailed  # "Model x not exist.": the app's model was removed
    else:
        kind = _BY_CODE.get(code) or ModelFailed
    return kind(message, code=code, status=status)


def from_run(error: str) -> BackendError:
    """Return the error for a run that finished as failed; from 1.15 on a bad input is told only here."""
    kind = InputRefused if "in input form" in error else RunFailed
    return kind(error.strip(), code="failed")


def for_log(error: BackendError, words: str) -> BackendError:
    """Return the same error with a detail fit for a log: short, and without what people wrote.

    Dify quotes the question in some messages: a failed node's error, pydantic's dump of a refused body (1.11+).
    """
    detail = re.sub(r"input_value=.*?(?=, input_type=|$)", "input_value=…", error.detail, flags=re.DOTALL)
    if words := words.strip():
        # A question of one short word must not tear holes into other words.
        detail = re.sub(f"(?<!{_WORD}){re.escape(words)}(?!{_WORD})", "…", detail)
    if len(detail) > _DETAIL_LIMIT:  # a traceback tells most at its end
        detail = f"{detail[: _DETAIL_LIMIT // 3]} … {detail[-_DETAIL_LIMIT * 2 // 3 :]}"
    return type(error)(detail, code=error.code, status=error.status, request_id=error.request_id)


def _not_found(code: str, message: str) -> type[BackendError]:
    """Tell a lost conversation from a lost app, and both from an address where no Dify is."""
    if message.startswith("Conversation Not Exists"):
        return ConversationGone
    nowhere = not code or message.startswith("The requested URL was not found")
    return BackendUnreachable if nowhere else WrongAppKind


def _by_status(status: int) -> type[BackendError]:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return KeyRefused
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return BackendBusy
    return BackendDown if status >= HTTPStatus.INTERNAL_SERVER_ERROR else InputRefused


def _envelope(body: bytes) -> Mapping[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}
