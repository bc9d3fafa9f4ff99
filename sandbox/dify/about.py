"""What an app says about itself: the server's version, /info, /parameters, /meta."""

from aiohttp import web

from sandbox.dify.call import Call, RequestHandler, Service
from sandbox.dify.errors import json_response, not_found, refusal_response
from sandbox.dify.events import Event
from sandbox.dify.profiles import NEWEST
from sandbox.dify.references import METHODS, MOST_FILES
from sandbox.keyed import bearer_key


def index(service: Service) -> RequestHandler:
    """GET /v1/ needs no key; with one, the version is that of the key's app, since here each app may have its own."""

    async def handle(request: web.Request) -> web.Response:
        app = service.apps.opened_by(bearer_key(request))
        profile = app.profile if app else NEWEST
        body = {"welcome": "Dify OpenAPI", "api_version": "v1", "server_version": profile.version}
        return json_response(body, profile)

    return handle


def nothing(service: Service) -> RequestHandler:
    """Any other address under /v1: a 404 in Dify's own form, key or no key."""

    async def handle(request: web.Request) -> web.Response:
        app = service.apps.opened_by(bearer_key(request))
        profile = app.profile if app else NEWEST
        return refusal_response(not_found("The requested URL was not found on the server."), profile, request.path)

    return handle


async def about(call: Call) -> web.Response:
    """GET /v1/info: `mode` is missing before 1.4."""
    told = {
        "name": call.app.name,
        "description": "An app of the embedded Dify",
        "tags": [],
        "mode": call.app.kind,
        "author_name": "sandbox",
    }
    return call.answer({name: told[name] for name in call.profile.about_fields})


async def parameters(call: Call) -> web.Response:
    """GET /v1/parameters: the app's form and what it takes."""
    off = {"enabled": False}
    body: Event = {
        "opening_statement": call.app.opening_statement,
        "suggested_questions": [],
        "suggested_questions_after_answer": {"enabled": call.app.suggestions},
        "speech_to_text": off,
        "text_to_speech": {"enabled": False, "voice": "", "language": ""},
        "retriever_resource": {"enabled": True},
        "annotation_reply": off,
        "more_like_this": off,
        "user_input_form": list(call.app.form),
        "sensitive_word_avoidance": {"enabled": False, "type": "", "configs": []},
        "file_upload": _file_upload(call),
        "system_parameters": _limits(call),
    }
    return call.answer(body)


async def meta(call: Call) -> web.Response:
    """GET /v1/meta: the tools' icons."""
    icon = {"background": "#E5F0FF", "content": "🕒"}
    return call.answer({"tool_icons": {"current_time": icon} if call.app.kind == "agent-chat" else {}})


def _file_upload(call: Call) -> Event:
    methods = list(METHODS)
    image = {"enabled": call.app.file_upload, "number_limits": MOST_FILES, "detail": "high", "transfer_methods": methods}
    if call.profile.image_form_only:
        return {"image": image}
    return {
        "enabled": call.app.file_upload,
        "allowed_file_types": list(call.app.file_types),
        "allowed_file_extensions": list(call.app.file_extensions),
        "allowed_file_upload_methods": methods,
        "number_limits": MOST_FILES,
        "image": image,
    }


def _limits(call: Call) -> Event:
    if call.profile.image_form_only:
        return {"image_file_size_limit": "10"}
    limits = {"image_file_size_limit": 10, "video_file_size_limit": 100, "audio_file_size_limit": 50}
    return {**limits, "file_size_limit": 15, "workflow_file_upload_limit": 10}
