"""The calls that make an answer: chat-messages, completion-messages, workflows/run, and their stop."""

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from aiohttp import web

from sandbox.dify import inputs, references, shows
from sandbox.dify.asked import Asked, asked_in
from sandbox.dify.call import Call
from sandbox.dify.chat import AgentTelling, ChatTelling
from sandbox.dify.deliver import block, stream
from sandbox.dify.errors import RefusalError, invalid_param, not_found
from sandbox.dify.events import Event, Ids
from sandbox.dify.files import made_file
from sandbox.dify.frames import Frames
from sandbox.dify.graph import GraphTelling
from sandbox.dify.memory import Conversation, Message, Run, Task, end_user_id
from sandbox.dify.stillborn import StillbornTelling
from sandbox.dify.turn import Telling, Turn
from sandbox.scripted import answers
from sandbox.scripted.script import Script

_MADE = re.compile(r"\(made:([\w.]+)\)")
_CHAT_KINDS = {"chat", "agent-chat", "advanced-chat"}
_TELLINGS: dict[str, type[ChatTelling | GraphTelling]] = {
    "chat": ChatTelling,
    "completion": ChatTelling,
    "agent-chat": AgentTelling,
    "advanced-chat": GraphTelling,
    "workflow": GraphTelling,
}


async def chat_messages(call: Call) -> web.StreamResponse:
    """POST /v1/chat-messages."""
    _check_kind(call, _CHAT_KINDS, "not_chat_app")
    asked = asked_in(call, "ChatRequestPayload", in_conversation=True)
    if call.app.kind == "agent-chat" and not asked.streaming:
        raise invalid_param("Agent Chat App does not support blocking mode")
    return await _generate(call, asked)


async def completion_messages(call: Call) -> web.StreamResponse:
    """POST /v1/completion-messages."""
    if call.app.kind != "completion" and call.profile.disconnect_aborts:
        raise RefusalError(400, "app_unavailable", "App unavailable, please check your app configurations.")
    _check_kind(call, {"completion"}, "not_completion_app")
    return await _generate(call, asked_in(call, "CompletionRequestPayload"))


async def run_workflow(call: Call) -> web.StreamResponse:
    """POST /v1/workflows/run, and since 1.7.2 /v1/workflows/{workflow_id}/run."""
    if "workflow_id" in call.request.match_info and not call.profile.pins_workflows:
        raise not_found("The requested URL was not found on the server.")
    _check_kind(call, {"workflow"}, "not_workflow_app")
    return await _generate(call, asked_in(call, "WorkflowRunPayload"))


async def stop(call: Call) -> web.Response:
    """POST .../{task_id}/stop: always a success, and only the starter's own call has an effect."""
    user, workflow = call.user(required=True), "/workflows/" in call.request.path
    if workflow:
        _check_kind(call, {"workflow"}, "not_workflow_app")
    elif "/completion-messages/" in call.request.path:
        _check_kind(call, {"completion"}, "not_completion_app")
    else:
        _check_kind(call, _CHAT_KINDS, "not_chat_app")
    task = call.service.memory.tasks.get(call.request.match_info["task_id"])
    anyone = workflow and call.profile.workflow_stop_any_user
    if task and task.api_key == call.app.api_key and (task.user == user or anyone):
        task.stopped = True
        call.service.records.add("dify", "stopped", app=call.app.name, task_id=task.id)
    return call.answer({"result": "success"})


async def _generate(call: Call, asked: Asked) -> web.StreamResponse:
    """Begin the answer and wait for it; it goes on by itself when the caller leaves."""
    _check_slots(call)
    if asked.streaming and (order := call.service.faults.take("dify.stream", app=call.app.name, user=asked.user)):
        call.stream_orders = order.params
    turn, telling = _begin(call, asked)
    task = Task(turn.ids.task_id, call.app.api_key, asked.user)
    memory, active = call.service.memory, call.service.active
    memory.tasks.put(task.id, task)
    active[call.app.api_key] += 1

    def ended(_: object) -> None:
        memory.tasks.drop(task.id)
        memory.weigh(turn.ids.message_id, turn.ids.workflow_run_id)
        active[call.app.api_key] -= 1

    answering = call.service.start((stream if asked.streaming else block)(call, turn, telling, task))
    answering.add_done_callback(ended)
    return await asyncio.shield(answering)


