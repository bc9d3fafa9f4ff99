"""What the sandbox records, nothing lost: its memory of facts is bounded, so it is read as it goes."""

from typing import Any

from sandbox.client import SandboxClient

_FAR_BEHIND = 5_000  # records, of the 20,000 that the sandbox keeps; reading costs it time, so not sooner


class RecordsLost(Exception):
    """The sandbox forgot records before they were read."""


class Tape:
    """The records from its making on, in order: those after the sequence number `begins`."""

    def __init__(self, sandbox: SandboxClient) -> None:
        self._sandbox = sandbox
        self._read: list[dict[str, Any]] = []
        self.begins = self._after = sandbox.last()

    def keep_up(self) -> None:
        """Read on if there is much unread."""
        if self._sandbox.last() - self._after > _FAR_BEHIND:
            self.records()

    def records(self) -> list[dict[str, Any]]:
        """Return everything until now; RecordsLost if a record between is gone."""
        for record in self._sandbox.records(self._after):
            if record["seq"] != self._after + 1:
                raise RecordsLost(f"the sandbox forgot the records {self._after + 1} to {record['seq'] - 1}")
            self._after = record["seq"]
            self._read.append(record)
        return self._read
