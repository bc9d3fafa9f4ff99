"""Hides what is secret in everything that the wire shows: keys, tokens, tickets, sessions, signatures (pure)."""

import json
import re
from collections.abc import Iterable
from typing import Any

_LONG = 12  # only of a longer secret its beginning is shown, to tell one from another
_SHOWN = 3
_DEEPEST = 12  # JSON inside JSON inside JSON: nobody nests deeper, and a hostile text shall not

# Names are compared without case, "_" and "-", so that one entry covers clientSecret, client_secret and Client-Secret.
_NAMES = (
    "clientsecret appsecret corpsecret apisecret secret password accesstoken refreshtoken token xacsdingtalkaccesstoken ticket "
    "authorization proxyauthorization session sessionid apikey xapikey cookie setcookie sign signature xddpaassignature nonce "
    "ossaccesskeyid accesskeyid securitytoken"
)
_SECRETS = frozenset(_NAMES.split())
_IN_ADDRESSES = _SECRETS | {"expires", "xossexpires", "xosssignature", "timestamp"}

_ADDRESS_PART = re.compile(r"([?&;]|\\u0026|&amp;)([A-Za-z0-9_.-]+)=([^&;\s\"'<>\\)]+)")
# The beginning of a field whose value is a string; the backslashes are those of JSON that is a string within JSON.
_JSON_FIELD = re.compile(r'(\\{0,31})"([A-Za-z0-9_-]+)\1"\s*:\s*\1"')
_XML_FIELD = re.compile(r"<([A-Za-z0-9_-]+)>([^<>]+)</\1>")
_BEARER = re.compile(r"(?i)\b(bearer)\s+([A-Za-z0-9._~+/=-]{12,})")


def mask(secret: str) -> str:
    """What is shown instead of a secret: its first three characters if it is long, and an ellipsis."""
    return f"{secret[:_SHOWN]}…" if len(secret) >= _LONG else "…"


def mask_json(value: Any) -> Any:
    """The same JSON value with every secret masked, also in JSON and addresses that are strings in it."""
    return _json(value, _DEEPEST)


def mask_text(text: str) -> str:
    """A body as text: masked as JSON if it is JSON, else wherever it looks like a secret."""
    if _may_be_json(text):
        try:
            return json.dumps(mask_json(json.loads(text)), ensure_ascii=False)
        except (ValueError, RecursionError):
            pass  # torn, or only its beginning was kept
    return _plain(text)


def mask_address(address: str) -> str:
    """An address or a query with the secret parameters masked."""
    return _ADDRESS_PART.sub(_masked_parameter, address)


def mask_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers as they are shown; of `Authorization` the scheme stays, of repeated ones all values."""
    shown: dict[str, str] = {}
    for name, value in headers:
        masked = _header(name, value)
        shown[name] = f"{shown[name]}, {masked}" if name in shown else masked
    return shown


def _json(value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        return {name: _field(str(name), each, depth) for name, each in value.items()}
    if isinstance(value, list):
        return [_json(each, depth) for each in value]
    if isinstance(value, str):
        return _string(value, depth)
    return value


def _field(name: str, value: Any, depth: int) -> Any:
    if _key(name) in _SECRETS and isinstance(value, str) and value:
        return mask(value)
    return _json(value, depth)


def _string(text: str, depth: int) -> str:
    if depth and _may_be_json(text):
        try:
            return json.dumps(_json(json.loads(text), depth - 1), ensure_ascii=False)
        except (ValueError, RecursionError):
            pass
    return _plain(text)


def _plain(text: str) -> str:
    if '"' in text:
        text = _mask_fields(text)
    if "=" in text:
        text = mask_address(text)
    if "</" in text:
        text = _XML_FIELD.sub(_masked_element, text)
    return _BEARER.sub(lambda found: f"{found[1]} {mask(found[2])}", text)


def _header(name: str, value: str) -> str:
    if _key(name) not in _SECRETS:
        return _plain(value)
    scheme, blank, rest = value.partition(" ")
    return f"{scheme} {mask(rest)}" if blank and "authorization" in _key(name) else mask(value)


def _masked_parameter(found: re.Match[str]) -> str:
    name = found[2]
    return f"{found[1]}{name}={mask(found[3])}" if _key(name) in _IN_ADDRESSES else found[0]


def _mask_fields(text: str) -> str:
    """Mask the values of secret fields in what may be torn JSON; the last value may have no end."""
    parts, at = [], 0
    for found in _JSON_FIELD.finditer(text):
        if found.start() < at or _key(found[2]) not in _SECRETS:
            continue
        end = text.find(f'{found[1]}"', found.end())
        end = len(text) if end < 0 else end
        secret = text[found.end() : end]
        parts += [text[at : found.end()], mask(secret) if secret else ""]
        at = end
    return "".join([*parts, text[at:]])


def _masked_element(found: re.Match[str]) -> str:
    return f"<{found[1]}>{mask(found[2])}</{found[1]}>" if _key(found[1]) in _SECRETS else found[0]


def _key(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(".", "")


def _may_be_json(text: str) -> bool:
    return text[:1] in ("{", "[") or text.lstrip()[:1] in ("{", "[")
