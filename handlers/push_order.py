"""What somebody wants pushed: the JSON of a request -> an order, or the one sentence that says what is wrong with it. Pure."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from stores.base import MessageKey

_PUSH = "push"  # begins the message id of pushed cards
_KEYS = ("users", "groups", "title", "markdown", "card")
_MOST_USERS, _MOST_GROUPS = 1_000, 100
_TITLE_CHARACTERS = 100


@dataclass(frozen=True)
class Target:
    """Whom it is for: a person by staff id, or a group by its openConversationId."""

    name: str
    is_group: bool = False


@dataclass(frozen=True)
class Order:
    """One text for many; in cards if `card` says so. `title` is what the list of chats shows, "" for the text's first words."""

    targets: tuple[Target, ...]
    markdown: str = field(repr=False)
    title: str = field(default="", repr=False)
    card: bool = False


class WrongOrder(Exception):
    """It cannot be taken: `key` is at fault ("" for the whole); `sentence` and `values` say why, by handlers/sentences.py."""

    def __init__(self, key: str, sentence: str, **values: object) -> None:
        super().__init__(sentence)
        self.key, self.sentence, self.values = key, sentence, values


def push_key(robot: str, name: str) -> MessageKey:
    """Return what stands in a pushed card's record in the place of the message that other cards answer."""
    return MessageKey(robot, robot, f"{_PUSH} {name}")


def is_push(message: MessageKey) -> bool:
    """Whether a card with this message was pushed: no message was ever answered in it."""
    return message.message_id.startswith(f"{_PUSH} ")


def read(body: bytes) -> Order:
    """Return the order; raises WrongOrder for the first thing that is wrong."""
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        raw = None
    if not isinstance(raw, dict):
        raise WrongOrder("", "push_no_object")
    for key in raw:
        if key not in _KEYS:
            raise WrongOrder(_whole(key), "push_unknown_key", known=", ".join(_KEYS))
    users, groups = _names(raw, "users", _MOST_USERS), _names(raw, "groups", _MOST_GROUPS)
    if not users and not groups:
        raise WrongOrder("users", "push_nobody")
    title, markdown = _text(raw, "title"), _text(raw, "markdown")
    if len(title) > _TITLE_CHARACTERS:
        raise WrongOrder("title", "push_too_long", most=_TITLE_CHARACTERS)
    if not markdown.strip():
        raise WrongOrder("markdown", "push_empty")
    card = raw.get("card", False)
    if not isinstance(card, bool):
        raise WrongOrder("card", "push_no_flag")
    targets = (*(Target(name) for name in users), *(Target(name, is_group=True) for name in groups))
    return Order(targets, markdown, title.strip(), card)


def _names(raw: Mapping[str, Any], key: str, most: int) -> Collection[str]:
    """Return the ids under a key, each once."""
    names = raw.get(key, [])
    if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
        raise WrongOrder(key, "push_no_ids")
    once = dict.fromkeys(_whole(name.strip()) for name in names)
    if len(once) > most:
        raise WrongOrder(key, "push_too_many", most=most)
    return once


def _text(raw: Mapping[str, Any], key: str) -> str:
    text = raw.get(key, "")
    if not isinstance(text, str):
        raise WrongOrder(key, "push_no_text")
    return text


def _whole(text: str) -> str:
    return text.encode(errors="replace").decode()  # half of a character could be neither sent nor logged
