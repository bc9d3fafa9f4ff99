"""Faults as data: what the embedded platforms shall do wrong, where, how often."""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any


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
        fault = Fault(point, dict(match or {}), times, dict(params or {}))
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
