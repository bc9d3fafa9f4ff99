"""What a worker's stream tells of a run that never began: nothing at all, or an invented failure."""

import time
from collections.abc import Iterator
from typing import Any

from sandbox.dify import events
from sandbox.dify.turn import Outcome, Turn
from sandbox.scripted.script import Step


class StillbornTelling:
    """A streamed chatflow or workflow whose inputs the worker refuses after HTTP has already said 200."""

    def __init__(self, turn: Turn, error: str) -> None:
        self._turn = turn
        self._error = error
        self.hushed = not turn.app.profile.synthetic

    def steps(self) -> Iterator[Step]:
        """Silence until 1.15, then a synthetic failed run that names the error."""
        if not self.hushed:
            yield from synthetic_failure(self._turn, self._error)

    def stopped(self) -> Iterator[bytes]:
        """There is nothing to stop."""
        yield from ()

    def outcome(self) -> Outcome:
        """It failed."""
        return Outcome(status="failed", code="invalid_param", error=self._error)


def synthetic_failure(turn: Turn, error: str) -> Iterator[bytes]:
    """The failed run that 1.15 and later invent for a worker's stream that ended without one.

    It knows nothing of a conversation or message, and its run id is the task's.
    """
    ids = events.Ids(task_id=turn.ids.task_id, created_at=int(time.time()), workflow_run_id=turn.ids.task_id)
    profile, app = turn.app.profile, turn.app
    yield turn.frames.event(events.workflow_started(ids, profile, app.workflow_id, turn.run_number, {}))
    outcome: dict[str, Any] = dict.fromkeys(("elapsed_time", "total_tokens", "total_steps"), 0)
    outcome |= {"status": "failed", "outputs": {}, "error": error, "finished_at": ids.created_at, "files": []}
    by = {"id": turn.end_user_id, "user": turn.user}
    data = events.run_end(ids, profile, app.workflow_id, turn.run_number, by, outcome=outcome)
    yield turn.frames.event(ids.graph_event("workflow_finished", data))
