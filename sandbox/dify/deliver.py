"""An answer on its way out: as an event stream, or as one body when it is complete; and into memory either way."""

import time
from dataclasses import replace

from aiohttp import web

from sandbox.capture import tell
from sandbox.dify.call import Call
from sandbox.dify.citations import cited
from sandbox.dify.errors import RefusalError, model_status, version_headers
from sandbox.dify.events import Event, metadata, run_end, usage
from sandbox.dify.memory import Task
from sandbox.dify.play import Nobody, Player
from sandbox.dify.turn import Outcome, Telling, Turn
from sandbox.event_stream import EventStream, Hurt


async def stream(call: Call, turn: Turn, telling: Telling, task: Task) -> web.StreamResponse:
    """Answer with an event stream."""
    if call.stream_orders:
        tell(call.request, fault=True)
    only_pings = turn.script.hurt == "pings" or bool(call.stream_orders.get("pings"))
    out = EventStream(call.request, version_headers(call.profile), _hurt(call, turn))
    audience = RecordedStream(call, out) if call.app.record_events else out
    in_process = not call.app.is_graph
    mortal = call.profile.disconnect_aborts and in_process
    player = Player(call.app, task, audience, turn.frames.ping, mortal=mortal)
    try:
        call.note(200)
        if call.profile.worker and not in_process:
            await audience.send(turn.frames.ping)
        lived = await player.play(telling, only_pings=only_pings)
        _remember(call, turn, telling.outcome(), aborted=not lived)
        await out.close()
    finally:
        call.service.records.add("dify", "stream.closed", app=call.app.name, by=out.closed_by or "server")
    return out.response


class RecordedStream:
    """An event stream of which every frame leaves a record; dear at full load, so only on an app's own wish."""

    def __init__(self, call: Call, out: EventStream) -> None:
        self._call = call
        self._out = out

    async def send(self, frame: bytes) -> None:
        """Write one frame and record its event's name."""
        await self._out.send(frame)
        name = frame.partition(b'"event":')[2].lstrip().partition(b",")[0].strip(b'"').decode() or "ping"
        self._call.service.records.add("dify", "stream.event", app=self._call.app.name, event=name)

    def alive(self) -> bool:
        """Whether anybody still listens."""
        return self._out.alive()


async def block(call: Call, turn: Turn, telling: Telling, task: Task) -> web.Response:
    """Answer with one body, after as long as a stream would take."""
    begun = time.monotonic()
    player = Player(call.app, task, Nobody(), b"")
    await player.play(telling, only_pings=turn.script.hurt == "pings")
    outcome = telling.outcome()
    _remember(call, turn, outcome, aborted=False)
    latency = time.monotonic() - begun
    if call.app.kind == "workflow":
        return call.answer(_workflow_body(call, turn, outcome, latency))
    if outcome.status == "failed":
        if call.app.is_graph:
            raise RefusalError(400, "invalid_param", f"Run failed: {outcome.error}")
        raise RefusalError(model_status(outcome.code), outcome.code, outcome.error or "")
    return call.answer(_message_body(call, turn, outcome, latency))


def _message_body(call: Call, turn: Turn, outcome: Outcome, latency: float) -> Event:
    ids = turn.ids
    body: Event = {"event": "message", "task_id": ids.task_id, "id": ids.message_id, "message_id": ids.message_id}
    if ids.conversation_id:
        body["conversation_id"] = ids.conversation_id
    cost = usage(call.profile, len(outcome.text), latency, turn.script.first)
    told = metadata(call.profile, cost, sources=cited(call.app, turn.script.sources))
    mode = "advanced-chat" if call.app.is_graph else call.app.kind
    return {**body, "mode": mode, "answer": outcome.text, "metadata": told, "created_at": ids.created_at}


def _workflow_body(call: Call, turn: Turn, outcome: Outcome, latency: float) -> Event:
    facts = {
        "status": outcome.status,
        "outputs": outcome.outputs or {},
        "error": outcome.error,
        "elapsed_time": round(latency, 6),
        "total_tokens": len(outcome.text),
        "total_steps": outcome.steps,
        "finished_at": int(time.time()),
        "files": outcome.files,
    }
    by = {"id": turn.end_user_id, "user": turn.user}
    profile = replace(call.profile, sequence_number=False, exceptions_count=False)
    data = run_end(turn.ids, profile, call.app.workflow_id, turn.run_number, by, outcome=facts)
    told = {name: value for name, value in data.items() if name not in {"created_by", "files"}}
    return {"task_id": turn.ids.task_id, "workflow_run_id": turn.ids.workflow_run_id, "data": told}


def _remember(call: Call, turn: Turn, outcome: Outcome, *, aborted: bool) -> None:
    """Store what came out, and record it."""
    memory, ids = call.service.memory, turn.ids
    status = "aborted" if aborted else outcome.status
    if message := memory.messages.get(ids.message_id or ""):
        message.answer, message.thoughts = outcome.text, outcome.thoughts
        message.status, message.error = ("error", outcome.error) if status == "failed" else ("normal", None)
        message.sources = cited(call.app, turn.script.sources)
    if conversation := memory.conversations.get(ids.conversation_id or ""):
        conversation.take_title()
    if run := memory.runs.get(ids.workflow_run_id or ""):
        run.status, run.outputs, run.error = status, outcome.outputs, outcome.error
        run.total_steps, run.total_tokens = outcome.steps, len(outcome.text)
        run.finished_at, run.elapsed_time = int(time.time()), float(max(0, int(time.time()) - ids.created_at))
    named = {"workflow_run_id": ids.workflow_run_id} if call.app.kind == "workflow" else {"message_id": ids.message_id}
    call.service.records.add(
        "dify",
        "answer",
        app=call.app.name,
        **named,
        conversation_id=ids.conversation_id,
        text=outcome.text,
        status=status,
        user=turn.user,
    )


def _hurt(call: Call, turn: Turn) -> Hurt | None:
    """The damage that a fault or the question itself orders; a question is cut in the middle of its answer."""
    ordered = dict(call.stream_orders)
    if turn.script.hurt in {"cut", "torn"}:
        before_text = 4 if turn.app.is_graph else 0
        ordered[turn.script.hurt] = before_text + max(2, len(turn.script.pieces(turn.script.text)) // 2)
    return Hurt.ordered(ordered)
