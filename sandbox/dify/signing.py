"""Signed addresses of files: good for anyone who has one, for a few minutes."""

import base64
import hmac
import secrets
import time
from collections.abc import Mapping


class Signer:
    """Signs and checks file addresses with a key that lives as long as the process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def query(self, path: str) -> str:
        """The query string that makes a path readable from now on."""
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        sign = self._sign(path, timestamp, nonce).replace("=", "%3D")
        return f"timestamp={timestamp}&nonce={nonce}&sign={sign}"

    def is_good(self, path: str, query: Mapping[str, str], seconds: float) -> bool:
        """Whether the query signs this path and is not older than `seconds`."""
        timestamp = query.get("timestamp", "")
        expected = self._sign(path, timestamp, query.get("nonce", ""))
        if not timestamp.isdecimal() or not hmac.compare_digest(expected.encode(), query.get("sign", "").encode()):
            return False
        return time.time() - int(timestamp) <= seconds

    def _sign(self, path: str, timestamp: str, nonce: str) -> str:
        told = f"{path}|{timestamp}|{nonce}".encode()
        return base64.urlsafe_b64encode(hmac.digest(self._key, told, "sha256")).decode()
