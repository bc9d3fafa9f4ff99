"""Dify's refusals, and how each version writes them down."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web

from sandbox.dify.profiles import Profile

_MODEL_STATUS = {"rate_limit_error": 429, "internal_server_error": 500}
_MODEL_WORDS = {
    "provider_quota_exceeded": "[sandbox] the quota of the model's provider is used up",
    "rate_limit_error": "[sandbox] the model's provider takes no more for now",
}


@dataclass
class RefusalError(Exception):
    """A request that Dify answers with an error body instead of doing it.

    `params` names the offending body field as flask-restful's argument parser does; such refusals have no `status`
    until 1.8. `code` unknown, an accident inside Dify, had no status either.
    """

    status: int
    code: str
    message: str
    params: str | None = None


def invalid_param(message: str) -> RefusalError:
    """What any ValueError inside Dify becomes."""
    return RefusalError(400, "invalid_param", message)


def accident(profile: Profile) -> RefusalError:
    """What an unforeseen exception inside Dify becomes."""
    if not profile.restx:
        return RefusalError(500, "unknown", "Internal Server Error")
    words = "The server encountered an internal error and was unable to complete your request."
    more = "Either the server is overloaded or there is an error in the application."
    return RefusalError(500, "internal_server_error", f"{words} {more}")


def not_found(message: str) -> RefusalError:
    """Something that is not there, or is another user's."""
    return RefusalError(404, "not_found", message)


def missing_field(profile: Profile, model: str, name: str) -> RefusalError:
    """A body without a field that it must have."""
    old, new = "Missing required parameter in the JSON body", "Field required [type=missing]"
    return wrong_field(profile, model, name, old=old, new=new)


def wrong_field(profile: Profile, model: str, name: str, *, old: str, new: str) -> RefusalError:
    """A wrong body field: `old` is what reqparse says of it, `new` what pydantic writes into its dump of `model`."""
    if profile.pydantic:
        return invalid_param(f"1 validation error for {model}\n{name}\n  {new}")
    return RefusalError(HTTPStatus.BAD_REQUEST, "invalid_param", old, params=name)


def model_status(code: str) -> int:
    """The `status` that goes with the code of a failed model call."""
    return _MODEL_STATUS.get(code, 400)


def model_words(code: str) -> str:
    """What is said of a failed model call."""
    return _MODEL_WORDS.get(code, "[sandbox] the model answered with status code 500")


def refusal_response(refusal: RefusalError, profile: Profile, path: str) -> web.Response:
    """The HTTP answer to a refused request for `path`."""
    body: dict[str, Any] = {"code": refusal.code, "message": refusal.message}
    if refusal.status == HTTPStatus.NOT_FOUND and profile.restx:
        body["message"] += f" You have requested this URI [{path}] but did you mean {path} ?"
    if refusal.params is not None:
        body["params"] = refusal.params
    if profile.restx or (refusal.params is None and refusal.code != "unknown"):
        body["status"] = refusal.status
    challenged = refusal.status == HTTPStatus.UNAUTHORIZED and profile.restx
    headers = {"WWW-Authenticate": 'Bearer realm="api"'} if challenged else {}
    return json_response(body, profile, status=refusal.status, headers=headers)


def json_response(body: Any, profile: Profile, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer that is no stream: ASCII in every version; since flask-restx compact, with slashes escaped."""
    text = json.dumps(body, separators=(",", ":")).replace("/", "\\/") if profile.restx else json.dumps(body)
    return web.Response(
        text=text + "\n",
        status=status,
        content_type="application/json",
        headers={**version_headers(profile), **(headers or {})},
    )


def version_headers(profile: Profile) -> dict[str, str]:
    """What every answer of a Dify says about itself."""
    return {"X-Version": profile.version, "X-Env": "PRODUCTION", "Access-Control-Allow-Origin": "*"}
