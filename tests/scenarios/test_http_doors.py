"""Bots that are called over HTTP, and pushes, from `.bots.yaml` to DingTalk: the whole bridge behind one port."""

import base64
import hashlib
import hmac
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote

import pytest
import requests

import config
from errors import PortUnavailable
from fleet import Fleet
from kinds import KINDS
from sandbox.client import Json, SandboxClient

WAIT = 20
TOKEN = "push-token-of-this-test"


class Bots:
    """Bots of one bridge, `names` are theirs; each is an app of the sandbox whose secret is `secret-` and its name."""

    def __init__(self, sandbox: SandboxClient, text: str, variables: Mapping[str, str]) -> None:
        self.sandbox = sandbox
        self.names = [f"{kind}-{uuid.uuid4().hex[:8]}" for kind in ("一号", "two", "stream")]
        for name in self.names:
            sandbox.put_app(name, f"secret-{name}", name, qps=0)
            sandbox.say(name, "hi", sender="anna")  # a robot can write only to people whom DingTalk knows
        written = text.format(*self.names, token=TOKEN)
        places = {"DINGTALK_OPENAPI_ENDPOINT": sandbox.url, "DINGTALK_OAPI_ENDPOINT": sandbox.url, "HTTP_PORT": "0"}
        self.fleet = Fleet(config.load(written, {**places, "DINGTALK_QPS": "0", **variables}, KINDS))
        self.since = sandbox.last()

    @property
    def url(self) -> str:
        """Where the bridge listens."""
        assert self.fleet.http
        return f"http://127.0.0.1:{self.fleet.http.port}"

    def call(self, name: str, text: str, message_id: str, *, path: str = "", secret: str = "") -> requests.Response:
        """Bring a message of Anna's as DingTalk does."""
        secret, timestamp = secret or f"secret-{name}", str(int(time.time() * 1000))
        digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
        raw = {
            "msgId": message_id,
            "robotCode": name,
            "conversationId": "cid",
            "conversationType": "1",
            "senderId": "$:anna",
            "senderStaffId": "anna",
            "msgtype": "text",
            "text": {"content": text},
        }
        headers = {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}
        return requests.post(f"{self.url}{path or f'/dingtalk/{name}'}", json=raw, headers=headers, timeout=WAIT)

    def ended_card(self, name: str, text: str) -> Json:
        """Wait until a bot's card with this text has ended."""
        for _ in self.sandbox.follow(self.since, WAIT, kind="card", client_id=name):
            for card in self.sandbox.cards(client_id=name):
                if card["state"] == "finished" and text in card["text"]:
                    return card
        raise AssertionError(text)


MakeBots = Callable[..., Bots]


@pytest.fixture
def make_bots(sandbox: SandboxClient) -> Iterator[MakeBots]:
    """Return a function that puts bots together, not yet started; what is started is stopped."""
    made: list[Bots] = []

    def make(text: str, **variables: str) -> Bots:
        made.append(Bots(sandbox, text, variables))
        return made[-1]

    yield make
    for bots in made:
        bots.fleet.stop(0)


_WEBHOOK = """
  - name: {%d}
    backend: echo
    receive: webhook
    dingtalk_app_client_id: {%d}
    dingtalk_app_client_secret: secret-{%d}
"""
ONE, TWO = _WEBHOOK % (0, 0, 0), _WEBHOOK % (1, 1, 1) + "    webhook_path: /bots/zwei\n"
STREAM = _WEBHOOK.replace("    receive: webhook\n", "") % (2, 2, 2) + "    push_token: {token}\n"


def test_bots_of_all_kinds_share_a_port(make_bots: MakeBots) -> None:
    """Each at its path with its own secret; a Stream bot beside them takes pushes there."""
    bots = make_bots("bots:" + ONE + TWO + STREAM)
    bots.fleet.start()
    one, two, stream = bots.names
    assert bots.call(one, "eins", "m1").json() == {"msgtype": "empty"}
    assert bots.call(two, "zwei", "m1", path="/bots/zwei").ok
    assert bots.call(one, "drei", "m2", secret=f"secret-{two}").status_code == 401
    assert bots.ended_card(one, "eins")
    assert bots.ended_card(two, "zwei")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    order = {"users": ["anna"], "markdown": "**alarm**", "card": True}
    assert requests.post(f"{bots.url}/push/{stream}", json=order, headers=headers, timeout=WAIT).json()["sent"] == 1
    assert bots.ended_card(stream, "**alarm**")
    assert requests.post(f"{bots.url}/push/{one}", json=order, headers=headers, timeout=WAIT).status_code == 404


def test_a_message_that_comes_again_has_no_second_answer(make_bots: MakeBots) -> None:
    """However often DingTalk repeats it."""
    bots = make_bots("bots:" + ONE)
    bots.fleet.start()
    name = bots.names[0]
    assert [bots.call(name, "noch einmal", "m1").status_code for _ in range(3)] == [200] * 3
    assert bots.call(name, "danach", "m2").ok
    bots.ended_card(name, "danach")
    assert sorted(card["text"] for card in bots.sandbox.cards(client_id=name)) == ["danach", "noch einmal"]