def _begin(call: Call, asked: Asked) -> tuple[Turn, Telling]:
    """The turn and its telling; a refusal is raised, or told in the stream where a worker finds out too late."""
    in_worker = asked.streaming and call.app.is_graph and call.profile.worker
    try:
        turn = _turn(call, asked)
    except RefusalError as refusal:
        if not in_worker or (refusal.status == HTTPStatus.NOT_FOUND and call.profile.eager_conversation):
            raise
        turn = _bare_turn(call, asked, asked.query, None)
        return turn, StillbornTelling(turn, refusal.message)
    return turn, _TELLINGS[call.app.kind](turn)


def _turn(call: Call, asked: Asked) -> Turn:
    app, memory, profile = call.app, call.service.memory, call.profile
    conversational = app.kind in _CHAT_KINDS
    if conversational and not asked.query.strip():
        raise invalid_param("query is required")
    known = _conversation(call, asked) if conversational else None
    given = known.inputs if known and profile.frozen_inputs else asked.inputs
    checked = inputs.checked(app.form, given, profile, _file_check(call, asked.user))
    sent = references.sent_files(call, asked.files, asked.user)
    now = int(time.time())
    if conversational and known is None:
        known = Conversation(str(uuid4()), app.api_key, asked.user, checked, now, now, names_itself=asked.names_conversation)
        memory.conversations.put(known.id, known)
    question = asked.question(app.kind, checked)
    turn = _bare_turn(call, asked, question, known)
    ids, user = turn.ids, asked.user
    message: Message | None = None
    if ids.message_id:
        message = Message(ids.message_id, app.api_key, user, ids.conversation_id, turn.query, checked, now, sent)
        memory.ask(message, known)
    if app.is_graph:
        run_id = str(ids.workflow_run_id)
        memory.runs.put(run_id, Run(run_id, app.api_key, checked, now))
    script = _script(call, question, known, len(sent))
    script, made = _with_files(call, script, user)
    if message:
        message.made, message.questions = made, script.questions
    return replace(turn, inputs=checked, sent_files=sent, made_files=made, script=script)


def _file_check(call: Call, user: str) -> inputs.CheckFile:
    def check(reference: Mapping[str, Any], variable: Mapping[str, Any], *, alone: bool) -> Event:
        return references.sent_file(call, reference, variable, user, strict=alone and call.app.is_graph)

    return check


def _with_files(call: Call, script: Script, user: str) -> tuple[Script, list[Event]]:
    """The script with true addresses in its text, and the files that it makes."""
    text = script.text
    for name in set(_MADE.findall(text)):
        text = text.replace(f"(made:{name})", f"({made_file(call.service, call.app, user, name)['url']})")
    return replace(script, text=text), [made_file(call.service, call.app, user, name) for name in script.makes]


def _bare_turn(call: Call, asked: Asked, question: str, conversation: Conversation | None) -> Turn:
    app = call.app
    ids = Ids(
        task_id=str(uuid4()),
        created_at=int(time.time()),
        message_id=None if app.kind == "workflow" else str(uuid4()),
        conversation_id=conversation.id if conversation else None,
        workflow_run_id=str(uuid4()) if app.is_graph else None,
    )
    return Turn(
        app=app,
        frames=Frames(app.profile),
        ids=ids,
        script=_script(call, question, conversation, 0),
        user=asked.user,
        end_user_id=end_user_id(app, asked.user),
        query=question,
        inputs={},
        run_number=call.service.memory.next_run_number(app),
        dialogue_count=conversation.turns if conversation else 0,
    )


def _script(call: Call, question: str, conversation: Conversation | None, images: int) -> Script:
    turn = max(1, conversation.turns) if conversation else None
    app = call.app
    rate, chunk = app.tokens_per_second, app.chunk_chars
    question += "[[u2028]]" if call.stream_orders.get("u2028") else ""
    shown = shows.script(question, kind=app.kind, app=app.name, rate=rate, chunk=chunk)
    return shown or answers.script(question, turn=turn, rate=rate, chunk=chunk, images=images)


def _conversation(call: Call, asked: Asked) -> Conversation | None:
    if not asked.conversation_id:
        return None
    found = call.service.memory.conversation(asked.conversation_id, call.app, asked.user)
    if found is None:
        raise not_found("Conversation Not Exists.")
    return found


def _check_kind(call: Call, kinds: set[str], code: str) -> None:
    if call.app.kind not in kinds:
        raise RefusalError(400, code, "Please check if your app mode matches the right API route.")


def _check_slots(call: Call) -> None:
    """An app may have a limit of answers under way."""
    app = call.app
    if app.max_active_requests and call.service.active[app.api_key] >= app.max_active_requests:
        message = (
            "Too many requests. Please try again later. "
            f"The current maximum concurrent requests allowed for {app.id} is {app.max_active_requests}."
        )
        raise RefusalError(429, "too_many_requests", message)
