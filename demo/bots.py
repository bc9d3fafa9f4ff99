"""The bots of the demo: three embedded ones, or those of a `.bots.yaml`; and what the sandbox has to know of them."""

import math
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import config
from demo.sandbox import Sandbox
from handlers.templates import CardSettings
from kinds import KINDS
from problems import Language, sentence
from settings import BotSettings, Settings, WebhookSettings

KINDS_OF_BOTS = {
    "chatbot": "advanced-chat",
    "completion": "completion",
    "workflow": "workflow",
}  # ours, and Dify's of which the app is

_PACE = {"tokens_per_second": 10, "chunk_chars": 6}  # slow enough to be watched
_DRAIN_SECONDS = 5
_HERE = "127.0.0.1"
_BOT = """\
  - name: {name}
    dingtalk_app_client_id: {client_id}
    dingtalk_app_client_secret: {secret}
    dify_app_type: {kind}
    dify_app_api_key: {key}
"""


@dataclass(frozen=True)
class Cast:
    """The bots that play in the demo.

    `clients` are their client ids by what `--bot` calls them. `apps`, `templates` and `dify_apps` are bodies of the
    sandbox's control API; they hold secrets. `settings` are the bots' for a sandbox at this address.
    """

    language: Language
    is_own: bool
    clients: Mapping[str, str]
    settings: Callable[[str], Settings]
    apps: tuple[Mapping[str, Any], ...] = field(repr=False)
    templates: tuple[Mapping[str, Any], ...] = ()
    dify_apps: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    def register(self, sandbox: Sandbox) -> None:
        """Make the sandbox know the bots' apps and card templates; the public templates it knows by itself."""
        known = {template["template_id"] for template in sandbox.call("GET", "templates")["templates"]}
        for app in self.apps:
            sandbox.call("POST", "apps", app)
        for template in self.templates:
            if template["template_id"] not in known:
                sandbox.call("POST", "templates", template)
        for app in self.dify_apps:
            sandbox.call("POST", "dify/apps", app)


def embedded(language: Language) -> Cast:
    """Return three bots, one for each kind of Dify app, answered by the sandbox's own Dify."""
    bots, apps, dify_apps = "bots:\n", [], []
    for kind, dify_kind in KINDS_OF_BOTS.items():
        client_id, secret, key = f"demo-{kind}", f"secret-of-{kind}", f"app-demo-{kind}"
        name = sentence(f"demo_{kind}", language)
        apps.append({"client_id": client_id, "client_secret": secret, "name": name})
        dify_apps.append({"api_key": key, "name": name, "kind": dify_kind, "pace": _PACE})
        bots += _BOT.format(name=name, client_id=client_id, kind=kind, secret=secret, key=key)

    def settings(url: str) -> Settings:
        variables = {
            "BOT_LANGUAGE": language,
            "DINGTALK_OPENAPI_ENDPOINT": url,
            "DINGTALK_OAPI_ENDPOINT": url,
            "DIFY_OPEN_API_URL": f"{url}/v1",
            "DRAIN_SECONDS": str(_DRAIN_SECONDS),
        }
        return config.load(bots, variables, KINDS)

    return Cast(
        language=language,
        is_own=False,
        clients={kind: f"demo-{kind}" for kind in KINDS_OF_BOTS},
        settings=settings,
        apps=tuple(apps),
        dify_apps=tuple(dify_apps),
    )


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
