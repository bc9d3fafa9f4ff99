"""The company's month, on the wire: what is counted here is what DingTalk counts, and it is saved before it is gone."""

import time
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import requests

from sandbox.client import Json, SandboxClient
from stores.base import Usage
from stores.opened import open_stores
from tests.conftest import Bridge, MakeBridge

ADMIN = "quota-admin"
WAIT = 10  # seconds
CHINA = timezone(timedelta(hours=8))


@pytest.fixture
def store(tmp_path: Path) -> str:
    """The address of a store that outlives a bridge."""
    return f"sqlite:///{tmp_path / 'store.db'}"


def _use(store: str, corp: str, usage: Usage) -> None:
    """Let a company have used so much before."""
    stores = open_stores(store, 60)
    stores.meter.add(corp, datetime.now(CHINA).strftime("%Y-%m"), usage)
    stores.close()


def _wait_until_used(bridge: Bridge, calls: int) -> None:
    """Wait until the bridge has learned of so many calls."""
    deadline = time.monotonic() + WAIT
    while _used(bridge)["calls"] < calls:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _corp() -> str:
    return f"corp-{uuid.uuid4().hex[:8]}"


def _spent(bridge: Bridge) -> Json:
    """What DingTalk counted."""
    return dict(next(app["spent"] for app in bridge.sandbox.apps() if app["client_id"] == bridge.client_id))


def _used(bridge: Bridge) -> Json:
    """What the bridge counted."""
    (used,) = bridge.fleet.used().values()
    return {"calls": used.calls, "pushes": used.pushes}


def test_what_is_counted_is_what_dingtalk_counts(make_bridge: MakeBridge, sandbox: SandboxClient) -> None:
    """Cards, sentences through the webhook, messages that come in; refusals and a renewed token on the way."""
    bridge = make_bridge(app={"corp_id": _corp()})
    client_id = {"client_id": bridge.client_id}
    bridge.ask("[[tokens=5]]")
    sandbox.put_fault("dingtalk.throttle", {"qps": 1}, match=client_id, times=2)
    bridge.ask("[[tokens=30]]")
    bridge.say("/help")
    bridge.said()
    bridge.wait_for_turns(2)
    assert _spent(bridge)["calls"] >= 6
    deadline = time.monotonic() + WAIT
    while _used(bridge) != _spent(bridge) and time.monotonic() < deadline:
        time.sleep(0.01)  # what was said is seen before the bot has its answer, and counts it
    assert _used(bridge) == _spent(bridge)


def test_pushes_of_a_bot_that_nobody_writes_to_are_counted_through_restarts(
    make_bridge: MakeBridge, sandbox: SandboxClient, store: str
) -> None:
    """Before any message has told whose the bot is, for itself; then, and after the next restart, for its company."""
    name, corp, token = f"alarms-{uuid.uuid4().hex[:8]}", _corp(), "push-token-of-this-test"
    sandbox.put_app(f"other-{name}", "secret", name, corp_id=corp)
    sandbox.say(f"other-{name}", "hi", sender=ADMIN)  # a robot can write only to people whom DingTalk knows
    _use(store, corp, Usage(pushes=1))  # which counts

    def start() -> Bridge:
        variables = {"SESSION_STORE": store, "HTTP_PORT": "0"}
        return make_bridge(name=name, app={"corp_id": corp}, bot=f"push_token: {token}", variables=variables)

    def push(bridge: Bridge) -> None:
        assert bridge.fleet.http
        url, headers = f"http://127.0.0.1:{bridge.fleet.http.port}/push/{name}", {"Authorization": f"Bearer {token}"}
        assert requests.post(url, json={"users": [ADMIN], "markdown": "alarm"}, headers=headers, timeout=WAIT).ok

    def stop(bridge: Bridge) -> Json:
        bridge.fleet.stop(5)
        return {payer: {"calls": used.calls, "pushes": used.pushes} for payer, used in bridge.fleet.used().items()}

    first = start()
    push(first)
    assert stop(first) == {name: {"calls": _spent(first)["calls"], "pushes": 0}}
    second = start()
    push(second)
    second.ask("[[tokens=3]]")
    second.wait_for_turns(1)
    assert stop(second) == {corp: _spent(second)}
    third, before = start(), _spent(second)["calls"]
    push(third)
    assert stop(third) == {corp: _spent(third)}
    assert _spent(third)["calls"] > before


def test_a_quota_that_runs_low_makes_cards_rare_and_then_messages(make_bridge: MakeBridge, store: str) -> None:
    """At 80 % and at 95 % the administrator is told, once each; then answers are messages, and the calls left are left."""
    corp = _corp()
    _use(store, corp, Usage(calls=79))
    bridge = make_bridge(
        app={"corp_id": corp},
        bot=f"admins: [{ADMIN}]\nlanguage: en",
        variables={"DINGTALK_MONTHLY_CALLS": "100", "SESSION_STORE": store},
    )
    sandbox = bridge.sandbox
    to_admin = bridge.say("/help", sender=ADMIN)["conversation_id"]  # so that the sandbox knows this person
    bridge.said()
    _wait_until_used(bridge, 79)
    told = []
    for share in (80, 95):
        since = sandbox.last()
        while _used(bridge)["calls"] < share:
            bridge.ask("[[tokens=3]]")
        told.append(sandbox.wait_for(since, WAIT, kind="said", client_id=bridge.client_id, conversation_id=to_admin))
    assert "cards are updated rarely" in told[0]["text"]
    assert "answers come as plain messages" in told[1]["text"]
    turns = len(bridge.turns)
    since = sandbox.last()
    bridge.say("[[tokens=3]]")
    assert sandbox.wait_for(since, WAIT, kind="said", client_id=bridge.client_id)["msgtype"] == "markdown"
    assert bridge.wait_for_turns(turns + 1)[-1].card_calls == 0
    assert _used(bridge)["calls"] == 79 + _spent(bridge)["calls"]
    assert len(sandbox.records(0, 0, kind="said", client_id=bridge.client_id, conversation_id=to_admin)) == 3


def test_with_both_quotas_low_a_card_shows_the_whole_answer_at_once(make_bridge: MakeBridge, store: str) -> None:
    """A message would take a push; a card that is made and ended takes two calls."""
    corp = _corp()
    _use(store, corp, Usage(calls=95, pushes=19))
    bridge = make_bridge(
        app={"corp_id": corp},
        bot=f"card_template_id: {corp}",
        variables={"DINGTALK_MONTHLY_CALLS": "100", "DINGTALK_MONTHLY_PUSHES": "20", "SESSION_STORE": store},
    )
    bridge.sandbox.put_template(corp, content_key="content", flow="streaming")
    bridge.say("/help")
    bridge.said()
    _wait_until_used(bridge, 95)
    card = bridge.ask("[[tokens=60]]")
    assert card["state"] == "finished"
    assert bridge.wait_for_turns(1)[0].card_calls == 2


def test_a_used_up_quota_is_asked_of_dingtalk_once_in_a_while(make_bridge: MakeBridge) -> None:
    """After DingTalk has refused a card for the quota, the next answer does not try one."""
    bridge = make_bridge(app={"corp_id": _corp(), "monthly_calls": 1})
    for number in range(1, 4):
        bridge.say("[[tokens=3]]")
        assert bridge.said()
        bridge.wait_for_turns(number)
    assert [turn.outcome for turn in bridge.turns] == ["answered"] * 3
    assert bridge.turns[-1].card_calls == 0
