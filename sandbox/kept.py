"""The one bounded store of the sandbox: the last things by key, so many of them and so much text together."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

_SMALL = 8  # of a number, or of what is nested in something


class Kept(Generic[K, V]):
    """At most `most` things, and at most `most_weight` together by what `weigh` says of each; the oldest go first.

    The newest is kept however heavy it is. A thing that has grown is put again: it keeps its place and is weighed anew.
    """

    def __init__(self, most: int, most_weight: float = float("inf"), weigh: Callable[[V], int] = lambda _: 0) -> None:
        self._most = most
        self._most_weight = most_weight
        self._weigh = weigh
        self._weight = 0
        self._things: dict[K, tuple[V, int]] = {}

    def put(self, key: K, thing: V) -> list[V]:
        """Keep a thing; what had to go for it."""
        weight = self._weigh(thing)
        self._weight += weight - self._things.get(key, (thing, 0))[1]
        self._things[key] = (thing, weight)
        gone = []
        while len(self._things) > self._most or (self._weight > self._most_weight and len(self._things) > 1):
            oldest, dropped = next(iter(self._things.items()))
            self.drop(oldest)
            gone.append(dropped[0])
        return gone

    def put_last(self, key: K, thing: V) -> list[V]:
        """Keep a thing as the newest, wherever it stood."""
        self.drop(key)
        return self.put(key, thing)

    def get(self, key: K) -> V | None:
        """The thing of this key, if it is still there."""
        found = self._things.get(key)
        return found[0] if found else None

    def drop(self, key: K) -> bool:
        """Forget a thing; False if it was not there."""
        gone = self._things.pop(key, None)
        self._weight -= gone[1] if gone else 0
        return gone is not None

    def all(self) -> list[V]:
        """Everything kept, oldest first."""
        return [thing for thing, _ in self._things.values()]

    def __len__(self) -> int:
        """How many things are kept."""
        return len(self._things)


def weight(thing: Any) -> int:
    """About how much of an answer or of memory a JSON value takes: its characters or bytes, and a little for the rest."""
    if isinstance(thing, str | bytes):
        return len(thing)
    if isinstance(thing, Mapping):
        return sum(len(name) + weight(value) + _SMALL for name, value in thing.items())
    if isinstance(thing, list | tuple):
        return sum(weight(each) + _SMALL for each in thing)
    return _SMALL
