"""What the user sees grow: a reply opens, shows events, and always ends: finished, failed or stopped."""

import logging
import threading
import uuid
from types import TracebackType
from typing import Protocol, Self

from backends.base import Event, File, Replace, Text
from errors import DingTalkError
from handlers.card import Labels, LiveCard
from handlers.dingtalk import DingTalkClient
from handlers.pacing import Pacer
from handlers.say import Speaker
from handlers.templates import Template
from handlers.texts import Texts
from handlers.turn import Turn
from stores.base import CardRecord, Cards

log = logging.getLogger("dingbridge.reply")

_END_SECONDS = 120  # a card's last calls are given up before, see LiveCard.END_PATIENCE


class Reply(Protocol):
    """The reply to one turn. A second end does nothing; the last state always arrives."""

    @property
    def text(self) -> str:
        """The answer so far."""

    def show(self, event: Event) -> None:
        """Let an event of the answer be seen; returns at once."""

    def finish(self) -> None:
        """The answer is whole."""

    def fail(self, sentence: str) -> None:
        """The answer ends with this sentence, below what was written."""

    def stop(self) -> None:
        """Somebody stopped it: what was written is all; never blocks."""

    def refer(self, ref: str) -> None:
        """Keep the AI's own name for this answer with the card."""

    def __enter__(self) -> Self:
        """Open it; returns at once."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End it if nobody did, and wait until DingTalk has its last state."""


class CardReply:
    """A reply as an AI card; as messages instead when the card cannot be made or closed."""

    def __init__(
        self, turn: Turn, card: LiveCard | None, *, pacer: Pacer, speaker: Speaker, texts: Texts, cards: Cards
    ) -> None:
        self._turn, self._card, self._pacer = turn, card, pacer
        self._speaker, self._texts, self._cards = speaker, texts, cards
        self._lock = threading.Lock()
        self._text = ""
        self._last = ""  # what the reply ends with, once it has ended
        self._ended = False

    @property
    def text(self) -> str:
        """The answer so far."""
        return self._text

    def __enter__(self) -> Self:
        """Open the card; the pacer makes it."""
        if self._card:
            self.refer("")
            self._pacer.wake(self._card)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End it if nobody did, wait until DingTalk has its last state, and send what the card could not show."""
        if error:
            self.fail(self._texts.error(error))
        self.finish()
        if self._card:
            self._card.ended.wait(_END_SECONDS)
            if self._card.ended.is_set() and not self._card.error:
                return
            self._tell_why(self._card.error)
        self._speaker.say(self._turn.incoming, self._last)

    def show(self, event: Event) -> None:
        """Let an event of the answer be seen; thinking and progress show as the card's own animation."""
        with self._lock:
            if self._ended:
                return
            match event:
                case Text(text):
                    self._text += text
                case Replace(text):
                    self._text = text
                case File(url, name, is_image):
                    self._text += f"\n\n{'!' if is_image else ''}[{name}]({url})\n\n"
                case _:
                    return
            if self._card and self._card.show(self._text):
                self._pacer.wake(self._card)

    def finish(self) -> None:
        """The answer is whole."""
        self._end(self._text.rstrip() or self._texts.say("empty_answer"), failed=False)

    def fail(self, sentence: str) -> None:
        """The answer ends with this sentence, below what was written."""
        written = self._text.rstrip()
        self._end(f"{written}\n\n{sentence}" if written else sentence, failed=not written)

    def stop(self) -> None:
        """Somebody stopped it: what was written is all."""
        written = self._text.rstrip()
        stopped = self._texts.say("stopped")
        self._end(f"{written}\n\n{stopped}" if written else stopped, failed=False)

    def refer(self, ref: str) -> None:
        """Keep the AI's own name for this answer with the card, for clicks on it."""
        if not self._card:
            return
        turn = self._turn
        self._cards.put(
            CardRecord(
                out_track_id=self._card.out_track_id,
                client_id=turn.key.client_id,
                asker=turn.incoming.user,
                message_id=turn.incoming.message_id,
                key=turn.key,
                ref=ref,
            )
        )

    def _end(self, text: str, *, failed: bool) -> None:
        with self._lock:
            if self._ended:
                return
            self._ended, self._last = True, text
            if self._card:
                self._card.close(text, failed=failed)
                self._pacer.wake(self._card)

    def _tell_why(self, error: DingTalkError | None) -> None:
        what = f"{type(error).__name__}: {error}; {self._texts.fix(error)}" if error else "DingTalk did not answer"
        log.warning("msg=%s answered by message instead of card: %s", self._turn.incoming.message_id, what)


class CardReplies:
    """Opens a reply for each turn of one bot."""

    def __init__(
        self, template: Template, client: DingTalkClient, *, pacer: Pacer, speaker: Speaker, texts: Texts, cards: Cards
    ) -> None:
        self._template, self._client, self._pacer = template, client, pacer
        self._speaker, self._texts, self._cards = speaker, texts, cards

    def open(self, turn: Turn) -> CardReply:
        """Return the reply to a turn, to be entered."""
        incoming = turn.incoming
        card = None
        # A person outside the company has no staffId, and only a staffId names a private card space.
        if incoming.is_group or incoming.staff_id:
            labels = Labels(stop=self._texts.say("stop_button"), continued=self._texts.say("continued_below"))
            card = LiveCard(uuid.uuid4().hex, self._template, incoming, self._client, labels=labels)
        return CardReply(turn, card, pacer=self._pacer, speaker=self._speaker, texts=self._texts, cards=self._cards)
