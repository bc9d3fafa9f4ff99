"""What LiteLLM's proxy, without a database, says in its own way: refusals, and the end of a model that died (pure)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from sandbox.openai.refusal import RefusalError, json_response

_TYPES: Final = {401: "authentication_error", 429: "throttling_error"}
_RETRY_AFTER: Final = {"llm_provider-retry-after": "1"}  # what the model's server said goes by this name, and by no other

# In the middle of a stream, which then ends without its mark of the end.
DIED: Final[Mapping[str, Any]] = {
    "error": {
        "message": "litellm.APIConnectionError: APIConnectionError: OpenAIException - Response payload is not completed",
        "type": None,
        "param": None,
        "code": "500",
    }
}


def wrong_key(shown: str) -> RefusalError:
    """It knows one key by heart, and would look up every other one in the database."""
    if shown:
        return RefusalError(HTTPStatus.BAD_REQUEST, "No connected db.", kind="no_db_connection")
    words = "Authentication Error, No api key passed in."
    return RefusalError(HTTPStatus.UNAUTHORIZED, words, param="None", kind="auth_error")


def unknown_model(model: str | None) -> RefusalError:
    """A model that its list does not have."""
    words = f"Invalid model name passed in model={model}. Call `/v1/models` to view available models for your key."
    return RefusalError(HTTPStatus.BAD_REQUEST, f"/chat/completions: {words}")


def refusal_response(refusal: RefusalError) -> web.Response:
    """The HTTP answer to a refused request: its code is the status once more, whatever the model's server said."""
    status = refusal.status
    fitting = "internal_server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    kind = refusal.kind or _TYPES.get(status, fitting)
    error = {"message": refusal.message, "type": kind, "param": refusal.param, "code": str(int(status))}
    return json_response({"error": error}, status, _RETRY_AFTER if status == HTTPStatus.TOO_MANY_REQUESTS else None)
