"""Cards that never raise: the durable ones, or memory's while those cannot be reached."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace

from stores.base import CardRecord, Cards
from stores.memory import MOST_CARDS, MemoryCards
from stores.shelter import Shelter

_MOST_OPEN = 1_000  # cards are told again, more than grow at once; of more, the newest


@dataclass(frozen=True)
class _Missed:
    """What happened to a card: whether it was `opened`, what was noted last, whether it was closed.

    `again`: it was opened before, and the durable store may have lost it.
    """

    opened: CardRecord | None = None
    again: bool = False
    ref: str = ""
    text: str = field(default="", repr=False)
    closed: bool = False


class ShelteredCards:
    """Cards opened in an outage are found by their clicks, in it and after it; so are those that passed by before.

    Calls about one card go in order: what was found before it was closed must not become memory's picture after it.
    """

    def __init__(self, shelter: Shelter, durable: Cards, memory: MemoryCards, *, limit: int = MOST_CARDS) -> None:
        self._shelter, self._durable, self._memory = shelter, durable, memory
        self._missed = shelter.notes(self._write, limit)
        self._lock = threading.Lock()
        self._open: OrderedDict[str, CardRecord] = OrderedDict()  # this process's, with what they show

    def open(self, card: CardRecord) -> None:
        """Remember a card that this process is about to make."""

        def durable() -> None:
            self._durable.open(card)
            self._remember(card)

        def memory() -> None:
            self._remember(card)
            self._missed.put(card.out_track_id, _Missed(opened=card))

        self._shelter.call(durable, memory, about=card.out_track_id)

    def note(self, out_track_id: str, *, ref: str = "", text: str = "") -> None:
        """Add the AI's name for the answer, or what the card shows by now; "" leaves what there was."""

        def durable() -> None:
            self._durable.note(out_track_id, ref=ref, text=text)
            self._remember_more(out_track_id, ref, text)

        def memory() -> None:
            self._remember_more(out_track_id, ref, text)
            missed = self._missed.get(out_track_id) or _Missed()
            self._missed.put(out_track_id, replace(missed, ref=ref or missed.ref, text=text or missed.text))

        self._shelter.call(durable, memory, about=out_track_id)

    def close(self, out_track_id: str) -> None:
        """It shows its end; its text is forgotten, clicks still find it."""

        def durable() -> None:
            self._durable.close(out_track_id)
            self._forget(out_track_id)

        def memory() -> None:
            self._forget(out_track_id)
            missed = self._missed.get(out_track_id) or _Missed()
            self._missed.put(out_track_id, replace(missed, text="", closed=True))

        self._shelter.call(durable, memory, about=out_track_id)

    def find(self, out_track_id: str) -> CardRecord | None:
        """Return the card, or None when it is not (or no longer) known."""

        def durable() -> CardRecord | None:
            card = self._durable.find(out_track_id)
            if card:
                self._memory.open(card)
            return card

        return self._shelter.call(durable, lambda: self._memory.find(out_track_id), about=out_track_id)

    def orphans(self, client_id: str) -> tuple[CardRecord, ...]:
        """Return a bot's open cards whose processes are gone; in an outage nobody can tell, so none."""

        def durable() -> tuple[CardRecord, ...]:
            cards = self._durable.orphans(client_id)
            for card in cards:
                self._remember(card)
            return cards

        return self._shelter.call(durable, tuple)

    def tell_again(self) -> None:
        """Tell of the open cards, should the durable store have lost them; StoreUnavailable: it is noted what is left.

        Called while no call of the shelter is under way.
        """
        for out_track_id, card in self._open.items():
            missed = self._missed.get(out_track_id) or _Missed()
            if not missed.opened:
                self._missed.put(out_track_id, replace(missed, opened=card, again=True))
        while self._missed:
            self._missed.write_one()

    def _remember(self, card: CardRecord) -> None:
        self._memory.open(card)
        with self._lock:
            self._open[card.out_track_id] = card
            if len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)

    def _remember_more(self, out_track_id: str, ref: str, text: str) -> None:
        self._memory.note(out_track_id, ref=ref, text=text)
        with self._lock:
            if card := self._open.get(out_track_id):
                self._open[out_track_id] = replace(card, ref=ref or card.ref, text=text or card.text)

    def _forget(self, out_track_id: str) -> None:
        self._memory.close(out_track_id)
        with self._lock:
            self._open.pop(out_track_id, None)

    def _write(self, out_track_id: str, missed: _Missed) -> None:
        if missed.opened and not (missed.again and self._durable.find(out_track_id)):
            self._durable.open(missed.opened)
        if missed.ref or missed.text:
            self._durable.note(out_track_id, ref=missed.ref, text=missed.text)
        if missed.closed:
            self._durable.close(out_track_id)
