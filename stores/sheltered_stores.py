"""All contracts of a store together: those that memory keeps, and a durable store's in its shelter."""

from dataclasses import dataclass

from stores.base import Stores
from stores.memory import MemoryCards, MemoryMeter, MemorySessions
from stores.memory_inbox import MemoryInbox, MemoryPresence, MemorySignals, MemoryTurns
from stores.shelter import Shelter
from stores.sheltered import DurableSessions, ShelteredMeter, ShelteredSessions
from stores.sheltered_cards import ShelteredCards
from stores.sheltered_inbox import ShelteredInbox, ShelteredTurns
from stores.sheltered_presence import ShelteredBuckets, ShelteredPresence, ShelteredSignals


@dataclass(frozen=True)
class MemoryStores(Stores):
    """What goes with the process."""

    sessions: MemorySessions
    inbox: MemoryInbox
    cards: MemoryCards
    turns: MemoryTurns
    meter: MemoryMeter


@dataclass(frozen=True)
class DurableStores(Stores):
    """What outlives the process; its contracts raise StoreUnavailable."""

    sessions: DurableSessions


def in_memory(remain_seconds: float) -> MemoryStores:
    """Return stores that go with the process, as they begin."""
    return MemoryStores(
        sessions=MemorySessions(remain_seconds),
        inbox=MemoryInbox(),
        cards=MemoryCards(),
        turns=MemoryTurns(),
        signals=MemorySignals(),
        meter=MemoryMeter(),
        presence=MemoryPresence(),
        buckets=None,
        trouble=lambda: "",
        close=lambda: None,
    )


def sheltered(shelter: Shelter, durable: DurableStores, memory: MemoryStores) -> Stores:
    """Return stores that never raise, with this process present in them; they close the shelter and the durable ones."""
    inbox = ShelteredInbox(shelter, durable.inbox, memory.inbox)
    turns = ShelteredTurns(shelter, durable.turns, memory.turns)

    cards = ShelteredCards(shelter, durable.cards, memory.cards)

    def came_back() -> None:
        inbox.tell_again()
        cards.tell_again()
        turns.join_again()

    presence = ShelteredPresence(shelter, durable.presence, came_back)

    def close() -> None:
        shelter.close()
        durable.close()

    presence.renew()  # before anything is kept as this process's
    return Stores(
        sessions=ShelteredSessions(shelter, durable.sessions, memory.sessions),
        inbox=inbox,
        cards=cards,
        turns=turns,
        signals=ShelteredSignals(shelter, durable.signals),
        meter=ShelteredMeter(shelter, durable.meter, memory.meter),
        presence=presence,
        buckets=ShelteredBuckets(shelter, durable.buckets) if durable.buckets else None,
        trouble=shelter.trouble,
        close=close,
    )
