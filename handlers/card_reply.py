"""Replies as AI cards, which grow with their answers; as messages where a card cannot be made or closed."""

import logging
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

from backends.base import Event, Progress, Thinking, Working
from errors import DingTalkError, PermissionMissing, QuotaUsedUp
from handlers.card import LiveCard
from handlers.card_calls import BY_STREAM, Callback, CardCalls, Labels
from handlers.dingtalk import DingTalkClient
from handlers.markdown import one_line
from handlers.pacer import Pacer
from handlers.pacing import Pace
from handlers.reply import BY_MESSAGE, End, Written
from handlers.say import ANSWER_PATIENCE, Speaker
from handlers.templates import Template
from handlers.texts import Texts
from handlers.turn import Turn
from stores.base import CardRecord, Cards, Inbox

log = logging.getLogger("dingbridge.reply")

_NOTE_SECONDS = 2.0  # between two notes of what a card shows, for whoever has to close it after a crash
_TITLE_CHARACTERS = 60  # of a step, in the line that says what the AI is at
END_SECONDS = 120  # that the last calls of a card may wait for their turn; then the answer goes as a message
_WITHOUT_CARDS_SECONDS = 300  # after a missing permission or a used-up quota: no card is begun that cannot be ended


class CardReply:
    """A reply as an AI card; as messages instead when the card cannot be made or closed.

    With `live_status` the card says what the AI is at until there is text; that is no part of the answer.
    """

    def __init__(
        self,
        bot: str,
        turn: Turn,
        card: LiveCard | None,
        *,
        pacer: Pacer,
        speaker: Speaker,
        texts: Texts,
        cards: Cards,
        inbox: Inbox,
        on_refusal: Callable[[DingTalkError], None],
        live_status: bool = False,
        shape: Callable[[str], str] = str,
    ) -> None:
        self._bot, self._turn, self._card, self._on_refusal = bot, turn, card, on_refusal
        self._pacer, self._speaker, self._texts, self._cards, self._inbox = pacer, speaker, texts, cards, inbox
        self._live_status, self._status = live_status, ""
        self._written = Written(texts, shape=shape)
        self._abandoned = False
        self._noted_at = 0.0
        self.delivered = True

    @property
    def text(self) -> str:
        """The answer so far."""
        return self._written.text

    @property
    def card_calls(self) -> int:
        """How many calls its card took."""
        return self._card.made if self._card else 0

    def __enter__(self) -> Self:
        """Open the card; the pacer makes it."""
        turn, card = self._turn, self._card
        if card:
            asker, template = turn.incoming.user, card.template.written()
            client_id = turn.key.client_id
            record = CardRecord(card.out_track_id, client_id, asker, turn.message, turn.key, template=template)
            self._cards.open(record)
            if self._live_status:
                self._say_status(self._texts.say("status_begun"))
            self._pacer.wake(card)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End it if nobody did, wait until DingTalk has its last state, and send what the card could not show."""
        if error:
            self.fail(self._texts.error(error))
        self.finish()
        if not self._shown_by_card():
            self._send()

    def show(self, event: Event) -> None:
        """Let an event of the answer be seen; thinking and progress show as the card's own animation, or as a status."""
        if not self._written.add(event):
            if (self._live_status or isinstance(event, Working)) and not self.text.strip():
                self._say_status(self._status_of(event))
            return
        card = self._card
        if card and card.show(self.text):
            self._pacer.wake(card)
        if card and time.monotonic() - self._noted_at >= _NOTE_SECONDS:
            self._noted_at = time.monotonic()
            if written := self._written.shown:
                self._cards.note(card.out_track_id, text=written)

    def finish(self) -> None:
        """The answer is whole."""
        self._end(self._written.finish())

    def fail(self, sentence: str) -> None:
        """The answer ends with this sentence, below what was written."""
        self._end(self._written.fail(sentence))

    def stop(self) -> None:
        """Somebody stopped it: what was written is all."""
        self._end(self._written.stop())

    def abandon(self) -> None:
        """Another process has ended it: nothing more is shown, nor said."""
        self._abandoned = True
        self._written.abandon()
        if self._card:
            self._card.abandon()

    def refer(self, ref: str) -> None:
        """Keep the AI's own name for this answer with the card, for clicks on it."""
        if self._card:
            self._cards.note(self._card.out_track_id, ref=ref)

    def _end(self, end: End | None) -> None:
        if end and self._card:
            self._card.close(end.text, failed=end.bare)
            self._pacer.wake(self._card)

    def _status_of(self, event: Event) -> str:
        """Return what the card says of an event that is no text; "" leaves what it says."""
        match event:
            case Working():
                return self._texts.say("status_working")
            case Progress(title) if title.strip():
                return self._texts.say("status_step", title=one_line(title, _TITLE_CHARACTERS))
            case Thinking():
                return self._texts.say("status_thinking")
            case _:
                return ""

    def _say_status(self, status: str) -> None:
        if self._card and status and status != self._status:
            self._status = status
            if self._card.show(status, is_status=True):
                self._pacer.wake(self._card)

    def _shown_by_card(self) -> bool:
        """Wait until the card has shown the end, or until it cannot."""
        card = self._card
        if card is None:
            return False
        if not card.settled.wait(END_SECONDS):
            card.hand_over()
        if refusal := card.refusal:
            how = "answered by message instead of card" if card.error else "answered in a card that DingTalk did not let grow"
            what = f"{type(refusal).__name__}: {refusal}; {self._texts.fix(refusal)}"
            log.warning("bot=%s msg=%s %s: %s", self._bot, self._turn.incoming.message_id, how, what)
        if card.error:
            self._on_refusal(card.error)
        return card.error is None and not self._abandoned

    def _send(self) -> None:
        """Send it as a message, if it is still this process's to send."""
        if self._abandoned or not self._inbox.ask(self._turn.message, BY_MESSAGE):
            self.delivered = False
            return
        self.delivered = self._speaker.say(self._turn.incoming, self._written.end.text, patience=ANSWER_PATIENCE)
        if self._card:
            self._card.replaced()


