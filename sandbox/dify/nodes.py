"""The events of one workflow node, as each version's engine tells them (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.dify.events import Event, Ids
from sandbox.dify.profiles import Profile


@dataclass(frozen=True, kw_only=True)
class Node:
    """One node's run, named after its type as in a new workflow; `place` counts from 1, `after` is the node before.

    `name` is its id and `title` what people call it, where there are several of a type.
    """

    execution_id: str
    kind: str
    place: int
    after: str | None
    branch: str | None = None  # the parallel branch in which it runs
    name: str = ""
    title: str = ""

    def started(self, ids: Ids, profile: Profile) -> Event:
        """The event node_started."""
        data = {**self._head(profile), "inputs": None}
        if profile.new_engine:
            data["inputs_truncated"] = False
        data |= {"created_at": ids.created_at, "extras": {}, **self._tail(profile)}
        if profile.parallel:
            data["parallel_run_id"] = None
        if profile.loop:
            data["agent_strategy"] = None
        return ids.graph_event("node_started", data)

    def finished(
        self,
        ids: Ids,
        profile: Profile,
        *,
        inputs: Mapping[str, Any] | None = None,
        details: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Any] | None = None,
        error: str | None = None,
        rescued: bool = False,
        seconds: float = 0.0001,
        tokens: int = 0,
    ) -> Event:
        """The event node_finished; `details` is Dify's process_data (prompts and all).

        An `error` makes it a failure, or where the outputs are the defaults that `rescued` it an exception.
        """
        cost = {"total_tokens": tokens, "total_price": "0", "currency": "USD"} if tokens else None
        data = self._head(profile)
        for name, value in (("inputs", inputs), ("process_data", details), ("outputs", outputs)):
            data[name] = value if value or not profile.new_engine else {}
            if profile.new_engine:
                data[f"{name}_truncated"] = False
        data |= {
            "status": "exception" if rescued else "failed" if error else "succeeded",
            "error": error,
            "elapsed_time": round(seconds, 6),
            "execution_metadata": {"error_strategy": "default-value"} if rescued else cost,
            "created_at": ids.created_at,
            "finished_at": ids.created_at + int(seconds),
            "files": [],
            **self._tail(profile),
        }
        return ids.graph_event("node_finished", data)

    def _head(self, profile: Profile) -> Event:
        return {
            "id": self.execution_id,
            "node_id": self.name or self.kind,
            "node_type": "template-transform" if self.kind == "template" else self.kind,
            "title": self.title or self.kind,
            "index": 1 if profile.new_engine else self.place,
            "predecessor_node_id": None if profile.new_engine else self.after,
        }

    def _tail(self, profile: Profile) -> Event:
        tail: Event = {}
        if profile.parallel:
            parallel = "fork" if self.branch else None
            tail |= {"parallel_id": parallel, "parallel_start_node_id": self.branch}
            tail |= {"parent_parallel_id": None, "parent_parallel_start_node_id": None}
        if profile.parallel or profile.new_engine:
            tail["iteration_id"] = None
        if profile.loop:
            tail["loop_id"] = None
        return tail


def branch_event(ids: Ids, name: str, branch: str, **more: Any) -> Event:
    """parallel_branch_started or parallel_branch_finished (0.8 to 1.8)."""
    data: Event = {"parallel_id": "fork", "parallel_branch_id": branch, "parent_parallel_id": None}
    data |= {"parent_parallel_start_node_id": None, "iteration_id": None, **more, "created_at": ids.created_at}
    return ids.graph_event(name, data)
