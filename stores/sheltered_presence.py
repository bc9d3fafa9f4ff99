"""What processes know of each other, never raising: through the durable store, or nothing while it cannot be reached."""

from collections.abc import Callable

from stores.base import Buckets, Presence, Signal, Signals
from stores.shelter import Shelter


class ShelteredPresence:
    """A process is there in an outage, too; afterwards it learns whether others have taken it for gone.

    `came_back` is called when they have, while no call is under way: the durable store answers then, or raises.
    """

    def __init__(self, shelter: Shelter, durable: Presence, came_back: Callable[[], None]) -> None:
        self._shelter, self._durable, self._came_back = shelter, durable, came_back
        self._was_gone = self._left = False
        shelter.begin_by(self._renew)  # what is written as an absent process's would fall to the others at once

    def renew(self) -> bool:
        """Say that this process is there; False when it was taken for gone meanwhile, which an outage tells afterwards."""

        def durable() -> bool:
            self._renew()
            was_gone, self._was_gone = self._was_gone, False
            return not was_gone

        # Alone, for what this process has is told again as it stands: nothing of it may change or end meanwhile.
        return self._shelter.call_alone(durable, lambda: True)

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

        self._shelter.call_alone(durable, memory)  # a renewal beside it could come later

    def _renew(self) -> None:
        if not self._left and not self._durable.renew():
            self._was_gone = True
            self._came_back()


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
