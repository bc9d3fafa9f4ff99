"""The control API of the embedded Dify: apps, shows, a look into conversations, one to be forgotten."""

import json
from typing import Any

from aiohttp import web

from sandbox.dify.apps import App, parse
from sandbox.dify.call import Service
from sandbox.dify.shows import SHOWS


def add_control_routes(app: web.Application, service: Service) -> None:
    """Under /sandbox/dify: POST and GET apps, GET shows, GET and DELETE conversations/{conversation_id}."""
    control = _Control(service)
    app.router.add_post("/sandbox/dify/apps", control.add_app)
    app.router.add_get("/sandbox/dify/apps", control.list_apps)
    app.router.add_get("/sandbox/dify/shows", control.list_shows)
    app.router.add_get("/sandbox/dify/conversations/{conversation_id}", control.show_conversation)
    app.router.add_delete("/sandbox/dify/conversations/{conversation_id}", control.forget_conversation)


class _Control:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def add_app(self, request: web.Request) -> web.Response:
        try:
            added = parse(json.loads(await request.read()))
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        self._service.apps.put(added)
        return web.json_response({"ok": True})

    async def list_apps(self, _request: web.Request) -> web.Response:
        return web.json_response({"apps": [self._shown(app) for app in self._service.apps.listed()]})

    async def list_shows(self, _request: web.Request) -> web.Response:
        return web.json_response({"shows": [{"name": show.name, "title": {**show.title}} for show in SHOWS]})

    async def show_conversation(self, request: web.Request) -> web.Response:
        found = self._service.memory.conversations.get(request.match_info["conversation_id"])
        if found is None:
            return web.json_response({"error": "no such conversation"}, status=404)
        told = [{"query": one.query, "answer": one.answer, "status": one.status} for one in found.messages]
        return web.json_response({"messages": told})

    async def forget_conversation(self, request: web.Request) -> web.Response:
        if not self._service.memory.forget_conversation(request.match_info["conversation_id"]):
            return web.json_response({"error": "no such conversation"}, status=404)
        return web.json_response({"ok": True})

    def _shown(self, app: App) -> dict[str, Any]:
        active = self._service.active[app.api_key]
        return {
            "name": app.name,
            "kind": app.kind,
            "profile": app.profile.name,
            "version": app.profile.version,
            "active": active,
        }
