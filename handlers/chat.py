"""The story of one message: session -> backend -> reply -> save."""

import logging
import time
from collections.abc import Callable

from backends.base import Answer, Backend, Question
from errors import BackendError
from handlers.reply import CardReplies
from handlers.texts import Texts
from handlers.turn import Turn, TurnRecord
from stores.base import Inbox, Session, Sessions

log = logging.getLogger("dingbridge.chat")


class BotHandler:
    """Answers the turns of one bot. `handle` runs in a thread of its own for each turn that the gate lets in."""

    def __init__(
        self,
        name: str,
        *,
        backend: Backend,
        inbox: Inbox,
        sessions: Sessions,
        replies: CardReplies,
        texts: Texts,
        on_turn: Callable[[TurnRecord], None],
    ) -> None:
        self.name, self._backend = name, backend
        self._inbox, self._sessions = inbox, sessions
        self._replies, self._texts, self._on_turn = replies, texts, on_turn

    def handle(self, turn: Turn) -> None:
        """Answer one turn, if it is still this process's: whatever happens, the message ends."""
        if not turn.begin():
            return  # the bridge shuts down, and says so
        if not self._inbox.ask(turn.message, turn.out_track_id):
            log.warning("bot=%s msg=%s fell to another process meanwhile", self.name, turn.incoming.message_id)
            return
        try:
            self._answer(turn)
        finally:
            self._inbox.end(turn.message)

    def _answer(self, turn: Turn) -> None:
        """Ask the AI and show its answer: whatever happens, the reply ends and the conversation is kept."""
        asked, first_text, outcome = time.monotonic(), 0.0, "answered"
        session = self._sessions.load(turn.key)
        with self._replies.open(turn) as reply:
            answer = self._backend.start(self.question(turn, session))
            turn.attach(answer, reply)
            try:
                for event in answer:
                    reply.show(event)
                    if reply.text and not first_text:
                        first_text = time.monotonic()
                        reply.refer(answer.ref)
                        self._keep(turn, session, answer)  # so that a question after a stop finds it
                reply.finish()
            except BackendError as error:
                outcome = type(error).__name__
                reply.fail(self._texts.error(error))
                log.error("bot=%s msg=%s %s: %s; %s", self.name, turn.incoming.message_id, outcome, error,
                          self._texts.fix(error))  # fmt: skip
            finally:
                self._keep(turn, session, answer)
        self._on_turn(
            TurnRecord(
                bot=self.name,
                message_id=turn.incoming.message_id,
                outcome=(turn.ending or outcome) if reply.delivered else "undelivered",
                waited=asked - turn.arrived,
                first_text=max(0.0, first_text - turn.arrived),
                seconds=time.monotonic() - turn.arrived,
                characters=len(reply.text),
                card_calls=reply.card_calls,
                ref=answer.ref,
            )
        )

    def _keep(self, turn: Turn, session: Session, answer: Answer) -> None:
        """Keep the conversation, unless it goes on without this turn; the store refuses one that /new ended meanwhile."""
        if not turn.released:
            self._sessions.save(session.continued(answer.conversation))

    def question(self, turn: Turn, session: Session) -> Question:
        """Return what the AI is asked. A shared conversation (no person in its key) is the chat's own, by its id."""
        incoming = turn.incoming
        return Question(
            text=incoming.text,
            user=incoming.user if turn.key.person else incoming.conversation_id,
            conversation=session.conversation,
            facts={**incoming.facts, "bot_name": self.name},
        )
