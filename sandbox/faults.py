"""Faults as data: what the embedded platforms shall do wrong, where, how often."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

_MOST = 1_000
_LONGEST_DELAY = 3_600
_OLDEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """What a param may be, in words and as a check."""

    words: str
    fits: Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Point:
    """The facts that a fault at this point can match, and the params that it understands."""

    facts: frozenset[str]
    params: Mapping[str, Rule]


def _whole(least: int, most: int) -> Rule:
    return Rule(f"a whole number from {least} to {most}", lambda value: type(value) is int and least <= value <= most)


def _place(most: int) -> Rule:
    number = _whole(1, most)
    return Rule(f"true, or {number.words}", lambda value: value is True or number.fits(value))


_TEXT = Rule("a string", lambda value: isinstance(value, str))
_FLAG = Rule("true or false", lambda value: isinstance(value, bool))
_DELAY = Rule(
    f"a number of seconds from 0 to {_LONGEST_DELAY}",
    lambda value: type(value) in (int, float) and 0 <= value <= _LONGEST_DELAY,
)
_AGE = Rule(
    f"a number of seconds from -{_OLDEST} to {_OLDEST}",
    lambda value: type(value) in (int, float) and -_OLDEST <= value <= _OLDEST,
)
_STATUS = _whole(200, 599)
_CALL = {"delay": _DELAY, "drop": _FLAG, "status": _STATUS, "code": _TEXT, "message": _TEXT}
_HTML = {"html": Rule("true, false or a string", lambda value: isinstance(value, bool | str))}
_REFUSAL = {
    "body": Rule("an object", lambda value: isinstance(value, dict)),
    "errcode": _whole(-(10**9), 10**9),
    "errmsg": _TEXT,
    "late": _FLAG,
}

POINTS: Mapping[str, Point] = {
    "dingtalk.api": Point(frozenset({"client_id", "api", "out_track_id", "conversation_id"}), _CALL | _REFUSAL),
    "dingtalk.throttle": Point(frozenset({"client_id", "api"}), {"qps": _whole(1, 10**6)}),
    "dingtalk.deliver": Point(frozenset({"client_id", "space_id"}), {"errorMsg": _TEXT}),
    "dingtalk.stream": Point(frozenset({"client_id", "topic"}), {"delay": _DELAY, "drop": _FLAG, "copies": _whole(1, 100)}),
    "dingtalk.push": Point(
        frozenset({"client_id", "api"}),
        {"delay": _DELAY, "copies": _whole(1, 100), "sign": _TEXT, "age": _AGE, "body": _TEXT},
    ),
    "dingtalk.inbound": Point(frozenset({"client_id"}), {"errorCode": _whole(0, 10**9)}),
    "dify.http": Point(frozenset({"app", "method", "path"}), _CALL | _HTML),
    "dify.stream": Point(
        frozenset({"app", "user"}),
        dict.fromkeys(("cut", "torn", "rst", "merge"), _place(10**6))
        | {"huge": _place(64 * 10**6)}
        | dict.fromkeys(("split", "strange", "u2028", "pings"), _FLAG),
    ),
    "openai.http": Point(frozenset({"app", "method", "path"}), _CALL | _HTML),
    "openai.stream": Point(
        frozenset({"app", "user"}),
        dict.fromkeys(("cut", "torn", "rst", "merge"), _place(10**6))
        | {"huge": _place(64 * 10**6)}
        | dict.fromkeys(("split", "strange", "pings"), _FLAG),
    ),
    "codebuddy.http": Point(frozenset({"app"}), _CALL | _HTML | {"cut": _FLAG}),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One order to misbehave at a `point` such as "dingtalk.api", for the calls whose facts equal `match`.

    `times` counts how often it still strikes (None: until removed); what `params` mean is the point's business.
    """

    point: str
    match: Mapping[str, str] = field(default_factory=dict)
    times: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "Fault":
        """Read {"point", "match"?, "times"?, "params"?}; ValueError says what would never strike, or not as meant."""
        name, match = body.get("point"), body.get("match") or {}
        times, params = body.get("times"), body.get("params") or {}
        maps = isinstance(match, dict) and isinstance(params, dict)
        if not isinstance(name, str) or not maps or set(body) - {"point", "match", "times", "params"}:
            raise ValueError("a fault is {point, match?: {fact: text}, times?, params?: {...}}")
        point = POINTS.get(name)
        if point is None:
            raise ValueError(f"no point {name!r}; there are {', '.join(POINTS)}")
        if times is not None and not (type(times) is int and times > 0):
            raise ValueError("times is a whole number above 0, or null")
        for fact, value in match.items():
            if fact not in point.facts or not isinstance(value, str):
                raise ValueError(f"{name} matches texts of {', '.join(sorted(point.facts))}, not {fact}: {value!r}")
        for param, value in params.items():
            if param not in point.params:
                raise ValueError(f"{name} has no param {param!r}; there are {', '.join(point.params)}")
            if not point.params[param].fits(value):
                raise ValueError(f"{param} must be {point.params[param].words}, not {value!r}")
        return cls(name, match, times, params)

    def to_json(self) -> dict[str, Any]:
        """The fault as the control API shows it."""
        return asdict(self)


class Faults:
    """The standing faults, oldest first."""

    def __init__(self) -> None:
        self._standing: dict[str, Fault] = {}

    def put(
        self,
        point: str,
        match: Mapping[str, str] | None = None,
        times: int | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Fault:
        """Add a fault and return it with its new id."""
        return self.stand(Fault(point, dict(match or {}), times, dict(params or {})))

    def stand(self, fault: Fault) -> Fault:
        """Add a fault as it is; ValueError if there are too many."""
        if len(self._standing) >= _MOST:
            raise ValueError(f"{_MOST} faults are enough: take some back first")
        self._standing[fault.id] = fault
        return fault

    def take(self, point: str, **facts: str) -> Fault | None:
        """The oldest fault that strikes here and now, one strike of it used up; None if all shall go well."""
        for fault in self._standing.values():
            if fault.point == point and all(facts.get(name) == value for name, value in fault.match.items()):
                self._use_up(fault)
                return fault
        return None

    def remove(self, fault_id: str) -> bool:
        """Take the fault back; False if there is none of this id (any more)."""
        return self._standing.pop(fault_id, None) is not None

    def list(self) -> list[Fault]:
        """Every standing fault, oldest first."""
        return [*self._standing.values()]

    def _use_up(self, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times > 1:
            self._standing[fault.id] = replace(fault, times=fault.times - 1)
        else:
            del self._standing[fault.id]
