"""Where the agents answer: POST /codebuddy/agent, control under /sandbox/codebuddy."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count
from typing import Any

from aiohttp import web

from sandbox.capture import tell
from sandbox.codebuddy.agents import Agent, parse
from sandbox.codebuddy.work import work
from sandbox.faults import Faults
from sandbox.json_api import Json, read_body
from sandbox.json_api import add_routes as add_control
from sandbox.kept import Kept, weight
from sandbox.keyed import Keyed, bearer_key
from sandbox.keyring import Keyring
from sandbox.records import Records
from sandbox.strikes import proxy_page, struck, taken

_REQUESTS_KEPT, _CHARACTERS_KEPT = 500, 4_000_000


class RefusalError(Exception):
    """A request that is answered with a status and one sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass
class Service:
    """The parts of the embedded CodeBuddy; `requests` are the last ones, as the control API shows them."""

    records: Records
    faults: Faults
    agents: Keyed[Agent]
    requests: Kept[int, Json] = field(default_factory=lambda: Kept(_REQUESTS_KEPT, _CHARACTERS_KEPT, weight))
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """POST /codebuddy/agent: the network's faults first, then the token, the JSON, the work."""
        agent = self.agents.opened_by(bearer_key(request))
        name = agent.name if agent else ""
        fault = taken(request, self.faults, "codebuddy.http", name)
        told: Json = {}
        try:
            broken = await struck(fault, request, _refused)
            response = broken or await self._worked(request, agent, told)
        except RefusalError as refusal:
            response = _refused(refusal.status, "", refusal.message)
        self._note(name, told, response.status)
        if fault and fault.params.get("cut"):
            return await _cut(request, response)
        return response

    async def _worked(self, request: web.Request, agent: Agent | None, told: Json) -> web.Response:
        if agent is None:
            raise RefusalError(HTTPStatus.UNAUTHORIZED, "Unauthorized")
        body = await _body(request)
        told |= {"prompt": body["prompt"], "options": {name: body[name] for name in body.keys() - {"prompt", "print"}}}
        job = work(body["prompt"], agent)
        await asyncio.sleep(job.seconds)
        if job.status:
            raise RefusalError(job.status, HTTPStatus(job.status).phrase if job.status in set(HTTPStatus) else "Error")
        if job.html:
            return proxy_page(HTTPStatus.OK)
        self.records.add("codebuddy", "answer", app=agent.name, text=job.text)
        if agent.form == "text":
            return web.Response(text=job.text, content_type="text/plain", charset="utf-8")
        return _json({agent.field: job.text})

    def _note(self, name: str, told: Json, status: int) -> None:
        self.requests.put(next(self.numbers), {"time": time.time(), "app": name, **told, "status": status})
        self.records.add("codebuddy", "request", app=name, status=status, **told)


def add_routes(app: web.Application, records: Records, faults: Faults, keyring: Keyring) -> None:
    """Give an aiohttp application its agents; under /sandbox/codebuddy: POST and GET agents, GET requests?app=."""
    service = Service(records, faults, Keyed[Agent](keyring, "agents"))

    async def put(request: web.Request) -> Json:
        agent = parse(await read_body(request))
        service.agents.put(agent.token, agent)
        records.add("codebuddy", "app", app=agent.name)
        return {"ok": True}

    async def agents(_: web.Request) -> Json:
        return {"agents": [each.to_json() for each in service.agents.listed()]}

    async def requests(request: web.Request) -> Json:
        name = request.query.get("app")
        return {"requests": [each for each in service.requests.all() if name in {None, each["app"]}]}

    app.router.add_post("/codebuddy/agent", service.answer)
    add_control(app, "POST", {"codebuddy/agents": put})
    add_control(app, "GET", {"codebuddy/agents": agents, "codebuddy/requests": requests})


async def _body(request: web.Request) -> Mapping[str, Any]:
    refusal = RefusalError(HTTPStatus.BAD_REQUEST, "the body must be a JSON object, sent as application/json")
    if request.content_type != "application/json":
        raise refusal
    try:
        body = await read_body(request)
    except ValueError as error:
        raise refusal from error
    if not isinstance(body.get("prompt"), str) or not body["prompt"].strip():
        raise RefusalError(HTTPStatus.BAD_REQUEST, "prompt must be a string that is not empty")
    if body.get("print") is not True:
        raise RefusalError(HTTPStatus.BAD_REQUEST, "print must be true: nobody sits at this agent's terminal")
    return body


async def _cut(request: web.Request, whole: web.Response) -> web.StreamResponse:
    """Break the answer off half-way, shorter than its head has promised."""
    content = whole.body if isinstance(whole.body, bytes) else b""
    response = web.StreamResponse(status=whole.status, headers={"Content-Type": whole.headers["Content-Type"]})
    response.content_length = len(content)
    await response.prepare(request)
    await response.write(content[: len(content) // 2])
    tell(request, verdict="cut")
    if request.transport:
        request.transport.close()
    return response


def _refused(status: int, code: str, message: str) -> web.Response:
    return _json({"error": message, **({"code": code} if code else {})}, status)


def _json(body: Json, status: int = 200) -> web.Response:
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(text=text, status=status, content_type="application/json", charset="utf-8")
