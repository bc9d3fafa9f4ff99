"""A question -> the `messages` of a chat completion. Pure."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backends.base import Picture, Question
from backends.memory import Exchange
from backends.openai.settings import OpenAiSettings

Message = dict[str, Any]

# For a gateway on this machine: without being told, a model does not know that its reader cannot open its files.
LOCAL_PICTURES = (
    "You answer in a chat. Its readers cannot open files of this machine, but the chat can show them pictures. To show "
    "one, put its file below the folder {folder} and write it into your answer as Markdown with the absolute path: "
    "![what it shows]({folder}/name.png). Never name a file that does not exist. Answer in the language of the question."
)
_PICTURE = "[picture]"


def messages(settings: OpenAiSettings, question: Question, earlier: Sequence[Exchange]) -> list[Message]:
    """Return what the model is to read: the prompt, what was said before, and the question."""
    prompt = settings.system_prompt or default_prompt(settings.pictures)
    told: list[Message] = [{"role": "system", "content": prompt}] if prompt else []
    for exchange in earlier:
        told.append({"role": "user", "content": exchange.question})
        told.append({"role": "assistant", "content": exchange.answer})
    return [*told, {"role": "user", "content": _content(question)}]


def default_prompt(folder: Path | None) -> str:
    """Return what a model without a prompt of its own is told: how to show pictures of this machine, if it runs here."""
    return LOCAL_PICTURES.format(folder=folder.as_posix()) if folder else ""


def remembered(question: Question) -> str:
    """Return a question as later ones are told of it: a picture is only mentioned."""
    return "\n".join(filter(None, (question.text, *(_PICTURE for _ in question.pictures))))


def _content(question: Question) -> str | list[Message]:
    if not question.pictures:
        return question.text
    text: list[Message] = [{"type": "text", "text": question.text}] if question.text else []
    return [*text, *({"type": "image_url", "image_url": {"url": _uri(picture)}} for picture in question.pictures)]


def _uri(picture: Picture) -> str:
    return f"data:{picture.media_type};base64,{base64.b64encode(picture.content).decode()}"
