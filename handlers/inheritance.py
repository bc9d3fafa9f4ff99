"""Sees to what a process left behind that is gone: messages that were not asked are, cards that were left open are closed."""

import json
import logging
import time
from collections.abc import Callable
from functools import partial

from handlers.aside import Aside
from handlers.card import LiveCard
from handlers.card_calls import CardCalls
from handlers.dingtalk import DingTalkClient
from handlers.message import Incoming, UnreadableMessage, parse
from handlers.pacer import Pacer
from handlers.pacing import PACES
from handlers.reply import END_SECONDS, labels
from handlers.say import Speaker
from handlers.templates import Template
from handlers.texts import Texts
from stores.base import Accepted, CardRecord, Cards, Inbox

log = logging.getLogger("dingbridge.inheritance")

_TOO_OLD = 1_800.0  # seconds; an answer to an older question would only surprise


class Inheritance:
    """What falls to this process of one bot's messages and cards; `look` is called every second, by one thread.

    The AI is asked once for a message: one that was asked when its process ended is told so, and has to be asked again.
    """

    def __init__(
        self,
        name: str,
        client: DingTalkClient,
        take: Callable[[Incoming], None],
        *,
        inbox: Inbox,
        cards: Cards,
        pacer: Pacer,
        speaker: Speaker,
        texts: Texts,
    ) -> None:
        self.name, self._client, self._take = name, client, take
        self._inbox, self._cards, self._pacer, self._speaker, self._texts = inbox, cards, pacer, speaker, texts
        self._aside = Aside()

    def look(self) -> None:
        """Take what is left behind by now."""
        for message in self._inbox.take_over(self._client.client_id):
            self._see_to(message)
        for card in self._cards.orphans(self._client.client_id):
            if not self._inbox.is_open(card.message):  # its answer went by message, because DingTalk did not let it be closed
                log.warning("bot=%s msg=%s a card was left open, it is being closed", self.name, card.message.message_id)
                live, _ = self._close(card, self._texts.say("continued_below"))
                live.replaced()

    def close(self, timeout: float) -> None:
        """Give what is being told `timeout` seconds to be told."""
        self._aside.close(timeout)

    def _see_to(self, message: Accepted) -> None:
        """Answer a message that nobody began to answer; say of any other that its answer was interrupted."""
        try:
            incoming = parse(json.loads(message.raw))
        except (ValueError, UnreadableMessage):
            self._inbox.end(message.key)
            return
        asked, card = bool(message.card), self._cards.find(message.card)
        log.warning("bot=%s msg=%s was left behind, %s", self.name, incoming.message_id, "asked" if asked else "not asked")
        if not asked and time.time() - message.since < _TOO_OLD:
            self._take(incoming)
        elif card is None:
            self._aside.run(partial(self._tell, message, incoming, self._texts.say("interrupted")))
        elif card.is_open:
            live, text = self._close(card, self._texts.say("interrupted"))
            self._aside.run(partial(self._wait_for_end, live, message, incoming, text))
        else:  # its answer was shown whole, and its process ended before it could say so
            self._inbox.end(message.key)

    def _close(self, card: CardRecord, sentence: str) -> tuple[LiveCard, str]:
        """Let the pacer close a card, below what it shows."""
        written = card.text.rstrip()
        text = f"{written}\n\n{sentence}" if written else sentence
        calls = CardCalls(card.out_track_id, Template.read(card.template), self._client, labels(self._texts))
        on_end = partial(self._cards.close, card.out_track_id)
        live = LiveCard(calls, PACES["thrifty"], None, opened=bool(written), on_end=on_end)
        live.close(text, failed=not written)
        self._pacer.wake(live)
        return live, text

    def _wait_for_end(self, live: LiveCard, message: Accepted, incoming: Incoming, text: str) -> None:
        if not live.settled.wait(END_SECONDS):
            live.hand_over()
        if live.error:
            self._tell(message, incoming, text)
            live.replaced()
        else:
            self._inbox.end(message.key)

    def _tell(self, message: Accepted, incoming: Incoming, text: str) -> None:
        self._speaker.say(incoming, text)
        self._inbox.end(message.key)
