"""What was said before: conversations, their messages, feedback, suggestions, and the detail of a run."""

import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

from sandbox.dify.call import Call
from sandbox.dify.errors import RefusalError, invalid_param, not_found
from sandbox.dify.events import Event
from sandbox.dify.files import signed_url
from sandbox.dify.memory import Conversation, Message

_CHAT_KINDS = {"chat", "agent-chat", "advanced-chat"}
_NO_PARENT = "00000000-0000-0000-0000-000000000000"
_RATINGS = ("like", "dislike", None)


async def messages(call: Call) -> web.Response:
    """GET /v1/messages: the newest page, newest first; `first_id` pages to older ones."""
    _check_chat(call)
    wanted = call.request.query.get("conversation_id", "")
    conversation = _conversation(call, wanted)
    told = list(reversed(conversation.messages))
    if first := call.request.query.get("first_id"):
        places = [place for place, message in enumerate(told) if message.id == first]
        if not places:
            raise not_found("First Message Not Exists.")
        told = told[places[0] + 1 :]
    limit = call.limit()
    page = [_message_item(call, message) for message in told[:limit]]
    return call.answer({"limit": limit, "has_more": len(told) > limit, "data": page})


async def conversations(call: Call) -> web.Response:
    """GET /v1/conversations: the user's own, last used first; `last_id` pages on."""
    _check_chat(call)
    user, limit = call.user(), call.limit()
    every = call.service.memory.conversations.all()
    own = [one for one in every if (one.api_key, one.user) == (call.app.api_key, user)]
    own.sort(key=lambda one: one.updated_at, reverse=True)
    if last := call.request.query.get("last_id"):
        places = [place for place, one in enumerate(own) if one.id == last]
        if not places:
            raise not_found("Last Conversation Not Exists.")
        own = own[places[0] + 1 :]
    page = [_conversation_item(call, one) for one in own[:limit]]
    return call.answer({"limit": limit, "has_more": len(own) > limit, "data": page})


async def delete(call: Call) -> web.Response:
    """DELETE /v1/conversations/{id}: 200 with a body until 1.1, then 204."""
    _check_chat(call)
    conversation = _conversation(call, call.request.match_info["conversation_id"])
    call.service.memory.forget_conversation(conversation.id)
    if call.profile.delete_status == HTTPStatus.NO_CONTENT:
        return web.Response(status=HTTPStatus.NO_CONTENT)
    return call.answer({"result": "success"}, status=call.profile.delete_status)


async def rename(call: Call) -> web.Response:
    """POST /v1/conversations/{id}/name."""
    _check_chat(call)
    conversation = _conversation(call, call.request.match_info["conversation_id"])
    name = call.body.get("name")
    if not call.body.get("auto_generate") and not name:
        raise invalid_param("name is required when auto_generate is false")
    conversation.name, conversation.names_itself = str(name) if name else conversation.title(), False
    conversation.updated_at = int(time.time())
    return call.answer(_conversation_item(call, conversation))


async def feedback(call: Call) -> web.Response:
    """POST /v1/messages/{id}/feedbacks: like, dislike, or null to take it back."""
    message = _message(call)
    rating = call.body.get("rating")
    if rating not in _RATINGS:
        raise invalid_param("rating must be like, dislike or null")
    message.rating = rating
    return call.answer({"result": "success"})


async def suggested(call: Call) -> web.Response:
    """GET /v1/messages/{id}/suggested: three questions that could follow."""
    _check_chat(call)
    message = _message(call)
    if not call.app.suggestions:
        raise RefusalError(400, "bad_request", "Suggested Questions Is Disabled.")
    short = message.query.strip()[:12]
    return call.answer(
        {"result": "success", "data": [*message.questions] or [f"再说说“{short}”？", "能举个例子吗？", "What comes next?"]}
    )


