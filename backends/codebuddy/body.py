"""The body of CodeBuddy's answer -> its text. Pure.

It is plain text, or JSON in one of several shapes, and not each server says which by its Content-Type.
"""

import json
import re
from typing import Any

from backends.failures import by_status, told
from errors import BackendDown, BackendError, ModelFailed, NoAnswer

AI = "codebuddy"
_KEYS = ("content", "response", "message", "result")
_PART = "text"  # what a part of a `content` holds
_DEEPEST = 12  # levels of what is searched
_PAGES = ("<!doctype html", "<html")


def text_of(body: bytes, *, is_json: bool, charset: str = "utf-8") -> str:
    """Return the answer's text. `is_json` is what the Content-Type says; JSON is looked for where it does not say so, too.

    Raises ModelFailed, or what its code says, where the answer is an error, BackendDown for a page, NoAnswer where there is
    no text.
    """
    text = _decoded(body, charset).removeprefix("\ufeff").strip()
    if text.lower().startswith(_PAGES):
        raise BackendDown("a page instead of an answer; is codebuddy_api_url right?", code="html", ai=AI)
    said = text
    if is_json or text.startswith(("{", "[", '"')):
        said = _of_json(text, is_json=is_json)
    if not said.strip():
        raise NoAnswer("an answer without a text", code="empty", ai=AI)
    return said


def _of_json(text: str, *, is_json: bool) -> str:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if failure := _failure(parsed):
        raise failure
    found = _search(parsed)
    # JSON in a plain text may be what was asked for: it is the answer itself.
    return found if found or is_json else text


def _search(value: Any, depth: int = 0) -> str:
    """Return the first text under the known keys, however deep it lies."""
    if isinstance(value, str):
        return value
    if depth > _DEEPEST:
        return ""
    if isinstance(value, list):
        return _of_list(value, depth)
    if isinstance(value, dict):
        return next(filter(None, (_search(value.get(key), depth + 1) for key in (*_KEYS, _PART))), "")
    return ""


def _of_list(items: list[Any], depth: int) -> str:
    """Return the text of a list: the answer among the messages of a conversation, or all parts in a row."""
    entries = [item for item in items if isinstance(item, dict)]
    results = [item for item in entries if item.get("type") == "result"]
    answers = [item for item in entries if item.get("role") == "assistant" or item.get("type") == "assistant"]
    for item in reversed([*answers, *results]):
        if found := _search(item, depth + 1):
            return found
    return "".join(_search(item, depth + 1) for item in items if not _is_asked(item))


def _is_asked(item: Any) -> bool:
    return isinstance(item, dict) and item.get("role") in {"user", "system"}


def _failure(parsed: Any) -> BackendError | None:
    """Return the error that an answer with status 200 tells, if it does; it has nothing of what the AI wrote."""
    entry = _result(parsed) if isinstance(parsed, list) else parsed
    if not isinstance(entry, dict):
        return None
    error, (message, code) = entry.get("error"), told(entry)
    if isinstance(error, dict):
        message, code = told(error)
    elif isinstance(error, str):
        message = error
    status = int(code) if re.fullmatch(r"[45]\d\d", code) else 0
    if entry.get("is_error"):
        return ModelFailed("is_error", code="error", ai=AI)
    if error or status or entry.get("success") is False:
        return (by_status(status) if status else ModelFailed)(message, code=code or "error", ai=AI)
    return None


def _result(items: list[Any]) -> Any:
    return next((item for item in reversed(items) if isinstance(item, dict) and item.get("type") == "result"), None)


def _decoded(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset, errors="replace")
    except (LookupError, ValueError):  # there is no such charset, or none of text
        return body.decode(errors="replace")
