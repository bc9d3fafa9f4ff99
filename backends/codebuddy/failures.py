"""CodeBuddy's refusals -> the error tree. Pure."""

from http import HTTPStatus

from backends.codebuddy.body import AI
from backends.failures import by_status, envelope, told
from errors import BackendError, EndpointOff, NoAnswer

# 504 is not asked again: the agent behind it has been at work, and may be still.
_BY_STATUS: dict[int, type[BackendError]] = {HTTPStatus.METHOD_NOT_ALLOWED: EndpointOff, HTTPStatus.GATEWAY_TIMEOUT: NoAnswer}


def from_response(status: int, body: bytes, *, request_id: str = "", retry_after: float = 0) -> BackendError:
    """Return the error for an HTTP answer that is no 2xx."""
    kind = _BY_STATUS.get(status) or by_status(status)
    message, code = _words(body)
    if status < HTTPStatus.BAD_REQUEST:
        message = "a redirect; is codebuddy_api_url right?"
    return kind(message, code=code, status=status, request_id=request_id, ai=AI, retry_after=retry_after)


def _words(body: bytes) -> tuple[str, str]:
    """Return the message and the code of a refusal: JSON, a line of text, or a page that says nothing."""
    written = envelope(body)
    if not written:
        text = body.decode(errors="replace").strip()
        return ("a page of a proxy's?" if text.startswith("<") else text), ""
    error = written.get("error") or written
    if not isinstance(error, dict):
        return error if isinstance(error, str) else "", ""
    return told(error)
