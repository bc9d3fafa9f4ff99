"""Signed POSTs to an address of a bot's own: one attempt each, and what the records and the wire tell of it."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientResponse, ClientSession

from sandbox.faults import Faults
from sandbox.records import Records
from sandbox.wire import Body, Call, Facts, Wire

_JSON = "application/json; charset=utf-8"
_LARGEST_ANSWER = 1_000_000
_NO_HEADERS: Mapping[str, str] = {}

Verdict = Literal["ok", "flawed", "refused", "failed", "unanswered"]
Sign = Callable[[str], Mapping[str, str]]
Take = Callable[[str, bytes], str]


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be POSTed: `api` is "message" or "click", `answer` the msgId or outTrackId that it is about.

    `sign` makes the headers that prove the sender from the timestamp (epoch milliseconds as text); the bot has so many
    `seconds` to answer.
    """

    client_id: str
    api: str
    url: str
    answer: str
    content: Mapping[str, Any]
    sign: Sign = field(repr=False)
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it; `status` is missing where there was no answer, `reason` says what was wrong."""

    verdict: Verdict
    status: int | None = None
    reason: str = ""

    @property
    def arrived(self) -> bool:
        """Whether the bot has acknowledged it: a 2xx in time, whatever its body says."""
        return self.verdict in ("ok", "flawed")


class Post:
    """Sends letters. Each has a connection of its own, so that none fails for one that the bot had closed meanwhile."""

    def __init__(self, records: Records, faults: Faults, wire: Wire) -> None:
        self._records = records
        self._faults = faults
        self._wire = wire

    async def send(self, letter: Letter, take: Take) -> list[Outcome]:
        """Send a letter, by order of a fault another way or several times at once; what came of each copy.

        `take` gets type and body of a 2xx, and returns what is wrong with it, "" for nothing.
        """
        fault = self._faults.take("dingtalk.push", client_id=letter.client_id, api=letter.api)
        params = fault.params if fault else {}
        await asyncio.sleep(float(params.get("delay", 0)))
        stamp = str(int((time.time() - float(params.get("age", 0))) * 1000))
        headers = {"Content-Type": _JSON, **letter.sign(stamp)}
        if "sign" in params:
            headers |= {name: params["sign"] for name in headers if name.endswith(("sign", "signature"))}
        body = params.get("body", json.dumps(letter.content, ensure_ascii=False)).encode(errors="replace")
        copies = int(params.get("copies", 1))
        return await asyncio.gather(*(self._attempt(letter, headers, body, take, fault=bool(fault)) for _ in range(copies)))

    async def _attempt(self, letter: Letter, headers: Mapping[str, str], body: bytes, take: Take, *, fault: bool) -> Outcome:
        again = letter.api == "message" and self._wire.pushed(letter.content)
        began, clock = time.time(), time.monotonic()
        kind, content, answer_headers = "", b"", _NO_HEADERS
        try:
            async with (
                asyncio.timeout(letter.seconds),
                ClientSession() as session,
                # No redirects: they would carry signed messages to wherever a bot points.
                session.post(letter.url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                kind, answer_headers, content = response.content_type, response.headers, await _read(response)
                outcome = _judge(response.status, kind, content, take)
        except TimeoutError:
            outcome = Outcome("unanswered", None, f"no answer within {letter.seconds:g} s")
        except (ClientError, OSError, ValueError) as error:
            outcome = Outcome("failed", None, f"no answer ({type(error).__name__})")
        took = round(time.monotonic() - clock, 6)
        self._record(letter, outcome, took)
        facts: Facts = {"time": began, "took": took, "again": again or None, "fault": fault or None}
        call = Call("POST", letter.url, headers, Body.of(body, _JSON), outcome.status, answer_headers, Body.of(content, kind))
        self._show(letter, outcome, call, facts)
        return outcome

    def _record(self, letter: Letter, outcome: Outcome, took: float) -> None:
        about = {"msg_id" if letter.api == "message" else "out_track_id": letter.answer}
        reason = {"reason": outcome.reason} if outcome.reason else {}
        facts = {"api": letter.api, **about, "status": outcome.status, "took": took, "verdict": outcome.verdict, **reason}
        self._records.add("dingtalk", "push", client_id=letter.client_id, **facts)

    def _show(self, letter: Letter, outcome: Outcome, call: Call, facts: Facts) -> None:
        about = {"client_id": letter.client_id, "api": letter.api, "answer": letter.answer, "verdict": outcome.verdict}
        what = f"POST {urlsplit(letter.url).path or '/'}"
        facts |= {"way": "out", "what": what, **about, "status": outcome.status, "reason": outcome.reason or None}
        facts |= {"bytes_in": call.answer.total, "bytes_out": call.body.total}
        self._wire.add("dingtalk", "call", call, {name: fact for name, fact in facts.items() if fact is not None})


def signature(secret: str, text: str) -> str:
    """The Base64 of an HMAC-SHA256."""
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha256")).decode()


def _judge(status: int, kind: str, content: bytes, take: Take) -> Outcome:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        flaw = take(kind, content)
        return Outcome("flawed" if flaw else "ok", status, flaw)
    return Outcome("failed" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "refused", status, f"answered {status}")


async def _read(response: ClientResponse) -> bytes:
    """The body; of what is too long just so much that one sees it is."""
    content = bytearray()
    async for part in response.content.iter_any():
        content += part
        if len(content) > _LARGEST_ANSWER:
            break
    return bytes(content[: _LARGEST_ANSWER + 1])
