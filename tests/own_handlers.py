"""Handlers as a team writes them: the tests name them in `.bots.yaml`, right ones and wrong ones."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from backends.base import Question
from handlers.chat import BotHandler, MarkdownBotHandler
from handlers.message import Incoming
from handlers.reply import Reply
from handlers.templates import CardSettings
from handlers.turn import Turn
from stores.base import Session


class SalesSettings(CardSettings):
    """A card's keys, and one of our own."""

    sales_region: str = Field("华东")


class SalesBotHandler(BotHandler):
    """Overrides the places that most teams do."""

    Settings = SalesSettings
    words: ClassVar = {"new": "新的一页。", "help": "问我价格，或者发 /报价。"}

    def before(self, question: Question, incoming: Incoming) -> Question | str:
        """Answer one question without the AI, and tell it the region with each other."""
        assert isinstance(self.settings, SalesSettings)
        if incoming.text == "在吗":
            return "在的，请讲。"
        return replace(question, text=f"[{self.settings.sales_region}] {question.text}")

    def after(self, answer: str, incoming: Incoming) -> str:
        """Sign the answer."""
        return f"{answer}\n\n—— 答 {incoming.sender_nick}"

    def commands(self) -> Mapping[str, Callable[[Incoming], str]]:
        """Know one word of our own, and one that fails."""
        return {"/报价": self._quote, "/boom": self._fail}

    def _quote(self, incoming: Incoming) -> str:
        return f"报价单：{incoming.text.partition(' ')[2] or '全部'}"

    def _fail(self, incoming: Incoming) -> str:
        raise RuntimeError(incoming.text)


class TerseBotHandler(MarkdownBotHandler):
    """Raises a bug in a named place."""

    def after(self, answer: str, incoming: Incoming) -> str:
        """Fail."""
        raise RuntimeError(f"{answer} {incoming.text}")


class WrongWordsBotHandler(BotHandler):
    """Replaces a sentence by one with a placeholder that it does not have."""

    words: ClassVar = {"new": "{nobody} begins anew"}


class NoHandler:
    """Is none."""


class ClumsyBotHandler(BotHandler):
    """Makes the mistake that the message names, in the place that it names."""

    def question(self, turn: Turn, session: Session) -> Question:
        """Fail, if it is the question's turn."""
        _fail_in("question", turn.incoming)
        return super().question(turn, session)

    def before(self, question: Question, incoming: Incoming) -> Question | str:
        """Fail, leave the process, or forget to return something."""
        _fail_in("before", incoming)
        return None if incoming.text == "before nothing" else question  # type: ignore[return-value]  # as teams forget it

    def after(self, answer: str, incoming: Incoming) -> str:
        """Fail, leave the process, or forget to return something."""
        _fail_in("after", incoming)
        return None if incoming.text == "after nothing" else answer  # type: ignore[return-value]  # as teams forget it

    def open_reply(self, turn: Turn) -> Reply:
        """Fail, or open the usual reply."""
        _fail_in("open_reply", turn.incoming)
        return super().open_reply(turn)

    def commands(self) -> Mapping[str, Callable[[Incoming], str]]:
        """Know a word that leaves the process."""
        return {"/leave": lambda _: sys.exit("机密")}


def _fail_in(place: str, incoming: Incoming) -> None:
    if incoming.text == f"{place} raises":
        raise RuntimeError("机密")
    if incoming.text == f"{place} leaves":
        sys.exit("机密")


class NoWordsBotHandler(BotHandler):
    """Has words that are none."""

    words = None  # type: ignore[assignment]  # as teams write it


class WrongReplyBotHandler(BotHandler):
    """Replies in a way that there is not."""

    reply_by = "cards"  # type: ignore[assignment]  # as teams write it


class WrongSettingsBotHandler(BotHandler):
    """Has settings that are none."""

    Settings = dict  # type: ignore[assignment]  # as teams write it
