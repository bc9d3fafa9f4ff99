"""POST /openai/v1/chat/completions: a question to the scripted AI, and its answer as a stream or whole."""

import asyncio
import time
from http import HTTPStatus
from uuid import uuid4

from aiohttp import web

from sandbox.capture import tell
from sandbox.event_stream import EventStream, Hurt
from sandbox.openai.answers import plan
from sandbox.openai.asked import Asked, asked_in
from sandbox.openai.call import Call
from sandbox.openai.chunks import KEEP_ALIVE, MODEL_FAILED, Completion
from sandbox.openai.refusal import RefusalError, json_response, not_allowed
from sandbox.strikes import proxy_page

_HEADERS = {"Cache-Control": "no-cache"}
_SILENCE_SECONDS = 86_400.0


async def chat_completions(call: Call) -> web.StreamResponse:
    """Answer a question."""
    asked = asked_in(call.body, call.gateway)
    turn = asked.questions
    if call.gateway.remembers and asked.user:
        turn = call.service.next_turn(call.gateway, asked.user)
    told = {"model": asked.model, "user": asked.user, "query": asked.query, "pictures": len(asked.pictures)}
    call.facts |= {**told, "messages": asked.messages, "turn": turn, "streaming": asked.streaming}
    completion = _completion(call, asked, turn)
    match completion.plan.status:
        case 0:
            return await (_stream if asked.streaming else _whole)(call, asked, completion)
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return not_allowed("GET")
        case HTTPStatus.BAD_GATEWAY:
            return proxy_page(HTTPStatus.BAD_GATEWAY)
        case status:
            raise RefusalError.plain(status)


def _completion(call: Call, asked: Asked, turn: int) -> Completion:
    told = plan(asked, call.gateway, turn)
    return Completion(
        id=f"chatcmpl-{uuid4().hex}",
        created=int(time.time()),
        model=asked.model,
        gateway=call.gateway,
        plan=told,
        prompt_tokens=len(told.script.pieces(asked.system + asked.query)),
        with_usage=asked.with_usage,
    )


async def _stream(call: Call, asked: Asked, completion: Completion) -> web.StreamResponse:
    fault = call.service.faults.take("openai.stream", app=call.gateway.name, user=asked.user)
    if fault:
        tell(call.request, fault=True)
    script = completion.plan.script
    orders = dict(fault.params) if fault else {}
    if script.hurt in {"cut", "torn"}:
        orders[script.hurt] = 1 + max(1, len(completion.plan.pieces()) // 2)  # the first chunk names the role only
    out = EventStream(call.request, _HEADERS, Hurt.ordered(orders))
    ended = False
    call.note(HTTPStatus.OK)
    try:
        if orders.get("pings") or script.hurt == "pings":
            await _wait(out, time.monotonic() + _SILENCE_SECONDS, call.gateway.ping_seconds)
        else:
            ended = await _play(out, completion, call.gateway.ping_seconds)
        await out.close()
    finally:
        call.service.records.add("openai", "stream.closed", app=call.gateway.name, by=out.closed_by or "client")
        _note_answer(call, asked, completion, "failed" if script.error else "succeeded" if ended else "aborted")
    return out.response


async def _whole(call: Call, asked: Asked, completion: Completion) -> web.StreamResponse:
    await asyncio.sleep(completion.seconds())
    if code := completion.plan.script.error:
        raise RefusalError(HTTPStatus.INTERNAL_SERVER_ERROR, MODEL_FAILED, code=code)
    _note_answer(call, asked, completion, "succeeded")
    return json_response(completion.whole())


async def _play(out: EventStream, completion: Completion, ping_seconds: float) -> bool:
    """Send everything in time, each wait reckoned from the last one's end so that no delay adds up; whether it all went."""
    due = time.monotonic()
    for step in completion.steps():
        if isinstance(step, bytes):
            await out.send(step)
        else:
            due += step
            await _wait(out, due, ping_seconds)
        if not out.alive():
            return False
    return True


async def _wait(out: EventStream, due: float, ping_seconds: float) -> None:
    """Wait in silence but for a comment now and then; at least the others get their turn."""
    await asyncio.sleep(0)
    while (left := due - time.monotonic()) > 0 and out.alive():
        await asyncio.sleep(min(left, ping_seconds))
        if left > ping_seconds:
            await out.send(KEEP_ALIVE)


def _note_answer(call: Call, asked: Asked, completion: Completion, status: str) -> None:
    told = {"text": completion.plan.script.text, "status": status, "user": asked.user}
    call.service.records.add("openai", "answer", app=call.gateway.name, **told)
