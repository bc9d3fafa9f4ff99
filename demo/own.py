"""The bots of a `.bots.yaml` in the demo: DingTalk is the sandbox, all else is as it is set."""

import math
import socket
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from demo.cast import Cast
from handlers.templates import CardSettings
from settings import BotSettings, Settings, WebhookSettings

_HERE = "127.0.0.1"


def own(settings: Settings) -> Cast:
    """Return the bots of these settings: DingTalk is the sandbox, all else is as it is set, their AI above all."""
    port = _free_port()

    def moved(url: str) -> Settings:
        # What is said here must not be counted, nor gone on with, where the bots really run; nor must their port be taken.
        places = {"DINGTALK_OPENAPI_ENDPOINT": url, "DINGTALK_OAPI_ENDPOINT": url, "SESSION_STORE": "memory"}
        here = {"HTTP_HOST": _HERE, "HTTP_PORT": port, "HTTP_PUBLIC_URL": f"http://{_HERE}:{port}"}
        return replace(settings, env=settings.env.model_copy(update={**places, **here}))

    return Cast(
        language=settings.env.BOT_LANGUAGE,
        is_own=True,
        clients={each.bot.name: each.bot.dingtalk_app_client_id for each in settings.bots},
        settings=moved,
        apps=tuple(_app(each, settings.env.DINGTALK_QPS, port) for each in settings.bots),
        templates=tuple(_templates(settings)),
        # Here is a public address, so to speak: the sandbox reaches this machine.
        notes=tuple(note for note in settings.notes if "HTTP_PUBLIC_URL" not in note.fix),
    )


def _app(bot: BotSettings, qps: float, port: int) -> Mapping[str, Any]:
    """Return what the sandbox has to know of a bot's app; where to call it, if it is called over HTTP."""
    path = bot.receive.path(bot.bot.name) if isinstance(bot.receive, WebhookSettings) else ""
    return {
        "client_id": bot.bot.dingtalk_app_client_id,
        "client_secret": bot.bot.dingtalk_app_client_secret.get_secret_value(),
        "name": bot.bot.name,
        "qps": math.ceil(qps),  # 0 is no limit to both
        "callback_url": f"http://{_HERE}:{port}{quote(path)}" if path else "",
    }


def _free_port() -> int:
    """Return a port that nobody has now."""
    with socket.socket() as probe:
        probe.bind((_HERE, 0))
        return int(probe.getsockname()[1])


def _templates(settings: Settings) -> list[Mapping[str, Any]]:
    """Return the bots' card templates; one that bots use with several content keys has them all."""
    found: dict[str, dict[str, Any]] = {}
    for each in settings.bots:
        if not isinstance(each.reply, CardSettings):
            continue
        template = each.reply.template
        body = found.setdefault(
            template.template_id,
            {
                "template_id": template.template_id,
                "content_key": template.content_key,
                "flow": template.flow,
                "variables": [],
            },
        )
        if template.content_key != body["content_key"]:
            body["variables"].append({"name": template.content_key, "type": "markdown", "streams": True})
    return list(found.values())
