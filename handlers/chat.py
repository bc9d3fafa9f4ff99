"""The story of one message: session -> backend -> reply -> save; and the places where a team's own handler steps in."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal

from pydantic import BaseModel

from backends.base import Answer, Backend, Question, Replace, Tokens
from errors import BackendError, DingTalkError, HandlerFailed
from handlers import commands
from handlers.message import Incoming
from handlers.own_code import own_code, text_from
from handlers.pictures import LocalPictures, Pictures
from handlers.reply import Replies, Reply
from handlers.said import Said
from handlers.templates import CardSettings, MessageSettings
from handlers.texts import Texts
from handlers.turn import Turn, TurnRecord
from stores.base import Session, Sessions

log = logging.getLogger("dingbridge.chat")

ReplyBy = Literal["card", "markdown", "text"]


@dataclass(frozen=True)
class Tools:
    """What a handler works with: the AI, the conversations, the ways to show an answer.

    `remain_seconds` is how long a conversation goes on without a question; None leaves that to the store.
    """

    backend: Backend
    sessions: Sessions
    replies: Replies
    pictures: Pictures
    local_pictures: LocalPictures
    texts: Texts
    remain_seconds: float | None = None


class BotHandler:
    """Answers the turns of one bot. `handle` is the story; it runs in a thread of its own for each turn that the gate lets in.

    A team's own handler is a subclass that overrides what it wants otherwise: `before`, `after`, `commands`, `question`,
    `open_reply`; they run in many threads at once, and what one raises ends its own turn with a sentence. `words` are said
    instead of the sentences of those names in `handlers/sentences.py`, `reply_by` is how it answers, and `Settings` its keys
    of `.bots.yaml`, which it finds in `settings`.
    """

    reply_by: ClassVar[ReplyBy] = "card"
    Settings: ClassVar[type[BaseModel]] = CardSettings
    words: ClassVar[Mapping[str, str]] = {}

    def __init__(self, name: str, settings: BaseModel, tools: Tools) -> None:
        self.name, self.settings = name, settings
        self._tools = tools

    def handle(self, turn: Turn) -> TurnRecord:
        """Answer one turn: the reply ends and the conversation is kept, whatever happens. Return how it went.

        Raises HandlerFailed when no reply could be opened.
        """
        asked, first_text, outcome, tokens = time.monotonic(), 0.0, "answered", Tokens(0, 0)
        session = self._tools.sessions.load(turn.key)
        answer: Answer = Said("", session.conversation)  # until the AI is asked
        with own_code("open_reply"):
            reply = self.open_reply(turn)
        with reply:
            try:
                answer = self._ask(turn, session)
                turn.attach(answer, reply, partial(self._keep, turn, session, answer))
                for event in answer:
                    reply.show(event)
                    if isinstance(event, Tokens):
                        tokens = event
                    if reply.text and not first_text:
                        first_text = time.monotonic()
                        reply.refer(answer.ref)
                        self._keep(turn, session, answer)  # so that a question after a stop finds it
                self._finish(turn, reply)
            except (BackendError, DingTalkError, HandlerFailed) as error:
                outcome = type(error).__name__
                reply.fail(self._tools.texts.error(error))
                fix = self._tools.texts.fix(error)
                log.error("bot=%s msg=%s %s: %s; %s", self.name, turn.incoming.message_id, outcome, error, fix)
            finally:
                self._keep(turn, session, answer)
        return TurnRecord(
            bot=self.name,
            message_id=turn.incoming.message_id,
            outcome=(turn.ending or outcome) if reply.delivered else "undelivered",
            waited=asked - turn.arrived,
            first_text=max(0.0, first_text - turn.arrived),
            seconds=time.monotonic() - turn.arrived,
            characters=len(reply.text),
            card_calls=reply.card_calls,
            ref=answer.ref,
            tokens=tokens,
        )

    def before(self, question: Question, incoming: Incoming) -> Question | str:  # noqa: ARG002  # for those who override it
        """Return what the AI is asked, perhaps changed; or a text, which is the answer without the AI."""
        return question

    def after(self, answer: str, incoming: Incoming) -> str:  # noqa: ARG002  # for those who override it
        """Return the whole answer as it shall stay; its parts have been shown in a card already."""
        return answer

    def commands(self) -> Mapping[str, Callable[[Incoming], str]]:
        """Return own commands: what people write (alone, or with more behind it), and what then returns the answer."""
        return {}

    def open_reply(self, turn: Turn) -> Reply:
        """Return the reply to a turn, to be entered."""
        return self._tools.replies.open(turn)

    def question(self, turn: Turn, session: Session) -> Question:
        """Return what the AI is asked. A shared conversation (no person in its key) is the chat's own, by its id."""
        incoming = turn.incoming
        return Question(
            text=incoming.text,
            user=incoming.user if turn.key.person else incoming.conversation_id,
            conversation=session.conversation,
            facts={**incoming.facts, "bot_name": self.name},
            pictures=self._tools.pictures.fetch(incoming) if self._tools.backend.sees_pictures else (),
        )

    def _ask(self, turn: Turn, session: Session) -> Answer:
        """Return the answer to come: the AI's, or what `before` gave in its place."""
        with own_code("question"):
            question = self.question(turn, session)
        with own_code("before"):
            asked = self.before(question, turn.incoming)
        if isinstance(asked, str):
            return Said(asked, session.conversation)
        if not isinstance(asked, Question):
            raise HandlerFailed(f"before returned {type(asked).__name__}, neither a question nor a text")
        return self._tools.backend.start(asked)

    def _finish(self, turn: Turn, reply: Reply) -> None:
        """The answer is whole: give it its last form, and the pictures in it that lie on this machine."""
        if not turn.ending:
            with own_code("after"):
                told = text_from("after", self.after(reply.text, turn.incoming))
            last = self._tools.local_pictures.uploaded(told)
            if last != reply.text:
                reply.show(Replace(last))
        reply.finish()

    def _keep(self, turn: Turn, session: Session, answer: Answer) -> None:
        """Keep the conversation, unless it goes on without this turn; the store refuses one that /new ended meanwhile."""
        if not turn.released:
            self._tools.sessions.save(session.continued(answer.conversation), self._tools.remain_seconds)


class AiCardBotHandler(BotHandler):
    """Answers in an AI card that grows."""


class MarkdownBotHandler(BotHandler):
    """Answers in one markdown message, once the answer is whole."""

    reply_by = "markdown"
    Settings = MessageSettings


class TextBotHandler(BotHandler):
    """Answers in one text message, once the answer is whole."""

    reply_by = "text"
    Settings = MessageSettings


def own_commands(handler: BotHandler) -> dict[str, Callable[[Incoming], str]]:
    """Return a handler's own commands. Raises HandlerFailed for what cannot be obeyed, and for words that are the bot's."""
    with own_code("commands"):
        found = handler.commands()
        if not isinstance(found, Mapping) or not all(isinstance(word, str) and callable(act) for word, act in found.items()):
            raise HandlerFailed("commands returned something else than words with functions")
        if taken := [word for word in found if commands.parse(word) or not word.strip()]:
            raise HandlerFailed(f"commands: {', '.join(taken)} cannot be a handler's own word")
        return dict(found)
