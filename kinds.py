"""Which kinds of AI, of reply and of reception there are: the settings of each, and how each is made."""

import string
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel

import imports
from backends.base import Backend
from backends.codebuddy.backend import CodeBuddyBackend
from backends.codebuddy.settings import CodeBuddySettings
from backends.echo import EchoBackend, EchoSettings
from backends.openai.backend import OpenAiBackend
from backends.openai.settings import OpenAiSettings
from backends.python.agent import check as check_agent
from backends.python.backend import PythonBackend
from backends.python.settings import PythonSettings
from backends.watch import Limits
from dify.backend import DifyBackend
from dify.settings import DifySettings
from errors import Unloadable
from handlers.chat import AiCardBotHandler, BotHandler, MarkdownBotHandler, ReplyBy, TextBotHandler
from handlers.sentences import SENTENCES
from settings import BotSettings, EnvSettings, Kinds, StreamSettings, WebhookSettings

_HANDLERS: Mapping[str, type[BotHandler]] = {
    "DifyAiCardBotHandler": AiCardBotHandler,
    "AiCardBotHandler": AiCardBotHandler,
    "MarkdownBotHandler": MarkdownBotHandler,
    "TextBotHandler": TextBotHandler,
}


def handler_class(name: str) -> type[BotHandler]:
    """Return the class that a bot's `handler` names. Raises Unloadable when it is none that can be used."""
    if ":" not in name:
        return _HANDLERS[name]
    found = imports.load(name)
    if not isinstance(found, type) or not issubclass(found, BotHandler):
        raise Unloadable("not_a_handler", name=name)
    if wrong := _wrong_attribute(found):
        raise Unloadable("handler_attribute", name=name, attribute=wrong)
    for word, sentence in found.words.items():
        if word not in SENTENCES or not _names(sentence) <= _names(SENTENCES[word]["zh"]):
            raise Unloadable("handler_words", name=name, word=str(word))
    return found


def _wrong_attribute(kind: type[BotHandler]) -> str:
    """Return the name of a class attribute that cannot be what it is, or ""."""
    if kind.reply_by not in get_args(ReplyBy):
        return "reply_by"
    if not isinstance(kind.Settings, type) or not issubclass(kind.Settings, BaseModel):
        return "Settings"
    return "" if isinstance(kind.words, Mapping) else "words"


def make_backend(settings: BotSettings, env: EnvSettings) -> Backend:
    """Return a bot's AI."""
    chosen, connections = settings.backend, settings.bot.max_concurrency
    match chosen:
        case DifySettings():
            return DifyBackend(chosen, limits=Limits(first_event=env.DIFY_FIRST_EVENT_SECONDS), connections=connections)
        case OpenAiSettings():
            return OpenAiBackend(chosen, connections=connections)
        case CodeBuddySettings():
            return CodeBuddyBackend(chosen, connections=connections)
        case PythonSettings():
            return PythonBackend(chosen)
        case EchoSettings():
            return EchoBackend()
        case _:
            raise AssertionError(f"no AI is made of {type(chosen).__name__}")


def _names(sentence: Any) -> set[str]:
    """Return the placeholders of a sentence; what is no sentence has one that no sentence has."""
    try:
        parts = list(string.Formatter().parse(sentence))
        return {"?" if form or conversion else name for _, name, form, conversion in parts if name is not None}
    except (ValueError, TypeError):
        return {"?"}


def _section(name: str) -> type[BaseModel]:
    return handler_class(name).Settings


KINDS = Kinds(
    backends={
        "dify": DifySettings,
        "openai": OpenAiSettings,
        "codebuddy": CodeBuddySettings,
        "python": PythonSettings,
        "echo": EchoSettings,
    },
    handlers={name: handler.Settings for name, handler in _HANDLERS.items()},
    receivers={"stream": StreamSettings, "webhook": WebhookSettings},
    load_handler=_section,
    loaders={"agent": check_agent},
    env_defaults={
        "max_workers": "DEFAULT_MAX_WORKERS",
        "language": "BOT_LANGUAGE",
        "card_template_id": "DINGTALK_AI_CARD_TEMPLATE_ID",
        "dify_api_url": "DIFY_OPEN_API_URL",
    },
    typed=frozenset({"dify_inputs", "codebuddy_options"}),
)
