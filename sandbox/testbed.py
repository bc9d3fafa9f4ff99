"""A DingTalk app, its bot and the people who talk to it, in the hands of a test; the fixtures give it out."""

import json
import os
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import pytest

from sandbox.client import Json, SandboxClient

_POLL_SECONDS = 0.05
_END_SECONDS = 5
_KNOCK_SECONDS = 1
_SHOWN_RECORDS, _SHOWN_CHARACTERS, _SHOWN_OUTPUT = 25, 160, 3_000


@dataclass(frozen=True)
class DifyApp:
    """An app of the embedded Dify: what opens it, and the address of its API."""

    name: str
    kind: str
    api_key: str = field(repr=False)
    url: str


@dataclass(frozen=True)
class OpenAiGateway:
    """An OpenAI-compatible gateway: what opens it, its first model, and the base address that ends in /v1."""

    name: str
    model: str
    api_key: str = field(repr=False)
    url: str


@dataclass(frozen=True)
class CodeBuddyAgent:
    """A CodeBuddy agent: what opens it, and the address that prompts are posted to."""

    name: str
    token: str = field(repr=False)
    url: str


class DingTalkApp:
    """One DingTalk app with a robot, and the people who talk to it.

    `client_id` and `client_secret` are what its bot logs in with, `url` is where DingTalk is, `env` leads DingTalk's
    SDKs there. A method that waits in vain fails the test, and says what was recorded of the app until then.
    """

    def __init__(self, sandbox: SandboxClient, **settings: object) -> None:
        self.sandbox, self.url = sandbox, sandbox.url
        self.client_id, self.client_secret = f"ding{uuid.uuid4().hex[:12]}", uuid.uuid4().hex
        self._bots: list[_Child] = []
        self._said_to = ""
        self._person = ""
        self._born = self._asked = self._heard = sandbox.last()
        self._told: set[str] = set()
        self.configure(**settings)

    @property
    def env(self) -> dict[str, str]:
        """Environment variables for the bot: where DingTalk is, and that no proxy stands between."""
        direct = ",".join(filter(None, [os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), "127.0.0.1", "localhost"]))
        return {
            "DINGTALK_OPENAPI_ENDPOINT": self.url,
            "DINGTALK_OAPI_ENDPOINT": self.url,
            "NO_PROXY": direct,
            "no_proxy": direct,
        }

    def configure(self, **settings: object) -> None:
        """Set how DingTalk treats the app (`qps=0`, `callback_url=...`, ...: see sandbox/README.md); the rest as usual."""
        self.sandbox.put_app(self.client_id, self.client_secret, self.client_id, **settings)

    def start(self, *command: str | Path, seconds: float = 10, **variables: str) -> None:
        """Run the bot as a child process with `env` and these variables; return when it is connected.

        It is ended with the test. What it writes is shown when a wait fails.
        """
        __tracebackhide__ = True
        before = self.sandbox.last()
        self._bots.append(_Child([str(word) for word in command], {**os.environ, **self.env, **variables}))
        self._wait_until(lambda: self._is_connected(before), seconds)

    def stop(self) -> None:
        """End the bots that `start` has started."""
        while self._bots:
            self._bots.pop().end()

    close = stop

    def wait_connected(self, seconds: float = 10) -> None:
        """Wait until a bot holds a Stream connection or, in HTTP mode, listens at its address."""
        __tracebackhide__ = True
        self._wait_until(self._is_connected, seconds)

    def say(self, text: str = "", *, sender: str = "staff-1", group: str = "", **message: object) -> Json:
        """Write to the bot as a person (a staff id), in private or in the group of that name; `card` and `said` follow.

        `message` may hold msgtype, parts, file, quote, at, ...: see sandbox/README.md. Waits for the bot to be connected.
        """
        __tracebackhide__ = True
        self.wait_connected()
        self._asked, self._said_to, self._person = self.sandbox.last(), text, sender
        where = {"conversation_type": "2", "conversation_title": group} if group else {}
        sent = self.sandbox.say(self.client_id, text, sender=sender, **{**where, **message})
        if not sent["delivered"]:
            raise self._failure(f"the message did not reach the bot: {sent['reason']}")
        return sent

    def card(self, seconds: float = 15) -> Json:
        """Wait for the next card to end after the last `say`, and return it: `text`, `state`, `buttons`, `history`, ..."""
        __tracebackhide__ = True
        cards = self.sandbox.follow(self._asked, seconds, kind="card", client_id=self.client_id)
        ended = (card["out_track_id"] for card in cards if card["state"] in {"finished", "failed"})
        try:
            new = next(out_track_id for out_track_id in ended if out_track_id not in self._told)
        except TimeoutError:
            raise self._failure(f"no card ended within {seconds:g} s after {self._said_to!r} was said") from None
        self._told.add(new)
        return self.sandbox.card(new)

    def said(self, seconds: float = 15) -> str:
        """Wait for the bot's next message without a card after the last `say`, and return its text."""
        __tracebackhide__ = True
        after = max(self._asked, self._heard)
        try:
            record = self.sandbox.wait_for(after, seconds, kind="said", client_id=self.client_id)
        except TimeoutError:
            raise self._failure(f"the bot said nothing within {seconds:g} s after {self._said_to!r} was said") from None
        self._heard = record["seq"]
        return str(record["text"])

    def click(self, card: Json, action_id: str, *, user: str = "", **params: str) -> Json:
        """Press a card's button as a person, the last one who said something unless named; returns the bot's response."""
        __tracebackhide__ = True
        clicked = self.sandbox.click(card["out_track_id"], user or self._person, action_id, **params)
        if not clicked["answered"]:
            raise self._failure(f"the bot did not answer the click on {action_id!r}")
        return dict(clicked["response"])

    def wait_for(self, kind: str, seconds: float = 15, **facts: str) -> Json:
        """Wait for a record of this kind and with these facts since the last `say`, and return it."""
        __tracebackhide__ = True
        try:
            return self.sandbox.wait_for(self._asked, seconds, kind=kind, client_id=self.client_id, **facts)
        except TimeoutError:
            after = f"within {seconds:g} s after {self._said_to!r} was said"
            raise self._failure(f"no record {kind!r} {facts or ''} {after}") from None

    def records(self, **facts: str) -> list[Json]:
        """What was recorded of this app so far, oldest first."""
        return self._since(self._born, **facts)

    def _since(self, position: int, **facts: str) -> list[Json]:
        return self.sandbox.records(position, 0, client_id=self.client_id, **facts)

    def _is_connected(self, since: int | None = None) -> bool:
        """Whether a bot is there now, or by Stream at least was after the record `since`."""
        (app,) = (each for each in self.sandbox.apps() if each["client_id"] == self.client_id)
        if app["receive"] == "webhook":
            return _listens(app["callback_url"])
        return bool(app["connections"] if since is None else self._since(since, kind="stream.connected"))

    def _wait_until(self, connected: Callable[[], bool], seconds: float) -> None:
        __tracebackhide__ = True
        deadline = time.monotonic() + seconds
        while not connected():
            if self._bots and all(bot.ended for bot in self._bots):
                raise self._failure("the bot ended before it connected")
            if time.monotonic() > deadline:
                raise self._failure(f"the bot never connected within {seconds:g} s")
            time.sleep(_POLL_SECONDS)

    def _failure(self, what: str) -> BaseException:
        records = self.records()
        lines = [f"{what}; records of {self.client_id} so far:"]
        lines += [_line(record, records[0]["time"]) for record in records[-_SHOWN_RECORDS:]]
        if all(record["kind"] == "app" for record in records):
            never = f"it never called DingTalk at {self.url}; does it read DINGTALK_OPENAPI_ENDPOINT?"
            lines.append(f"  nothing of the bot: {never}")
        return pytest.fail.Exception("\n".join([*lines, *(bot.story() for bot in self._bots)]))