class CardReplies:
    """Opens a reply for each turn of one bot; `pace` returns None when the month allows no card."""

    def __init__(
        self,
        bot: str,
        template: Template,
        client: DingTalkClient,
        *,
        pace: Callable[[], Pace | None],
        pacer: Pacer,
        speaker: Speaker,
        texts: Texts,
        cards: Cards,
        inbox: Inbox,
        may_call: Callable[[], bool] = lambda: True,
        callback: Callable[[], Callback] = lambda: BY_STREAM,
        shape: Callable[[str], str] = str,
        live_status: bool = False,
    ) -> None:
        self._bot, self._template, self._client, self._callback = bot, template, client, callback
        self._shape = shape
        self._inbox, self._may_call, self._live_status = inbox, may_call, live_status
        self._pace, self._pacer = pace, pacer
        self._without_cards_until = 0.0
        self._speaker, self._texts, self._cards = speaker, texts, cards

    def open(self, turn: Turn) -> CardReply:
        """Return the reply to a turn, to be entered."""
        return CardReply(
            self._bot,
            turn,
            self._card(turn),
            pacer=self._pacer,
            speaker=self._speaker,
            texts=self._texts,
            cards=self._cards,
            inbox=self._inbox,
            on_refusal=self._refused,
            live_status=self._live_status,
            shape=self._shape,
        )

    def _card(self, turn: Turn) -> LiveCard | None:
        incoming, name = turn.incoming, turn.out_track_id
        # A person outside the company has no staffId, and only a staffId names a private card space.
        if time.monotonic() < self._without_cards_until or not (incoming.is_group or incoming.staff_id):
            return None
        pace = self._pace()
        if pace is None:
            return None
        calls = CardCalls(
            name,
            self._template,
            self._client,
            labels(self._texts),
            self._callback(),
            question=incoming.text,
            shape=self._shape,
        )
        on_end, on_unmade = partial(self._cards.close, name), partial(self._inbox.ask, turn.message, BY_MESSAGE)
        return LiveCard(calls, pace, incoming, on_end=on_end, on_unmade=on_unmade, may_call=self._may_call)

    def _refused(self, refusal: DingTalkError) -> None:
        if isinstance(refusal, PermissionMissing | QuotaUsedUp):
            self._without_cards_until = time.monotonic() + _WITHOUT_CARDS_SECONDS


def labels(texts: Texts) -> Labels:
    """Return what a card itself says."""
    return Labels(stop=texts.say("stop_button"), continued=texts.say("continued_below"))
