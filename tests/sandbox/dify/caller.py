"""A plain caller of the embedded Dify: sends one request, keeps every byte, splits frames without any SSE library."""

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from sandbox.client import SandboxClient

PATHS = {"workflow": "/v1/workflows/run", "completion": "/v1/completion-messages"}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Heard:
    """One complete event stream."""

    raw: bytes

    @property
    def frames(self) -> list[bytes]:
        """The frames, without the blank lines between them."""
        return [frame for frame in self.raw.split(b"\n\n") if frame]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The JSON of the data frames."""
        return [json.loads(frame[6:]) for frame in self.frames if frame.startswith(b"data: {")]

    @property
    def names(self) -> list[str]:
        """What came in which order, runs of the same event once, pings as `ping`."""
        found = [json.loads(f[6:])["event"] if f.startswith(b"data: {") else "ping" for f in self.frames]
        return [name for name, _ in itertools.groupby(found)]

    @property
    def text(self) -> str:
        """All deltas together."""
        return "".join(event.get("answer") or event.get("data", {}).get("text") or "" for event in self.events)

    @property
    def made(self) -> list[dict[str, Any]]:
        """The files that were told by message_file, whose name text may borrow."""
        return [event for event in self.events if event["event"] == "message_file" and "url" in event]

    def only(self, name: str) -> dict[str, Any]:
        """The one event of this name."""
        (found,) = [event for event in self.events if event["event"] == name]
        return found


@dataclass
class App:
    """One app of the sandbox and how to call it."""

    client: SandboxClient
    kind: str
    profile: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    key: str = field(default_factory=lambda: f"app-{next(_numbers)}")

    def __post_init__(self) -> None:
        pace = {"tokens_per_second": 0, "chunk_chars": 6}
        self.client.put_dify_app(self.key, self.key, self.kind, profile=self.profile, **{"pace": pace, **self.settings})

    def call(self, method: str, path: str, *, timeout: float = 30, **options: Any) -> requests.Response:
        """Any request with the app's key."""
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        return requests.request(method, self.client.url + path, headers=headers, timeout=timeout, **options)

    def post(
        self, query: str, /, *, mode: str = "streaming", stream: bool = False, timeout: float = 30, **body: Any
    ) -> requests.Response:
        """A generate call; the question is the query and, where the kind has none, the input `query`."""
        inputs = {"query": query} if self.kind in PATHS else {}
        full = {"inputs": inputs, "query": query, "user": "u1", "response_mode": mode, **body}
        full = {name: value for name, value in full.items() if value is not None}
        return self.call("POST", PATHS.get(self.kind, "/v1/chat-messages"), json=full, stream=stream, timeout=timeout)

    def ask(self, query: str, /, **body: Any) -> Heard:
        """A streamed answer, heard to its end."""
        answer = self.post(query, **body)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        return Heard(answer.content)

    def refused(self, query: str, /, **body: Any) -> tuple[int, dict[str, Any]]:
        """A refused generate call: its status and JSON."""
        answer = self.post(query, **body)
        return answer.status_code, answer.json()


def lines(answer: requests.Response) -> Iterator[bytes]:
    """The lines of a stream as they come, at once."""
    rest = b""
    for part in answer.iter_content(None):
        *whole, rest = (rest + part).split(b"\n")
        yield from whole


def first_event(answer: requests.Response) -> dict[str, Any]:
    """The first data event of a stream that goes on."""
    for line in lines(answer):
        if line.startswith(b"data: {"):
            found: dict[str, Any] = json.loads(line[6:])
            return found
    raise AssertionError("the stream ended without an event")