class _Child:
    """A bot under test as a child process; what it writes goes to a file that is gone when it ends."""

    def __init__(self, command: list[str], environ: dict[str, str]) -> None:
        self._command = command
        # Appended to, so that reading it here does not move the place where the bot writes.
        self._output: IO[bytes] = tempfile.TemporaryFile("ab+")  # noqa: SIM115  # closed by `end`
        self._child = subprocess.Popen(  # noqa: S603  # the command that the test names
            command,
            env={"PYTHONUNBUFFERED": "1", **environ},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    @property
    def ended(self) -> bool:
        """Whether it runs no more."""
        return self._child.poll() is not None

    def story(self) -> str:
        """How it is, and the end of what it wrote."""
        state = f"ended with exit code {self._child.returncode}" if self.ended else "is running"
        self._output.seek(max(0, os.fstat(self._output.fileno()).st_size - _SHOWN_OUTPUT))
        written = self._output.read().decode(errors="replace").strip()
        return f"{' '.join(self._command)} {state} and wrote:\n{written or '(nothing)'}"

    def end(self) -> None:
        """End it, by force if it does not hear."""
        self._child.terminate()
        try:
            self._child.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._output.close()


def _listens(address: str) -> bool:
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname, port), _KNOCK_SECONDS).close()
    except OSError:
        return False
    return True


def _line(record: Json, began: float) -> str:
    """Return a record as one line: the seconds since the first, its kind, its facts."""
    facts = {name: value for name, value in record.items() if name not in {"seq", "time", "side", "kind", "client_id"}}
    told = " ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in facts.items())
    return f"  {record['time'] - began:8.3f} s  {record['kind']} {told}"[:_SHOWN_CHARACTERS]
