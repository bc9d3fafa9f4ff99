"""What the bearer keys of an AI open: its apps, gateways or agents."""

from typing import Generic, TypeVar

from aiohttp import web

from sandbox.keyring import Keyring

_MOST = 10_000
T = TypeVar("T")


def bearer_key(request: web.Request) -> str:
    """The key that a request shows, "" for none; the scheme's case does not matter."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


class Keyed(Generic[T]):
    """Things by the key that opens them, `plural` being their name; the keys are on the keyring."""

    def __init__(self, keyring: Keyring, plural: str) -> None:
        self._keyring = keyring
        self._plural = plural
        self._by_key: dict[str, T] = {}

    def put(self, key: str, thing: T) -> None:
        """Add a thing as the newest, or replace the one with the same key; ValueError if there are too many."""
        if key not in self._by_key and len(self._by_key) >= _MOST:
            raise ValueError(f"{_MOST} {self._plural} are enough for one sandbox")
        self._by_key.pop(key, None)
        self._by_key[key] = thing
        self._keyring.keep(key)

    def opened_by(self, key: str) -> T | None:
        """What a key opens."""
        return self._by_key.get(key)

    def listed(self) -> list[T]:
        """All of them, the newest last."""
        return list(self._by_key.values())
