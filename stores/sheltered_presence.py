"""What processes know of each other, never raising: through the durable store, or nothing while it cannot be reached."""

from collections.abc import Callable

from stores.base import Buckets, Presence, Signal, Signals
from stores.shelter import Shelter


class ShelteredPresence:
    """A process is there in an outage, too; afterwards it learns whether others have taken it for gone.

    `came_back` is called when they have, within the call that noticed: the durable store answers then, or raises.
    """

    def __init__(self, shelter: Shelter, durable: Presence, came_back: Callable[[], None]) -> None:
        self._shelter, self._durable, self._came_back = shelter, durable, came_back
        self._was_gone = self._left = False
        # What is written as an absent process's would fall to the others at once.
        self._missed = shelter.notes(self._write, 1, first=True)

    def renew(self) -> bool:
        """Say that this process is there; False when it was taken for gone meanwhile, which an outage tells afterwards."""

        def durable() -> bool:
            self._renew()
            was_gone, self._was_gone = self._was_gone, False
            return not was_gone

        def memory() -> bool:
            self._missed.put(None, None)
            return True

        return self._shelter.call(durable, memory)

    def look(self) -> None:
        """Find out which processes are gone; in an outage nobody can tell."""
        self._shelter.call(self._durable.look, lambda: None)

    def leave(self) -> None:
        """Say that this process ends, and never renew again; in an outage the others find out by themselves."""

        def memory() -> None:
            self._left = True

        def durable() -> None:
            self._left = True
            self._durable.leave()

        self._shelter.call(durable, memory)

    def _renew(self) -> None:
        if not self._left and not self._durable.renew():
            self._was_gone = True
            self._came_back()

    def _write(self, _: None, __: None) -> None:
        self._renew()


class ShelteredSignals:
    """Signals that are sent in an outage are lost."""

    def __init__(self, shelter: Shelter, durable: Signals) -> None:
        self._shelter, self._durable = shelter, durable

    def send(self, signal: Signal) -> None:
        """Let all other processes know, soon, unless it is an outage."""
        self._shelter.call(lambda: self._durable.send(signal), lambda: None)

    def listen(self, receive: Callable[[Signal], None]) -> None:
        """From now on, call this for what others send; the durable store's thread survives outages by itself."""
        self._durable.listen(receive)


class ShelteredBuckets:
    """In an outage there is room: what each process allows itself is all that counts then."""

    def __init__(self, shelter: Shelter, durable: Buckets) -> None:
        self._shelter, self._durable = shelter, durable

    def take(self, name: str, room: int, seconds: float) -> float:
        """Take room for one call, of `room` in any `seconds`; return 0, or the seconds until there is some (none is taken)."""
        return self._shelter.call(lambda: self._durable.take(name, room, seconds), lambda: 0.0)
