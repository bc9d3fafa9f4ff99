"""Sees to what a process left behind that is gone: messages that were not asked are, cards that were left open are closed."""

import json
import logging
import time
from functools import partial
from typing import Protocol

from handlers.aside import Aside
from handlers.card import LiveCard
from handlers.card_calls import CardCalls
from handlers.card_reply import END_SECONDS, labels
from handlers.dingtalk import DingTalkClient
from handlers.intake import OBEYED
from handlers.message import Incoming, UnreadableMessage, parse
from handlers.pacer import Pacer
from handlers.pacing import PACES
from handlers.push_order import is_push
from handlers.pushed_card import ending
from handlers.say import ANSWER_PATIENCE, Speaker
from handlers.templates import Template
from handlers.texts import Texts
from stores.base import Accepted, CardRecord, Cards, Inbox

log = logging.getLogger("dingbridge.inheritance")

_AT_ONCE, _MOST = 8, 50_000  # messages whose end is waited for; that wait for this
_TOO_OLD = 1_800.0  # seconds; an answer to an older question would only surprise


class Take(Protocol):
    """How a message is taken in again."""

    def __call__(self, incoming: Incoming, *, obeyed: bool) -> None:
        """Let it go on; a command that was `obeyed` is only confirmed."""


class Inheritance:
    """What falls to this process of one bot's messages and cards; `look` is called every second, by one thread.

    The AI is asked once for a message: one that was asked when its process ended is told so, and has to be asked again.
    """

    def __init__(
        self,
        name: str,
        client: DingTalkClient,
        take: Take,
        *,
        inbox: Inbox,
        cards: Cards,
        pacer: Pacer,
        speaker: Speaker,
        texts: Texts,
    ) -> None:
        self.name, self._client, self._take = name, client, take
        self._inbox, self._cards, self._pacer, self._speaker, self._texts = inbox, cards, pacer, speaker, texts
        self._aside = Aside(_AT_ONCE, limit=_MOST)

    def look(self) -> None:
        """Take what is left behind by now."""
        messages = self._inbox.take_over(self._client.client_id)
        # First those that only have to go on: their place in line is nobody's until they are in.
        for message in sorted(messages, key=lambda message: bool(message.card)):
            try:
                self._see_to(message)
            except Exception:  # a bug over one message must not lose those that were left behind with it
                log.exception("bot=%s msg=%s was left behind", self.name, message.key.message_id)
        for card in self._cards.orphans(self._client.client_id):
            # Its answer went by message, because DingTalk did not let it be closed; it is closed before its message ends.
            if not self._inbox.is_open(card.message) and (now := self._cards.find(card.out_track_id)) and now.is_open:
                log.warning("bot=%s msg=%s a card was left open, it is being closed", self.name, card.message.message_id)
                if is_push(card.message):
                    self._close_push(now)
                elif live := self._close(now, self._texts.say("continued_below")):
                    live.replaced()

    def close(self, timeout: float) -> None:
        """Give what is being told `timeout` seconds to be told."""
        self._aside.close(timeout)

    def _see_to(self, message: Accepted) -> None:
        """Answer a message that nobody began to answer; say of any other that its answer was interrupted."""
        try:
            incoming = parse(json.loads(message.raw))
        except (ValueError, UnreadableMessage) as error:
            log.error("bot=%s msg=%s was left behind, unreadable: %s", self.name, message.key.message_id, type(error).__name__)
            self._inbox.end(message.key)
            return
        what = "not asked" if not message.card else "obeyed" if message.card == OBEYED else "asked"
        log.warning("bot=%s msg=%s was left behind, %s", self.name, incoming.message_id, what)
        if message.card == OBEYED or (not message.card and time.time() - message.since < _TOO_OLD):
            self._take(incoming, obeyed=message.card == OBEYED)
            return
        card = self._cards.find(message.card)
        if card and not card.is_open:  # its answer was shown whole, and its process ended before it could say so
            self._inbox.end(message.key)
            return
        sentence = self._texts.say("interrupted")
        live = self._close(card, sentence, incoming.text) if card else None
        text = _below(card.text, sentence) if card else sentence
        self._aside.run(partial(self._wait_for_end, live, message, incoming, text))

    def _close(self, card: CardRecord, sentence: str, question: str = "") -> LiveCard | None:
        """Let the pacer close a card, below what it shows; None when this version does not know how.

        Without the question (it was forgotten when its message ended) the card loses its head, if it had one.
        """
        calls = self._calls(card, question)
        if calls is None:
            return None
        written, on_end = card.text.rstrip(), partial(self._cards.close, card.out_track_id)
        live = LiveCard(calls, PACES["thrifty"], None, opened=bool(written), on_end=on_end)
        live.close(_below(written, sentence), failed=not written)
        self._pacer.wake(live)
        return live

    def _close_push(self, card: CardRecord) -> None:
        """Let a card that was pushed say where its text went, as its record tells, or else that it did not arrive."""
        if calls := self._calls(card):
            sentence, on_end = card.text or self._texts.say("push_unsent"), partial(self._cards.close, card.out_track_id)
            self._pacer.wake(ending(calls, sentence, failed=not card.text, on_end=on_end))

    def _calls(self, card: CardRecord, question: str = "") -> CardCalls | None:
        template = Template.read(card.template)
        if template is None:
            return None
        return CardCalls(card.out_track_id, template, self._client, labels(self._texts), question=question)

    def _wait_for_end(self, live: LiveCard | None, message: Accepted, incoming: Incoming, text: str) -> None:
        """Say it by message, unless the card shows it; what DingTalk does not take for minutes is left to the next start."""
        if live and not live.settled.wait(END_SECONDS):
            live.hand_over()
        if live is None or live.error:
            if not self._speaker.say(incoming, text, patience=ANSWER_PATIENCE):
                return
            if live:
                live.replaced()
        self._inbox.end(message.key)


def _below(written: str, sentence: str) -> str:
    return "\n\n".join(filter(None, (written.rstrip(), sentence)))
