"""What stands around the story of a message: it is still this process's, it ends whatever happens, and somebody is told."""

import logging
import time
from collections.abc import Callable

from errors import HandlerFailed
from handlers.chat import BotHandler
from handlers.say import Speaker
from handlers.texts import Texts
from handlers.turn import Turn, TurnRecord
from stores.base import Inbox

log = logging.getLogger("dingbridge.answering")


class Answering:
    """Lets a bot's handler answer the turns that the gate lets in; `on_turn` is told how each of them went."""

    def __init__(
        self, handler: BotHandler, *, inbox: Inbox, speaker: Speaker, texts: Texts, on_turn: Callable[[TurnRecord], None]
    ) -> None:
        self._handler, self._inbox, self._speaker, self._texts = handler, inbox, speaker, texts
        self._on_turn = on_turn

    def answer(self, turn: Turn) -> None:
        """Answer one turn, if it is still this process's: whatever happens, the message ends."""
        name, message_id = self._handler.name, turn.incoming.message_id
        if not turn.begin():
            return  # the bridge shuts down, and says so
        if not self._inbox.ask(turn.message, turn.out_track_id):
            log.warning("bot=%s msg=%s fell to another process meanwhile", name, message_id)
            return
        try:
            self._on_turn(self._record(turn))
        finally:
            self._inbox.end(turn.message)

    def _record(self, turn: Turn) -> TurnRecord:
        """Return how it went; a bug of ours is logged with its trace, and its reply has ended with a sentence."""
        name, message_id = self._handler.name, turn.incoming.message_id
        try:
            return self._handler.handle(turn)
        except HandlerFailed as error:  # there is no reply that could tell
            log.error("bot=%s msg=%s HandlerFailed: %s; %s", name, message_id, error, self._texts.fix(error))
            told = self._speaker.say(turn.incoming, self._texts.error(error))
            return _failed(name, turn, "HandlerFailed" if told else "undelivered")
        except Exception as bug:
            log.exception("bot=%s msg=%s was not answered", name, message_id)
            return _failed(name, turn, type(bug).__name__)


def _failed(bot: str, turn: Turn, outcome: str) -> TurnRecord:
    seconds = time.monotonic() - turn.arrived
    message_id = turn.incoming.message_id
    return TurnRecord(bot, message_id, outcome, waited=0, first_text=0, seconds=seconds, characters=0, card_calls=0)
