"""What an agent is asked: a text that knows who asks, what was said before, and the pictures that came with it."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Self

from backends.base import Picture
from backends.memory import Exchange


class AgentQuestion(str):
    """The text itself; `"echo " + question` works, and so does all that takes a `str`.

    `user` is the staff id of who asks, or the conversation's id where all people of a chat share one. `facts` are
    `sender_nick`, `conversation_title`, `bot_name` and the like. `history` is what was said before, the oldest first.
    """

    text: str
    user: str
    facts: Mapping[str, str]
    history: tuple[Exchange, ...]
    pictures: tuple[Picture, ...]

    __slots__ = ("facts", "history", "pictures", "text", "user")

    def __new__(
        cls,
        text: str,
        *,
        user: str = "",
        facts: Mapping[str, str] | None = None,
        history: tuple[Exchange, ...] = (),
        pictures: tuple[Picture, ...] = (),
    ) -> Self:
        """Return the question of this text."""
        question = super().__new__(cls, text)
        question.text, question.user, question.facts = text, user, MappingProxyType(dict(facts or {}))
        question.history, question.pictures = history, pictures
        return question

    def __reduce__(self) -> tuple[Callable[[], Self], tuple[()]]:
        """Let it be copied, and pickled for a process of the agent's own."""
        kind, facts = type(self), dict(self.facts)
        return partial(kind, self.text, user=self.user, facts=facts, history=self.history, pictures=self.pictures), ()
