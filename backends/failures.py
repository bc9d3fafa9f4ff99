"""What is told of a failed call: its class by the HTTP status, and a detail without what people wrote. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
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
_READ = 2_000  # characters of an AI's message that are looked at
_LIMIT = 300  # characters of it that are kept for the admin
_QUOTE = 12  # so many characters in a row that somebody wrote are a quotation; of a shorter text, the whole of it


def by_status(status: int) -> type[BackendError]:
    """Return the class of a refusal that says nothing better of itself than its status."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status < HTTPStatus.BAD_REQUEST:
        return BackendDown
    return _BY_STATUS.get(status, InputRefused)


def told(error: Mapping[str, Any]) -> tuple[str, str]:
    """Return the message and the code of an error in JSON; a code that no log should hold is none."""
    message = next((found for name in ("message", "msg") if isinstance(found := error.get(name), str)), "")
    codes = (str(found) for name in ("code", "type") if isinstance(found := error.get(name), (str, int)))
    return message, next(filter(_CODE.fullmatch, codes), "")


def for_log(error: BackendError, *said: str) -> BackendError:
    """Return the same error with a detail fit for a log: short, and without anything of what was said or is secret."""
    detail = error.detail[:_READ].encode(errors="replace").decode()  # half a surrogate pair, which JSON can hold
    for text in said:
        for written in {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}:
            detail = _without(detail, written.strip())
    detail = " ".join(detail.split())
    if len(detail) > _LIMIT:  # a trace tells most at its end
        detail = f"{detail[: _LIMIT // 3]} … {detail[-_LIMIT * 2 // 3 :]}"
    return type(error)(
        detail,
        code=error.code,
        status=error.status,
        request_id=error.request_id,
        ai=error.ai,
        retry_after=error.retry_after,
    )


def _without(detail: str, text: str) -> str:
    """Return the detail with every run of characters replaced that is a quotation of the text."""
    width = min(_QUOTE, len(text))
    if not width or not detail:
        return detail
    runs = {text[at : at + width] for at in range(len(text) - width + 1)}
    quoted = bytearray(len(detail))
    for at in range(len(detail) - width + 1):
        if detail[at : at + width] in runs and not _inside_a_word(detail, at, at + width, whole=width < _QUOTE):
            quoted[at : at + width] = b"\1" * width
    return "".join(_kept(detail, quoted))


def _inside_a_word(detail: str, start: int, end: int, *, whole: bool) -> bool:
    """A question of one short word must not tear holes into other words."""
    around = detail[max(0, start - 1) : start] + detail[end : end + 1]
    return whole and any(character.isascii() and character.isalnum() for character in around)


def _kept(detail: str, quoted: bytearray) -> Iterator[str]:
    for at, character in enumerate(detail):
        if not quoted[at]:
            yield character
        elif not at or not quoted[at - 1]:
            yield "…"
