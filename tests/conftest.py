"""What the tests share: one sandbox, and bots of a test's own in it, run by the real launcher."""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

import config
from fleet import Fleet
from handlers.turn import TurnRecord
from kinds import KINDS
from sandbox.client import Json, SandboxClient

pytest_plugins = ["sandbox.pytest_plugin", "tests.redis_server"]


@pytest.fixture(scope="session")
def sandbox(dingtalk_sandbox: SandboxClient) -> SandboxClient:
    """The sandbox, one for all tests; each test has apps of its own in it."""
    return dingtalk_sandbox


@dataclass
class Bridge:
    """One bot, connected to the sandbox; `say` speaks to it as a person, `card` waits for its answer's end."""

    sandbox: SandboxClient
    fleet: Fleet
    client_id: str
    api_key: str
    turns: list[TurnRecord]
    since: int
    heard: int = 0
    message: Json = field(default_factory=dict)

    def say(self, text: str, **options: Any) -> Json:
        """Send a text (in private unless `conversation_type` says otherwise); it must reach the bot."""
        self.message = self.sandbox.say(self.client_id, text, **options)
        assert self.message["delivered"], self.message
        return self.message

    def ended_cards(self, number: int = 1, seconds: float = 20) -> list[Json]:
        """Wait until so many cards of this bot have ended, and return them in the order in which they ended."""
        ended: list[str] = []
        for record in self.sandbox.follow(self.since, seconds, kind="card", client_id=self.client_id):
            if record["state"] in {"finished", "failed"} and record["out_track_id"] not in ended:
                ended.append(record["out_track_id"])
            if len(ended) == number:
                break
        return [self.sandbox.card(card) for card in ended]

    def ask(self, text: str, **options: Any) -> Json:
        """Say something and return the card that answers it, once it has ended."""
        self.since = self.sandbox.last()
        self.say(text, **options)
        return self.ended_cards()[0]

    def said(self, seconds: float = 15) -> str:
        """Wait for the next message that the bot sends without a card, and return its text."""
        record = self.sandbox.wait_for(max(self.since, self.heard), seconds, kind="said", client_id=self.client_id)
        self.heard = record["seq"]
        return str(record["text"])

    def wait_for_turns(self, number: int) -> list[TurnRecord]:
        """Wait until so many turns were recorded as ended; what they had to log is logged then."""
        deadline = time.monotonic() + 20
        while len(self.turns) < number and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.turns) >= number
        return self.turns

    def records(self, **match: str) -> list[Json]:
        """Return what was recorded of this bot's app so far."""
        return self.sandbox.records(0, 0, client_id=self.client_id, **match)


MakeBridge = Callable[..., Bridge]

_DIFY_KINDS = {"chatbot": "chat", "completion": "completion", "workflow": "workflow"}


@pytest.fixture
def make_bridge(sandbox: SandboxClient) -> Iterator[MakeBridge]:
    """Return a function that starts a bot: Dify's by `app_type`, `kind` and `profile`, or of another `ai` by its lines."""
    fleets: list[Fleet] = []

    def make(
        app_type: str = "chatbot",
        *,
        ai: str = "",
        name: str = "",
        kind: str | None = None,
        profile: str = "H",
        dify: Json | None = None,
        app: Json | None = None,
        bot: str = "",
        variables: dict[str, str] | None = None,
        secret_known_to_dingtalk: str = "",
    ) -> Bridge:
        name = name or f"{app_type}-{uuid.uuid4().hex[:8]}"
        secret, key = f"secret-{name}", f"app-{name}"
        sandbox.put_app(name, secret_known_to_dingtalk or secret, name, **{"qps": 0, **(app or {})})
        text = f"bots:\n  - name: {name}\n    dingtalk_app_client_id: {name}\n    dingtalk_app_client_secret: {secret}\n"
        if not ai:
            sandbox.put_dify_app(key, name, kind or _DIFY_KINDS[app_type], profile=profile, **(dify or {}))
            ai = f"dify_app_type: {app_type}\ndify_app_api_key: {key}"
        listeners = "" if "receive: webhook" in bot else "max_workers: 1"
        text += "".join(f"    {line}\n" for part in (ai, listeners, bot) for line in part.splitlines())
        places = {
            "DINGTALK_OPENAPI_ENDPOINT": sandbox.url,
            "DINGTALK_OAPI_ENDPOINT": sandbox.url,
            "DIFY_OPEN_API_URL": f"{sandbox.url}/v1",
            "DINGTALK_QPS": "0",
        }
        turns: list[TurnRecord] = []
        fleet = Fleet(config.load(text, {**places, **(variables or {})}, KINDS), on_turn=turns.append)
        fleets.append(fleet)
        since = sandbox.last()
        fleet.start()
        if not secret_known_to_dingtalk:
            sandbox.wait_for(since, kind="stream.connected", client_id=name)
        return Bridge(sandbox, fleet, name, key, turns, since)

    yield make
    for fleet in fleets:
        fleet.stop(0)