def test_a_card_without_a_public_address_has_no_button(make_bots: MakeBots) -> None:
    """A click would lead nowhere; its history never showed one."""
    bots = make_bots("bots:" + ONE)
    bots.fleet.start()
    bots.call(bots.names[0], "ohne Knopf", "m1")
    card = bots.ended_card(bots.names[0], "ohne Knopf")
    assert not any(row["buttons"] for row in card["history"])


@pytest.fixture
def called_bots(make_bots: MakeBots, sandbox: SandboxClient) -> Bots:
    """A bot in HTTP mode that asks an AI, which the sandbox's DingTalk calls at its public address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    key = f"app-{uuid.uuid4().hex[:8]}"
    sandbox.put_dify_app(key, key, "chat")
    text = ONE.replace("backend: echo", f"dify_app_type: chatbot\n    dify_app_api_key: {key}")
    public = f"http://127.0.0.1:{port}"
    ai = {"DIFY_OPEN_API_URL": f"{sandbox.url}/v1"}
    bots = make_bots("bots:" + text, HTTP_PORT=str(port), HTTP_PUBLIC_URL=public, **ai)
    bots.fleet.start()
    name = bots.names[0]
    sandbox.wait_for(bots.since, kind="api", api="register_callback", client_id=name)
    sandbox.put_app(name, f"secret-{name}", name, qps=0, callback_url=f"{public}/dingtalk/{quote(name)}")
    return bots


def test_dingtalk_brings_messages_and_clicks(called_bots: Bots, sandbox: SandboxClient) -> None:
    """Signed by DingTalk's own hand: the message is answered in a card, whose button stops the answer for the asker."""
    name, since = called_bots.names[0], sandbox.last()
    assert sandbox.say(name, "讲个长故事 [[tokens=2000]] [[rate=20]]", sender="anna")["delivered"]
    card = next(one for one in sandbox.follow(since, WAIT, kind="card", client_id=name) if one["state"] == "inputing")
    for clicker, tells in (("ben", "userPrivateData"), ("anna", None)):
        clicked = sandbox.click(card["out_track_id"], clicker, "btn_stop")
        assert clicked["answered"]
        assert list(clicked["response"]) == [] if tells is None else tells in clicked["response"]
    assert called_bots.ended_card(name, "（已停止）")
    pushes = sandbox.records(since, 0, kind="push", client_id=name)
    assert [(push["api"], push["verdict"]) for push in pushes] == [("message", "ok"), ("click", "ok"), ("click", "ok")]
    assert max(push["took"] for push in pushes) < 2


@pytest.mark.parametrize(
    ("params", "status"), [({"age": 4_000}, 401), ({"sign": "Zm9yZ2Vk"}, 401), ({"body": "{"}, 400), ({"body": "[]"}, 400)]
)
def test_what_is_not_as_dingtalk_sends_it_is_refused(
    called_bots: Bots, sandbox: SandboxClient, params: Mapping[str, object], status: int
) -> None:
    """Late, forged or broken on the way; the bot answers the next message all the same."""
    name, since = called_bots.names[0], sandbox.last()
    sandbox.put_fault("dingtalk.push", params, match={"client_id": name}, times=1)
    sandbox.say(name, "第一问", sender="anna")
    assert sandbox.wait_for(since, kind="push", client_id=name)["status"] == status
    assert sandbox.say(name, "第二问 [[tokens=3]]", sender="anna")["delivered"]
    assert called_bots.ended_card(name, "")


def test_a_message_that_dingtalk_posts_thrice_is_answered_once(called_bots: Bots, sandbox: SandboxClient) -> None:
    """All three are acknowledged, at the same time."""
    name, since = called_bots.names[0], sandbox.last()
    sandbox.put_fault("dingtalk.push", {"copies": 3}, match={"client_id": name}, times=1)
    sandbox.say(name, "第一问 [[tokens=3]]", sender="anna")
    called_bots.ended_card(name, "")
    sandbox.say(name, "第二问 [[tokens=3]]", sender="anna")
    deadline = time.monotonic() + WAIT
    while len(cards := sandbox.cards(client_id=name)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(cards) == 2
    assert [push["status"] for push in sandbox.records(since, 0, kind="push", client_id=name)] == [200] * 4


def test_a_port_is_opened_only_where_it_is_needed(make_bots: MakeBots) -> None:
    """Stream bots without a token open none."""
    assert make_bots("bots:" + STREAM.replace("    push_token: {token}\n", "")).fleet.http is None


def test_a_taken_port_ends_the_start(make_bots: MakeBots) -> None:
    """With its name; what was begun can be stopped."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        bots = make_bots("bots:" + ONE, HTTP_PORT=port)
        with pytest.raises(PortUnavailable, match=port):
            bots.fleet.start()


def test_a_stop_turns_away_what_still_comes(make_bots: MakeBots) -> None:
    """Nobody listens any more, and the threads are gone."""
    bots = make_bots("bots:" + ONE)
    bots.fleet.start()
    url = bots.url
    bots.fleet.stop(5)
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=WAIT)
    assert bots.fleet.states() == {bots.names[0]: ["stopped"]}
