"""The pictures in a message: what an image_url part may say, and what was seen in it (pure)."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from sandbox.openai.refusal import RefusalError, wrong_type, wrong_value
from sandbox.served import picture_type

_DATA: Final = re.compile(r"data:(?P<kind>[\w.+/-]+);base64,(?P<content>.*)", re.DOTALL | re.IGNORECASE)
_KINDS: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")
_MOST_BYTES: Final = 20 * 1024 * 1024
_DETAILS: Final = ("auto", "low", "high")


@dataclass(frozen=True)
class Picture:
    """One picture that came with a question: its media type and size, or only the address where it lies."""

    kind: str = ""
    size: int = 0
    address: str = ""

    def described(self) -> str:
        """It in words."""
        return self.address or f"{self.kind}，{self.size} 字节"


def picture_of(part: Mapping[str, Any], at: str, *, addresses: bool) -> Picture:
    """The picture of an image_url part at this place of the body; RefusalError if it is none.

    A data URI must hold a picture of the type that it names. An address is taken as it is, since the sandbox calls
    nobody; where `addresses` are not taken, it must be a data URI.
    """
    image = part.get("image_url")
    if not isinstance(image, dict):
        raise wrong_type(f"{at}.image_url", "an object", image)
    url = image.get("url")
    if not isinstance(url, str):
        raise wrong_type(f"{at}.image_url.url", "a string", url)
    if image.get("detail", "auto") not in _DETAILS:
        raise wrong_value(f"{at}.image_url.detail", f"Invalid value: the detail is one of {', '.join(_DETAILS)}.")
    if found := _DATA.fullmatch(url):
        return _decoded(found["kind"].lower(), found["content"], at)
    if not addresses or not _is_address(url):
        words = "Invalid image_url: give a base64 data URI" + (" or an http(s) URL." if addresses else ".")
        raise wrong_value(f"{at}.image_url.url", words, "invalid_image_url")
    return Picture(address=url)


def _decoded(kind: str, encoded: str, at: str) -> Picture:
    try:
        content = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise _unfit(at, "Invalid base64 image_url.", "invalid_base64_image_url") from None
    if len(content) > _MOST_BYTES:
        raise _unfit(at, f"The image is larger than {_MOST_BYTES} bytes.", "image_too_large")
    seen = picture_type(content)
    if seen not in _KINDS:
        raise _unfit(at, f"Unsupported image: it is none of {', '.join(_KINDS)}.", "image_parse_error")
    if seen != kind:
        raise _unfit(at, f"The image is {seen}, but its data URI says {kind}.", "image_parse_error")
    return Picture(seen, len(content))


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _unfit(at: str, words: str, code: str) -> RefusalError:
    return wrong_value(f"{at}.image_url.url", words, code)
