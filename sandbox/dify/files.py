"""Files: upload, what a reference leads to, pictures that tools make, the signed addresses that serve them."""

import struct
import time
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

from aiohttp import BodyPartReader, hdrs, web

from sandbox.dify.apps import App
from sandbox.dify.call import Call, RequestHandler, Service
from sandbox.dify.errors import RefusalError, invalid_param
from sandbox.dify.events import Event
from sandbox.dify.memory import Upload, end_user_id

_MEGABYTE: Final = 1024 * 1024
_LIMITS: Final = {
    **dict.fromkeys(("jpg", "jpeg", "png", "webp", "gif", "svg"), 10),
    **dict.fromkeys(("mp4", "mov", "mpeg", "webm"), 100),
    **dict.fromkeys(("mp3", "m4a", "wav", "amr", "mpga"), 50),
}
_OTHER_LIMIT: Final = 15
_MOST_FILES: Final = 3


async def upload(call: Call) -> web.Response:
    """POST /v1/files/upload: multipart with `file` and `user`; 201."""
    if call.request.content_type != "multipart/form-data":
        raise RefusalError(400, "no_file_uploaded", "Please upload your file.")
    user, name, mime_type, content = "", None, "", b""
    async for part in await call.request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.name == "user" and not part.filename:
            user = await part.text()
        elif part.name == "file":
            name, mime_type = part.filename, part.headers.get(hdrs.CONTENT_TYPE, "application/octet-stream")
            content = await _read(part)
    call.body = {"user": user} if user else {}
    if name is None:
        raise RefusalError(400, "no_file_uploaded", "Please upload your file.")
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
        answer |= dict.fromkeys(("user_id", "tenant_id", "conversation_id", "file_key"))
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
        return web.Response(body=kept.content, content_type=kept.mime_type.partition(";")[0])

    return handle


def sent_files(call: Call, references: Any, user: str) -> list[Event]:
    """The files that a question brings along, as message_end lists them; silently none when the app takes none."""
    if not references or not call.app.file_upload:
        return []
    if not isinstance(references, list):
        raise invalid_param("files must be a list")
    if len(references) > _MOST_FILES:
        raise invalid_param(f"Number of files exceeds the maximum limit {_MOST_FILES}")
    return [sent_file(call, reference, user) for reference in references]


def sent_file(call: Call, reference: Mapping[str, Any], user: str) -> Event:
    """What a file reference leads to; RefusalError (invalid_param) if nowhere."""
    method = reference.get("transfer_method")
    if not method:
        raise invalid_param("transfer_method is required in file mapping")
    kind = reference.get("type") or "custom"
    if method == "remote_url":
        url = str(reference.get("url") or reference.get("remote_url") or "")
        if not url.startswith(("http://", "https://")):
            raise invalid_param("Invalid file url")
        name = url.partition("?")[0].rpartition("/")[2]
        return _listed(str(uuid4()), name, 0, "application/octet-stream", method, kind, url, None, url)
    file_id = reference.get("upload_file_id")
    if not file_id:
        raise invalid_param("Invalid upload file id")
    kept = call.service.memory.uploads.get(str(file_id))
    foreign = kept and (kept.api_key != call.app.api_key or (call.profile.upload_scoped and kept.user != user))
    if kept is None or foreign:
        raise invalid_param("Invalid upload file")
    if kind == "image" and not kept.mime_type.startswith("image/"):
        raise invalid_param(f"File validation failed for file: {kept.name}")
    url = signed_url(call.service, kept)
    return _listed(str(uuid4()), kept.name, len(kept.content), kept.mime_type, method, kind, url, kept.id, "")


def _listed(
    related_id: str,
    name: str,
    size: int,
    mime_type: str,
    method: str,
    kind: str,
    url: str,
    upload_id: str | None,
    remote: str,
) -> Event:
    extension = f".{name.rpartition('.')[2]}" if "." in name else ""
    listed: Event = {"related_id": related_id, "extension": extension, "filename": name, "size": size}
    listed |= {"mime_type": mime_type, "transfer_method": method, "type": kind, "url": url}
    return {**listed, "upload_file_id": upload_id, "remote_url": remote}


def made_picture(service: Service, app: App, user: str) -> Event:
    """A picture made by a tool of this app, as the file object of outputs and message_end."""
    content = _picture()
    kept = Upload(str(uuid4()), app.api_key, user, "picture.png", "image/png", content, int(time.time()), tool=True)
    service.memory.uploads.put(kept.id, kept)
    return {
        "dify_model_identity": "__dify__file__",
        "id": None,
        "type": "image",
        "transfer_method": "tool_file",
        "remote_url": None,
        "related_id": kept.id,
        "filename": kept.name,
        "extension": ".png",
        "mime_type": kept.mime_type,
        "size": len(content),
        "url": signed_url(service, kept),
    }


def _picture(side: int = 96) -> bytes:
    """A square with a colour gradient, as PNG."""
    rows = b"".join(b"\0" + bytes(c for x in range(side) for c in (40, 2 * x, 255 - 2 * y)) for y in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunks(((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))))


def _chunks(parts: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    return [struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts]
