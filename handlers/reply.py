"""What the user sees grow: a reply opens, shows events, and always ends: finished, failed or stopped."""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

from backends.base import Citations, Event, File, Replace, Text
from errors import DingTalkError, PermissionMissing, QuotaUsedUp
from handlers.card import LiveCard
from handlers.card_calls import CardCalls, Labels
from handlers.dingtalk import DingTalkClient
from handlers.pacer import Pacer
from handlers.pacing import Pace
from handlers.say import ANSWER_PATIENCE, Speaker
from handlers.templates import Template
from handlers.texts import Texts
from handlers.turn import Turn
from stores.base import CardRecord, Cards, Inbox

log = logging.getLogger("dingbridge.reply")

_NOTE_SECONDS = 2.0  # between two notes of what a card shows, for whoever has to close it after a crash
END_SECONDS = 120  # that the last calls of a card may wait for their turn; then the answer goes as a message
_WITHOUT_CARDS_SECONDS = 300  # after a missing permission or a used-up quota: no card is begun that cannot be ended


BY_MESSAGE = "by message"  # in the inbox, in place of a card's name, when there is none


class CardReply:
    """A reply as an AI card; as messages instead when the card cannot be made or closed.

    A second end does nothing; the last state always arrives. `delivered` is whether DingTalk has it, known once it is closed.
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
    ) -> None:
        self._bot, self._on_refusal = bot, on_refusal
        self._turn, self._card, self._pacer = turn, card, pacer
        self._speaker, self._texts, self._cards, self._inbox = speaker, texts, cards, inbox
        self._lock = threading.Lock()
        self._text = ""
        self._citations: tuple[str, ...] = ()
        self._last = ""  # what the reply ends with, once it has ended
        self._ended = self._abandoned = False
        self._noted_at = 0.0
        self.delivered = True

    @property
    def text(self) -> str:
        """The answer so far."""
        return self._text

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
            self._pacer.wake(card)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End it if nobody did, wait until DingTalk has its last state, and send what the card could not show."""
        if error:
            self.fail(self._texts.error(error))
        self.finish()
        if not self._shown_by_card():
            self._send()

    def _send(self) -> None:
        """Send it as a message, if it is still this process's to send."""
        if self._abandoned or not self._inbox.ask(self._turn.message, BY_MESSAGE):
            self.delivered = False
            return
        self.delivered = self._speaker.say(self._turn.incoming, self._last, patience=ANSWER_PATIENCE)
        if self._card:
            self._card.replaced()

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
                    kind = "made_picture" if is_image else "made_file"
                    named = self._texts.say(kind) + name if name.startswith(".") or not name else name
                    gap = "\n\n" if self._text else ""
                    self._text += f"{gap}{'!' if is_image else ''}[{named}]({url})\n\n"
                case Citations(titles):
                    self._citations = titles  # shown below the whole answer, whatever text still comes
                    return
                case _:
                    return
            card, written = self._card, self._text
            if card and card.show(written):
                self._pacer.wake(card)
        if card and written and time.monotonic() - self._noted_at >= _NOTE_SECONDS:
            self._noted_at = time.monotonic()
            self._cards.note(card.out_track_id, text=written)

    def finish(self) -> None:
        """The answer is whole; what it rests on stands below it."""
        written = self._text.rstrip()
        if written and self._citations:
            written += f"\n\n{self._texts.citations(self._citations)}"
        self._end(written or self._texts.say("empty_answer"), failed=False)

    def fail(self, sentence: str) -> None:
        """The answer ends with this sentence, below what was written."""
        written = self._text.rstrip()
        self._end(f"{written}\n\n{sentence}" if written else sentence, failed=not written)

    def stop(self) -> None:
        """Somebody stopped it: what was written is all."""
        written = self._text.rstrip()
        stopped = self._texts.say("stopped")
        self._end(f"{written}\n\n{stopped}" if written else stopped, failed=False)

    def abandon(self) -> None:
        """Another process has ended it: nothing more is shown, nor said."""
        with self._lock:
            self._ended = self._abandoned = True
            if self._card:
                self._card.abandon()

    def refer(self, ref: str) -> None:
        """Keep the AI's own name for this answer with the card, for clicks on it."""
        if self._card:
            self._cards.note(self._card.out_track_id, ref=ref)

    def _end(self, text: str, *, failed: bool) -> None:
        with self._lock:
            if self._ended:
                return
            self._ended, self._last = True, text
            if self._card:
                self._card.close(text, failed=failed)
                self._pacer.wake(self._card)


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
    ) -> None:
        self._bot, self._template, self._client = bot, template, client
        self._inbox, self._may_call = inbox, may_call
        self._pace, self._pacer = pace, pacer
        self._without_cards_until = 0.0
        self._speaker, self._texts, self._cards = speaker, texts, cards

    def open(self, turn: Turn) -> CardReply:
        """Return the reply to a turn, to be entered."""
        card = self._card(turn)
        return CardReply(
            self._bot,
            turn,
            card,
            pacer=self._pacer,
            speaker=self._speaker,
            texts=self._texts,
            cards=self._cards,
            inbox=self._inbox,
            on_refusal=self._refused,
        )

    def _card(self, turn: Turn) -> LiveCard | None:
        incoming, name = turn.incoming, turn.out_track_id
        # A person outside the company has no staffId, and only a staffId names a private card space.
        if time.monotonic() < self._without_cards_until or not (incoming.is_group or incoming.staff_id):
            return None
        pace = self._pace()
        if pace is None:
            return None
        calls = CardCalls(name, self._template, self._client, labels(self._texts))
        on_end, on_unmade = partial(self._cards.close, name), partial(self._inbox.ask, turn.message, BY_MESSAGE)
        return LiveCard(calls, pace, incoming, on_end=on_end, on_unmade=on_unmade, may_call=self._may_call)

    def _refused(self, refusal: DingTalkError) -> None:
        if isinstance(refusal, PermissionMissing | QuotaUsedUp):
            self._without_cards_until = time.monotonic() + _WITHOUT_CARDS_SECONDS


def labels(texts: Texts) -> Labels:
    """Return what a card itself says."""
    return Labels(stop=texts.say("stop_button"), continued=texts.say("continued_below"))
