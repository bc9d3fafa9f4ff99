"""How tests look at the wire: its newest number, the summaries after it, one entry whole."""

import requests

from sandbox.client import Json, SandboxClient
from tests.sandbox.dingtalk.foreign import SECONDS

LATEST = 2**53


def last(sandbox: SandboxClient) -> int:
    """Return the number of the newest entry."""
    return int(requests.get(f"{sandbox.url}/sandbox/wire", {"after": LATEST}, timeout=SECONDS).json()["last"])


def seen(sandbox: SandboxClient, after: int = 0, **match: str) -> list[Json]:
    """Return the summaries after a number; the wire is written before the answer leaves, so nothing has to be waited for."""
    query = {"after": str(after), **match}
    return list(requests.get(f"{sandbox.url}/sandbox/wire", query, timeout=SECONDS).json()["wire"])


def wait_for(sandbox: SandboxClient, after: int, **match: str) -> Json:
    """Return the first such entry, now or soon."""
    query = {"after": str(after), "wait": str(SECONDS), **match}
    found = requests.get(f"{sandbox.url}/sandbox/wire", query, timeout=2 * SECONDS).json()["wire"]
    assert found, match
    return dict(found[0])


def whole(sandbox: SandboxClient, entry: Json) -> Json:
    """Return an entry in full."""
    return dict(requests.get(f"{sandbox.url}/sandbox/wire/{entry['seq']}", timeout=SECONDS).json())
