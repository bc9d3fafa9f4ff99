"""The bots of the demo that need nothing but this machine: one of each kind of AI, answered by the sandbox or by themselves."""

from collections.abc import Mapping
from typing import Any

import config
from demo.cast import Cast
from kinds import KINDS
from problems import Language, sentence
from settings import Settings

_DRAIN_SECONDS = 5
_CODEBUDDY_SECONDS = 3  # that the agent works, so that its card can be seen to say so
_PACE = {"tokens_per_second": 10, "chunk_chars": 6}  # slow enough to be watched

_APP = "  - name: {name}\n    dingtalk_app_client_id: demo-{kind}\n    dingtalk_app_client_secret: secret-of-{kind}\n"
_DIFY = "    dify_app_type: {kind}\n    dify_app_api_key: {key}\n"
_AI = {
    "chatbot": _DIFY,
    "completion": _DIFY,
    "workflow": _DIFY,
    "openai": "    backend: openai\n    openai_base_url: {url}/openai/v1\n    openai_api_key: {key}\n    openai_model: demo\n",
    "codebuddy": "    backend: codebuddy\n    codebuddy_api_url: {url}/codebuddy/agent\n    codebuddy_api_token: {key}\n",
    "python": "    backend: python\n    agent: demo.agent:{language}\n    card_status: true\n    card_question: true\n",
    "echo": "    backend: echo\n    handler: MarkdownBotHandler\n",
}
EMBEDDED = tuple(_AI)  # what `--bot` calls them


def embedded(language: Language) -> Cast:
    """Return the bots; those whose AI is the sandbox's ask it."""
    names = {kind: sentence(f"demo_{kind}", language) for kind in EMBEDDED}

    def settings(url: str) -> Settings:
        variables = {
            "BOT_LANGUAGE": language,
            "DINGTALK_OPENAPI_ENDPOINT": url,
            "DINGTALK_OAPI_ENDPOINT": url,
            "DIFY_OPEN_API_URL": f"{url}/v1",
            "DRAIN_SECONDS": str(_DRAIN_SECONDS),
        }
        entries = (
            (_APP + lines).format(name=names[kind], kind=kind, key=_key(kind), url=url, language=language)
            for kind, lines in _AI.items()
        )
        return config.load("bots:\n" + "".join(entries), variables, KINDS)

    return Cast(
        language=language,
        is_own=False,
        clients={kind: f"demo-{kind}" for kind in EMBEDDED},
        settings=settings,
        apps=tuple(
            {"client_id": f"demo-{kind}", "client_secret": f"secret-of-{kind}", "name": name} for kind, name in names.items()
        ),
        ais=tuple(_ais(names)),
    )


def _ais(names: Mapping[str, str]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the sandbox's AIs, each with the call that makes it."""
    kinds = {"chatbot": "advanced-chat", "completion": "completion", "workflow": "workflow"}  # ours, and Dify's
    dify = [{"api_key": _key(kind), "name": names[kind], "kind": its, "pace": _PACE} for kind, its in kinds.items()]
    gateway = {"api_key": _key("openai"), "name": names["openai"], "models": ["demo"], "pace": _PACE}
    agent = {"token": _key("codebuddy"), "name": names["codebuddy"], "seconds": _CODEBUDDY_SECONDS}
    return [*(("dify/apps", app) for app in dify), ("openai/gateways", gateway), ("codebuddy/agents", agent)]


def _key(kind: str) -> str:
    return f"app-demo-{kind}"
