"""A pushed text in a card; or a sentence in its place, once the text has failed there or has gone another way."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from errors import DingTalkError
from handlers.card import LiveCard
from handlers.card_calls import CardCalls
from handlers.message import Incoming
from handlers.pacing import PACES, Pace
from stores.base import Cards


class PushedCard:
    """One card of a push, as the pacer calls for it. It is `shown` once it has ended and shows the whole text.

    Its record holds no text, and is closed as unsent by whoever finds it, until `instead` says that the text went another way.
    """

    def __init__(
        self, calls: CardCalls, pace: Pace, incoming: Incoming, text: str, *, cards: Cards, may_call: Callable[[], bool]
    ) -> None:
        self._calls, self._cards, self._may_call = calls, cards, may_call
        self._first = self._live = LiveCard(
            calls, pace, incoming, on_end=self._see_shown, on_unmade=self._see_unmade, may_call=may_call
        )
        self._first.close(text, failed=False)
        self._in_flight = threading.Lock()
        self._is_unmade = False
        self._was_over: bool | None = None  # when it was stopped; None before
        self.shown = False

    @property
    def error(self) -> DingTalkError | None:
        """Why it does not show the text, if DingTalk said so."""
        return self._first.error

    def wait(self, seconds: float) -> bool:
        """Return whether there is nothing to wait for, after so many seconds at most."""
        return self._first.settled.wait(seconds)

    def stop(self, seconds: float) -> bool:
        """Show no more of the text; return whether no call is under way, after so many seconds at most."""
        if self._was_over is None:
            self._was_over = self._first.settled.is_set() and self._first.due() is None
            self._first.abandon()
        if not self._in_flight.acquire(timeout=seconds):
            return False
        self._in_flight.release()
        return True

    def instead(self, sentence: str, *, failed: bool) -> bool:
        """Let a stopped card that may have been made say this; return whether the pacer has to be told.

        `failed`: the text did not arrive. Else it has arrived another way.
        """
        if self._is_unmade or not self._first.made or (self._was_over and not failed):
            self._cards.close(self._calls.out_track_id)
            return False
        if not failed:
            self._cards.note(self._calls.out_track_id, text=sentence)
        closed = partial(self._cards.close, self._calls.out_track_id)
        self._live = ending(self._calls, sentence, failed=failed, on_end=closed, may_call=self._may_call)
        return True

    @property
    def api(self) -> str:
        """Which API the next call uses."""
        return self._live.api

    @property
    def priority(self) -> int:
        """Who goes first among those that are due."""
        return self._live.priority

    def due(self) -> float | None:
        """Return when the next call is worth making, or None."""
        return self._live.due()

    def call(self) -> bool:
        """Make the next call; return False when it was one too many for DingTalk in this second."""
        with self._in_flight:
            return self._live.call()

    def give_up(self) -> None:
        """A call failed in a way that nobody foresaw."""
        self._live.give_up()

    def _see_shown(self) -> None:
        self.shown = True
        self._cards.close(self._calls.out_track_id)

    def _see_unmade(self) -> None:
        self._is_unmade = True
        self._cards.close(self._calls.out_track_id)


def ending(
    calls: CardCalls,
    sentence: str,
    *,
    failed: bool,
    on_end: Callable[[], None],
    may_call: Callable[[], bool] = lambda: True,
) -> LiveCard:
    """Return what ends a pushed card with this sentence, whatever it shows; `on_end` also when DingTalk never lets it."""
    calls = replace(calls, labels=replace(calls.labels, continued=""))  # a sentence goes on nowhere
    live = LiveCard(calls, PACES["thrifty"], None, on_end=on_end, may_call=may_call)
    live.close(sentence, failed=failed)
    live.replaced()
    return live
