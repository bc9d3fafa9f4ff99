"""Where the gateways answer: the API under /openai/v1, control under /sandbox/openai."""

from http import HTTPStatus

from aiohttp import web

from sandbox.faults import Faults
from sandbox.json_api import Json, read_body
from sandbox.json_api import add_routes as add_control
from sandbox.keyring import Keyring
from sandbox.openai.call import Call, Service, endpoint
from sandbox.openai.completions import chat_completions
from sandbox.openai.gateways import Gateways, parse
from sandbox.openai.refusal import RefusalError, json_response, not_allowed
from sandbox.records import Records

_CREATED = 1_700_000_000  # when the models came into being: long ago
_PATHS = {"/openai/v1/chat/completions": "POST", "/openai/v1/models": "GET"}


def add_routes(app: web.Application, records: Records, faults: Faults, keyring: Keyring) -> None:
    """Give an aiohttp application its gateways; POST and GET /sandbox/openai/gateways register and list them."""
    service = Service(records, faults, Gateways(keyring))

    async def put(request: web.Request) -> Json:
        gateway = parse(await read_body(request))
        service.gateways.put(gateway.api_key, gateway)
        records.add("openai", "app", app=gateway.name)
        return {"ok": True}

    async def listed(_: web.Request) -> Json:
        return {"gateways": [each.to_json() for each in service.gateways.listed()]}

    app.router.add_post("/openai/v1/chat/completions", endpoint(service, chat_completions, reads_json=True))
    app.router.add_get("/openai/v1/models", endpoint(service, _models, reads_json=False), allow_head=False)
    app.router.add_route("*", "/openai/{rest:.*}", endpoint(service, _nothing, reads_json=False))
    add_control(app, "POST", {"openai/gateways": put})
    add_control(app, "GET", {"openai/gateways": listed})


async def _models(call: Call) -> web.StreamResponse:
    entries = [{"id": each, "object": "model", "created": _CREATED, "owned_by": "sandbox"} for each in call.gateway.models]
    return json_response({"object": "list", "data": entries})


async def _nothing(call: Call) -> web.StreamResponse:
    """Any other address, or a known one by the wrong method."""
    path, method = call.request.path, call.request.method
    if path in _PATHS:
        return not_allowed(_PATHS[path])
    raise RefusalError(HTTPStatus.NOT_FOUND, f"Invalid URL ({method} {path.removeprefix('/openai')})")
