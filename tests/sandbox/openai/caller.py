"""A plain caller of the sandbox's OpenAI-compatible gateways: keeps every byte, splits frames without any SSE library."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from sandbox.client import SandboxClient

SECONDS = 20
MODEL = "small"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Heard:
    """One event stream, heard to its end."""

    raw: bytes

    @property
    def frames(self) -> list[bytes]:
        """The frames, without the blank lines between them."""
        return [frame for frame in self.raw.split(b"\n\n") if frame]

    @property
    def chunks(self) -> list[dict[str, Any]]:
        """The JSON of the data frames."""
        return [json.loads(frame[6:]) for frame in self.frames if frame.startswith(b"data: {")]

    @property
    def choices(self) -> list[dict[str, Any]]:
        """The only choice of each chunk that has one."""
        return [choice for chunk in self.chunks for choice in chunk.get("choices", [])]

    @property
    def finish(self) -> list[str]:
        """Every finish_reason that was named."""
        return [each["finish_reason"] for each in self.choices if each.get("finish_reason")]

    @property
    def is_done(self) -> bool:
        """Whether it ended with the mark of the end."""
        return self.frames[-1] == b"data: [DONE]"

    def text(self, name: str = "content") -> str:
        """All deltas of a field together."""
        return "".join(each["delta"].get(name) or "" for each in self.choices)


@dataclass
class Gateway:
    """One gateway of the sandbox and how to call it; as fast as can be unless a pace is set."""

    client: SandboxClient
    settings: Mapping[str, Any] = field(default_factory=dict)
    key: str = field(default_factory=lambda: f"sk-gateway-{next(_numbers)}")

    def __post_init__(self) -> None:
        pace = {"tokens_per_second": 0}
        self.client.put_openai_gateway(self.key, self.key, [MODEL], **{"pace": pace, **self.settings})

    def call(self, method: str, path: str, *, key: str | None = None, **options: Any) -> requests.Response:
        """Any request, with the gateway's own key or another one ("" for none)."""
        shown = self.key if key is None else key
        headers = {"Authorization": f"Bearer {shown}"} if shown else {}
        return requests.request(method, f"{self.client.url}/openai/v1/{path}", headers=headers, timeout=SECONDS, **options)

    def post(self, question: Any, /, *, listen: bool = False, **body: Any) -> requests.Response:
        """A chat completion with one user message, unless the body brings its own; a field of None is left out."""
        full = {"model": MODEL, "messages": [{"role": "user", "content": question}], "stream": True, **body}
        return self.call("POST", "chat/completions", json={k: v for k, v in full.items() if v is not None}, stream=listen)

    def ask(self, question: Any, /, **body: Any) -> Heard:
        """A streamed answer."""
        answer = self.post(question, **body)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        return Heard(answer.content)

    def whole(self, question: Any, /, **body: Any) -> dict[str, Any]:
        """An answer in one body."""
        answer = self.post(question, stream=False, **body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def refused(self, question: Any = "你好", /, **body: Any) -> tuple[int, dict[str, Any]]:
        """A refused call: its status and the `error`."""
        answer = self.post(question, **body)
        return answer.status_code, answer.json()["error"]
