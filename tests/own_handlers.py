"""Handlers as a team writes them: the tests name them in `.bots.yaml`, right ones and wrong ones."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from backends.base import Question
from handlers.chat import BotHandler, MarkdownBotHandler
from handlers.message import Incoming
from handlers.templates import CardSettings


class SalesSettings(CardSettings):
    """A card's keys, and one of our own."""

    sales_region: str = Field("华东")


class SalesBotHandler(BotHandler):
    """Overrides every named place."""

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
