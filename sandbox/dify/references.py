"""File references in a question or its inputs: where they lead, and whether the app takes such a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from sandbox.dify.call import Call
from sandbox.dify.errors import accident, invalid_param
from sandbox.dify.events import Event
from sandbox.dify.files import signed_url
from sandbox.dify.memory import Upload

MOST_FILES: Final = 3
METHODS: Final = ("remote_url", "local_file")
_TYPES: Final = ("image", "document", "audio", "video")
_DOCUMENTS = "txt markdown md mdx pdf html htm xlsx xls vtt properties doc docx csv eml msg pptx ppt xml epub"
_EXTENSIONS: Final = {
    **dict.fromkeys(("jpg", "jpeg", "png", "webp", "gif", "svg"), "image"),
    **dict.fromkeys(("mp4", "mov", "mpeg", "webm"), "video"),
    **dict.fromkeys(("mp3", "m4a", "wav", "amr", "mpga"), "audio"),
    **dict.fromkeys(_DOCUMENTS.split(), "document"),
}


@dataclass(frozen=True, kw_only=True)
class _Found:
    """The file at the end of a reference; `upload_id` and `remote` as message_end tells them."""

    name: str
    size: int
    mime_type: str
    url: str
    upload_id: str | None
    remote: str

    @property
    def extension(self) -> str:
        """The name's ending, with the dot."""
        return f".{self.name.rpartition('.')[2]}" if "." in self.name else ""

    @property
    def kind(self) -> str:
        """The type that Dify sees in it: by its ending, else by its MIME type."""
        families = {"image": "image", "video": "video", "audio": "audio", "text": "document"}
        known = _EXTENSIONS.get(self.extension[1:].lower())
        return known or families.get(self.mime_type.partition("/")[0], "document" if "pdf" in self.mime_type else "custom")


def sent_files(call: Call, references: Sequence[Mapping[str, Any]], user: str) -> list[Event]:
    """The files that a question brings along, as message_end lists them; silently none when the app takes none."""
    if not references or not call.app.file_upload:
        return []
    takes = {"allowed_file_types": call.app.file_types, "allowed_file_extensions": call.app.file_extensions}
    listed = [sent_file(call, reference, takes, user, strict=call.app.is_graph) for reference in references]
    if sum(file["type"] == "image" for file in listed) > MOST_FILES:
        raise invalid_param(f"Number of image files exceeds the maximum limit {MOST_FILES}")
    if len(listed) > MOST_FILES:
        raise invalid_param(f"Number of files exceeds the maximum limit {MOST_FILES}")
    return listed


def sent_file(call: Call, reference: Mapping[str, Any], takes: Mapping[str, Any], user: str, *, strict: bool) -> Event:
    """What a reference leads to; RefusalError (invalid_param) if nowhere, or to what is not taken.

    `takes` is a file variable of a form, or has its keys allowed_file_types and allowed_file_extensions. Chatflow and
    workflow are `strict`: since 1.x the file must be of the type that the reference names.
    """
    method = reference.get("transfer_method")
    if not method:
        raise invalid_param("transfer_method is required in file mapping")
    if method == "remote_url":
        found = _remote(reference)
    elif method == "local_file":
        found = _uploaded(call, reference, user)
    elif method == "tool_file":
        found = _made(call, reference)
    else:
        raise invalid_param(f"No matching enum found for value '{method}'")
    kind = _kind(call.profile.strict_files if strict else "no", reference.get("type"), found)
    _check_taken(reference.get("type") or "custom", found, takes)
    listed: Event = {"related_id": str(uuid4()), "extension": found.extension, "filename": found.name, "size": found.size}
    listed |= {"mime_type": found.mime_type, "transfer_method": method, "type": kind, "url": found.url}
    return {**listed, "upload_file_id": found.upload_id, "remote_url": found.remote}


def _remote(reference: Mapping[str, Any]) -> _Found:
    """A file elsewhere, which is not fetched here: its name tells what it is."""
    url = str(reference.get("url") or reference.get("remote_url") or "")
    if not url.startswith(("http://", "https://")):
        raise invalid_param("Invalid file url")
    name = url.partition("?")[0].rpartition("/")[2] or "unknown_file"
    return _Found(name=name, size=0, mime_type="application/octet-stream", url=url, upload_id=None, remote=url)


def _uploaded(call: Call, reference: Mapping[str, Any], user: str) -> _Found:
    file_id = reference.get("upload_file_id")
    if not file_id:
        raise invalid_param("Invalid upload file id")
    try:
        file_id = str(UUID(str(file_id)))
    except ValueError:
        raise (
            invalid_param("Invalid upload file id format") if call.profile.checks_file_id else accident(call.profile)
        ) from None
    kept = call.service.memory.uploads.get(file_id)
    if kept is None or kept.tool or kept.api_key != call.app.api_key:
        raise invalid_param("Invalid upload file")
    if call.profile.upload_scoped and kept.user != user:
        raise invalid_param("Invalid upload file")
    return _kept(call, kept)


def _made(call: Call, reference: Mapping[str, Any]) -> _Found:
    file_id = reference.get("tool_file_id")
    kept = call.service.memory.uploads.get(str(file_id))
    if kept is None or not kept.tool or kept.api_key != call.app.api_key:
        raise invalid_param(f"ToolFile {file_id} not found")
    return _kept(call, kept)


def _kept(call: Call, kept: Upload) -> _Found:
    url, upload_id = signed_url(call.service, kept), None if kept.tool else kept.id
    return _Found(name=kept.name, size=len(kept.content), mime_type=kept.mime_type, url=url, upload_id=upload_id, remote="")


def _kind(strict: str, named: Any, found: _Found) -> str:
    """The file's type: the named one, or the one that is seen in it; an error if both must agree and do not.

    A file elsewhere is not looked into here, so its name must tell its type, or it passes.
    """
    if strict == "always" or (strict == "named" and named not in {None, "", "custom"}):
        unseen = found.remote and found.kind == "custom"
        if not unseen and found.kind != (named or "custom"):
            raise invalid_param("Detected file type does not match the specified type. Please verify the file.")
    if named in {None, "", "custom"}:
        return found.kind
    if named not in _TYPES:
        raise invalid_param(f"'{named}' is not a valid FileType")
    return str(named)


def _check_taken(named: str, found: _Found, takes: Mapping[str, Any]) -> None:
    """Custom files go by their ending, all others by their type."""
    types, extensions = takes.get("allowed_file_types") or (), takes.get("allowed_file_extensions") or ()
    if found.extension not in extensions if named == "custom" else types and named not in types:
        raise invalid_param(f"File validation failed for file: {found.name}")
