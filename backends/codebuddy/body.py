"""The body of CodeBuddy's answer -> its text. Pure.

It is plain text, or JSON in one of several shapes, and not each server says which by its Content-Type.
"""

import json
from typing import Any

from errors import BackendDown, ModelFailed, NoAnswer

AI = "codebuddy"
_KEYS = ("content", "response", "message", "result")
_PART = "text"  # what a part of a `content` holds
_DEEPEST = 12  # levels of what is searched
_PAGES = ("<!doctype html", "<html")


def text_of(body: bytes, *, is_json: bool) -> str:
    """Return the answer's text. `is_json` is what the Content-Type says; JSON is looked for where it does not say so, too.

    Raises ModelFailed where the answer is an error, BackendDown for a page, NoAnswer where there is no text.
    """
    text = body.decode("utf-8-sig", errors="replace").strip()
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
    found = _search(parsed)
    if isinstance(parsed, dict) and (parsed.get("is_error") or (parsed.get("error") and not found)):
        raise ModelFailed(found or _error(parsed.get("error")), code="error", ai=AI)
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


def _error(error: Any) -> str:
    return error if isinstance(error, str) else _search(error)
