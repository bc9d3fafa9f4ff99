"""DingTalk's refusals -> the error tree. Pure.

Two dialects: api.dingtalk.com answers an HTTP status with `{"code", "message", "requestid"}`, oapi.dingtalk.com answers 200
with `{"errcode", "errmsg"}`. A 403 may mean a missing permission, too many calls or a used-up quota: only the code tells.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from errors import (
    CardRefused,
    CredentialRefused,
    DingTalkError,
    DingTalkUnreachable,
    PermissionMissing,
    QuotaUsedUp,
    TextTooLong,
    Throttled,
    TokenExpired,
    WebhookExpired,
)

_CREDENTIAL_CODES = {"authFailed", "invalidClientIdOrSecret", "invalidClientId", "invalidClientSecret"}
_BY_ERRCODE: Mapping[int, type[DingTalkError]] = {
    -1: DingTalkUnreachable,
    300001: WebhookExpired,
    300005: WebhookExpired,
    410100: Throttled,
    130101: Throttled,
    460101: TextTooLong,
    101002: TextTooLong,
    90018: Throttled,
    90030: QuotaUsedUp,
    40014: TokenExpired,
    60011: PermissionMissing,
}
_GATEWAY = 88  # says by a code within what it is: a token (40014) or a permission (60011)
_UNAUTHORIZED, _TOO_MANY, _SERVER_ERROR = 401, 429, 500
_MESSAGE_LIMIT = 300  # characters of DingTalk's message kept for the log


def from_response(status: int, body: bytes, headers: Mapping[str, str]) -> DingTalkError:
    """Return the error for an HTTP answer of api.dingtalk.com that is no 2xx."""
    envelope = _envelope(body)
    code = str(envelope.get("code") or "")
    # The documents and most answers write requestid, some requestId.
    request_id = str(envelope.get("requestid") or envelope.get("requestId") or headers.get("x-acs-request-id") or "")
    message = str(envelope.get("message") or "the answer is not DingTalk's JSON (a proxy's page?)")[:_MESSAGE_LIMIT]
    if code.endswith("AccessTokenPermissionDenied"):
        return PermissionMissing(
            message, scopes=_scopes(envelope), apply_url=_url(message), code=code, status=status, request_id=request_id
        )
    return _kind(status, code, envelope)(message, code=code, status=status, request_id=request_id)


def from_errcode(answer: Mapping[str, Any]) -> None:
    """Raise the error that an answer of oapi.dingtalk.com holds, if it holds one."""
    errcode = answer.get("errcode", 0)
    if errcode in {0, "0", None}:
        return
    message, number = str(answer.get("errmsg", "")), _number(errcode)
    if number == _GATEWAY:
        within = re.search(r"subcode=(\d+)", message)
        number = _number(answer.get("sub_code") or (within[1] if within else ""))
        kind = _BY_ERRCODE.get(number, TokenExpired)
    else:
        kind = _BY_ERRCODE.get(number, DingTalkError)
    if kind is PermissionMissing:
        message = str(answer.get("sub_msg") or message)
        raise PermissionMissing(message[:_MESSAGE_LIMIT], scopes=_named(message), apply_url=_url(message), code=str(errcode))
    raise kind(message[:_MESSAGE_LIMIT], code=str(errcode))


def from_delivery(answer: Mapping[str, Any]) -> None:
    """Raise CardRefused when a card was created but not delivered."""
    result = answer.get("result")
    deliveries = result.get("deliverResults") if isinstance(result, Mapping) else None
    for delivery in deliveries if isinstance(deliveries, list) else ():
        if isinstance(delivery, Mapping) and delivery.get("success") is False:
            raise CardRefused(f"not delivered: {delivery.get('errorMsg', '')}"[:_MESSAGE_LIMIT], code="deliverResults")


def _kind(status: int, code: str, envelope: Mapping[str, Any]) -> type[DingTalkError]:
    if code in _CREDENTIAL_CODES:
        return CredentialRefused
    if code == "InvalidAuthentication" or status == _UNAUTHORIZED:
        return TokenExpired
    if "QpsLimit" in code or "QpmLimit" in code or status == _TOO_MANY or envelope.get("punish"):
        return Throttled
    if "ApiCountLimit" in code:
        return QuotaUsedUp
    if code == "param.stream.content":
        return TextTooLong
    if code.startswith("param.") or code == "unknownError":
        return CardRefused  # unknownError (500): a key that the template lacks, or a state that it does not have
    return DingTalkUnreachable if status >= _SERVER_ERROR or not code else DingTalkError


def _number(errcode: object) -> int:
    return int(str(errcode)) if str(errcode).lstrip("-").isdigit() else 0


def _named(message: str) -> tuple[str, ...]:
    """Return the permissions that a message names in brackets."""
    named = re.search(r"\[([A-Za-z_][\w.,]*)\]", message)
    return tuple(named[1].split(",")) if named else ()


def _scopes(envelope: Mapping[str, Any]) -> tuple[str, ...]:
    detail = envelope.get("accessdenieddetail") or envelope.get("accessDeniedDetail")
    scopes = detail.get("requiredScopes") if isinstance(detail, Mapping) else None
    return tuple(str(scope) for scope in scopes) if isinstance(scopes, list) else ()


def _url(message: str) -> str:
    found = re.search(r"https://[^\s\]]+", message)
    return found[0] if found else ""


def _envelope(body: bytes) -> Mapping[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
