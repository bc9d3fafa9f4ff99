"""The troubles in effect: what a strike does to the sandbox, the processes and redis-server, and how often each one struck."""

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from chaos.bridge import Bridge
from chaos.redis_server import RedisServer
from chaos.storm import EVERYBODY, Strike
from chaos.tape import Tape
from chaos.troubles import Trouble
from sandbox.client import SandboxClient
from sandbox.switch_table import Order

_MANY: Final = 1_000_000  # a fault with so many strikes tells by those left how many there were
SETTLING: Final = 4.0  # seconds after an outage of Redis until all processes have noticed its end
_THROTTLE: Final = "dingtalk.throttle"  # is asked at each call, and refuses some


class Troubled:
    """Lets strikes begin and end. `struck` counts by name: a call that went wrong, a frame, a deed done."""

    def __init__(self, sandbox: SandboxClient, bridge: Bridge, redis: RedisServer | None, tape: Tape) -> None:
        self._sandbox, self._bridge, self._redis, self._tape = sandbox, bridge, redis, tape
        self._standing: dict[tuple[float, str], list[str]] = {}
        self.struck: Counter[str] = Counter()
        self.away: list[tuple[float, float]] = []  # from when to when (epoch seconds) Redis could not be reached

    def begin(self, strike: Strike) -> None:
        """Put up what it orders, or do its deed."""
        trouble, target = strike.trouble, strike.target
        match trouble.deed:
            case None:
                self._standing[strike.at, trouble.name] = [self._put_up(order, target) for order in trouble.orders]
            case "kill":
                self.struck[trouble.name] += self._bridge.kill(int(target))
            case "cut":
                self.struck[trouble.name] += bool(self._sandbox.cut(target))
            case "announce a disconnect":
                # The platform lets a bot's connections go one by one.
                chosen = min(self._tape.live[target], default="")
                self.struck[trouble.name] += bool(chosen and self._sandbox.disconnect(target, chosen))
            case "forget the token":
                self._sandbox.forget_token(target)
            case "stop redis" if self._redis:
                self.away.append((time.time(), math.inf))
                self.struck[trouble.name] += self._redis.pause()
            case "kill redis" if self._redis:
                self.away.append((time.time(), math.inf))
                self.struck[trouble.name] += self._redis.kill()

    def end(self, strike: Strike) -> None:
        """Take back what it put up; start again what it ended."""
        match strike.trouble.deed:
            case "kill":
                self._bridge.start(int(strike.target))
            case "stop redis" if self._redis:
                self._redis.resume()
                self._is_back()
            case "kill redis" if self._redis:
                self._redis.start()
                self._is_back()
        faults = self._standing.pop((strike.at, strike.trouble.name), [])
        if faults:
            left = {fault["id"]: fault["times"] for fault in self._sandbox.faults()}
            for fault_id in faults:
                self._sandbox.remove_fault(fault_id)
                if strike.trouble.orders[0].point != _THROTTLE:
                    self.struck[strike.trouble.name] += _MANY - left.get(fault_id, _MANY)

    def count(self, troubles: Sequence[Trouble]) -> Mapping[str, int]:
        """Return how often each of them struck, those of the tape too."""
        seen = {
            "rate_limit": sum(count for code, count in self._tape.refusals.items() if "QpsLimit" in code),
            "expired_token": self._tape.refusals["InvalidAuthentication"],
        }
        return {each.name: self.struck[each.name] or seen.get(each.name, 0) for each in troubles}

    @property
    def redis_is_away(self) -> bool:
        """Whether Redis cannot be reached, or could not until just now: then each process goes by what it knows itself."""
        return any(until + SETTLING > time.time() for _, until in self.away)

    def _is_back(self) -> None:
        self.away = [(began, min(until, time.time())) for began, until in self.away]

    def _put_up(self, order: Order, target: str) -> str:
        fact = "app" if order.point.startswith("dify.") else "client_id"
        match = dict(order.match) | ({} if target == EVERYBODY else {fact: target})
        return self._sandbox.put_fault(order.point, order.params, match=match, times=_MANY)
