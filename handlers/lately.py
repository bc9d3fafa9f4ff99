"""What happened within the last minutes, in bounded memory: what was met, and how often somebody came. Takes the time in."""

from collections import OrderedDict, deque
from collections.abc import Hashable

_MINUTE = 60.0


class Lately:
    """Remembers what it met for `seconds`, and `most` things at most: beyond that the oldest is forgotten."""

    def __init__(self, seconds: float, most: int) -> None:
        self._seconds, self._most = seconds, most
        self._met: OrderedDict[Hashable, float] = OrderedDict()

    def has(self, thing: Hashable, now: float) -> bool:
        """Return whether it was met within the last `seconds`."""
        met = self._met.get(thing)
        return met is not None and now - met < self._seconds

    def meet(self, thing: Hashable, now: float) -> bool:
        """Remember it from now on; return whether that is news. What is remembered keeps its time."""
        if self.has(thing, now):
            return False
        self._met[thing] = now
        self._met.move_to_end(thing)
        while len(self._met) > self._most or now - next(iter(self._met.values())) >= self._seconds:
            self._met.popitem(last=False)
        return True


class PerMinute:
    """Allows each of at most `most` people so many times in any 60 seconds; 0 is no limit."""

    def __init__(self, limit: int, most: int) -> None:
        self._limit, self._most = limit, most
        self._times: OrderedDict[str, deque[float]] = OrderedDict()  # who came last stands last

    def wait(self, who: str, now: float) -> float:
        """Return the seconds until they may come again; 0 when they may come now."""
        times = self._times.get(who)
        return max(0.0, times[0] + _MINUTE - now) if times and len(times) == self._limit else 0.0

    def come(self, who: str, now: float) -> None:
        """Count them once."""
        if not self._limit:
            return
        self._times.setdefault(who, deque(maxlen=self._limit)).append(now)
        self._times.move_to_end(who)
        while len(self._times) > self._most or now - next(iter(self._times.values()))[-1] >= _MINUTE:
            self._times.popitem(last=False)
