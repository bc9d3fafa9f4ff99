"""The kinds of replies that keep the contract, each as a bot has it; DingTalk is the sandbox."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from handlers.account import Account, Companies
from handlers.card_reply import CardReplies
from handlers.dingtalk import DingTalkClient
from handlers.message import parse
from handlers.message_reply import MessageReplies
from handlers.pacer import Pacer
from handlers.rates import Rates
from handlers.reply import Replies, Reply
from handlers.say import Form, Speaker
from handlers.templates import CardSettings
from handlers.texts import Texts
from handlers.turn import Turn
from sandbox.client import Json, SandboxClient
from settings import Endpoints
from stores.base import ConversationKey
from stores.memory import MemoryCards
from stores.memory_inbox import MemoryInbox
from tests.sandbox.dingtalk.foreign import Bot, Socket

TEXTS = Texts("zh")
_NUMBER = re.compile(r"^（\d+/\d+）\n\n")


@dataclass
class Shore:
    """One app's side of DingTalk, and what is kept of its messages."""

    sandbox: SandboxClient
    bot: Bot
    client: DingTalkClient
    pacer: Pacer
    rates: Rates
    inbox: MemoryInbox = field(default_factory=MemoryInbox)
    cards: MemoryCards = field(default_factory=MemoryCards)

    def speaker(self, form: Form) -> Speaker:
        """Return one that writes in this form."""
        return Speaker(self.client, self.rates, TEXTS, form)


def by_card(shore: Shore, *, shape: Callable[[str], str] = str, **keys: Any) -> Replies:
    """Cards, and Markdown messages where there can be none; `keys` are those of `.bots.yaml`."""
    settings = CardSettings(**{"card_pace": "smooth", **keys})
    return CardReplies(
        "bot",
        settings.template,
        shore.client,
        pace=lambda: settings.pace,
        pacer=shore.pacer,
        speaker=shore.speaker(Form()),
        texts=TEXTS,
        cards=shore.cards,
        inbox=shore.inbox,
        live_status=settings.card_status,
        shape=shape,
    )


def by_markdown(shore: Shore, length: int = 18_000) -> Replies:
    """Markdown messages."""
    return MessageReplies(speaker=shore.speaker(Form("markdown", length)), texts=TEXTS, inbox=shore.inbox)


def by_text(shore: Shore, length: int = 18_000) -> Replies:
    """Plain messages."""
    return MessageReplies(speaker=shore.speaker(Form("text", length)), texts=TEXTS, inbox=shore.inbox)


def with_status(shore: Shore) -> Replies:
    """Cards that say what the AI is at, below the question."""
    return by_card(shore, card_status=True, card_question=True)


KINDS: Mapping[str, Callable[[Shore], Replies]] = {
    "card": by_card,
    "card with status and question": with_status,
    "markdown": by_markdown,
    "text": by_text,
}


@dataclass
class Talk:
    """A person who asks the bot, and what they see."""

    shore: Shore
    replies: Replies
    socket: Socket
    question: str = "怎么报销？"
    conversation_id: str = ""
    asked: int = 0

    def ask(self, **message: Any) -> tuple[Turn, Reply]:
        """Write to the bot; return the turn, and the reply to it."""
        sandbox, client_id = self.shore.sandbox, self.shore.bot.client_id
        self.asked = sandbox.last()
        sandbox.say(client_id, self.question, **message)
        incoming = parse(self.socket.message())
        self.conversation_id = incoming.conversation_id
        turn = Turn(incoming, ConversationKey(client_id, "corp", incoming.conversation_id, incoming.user))
        assert self.shore.inbox.accept(turn.message, "{}")
        assert self.shore.inbox.ask(turn.message, turn.out_track_id)
        return turn, self.replies.open(turn)

    def seen(self) -> list[str]:
        """Return what the bot has said in the chat since, as it reads: without the head of a card, breaks and numbers."""
        texts = [_NUMBER.sub("", record["text"]) for record in self.records(kind="said")]
        cards = [card["text"] for card in self.cards() if card["text"]]
        head = f"> {self.question}\n\n"
        return [text.removeprefix(head).replace("<br>", "\n") for text in cards + texts]

    def records(self, **match: str) -> list[Json]:
        """Return what was recorded since."""
        return self.shore.sandbox.records(self.asked, 0, client_id=self.shore.bot.client_id, **match)

    def cards(self) -> list[Json]:
        """Return the cards in the chat."""
        return self.shore.sandbox.cards(client_id=self.shore.bot.client_id)


@contextmanager
def talk(sandbox: SandboxClient, replies: Callable[[Shore], Replies], **app: Any) -> Iterator[Talk]:
    """Open one: an app of its own in the sandbox, whose other settings are `app`."""
    bot = Bot(sandbox)
    bot.register(**{"qps": 0, **app})
    endpoints = Endpoints(sandbox.url, sandbox.url)
    client = DingTalkClient(endpoints, bot.client_id, bot.secret, Account(Companies()))
    pacer = Pacer(rates := Rates(0))
    shore = Shore(sandbox, bot, client, pacer, rates)
    with bot.connected() as socket:
        yield Talk(shore, replies(shore), socket)
    pacer.close()
    client.close()
