"""Hides what is secret in everything that the wire shows: keys, tokens, tickets, sessions, signatures (pure)."""

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

_LONG = 12  # only of a longer secret its beginning is shown, to tell one from another
_SHOWN = 3
_DEEPEST = 12  # JSON inside JSON inside JSON: nobody nests deeper, and a hostile text shall not

# Names are compared without case, "_" and "-", so that one entry covers clientSecret, client_secret and Client-Secret.
_ENDINGS = (
    *("secret", "token", "ticket", "signature", "authorization", "password", "passwd", "cookie"),
    *("apikey", "secretkey", "privatekey", "aeskey", "accesskey", "accesskeyid", "sessionid", "difykey"),
)
_EXACT = frozenset({"session", "sign", "nonce", "pwd"})
_IN_ADDRESSES = frozenset({"expires", "xossexpires", "timestamp"})
_SCHEMES = frozenset({"bearer", "basic", "token"})

_START = r"(^|[?&;]|\\u0026|&amp;)([A-Za-z0-9_.%-]{1,80})="
_ADDRESS_PART = re.compile(rf"{_START}([^&;\s\"<>]+)")
_PART_IN_TEXT = re.compile(rf"{_START}([^&;\s\"'<>\\)]+)")
# The beginning of a field whose value is a string; the backslashes are those of JSON that is a string within JSON.
_JSON_FIELD = re.compile(r'(\\{0,31})"([A-Za-z0-9_-]+)\1"\s*:\s*\1"')
_XML_FIELD = re.compile(r"<([A-Za-z0-9_-]+)>([^<>]+)</\1>")
# What only looks like a field: single quotes, no quotes, a list that is torn.
_LOOSE = re.compile(
    r"(?i)(?<![\w-])([\w-]{0,40}(?:secret|token|ticket|api_?key|password)\\*[\"']?\s{0,8}[:=][\s\"'\[\\]{0,16})"
    r"([^\s\"'\\,;&<>{}\[\]()…]{6,})"
)
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
    if not _is_secret(name) or value in (None, "") or isinstance(value, bool):
        return _json(value, depth)
    return mask(value if isinstance(value, str) else str(value)) if isinstance(value, str | int | float) else "…"


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
        text = _PART_IN_TEXT.sub(_masked_parameter, text)
    if "</" in text:
        text = _XML_FIELD.sub(_masked_element, text)
    text = _LOOSE.sub(lambda found: f"{found[1]}{mask(found[2])}", text)
    return _BEARER.sub(lambda found: f"{found[1]} {mask(found[2])}", text)


def _header(name: str, value: str) -> str:
    if not _is_secret(name):
        return _plain(value)
    scheme, _, rest = value.partition(" ")
    return f"{scheme} {mask(rest)}" if rest and scheme.casefold() in _SCHEMES else mask(value)


def _masked_parameter(found: re.Match[str]) -> str:
    name = unquote(found[2])
    secret = _is_secret(name) or _key(name) in _IN_ADDRESSES
    return f"{found[1]}{found[2]}={mask(found[3])}" if secret else found[0]


def _mask_fields(text: str) -> str:
    """Mask the values of secret fields in what may be torn JSON; the last value may have no end."""
    parts, at = [], 0
    for found in _JSON_FIELD.finditer(text):
        if found.start() < at or not _is_secret(found[2]):
            continue
        end = text.find(f'{found[1]}"', found.end())
        end = len(text) if end < 0 else end
        secret = text[found.end() : end]
        parts += [text[at : found.end()], mask(secret) if secret else ""]
        at = end
    return "".join([*parts, text[at:]])


def _masked_element(found: re.Match[str]) -> str:
    return f"<{found[1]}>{mask(found[2])}</{found[1]}>" if _is_secret(found[1]) else found[0]


def _is_secret(name: str) -> bool:
    key = _key(name)
    return key.endswith(_ENDINGS) or key in _EXACT


def _key(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(".", "")


def _may_be_json(text: str) -> bool:
    return text[:1] in ("{", "[") or text.lstrip()[:1] in ("{", "[")
