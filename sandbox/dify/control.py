"""The control API of the embedded Dify: apps, shows, a look into conversations, one to be forgotten."""

from aiohttp import web

from sandbox.dify.apps import App, parse
from sandbox.dify.call import Service
from sandbox.dify.memory import Conversation
from sandbox.dify.shows import SHOWS
from sandbox.json_api import Json, add_routes, read_body


def add_control_routes(app: web.Application, service: Service) -> None:
    """Under /sandbox/dify: POST and GET apps, GET shows, GET and DELETE conversations/{conversation_id}."""
    control = _Control(service)
    one = "dify/conversations/{conversation_id}"
    add_routes(app, "POST", {"dify/apps": control.add_app})
    add_routes(app, "GET", {"dify/apps": control.list_apps, "dify/shows": control.list_shows, one: control.show_conversation})
    add_routes(app, "DELETE", {one: control.forget_conversation})


class _Control:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def add_app(self, request: web.Request) -> Json:
        added = parse(await read_body(request))
        self._service.apps.put(added.api_key, added)
        self._service.records.add("dify", "app", app=added.name)
        return {"ok": True}

    async def list_apps(self, _: web.Request) -> Json:
        return {"apps": [self._shown(app) for app in self._service.apps.listed()]}

    async def list_shows(self, _: web.Request) -> Json:
        return {"shows": [{"name": show.name, "title": {**show.title}} for show in SHOWS]}

    async def show_conversation(self, request: web.Request) -> Json:
        messages = self._conversation(request).messages
        return {"messages": [{"query": one.query, "answer": one.answer, "status": one.status} for one in messages]}

    async def forget_conversation(self, request: web.Request) -> Json:
        return {"ok": self._service.memory.forget_conversation(self._conversation(request).id)}

    def _conversation(self, request: web.Request) -> Conversation:
        found = self._service.memory.conversations.get(request.match_info["conversation_id"])
        if found is None:
            raise LookupError("no such conversation")
        return found

    def _shown(self, app: App) -> Json:
        active = self._service.active[app.api_key]
        return {
            "name": app.name,
            "kind": app.kind,
            "profile": app.profile.name,
            "version": app.profile.version,
            "active": active,
        }
