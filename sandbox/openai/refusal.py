"""How a gateway refuses: a status, and an `error` with its message, type, param and code."""

import json
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

_TYPES: Final = {403: "permission_error", 429: "requests", 500: "server_error", 503: "server_error"}
_WORDS: Final[dict[int, tuple[str, str | None]]] = {
    400: ("Your request was malformed.", None),
    401: ("Incorrect API key provided.", "invalid_api_key"),
    403: ("You may not use this resource.", "forbidden"),
    404: ("The model does not exist or you do not have access to it.", "model_not_found"),
    429: ("Rate limit reached. Please try again later.", "rate_limit_exceeded"),
    500: ("The server had an error while answering your request.", None),
    503: ("The engine is overloaded. Please try again later.", None),
}
REFUSABLE: Final = frozenset({*_WORDS, 405, 502})  # what the directive [[status=N]] may order
_RETRY_AFTER_SECONDS: Final = "1"


class RefusalError(Exception):
    """A request that is answered with an error body instead of an answer.

    `param` names what is wrong with the request's body; `kind` is the error's type where the status does not tell it.
    """

    def __init__(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None, kind: str | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param, self.kind = status, message, code, param, kind

    @classmethod
    def plain(cls, status: int) -> "RefusalError":
        """The usual refusal of this status, which is one of REFUSABLE but neither 405 nor 502."""
        message, code = _WORDS[status]
        return cls(status, message, code=code)


def wrong_type(param: str, expected: str, value: Any) -> RefusalError:
    """A field of the wrong JSON type."""
    message = f"Invalid type for '{param}': expected {expected}, but got {_name(value)} instead."
    return RefusalError(HTTPStatus.BAD_REQUEST, message, code="invalid_type", param=param)


def wrong_value(param: str, words: str, code: str = "invalid_value") -> RefusalError:
    """A field of the right type that says what cannot be."""
    return RefusalError(HTTPStatus.BAD_REQUEST, words, code=code, param=param)


def missing(param: str) -> RefusalError:
    """A field that must be there."""
    return wrong_value(param, f"Missing required parameter: '{param}'.", "missing_required_parameter")


def error_body(status: int, message: str, *, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    """The JSON of an error, in an answer of its own or in the middle of a stream."""
    kind = _TYPES.get(status, "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def refusal_response(refusal: RefusalError) -> web.Response:
    """The HTTP answer to a refused request."""
    headers = {"Retry-After": _RETRY_AFTER_SECONDS} if refusal.status == HTTPStatus.TOO_MANY_REQUESTS else None
    body = error_body(refusal.status, refusal.message, code=refusal.code, param=refusal.param)
    return json_response(body, refusal.status, headers)


def not_allowed(allow: str) -> web.Response:
    """A path that is there, but not for this method."""
    return web.Response(text="Method Not Allowed", status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": allow})


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A JSON answer that is no stream."""
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(text=text, status=status, content_type="application/json", headers=headers)


def _name(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "an integer", float: "a number", str: "a string", list: "an array"}
    return names.get(type(value), "an object")
