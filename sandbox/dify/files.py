"""Files: uploads, what the AI makes, and the signed addresses that serve them."""

import base64
import json
import time
from typing import Final
from uuid import uuid4

from aiohttp import BodyPartReader, hdrs, web

from sandbox.capture import tell_file
from sandbox.dify.apps import App
from sandbox.dify.call import Call, RequestHandler, Service
from sandbox.dify.errors import RefusalError, invalid_param
from sandbox.dify.events import Event
from sandbox.dify.memory import Upload, end_user_id
from sandbox.scripted import makes
from sandbox.served import file_headers

_MEGABYTE: Final = 1024 * 1024
_LIMITS: Final = {
    **dict.fromkeys(("jpg", "jpeg", "png", "webp", "gif", "svg"), 10),
    **dict.fromkeys(("mp4", "mov", "mpeg", "webm"), 100),
    **dict.fromkeys(("mp3", "m4a", "wav", "amr", "mpga"), 50),
}
_OTHER_LIMIT: Final = 15
_KINDS: Final = {"png": "image", "csv": "document"}  # of what the AI makes


async def upload(call: Call) -> web.Response:
    """POST /v1/files/upload: multipart with `file` and `user`; 201."""
    if call.request.content_type != "multipart/form-data":
        raise RefusalError(400, "no_file_uploaded", "Please upload your file.")
    user, name, mime_type, content, others = "", None, "", b"", 0
    async for part in await call.request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.name == "user" and not part.filename:
            user = await part.text()
        elif part.name == "file" and name is None:
            name, mime_type = part.filename, part.headers.get(hdrs.CONTENT_TYPE, "")
            content = await _read(part)
            tell_file(call.request, part.name, part.filename, len(content))
        elif part.filename and part.name not in {"file", "user"}:
            others += 1
    call.body = {"user": user} if user else {}
    if name is None:
        raise RefusalError(400, "no_file_uploaded", "Please upload your file.")
    if others:
        raise RefusalError(400, "too_many_files", "Only one file is allowed.")
    if not mime_type:
        raise RefusalError(415, "unsupported_file_type", "File type not allowed.")
    if not name:
        raise RefusalError(400, "filename_not_exists_error", "The specified filename does not exist.")
    if "/" in name or "\\" in name:
        raise invalid_param("Filename contains invalid characters")
    kept = Upload(str(uuid4()), call.app.api_key, call.user(), name, mime_type, content, int(time.time()))
    call.service.memory.uploads.put(kept.id, kept)
    return call.answer(_upload_answer(call, kept), status=201)


async def _read(part: BodyPartReader) -> bytes:
    """The part's bytes, up to what Dify takes of such a file."""
    extension = (part.filename or "").rpartition(".")[2].lower()
    most = _LIMITS.get(extension, _OTHER_LIMIT) * _MEGABYTE
    content = bytearray()
    while chunk := await part.read_chunk(65536):
        content += chunk
        if len(content) > most:
            raise RefusalError(413, "file_too_large", "File size exceeded.")
    return bytes(content)


def _upload_answer(call: Call, kept: Upload) -> Event:
    answer: Event = {
        "id": kept.id,
        "name": kept.name,
        "size": len(kept.content),
        "extension": kept.extension,
        "mime_type": kept.mime_type,
        "created_by": end_user_id(call.app, kept.user),
        "created_at": kept.created_at,
    }
    if call.profile.upload_extras:
        answer |= {"preview_url": None, "source_url": signed_url(call.service, kept), "original_url": None}
        answer |= {"user_id": None, "tenant_id": call.app.tenant_id, "conversation_id": None, "file_key": None}
        if call.profile.metadata_reasoning:
            answer["reference"] = None
    return answer


def signed_url(service: Service, kept: Upload) -> str:
    """The file's address, relative as on a server without FILES_URL."""
    path = f"/files/tools/{kept.id}.{kept.extension}" if kept.tool else f"/files/{kept.id}/file-preview"
    return f"{path}?{service.signer.query(path)}"


def serve(service: Service) -> RequestHandler:
    """GET /files/...: the file's bytes for whoever has a good signature, 403 otherwise."""

    async def handle(request: web.Request) -> web.Response:
        kept = service.memory.uploads.get(request.match_info["file_id"])
        app = service.apps.opened_by(kept.api_key) if kept else None
        seconds = app.file_seconds if app else 0.0
        good = service.signer.is_good(request.path, request.query, seconds)
        status = 200 if good and kept else 404 if good else 403
        service.records.add("dify", "request", app=app.name if app else "", method="GET", path=request.path, status=status)
        if kept is None or not good:
            return web.json_response({"code": "forbidden", "message": "Invalid request.", "status": status}, status=status)
        headers = file_headers(kept.name, kept.content)
        return web.Response(body=kept.content, content_type=kept.mime_type.partition(";")[0], headers=headers)

    return handle


def made_file(service: Service, app: App, user: str, name: str) -> Event:
    """One of the AI's own files, as the file object of outputs and message_end."""
    kept = Upload(str(uuid4()), app.api_key, user, name, makes.mime_type(name), makes.made(name), int(time.time()), tool=True)
    service.memory.uploads.put(kept.id, kept)
    told: Event = {"dify_model_identity": "__dify__file__", "id": None}
    if app.profile.file_tenant:
        told["tenant_id"] = app.tenant_id
    told |= {"type": _KINDS[kept.extension], "transfer_method": "tool_file", "remote_url": None, "related_id": kept.id}
    if app.profile.file_reference:
        told["reference"] = _reference(kept.id)
    told |= {"filename": kept.name, "extension": f".{kept.extension}", "mime_type": kept.mime_type, "size": len(kept.content)}
    return {**told, "url": signed_url(service, kept)}


def _reference(file_id: str) -> str:
    packed = json.dumps({"record_id": file_id}, separators=(",", ":")).encode()
    return f"dify-file-ref:{base64.urlsafe_b64encode(packed).decode()}"
