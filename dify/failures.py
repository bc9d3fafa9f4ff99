"""Dify's error codes -> the error tree. Pure.

A refusal is either an HTTP status with `{"code", "message", "status"}`, or an `error` event inside a stream that was
answered with 200. Messages are matched by their beginning only: from 1.8 on the framework appends text to some.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus

from backends import failures
from backends.failures import by_status, envelope, with_detail
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
# Dify's dump of a body that it refused (1.11+); what it quotes in it is shortened in the middle.
_DUMPED = re.compile(r"input_value=.*?(?=, input_type=|$)", re.DOTALL)


def from_response(status: int, body: bytes, *, request_id: str = "", retry_after: float = 0) -> BackendError:
    """Return the error for an HTTP answer that is no stream; the body may be JSON, HTML of a proxy, or nothing."""
    written = envelope(body)
    code, message = str(written.get("code") or ""), str(written.get("message") or "")
    if body and not written:
        message = "the answer is not Dify's JSON (a proxy's page?)"
    if status < HTTPStatus.BAD_REQUEST:
        message = "the answer is none of Dify's; is dify_api_url right?"
    kind = _not_found(code, message) if status == HTTPStatus.NOT_FOUND else _BY_CODE.get(code) or by_status(status)
    return kind(message, code=code, status=status, request_id=request_id, retry_after=retry_after)


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


def for_log(error: BackendError, *said: str) -> BackendError:
    """Return the same error with a detail fit for a log, without what Dify quotes of a question or of a body."""
    return failures.for_log(with_detail(error, _DUMPED.sub("input_value=…", error.detail)), *said)


def _not_found(code: str, message: str) -> type[BackendError]:
    """Tell a lost conversation from a lost app, and both from an address where no Dify is."""
    if message.startswith("Conversation Not Exists"):
        return ConversationGone
    nowhere = not code or message.startswith("The requested URL was not found")
    return BackendUnreachable if nowhere else WrongAppKind
