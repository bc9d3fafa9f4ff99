"""Whether a request comes from DingTalk: the signatures of robot messages and of card callbacks over HTTP. Pure.

Documents: "receive message" (headers `timestamp` and `sign`) and "event callback" of cards (headers `x-ddpaas-signature...`).
"""

import base64
import hmac
import re
from enum import Enum

_WINDOW = 3_600.0  # seconds; DingTalk's own rule
_TIMESTAMP = re.compile(r"[0-9]{1,16}", re.ASCII)
_MILLISECONDS_FROM = 10**11  # a number that large would be the year 5138 in seconds
_PURPOSE = "dingbridge card callback "


class Verdict(Enum):
    """What a signature is worth; the value is the word for the log."""

    VALID = "valid"
    MISSING = "missing"
    MALFORMED = "malformed"
    FORGED = "wrong"
    LATE = "too old"
    EARLY = "from the future"


def verify(timestamp: str | None, sign: str | None, secret: str, now: float) -> Verdict:
    """Judge a robot message's headers: `timestamp` in milliseconds, `sign` in Base64; `now` is seconds since 1970."""
    return _judge(timestamp, sign, secret, f"{timestamp}\n{secret}", now)


def verify_card(timestamp: str | None, signature: str | None, secret: str, now: float) -> Verdict:
    """Judge a card callback's headers: the timestamp in milliseconds or seconds, `secret` as it was registered."""
    return _judge(timestamp, signature, secret, f"{timestamp}", now)


def card_secret(client_secret: str, client_id: str) -> str:
    """Return what a bot registers as the secret of its card callbacks.

    Each process of the bot comes to the same one, and who learns it does not have the app's own.
    """
    return hmac.digest(_bytes(client_secret), _bytes(_PURPOSE + client_id), "sha256").hex()


def _judge(timestamp: str | None, sign: str | None, secret: str, signed: str, now: float) -> Verdict:
    """The signature counts first: only who has the secret learns how our clocks differ."""
    if not timestamp or not sign:
        return Verdict.MISSING
    if not _TIMESTAMP.fullmatch(timestamp):
        return Verdict.MALFORMED
    expected = base64.b64encode(hmac.digest(_bytes(secret), _bytes(signed), "sha256"))
    if not hmac.compare_digest(expected, _bytes(sign)):
        return Verdict.FORGED
    at = float(timestamp)
    age = now - (at / 1000 if at >= _MILLISECONDS_FROM else at)
    if age > _WINDOW:
        return Verdict.LATE
    return Verdict.EARLY if age < -_WINDOW else Verdict.VALID


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # a header may hold any byte, and none may raise
