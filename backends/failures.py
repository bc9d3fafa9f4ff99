"""What is told of a failed call: its class by the HTTP status, and a detail without what people wrote. Pure."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from errors import BackendBusy, BackendDown, BackendError, BackendUnreachable, InputRefused, KeyRefused, QuotaExceeded

_BY_STATUS: dict[int, type[BackendError]] = {
    HTTPStatus.UNAUTHORIZED: KeyRefused,
    HTTPStatus.FORBIDDEN: KeyRefused,
    HTTPStatus.PAYMENT_REQUIRED: QuotaExceeded,
    HTTPStatus.NOT_FOUND: BackendUnreachable,
    HTTPStatus.TOO_MANY_REQUESTS: BackendBusy,
    HTTPStatus.REQUEST_TIMEOUT: BackendDown,
}
_CODE = re.compile(r"[\w.:-]{1,80}", re.ASCII)
_LETTERS = re.compile(r"[A-Za-z0-9]{2}")
_READ = 1_000  # characters of an AI's message that are looked at, at either end
_LIMIT = 300  # characters of it that are kept for the admin
_QUOTE = 12  # so many characters in a row that somebody wrote are a quotation; of a shorter text, the whole of it


def by_status(status: int) -> type[BackendError]:
    """Return the class of a refusal that says nothing better of itself than its status."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status < HTTPStatus.BAD_REQUEST:
        return BackendDown
    return _BY_STATUS.get(status, InputRefused)


def envelope(body: bytes) -> Mapping[str, Any]:
    """Return the JSON object that is the body of a refusal, empty where there is none: a line of text, a proxy's page."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def told(error: Mapping[str, Any]) -> tuple[str, str]:
    """Return the message and the code of an error in JSON; a code that no log should hold is none."""
    message = next((found for name in ("message", "msg") if isinstance(found := error.get(name), str)), "")
    codes = (str(found) for name in ("code", "type") if isinstance(found := error.get(name), (str, int)))
    return message, next(filter(_CODE.fullmatch, codes), "")


def for_log(error: BackendError, *said: str) -> BackendError:
    """Return the same error with a detail fit for a log: short, and without anything of what was said or is secret."""
    detail = error.detail.encode(errors="replace").decode()  # half a surrogate pair, which JSON can hold
    if len(detail) > 2 * _READ:  # where it is cut, too little of a quotation is left to be known as one
        detail = f"{_unsaid(detail[:_READ], said)[:-_QUOTE]} … {_unsaid(detail[-_READ:], said)[_QUOTE:]}"
    else:
        detail = _unsaid(detail, said)
    detail = " ".join(detail.split())
    if len(detail) > _LIMIT:  # a trace tells most at its end
        detail = f"{detail[: _LIMIT // 3]} … {detail[-_LIMIT * 2 // 3 :]}"
    return with_detail(error, detail)


def with_detail(error: BackendError, detail: str) -> BackendError:
    """Return the same error with another detail."""
    return type(error)(
        detail,
        code=error.code,
        status=error.status,
        request_id=error.request_id,
        ai=error.ai,
        retry_after=error.retry_after,
    )


def _unsaid(detail: str, said: Iterable[str]) -> str:
    """Return the detail without quotations of what was said, whether written as it was or as JSON writes it."""
    for text in said:
        for written in {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}:
            detail = _without(detail, written.strip())
    return detail


def _without(detail: str, text: str) -> str:
    """Return the detail with every run of characters replaced that is a quotation of the text."""
    width = min(_QUOTE, len(text))
    if not width or not detail:
        return detail
    runs = {text[at : at + width] for at in range(len(text) - width + 1)}
    quoted = bytearray(len(detail))
    for at in range(len(detail) - width + 1):
        if detail[at : at + width] in runs and not (width < _QUOTE and _inside_a_word(detail, at, at + width)):
            quoted[at : at + width] = b"\1" * width
    return "".join(_kept(detail, quoted))


def _inside_a_word(detail: str, start: int, end: int) -> bool:
    """A question of one short word must not tear holes into other words."""
    return any(_LETTERS.fullmatch(detail, edge - 1, edge + 1) for edge in (start, end) if edge)


def _kept(detail: str, quoted: bytearray) -> Iterator[str]:
    for at, character in enumerate(detail):
        if not quoted[at]:
            yield character
        elif not at or not quoted[at - 1]:
            yield "…"
