"""Cards that never raise: the durable ones, or memory's while those cannot be reached."""

from dataclasses import dataclass, field, replace

from stores.base import CardRecord, Cards
from stores.memory import MOST_CARDS, MemoryCards
from stores.shelter import Shelter


@dataclass(frozen=True)
class _Missed:
    """What happened to a card: whether it was `opened`, what was noted last, whether it was closed."""

    opened: CardRecord | None = None
    ref: str = ""
    text: str = field(default="", repr=False)
    closed: bool = False


class ShelteredCards:
    """Cards opened in an outage are found by their clicks, in it and after it; so are those that passed by before."""

    def __init__(self, shelter: Shelter, durable: Cards, memory: MemoryCards, *, limit: int = MOST_CARDS) -> None:
        self._shelter, self._durable, self._memory = shelter, durable, memory
        self._missed = shelter.notes(self._write, limit)

    def open(self, card: CardRecord) -> None:
        """Remember a card that this process is about to make."""

        def durable() -> None:
            self._durable.open(card)
            self._memory.open(card)

        def memory() -> None:
            self._memory.open(card)
            self._missed.put(card.out_track_id, _Missed(opened=card))

        self._shelter.call(durable, memory)

    def note(self, out_track_id: str, *, ref: str = "", text: str = "") -> None:
        """Add the AI's name for the answer, or what the card shows by now; "" leaves what there was."""

        def durable() -> None:
            self._durable.note(out_track_id, ref=ref, text=text)
            self._memory.note(out_track_id, ref=ref, text=text)

        def memory() -> None:
            self._memory.note(out_track_id, ref=ref, text=text)
            missed = self._missed.get(out_track_id) or _Missed()
            self._missed.put(out_track_id, replace(missed, ref=ref or missed.ref, text=text or missed.text))

        self._shelter.call(durable, memory)

    def close(self, out_track_id: str) -> None:
        """It shows its end; its text is forgotten, clicks still find it."""

        def durable() -> None:
            self._durable.close(out_track_id)
            self._memory.close(out_track_id)

        def memory() -> None:
            self._memory.close(out_track_id)
            missed = self._missed.get(out_track_id) or _Missed()
            self._missed.put(out_track_id, replace(missed, text="", closed=True))

        self._shelter.call(durable, memory)

    def find(self, out_track_id: str) -> CardRecord | None:
        """Return the card, or None when it is not (or no longer) known."""

        def durable() -> CardRecord | None:
            card = self._durable.find(out_track_id)
            if card:
                self._memory.open(card)
            return card

        return self._shelter.call(durable, lambda: self._memory.find(out_track_id))

    def orphans(self, client_id: str) -> tuple[CardRecord, ...]:
        """Return a bot's open cards whose processes are gone; in an outage nobody can tell, so none."""

        def durable() -> tuple[CardRecord, ...]:
            cards = self._durable.orphans(client_id)
            for card in cards:
                self._memory.open(card)
            return cards

        return self._shelter.call(durable, tuple)

    def _write(self, out_track_id: str, missed: _Missed) -> None:
        if missed.opened:
            self._durable.open(missed.opened)
        if missed.ref or missed.text:
            self._durable.note(out_track_id, ref=missed.ref, text=missed.text)
        if missed.closed:
            self._durable.close(out_track_id)