async def run_detail(call: Call) -> web.Response:
    """GET /v1/workflows/run/{id}: inputs as a JSON string, outputs as one too until 1.12."""
    kinds = {"workflow", "advanced-chat"} if call.profile.run_of_chatflow else {"workflow"}
    if call.app.kind not in kinds:
        raise RefusalError(400, "not_workflow_app", "Please check if your app mode matches the right API route.")
    run = call.service.memory.runs.get(call.request.match_info["run_id"])
    if run is None or run.api_key != call.app.api_key:
        if call.profile.run_404:
            raise not_found("Workflow run not found.")
        names = "id workflow_id status inputs outputs error total_steps total_tokens created_at finished_at elapsed_time"
        return call.answer(dict.fromkeys(names.split()))
    outputs: Any = run.outputs if call.profile.run_outputs_object else json.dumps(run.outputs, ensure_ascii=False)
    return call.answer(
        {
            "id": run.id,
            "workflow_id": call.app.workflow_id,
            "status": run.status,
            "inputs": json.dumps(run.inputs, ensure_ascii=False),
            "outputs": outputs,
            "error": run.error,
            "total_steps": run.total_steps,
            "total_tokens": run.total_tokens,
            "created_at": run.created_at,
            "finished_at": run.finished_at,
            "elapsed_time": run.elapsed_time,
        }
    )


def _check_chat(call: Call) -> None:
    if call.app.kind not in _CHAT_KINDS:
        raise RefusalError(400, "not_chat_app", "Please check if your app mode matches the right API route.")


def _conversation(call: Call, conversation_id: str) -> Conversation:
    found = call.service.memory.conversation(conversation_id, call.app, call.user())
    if found is None:
        raise not_found("Conversation Not Exists.")
    return found


def _message(call: Call) -> Message:
    user = call.user(required=True)
    found = call.service.memory.message(call.request.match_info["message_id"], call.app, user)
    if found is None:
        raise not_found("Message Not Exists.")
    return found


def _conversation_item(call: Call, conversation: Conversation) -> Event:
    return {
        "id": conversation.id,
        "name": conversation.name,
        "inputs": conversation.inputs,
        "status": "normal",
        "introduction": call.app.opening_statement,
        "created_at": conversation.created_at,
        "updated_at": conversation.updated_at,
    }


def _message_item(call: Call, message: Message) -> Event:
    item: Event = {
        "id": message.id,
        "conversation_id": message.conversation_id,
        "parent_message_id": _NO_PARENT,
        "inputs": message.inputs,
        "query": message.query,
        "answer": message.answer,
        "message_files": [
            *(_file_item(call, file, "user") for file in message.files),
            *(_file_item(call, file, "assistant") for file in message.made),
        ],
        "feedback": {"rating": message.rating} if message.rating else None,
        "retriever_resources": message.sources,
        "created_at": message.created_at,
        "agent_thoughts": [_thought_item(message, thought) for thought in message.thoughts],
        "status": message.status,
        "error": message.error,
    }
    tokens = len(message.answer)
    extras = {"extra_contents": [], "message_tokens": 12, "answer_tokens": tokens, "total_tokens": 12 + tokens}
    extras |= {"provider_response_latency": 0.1, "total_price": "0", "currency": "USD"}
    return {**item, **{name: extras[name] for name in call.profile.message_extras}}


def _file_item(call: Call, file: Mapping[str, Any], belongs_to: str) -> Event:
    kept = call.service.memory.uploads.get(file.get("upload_file_id") or file["related_id"])
    return {
        "id": file["related_id"],
        "filename": file["filename"],
        "type": file["type"],
        "url": signed_url(call.service, kept) if kept else file["url"],
        "mime_type": file["mime_type"],
        "size": file["size"],
        "transfer_method": file["transfer_method"],
        "belongs_to": belongs_to,
        "upload_file_id": file.get("upload_file_id"),
    }


def _thought_item(message: Message, thought: Event) -> Event:
    names = ("id", "position", "thought", "observation", "tool", "tool_labels", "tool_input")
    told = {name: thought[name] for name in names}
    files = thought["message_files"]
    return {**told, "message_id": message.id, "chain_id": None, "created_at": message.created_at, "files": files}
