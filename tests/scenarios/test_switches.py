"""Each fault that can be switched on shows a user of a real bot what its sentence promises, and nothing once it is off."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace

import pytest
import requests

import handlers.card_reply
from handlers.texts import Texts
from sandbox.client import Json, SandboxClient, SandboxProcess
from sandbox.switch_table import SWITCHES, Switch
from tests.conftest import Bridge, MakeBridge

SECONDS = 10
QUESTION = "你好 [[len=120]]"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxClient]:
    """A sandbox of this module's own: switches turn for all bots of a sandbox."""
    with SandboxProcess() as client:
        yield client


def turn(sandbox: SandboxClient, name: str, *, on: bool) -> dict[str, bool]:
    """Turn a switch; return which ones are on then."""
    answer = requests.post(f"{sandbox.url}/sandbox/switches/{name}", json={"on": on}, timeout=SECONDS)
    assert answer.ok, answer.text
    return {switch["name"]: switch["on"] for switch in answer.json()["switches"]}


def wire(bridge: Bridge, **match: str) -> list[Json]:
    """Return what went over the wire for this bot."""
    query = {"client_id": bridge.client_id, **match}
    return list(requests.get(f"{bridge.sandbox.url}/sandbox/wire", query, timeout=SECONDS).json()["wire"])


def answer_of(bridge: Bridge) -> str:
    """Return the AI's last answer."""
    return str(bridge.sandbox.records(0, SECONDS, kind="answer", app=bridge.client_id)[-1]["text"])


def whole_card(bridge: Bridge) -> None:
    """The answer comes in a card, whole and exact."""
    card = bridge.ask(QUESTION)
    assert (card["state"], card["text"]) == ("finished", answer_of(bridge))
    assert len(card["text"]) >= 120


def message_instead_of_card(bridge: Bridge) -> None:
    """No card is seen; the whole answer comes as one message."""
    bridge.since = bridge.sandbox.last()
    bridge.say(QUESTION)
    assert bridge.said() == answer_of(bridge)
    assert not bridge.sandbox.records(bridge.since, 0, kind="card", client_id=bridge.client_id)


def failed_card(bridge: Bridge, words: str) -> None:
    """The card ends as failed and says just what the sentence quotes."""
    card = bridge.ask(QUESTION)
    assert (card["state"], card["text"]) == ("failed", words)


def rate_limit(bridge: Bridge) -> None:
    """The card is whole, after calls that were one too many."""
    whole_card(bridge)
    assert [each for each in wire(bridge, verdict="refused") if "QpsLimit" in each["code"] and not each["counted"]]


def slow_cards(bridge: Bridge) -> None:
    """The card appears after two seconds and ends whole."""
    began = time.monotonic()
    whole_card(bridge)
    assert time.monotonic() - began > 4
    assert min(each["took"] for each in wire(bridge, api="create_and_deliver")) > 2


def no_cards_for_a_while(bridge: Bridge, switch: str) -> None:
    """A message; the bot does without cards for five minutes, whatever becomes of the permission or the quota."""
    message_instead_of_card(bridge)
    turn(bridge.sandbox, switch, on=False)
    message_instead_of_card(bridge)


def expired_webhook(bridge: Bridge) -> None:
    """A card needs no webhook; what is no card is sent by the robot API."""
    whole_card(bridge)
    bridge.say("/help")
    assert bridge.said() == Texts("zh").say("help")
    assert wire(bridge, api="webhook")[-1]["code"] == "300001"
    assert wire(bridge, api="oto_send")[-1]["verdict"] == "ok"


def push_quota(bridge: Bridge, words: str) -> None:
    """The one thing that the bot can say without having read anything."""
    bridge.since = bridge.sandbox.last()
    bridge.say(QUESTION)
    assert bridge.said() == words


def redelivery(bridge: Bridge) -> None:
    """Pushed twice, answered once."""
    whole_card(bridge)
    assert [each.get("again", False) for each in wire(bridge, api="message")] == [False, True]
    assert len(bridge.wait_for_turns(1)) == 1
    assert len(wire(bridge, api="create_and_deliver")) == 1


def expired_token(bridge: Bridge) -> None:
    """The token that the bot has is refused, and nobody sees it."""
    whole_card(bridge)
    turn(bridge.sandbox, "expired_token", on=True)
    whole_card(bridge)
    assert len(wire(bridge, api="token", verdict="ok")) == 2


def cut_socket(bridge: Bridge) -> None:
    """An answer under way goes on; what is said before the bot is back reaches nobody; then all is well."""
    bridge.since = bridge.sandbox.last()
    bridge.say("[[len=200]]")
    bridge.sandbox.wait_for(bridge.since, kind="card", client_id=bridge.client_id, state="inputing")
    turn(bridge.sandbox, "cut_socket", on=True)
    assert bridge.sandbox.say(bridge.client_id, QUESTION)["reason"] == "no connection"
    bridge.sandbox.wait_for(bridge.since, kind="stream.connected", client_id=bridge.client_id)
    assert bridge.ended_cards()[0]["text"] == answer_of(bridge)


def disconnect(bridge: Bridge) -> None:
    """The bot has a new connection before it leaves the old one, and answers there."""
    since = bridge.sandbox.last()
    turn(bridge.sandbox, "disconnect", on=True)
    bridge.sandbox.wait_for(since, kind="stream.connected", client_id=bridge.client_id)
    whole_card(bridge)
    gone = bridge.sandbox.wait_for(since, kind="stream.closed", client_id=bridge.client_id)
    assert gone["reason"] == "announced disconnect"


def ai_cut(bridge: Bridge, words: str) -> None:
    """The beginning stays, and what the sentence quotes stands below it."""
    text = bridge.ask(QUESTION)["text"]
    assert text.endswith(words)
    assert len(text) > len(words) + 10


WITH_WORDS: dict[str, Callable[[Bridge, str], None]] = {
    "push_quota": push_quota,
    "ai_401": failed_card,
    "ai_429": failed_card,
    "ai_500": failed_card,
    "ai_html": failed_card,
    "ai_cut": ai_cut,
    "ai_pings": failed_card,
}
PROMISES: dict[str, Callable[[Bridge], None]] = {
    "rate_limit": rate_limit,
    "no_permission": partial(no_cards_for_a_while, switch="no_permission"),
    "unpublished_template": message_instead_of_card,
    "slow_cards": slow_cards,
    "expired_webhook": expired_webhook,
    "api_quota": partial(no_cards_for_a_while, switch="api_quota"),
    "redelivery": redelivery,
    "expired_token": expired_token,
    "cut_socket": cut_socket,
    "disconnect": disconnect,
    "ai_torn": whole_card,
    "ai_megabyte": whole_card,
}


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.name)
def test_a_user_sees_what_the_sentence_promises_and_nothing_once_it_is_off(
    switch: Switch, make_bridge: MakeBridge, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On: as the sentence says, word for word where it quotes the bot. Off: the next answer is a whole card again."""
    bridge = make_bridge(
        variables={"DIFY_FIRST_EVENT_SECONDS": "1"}, dify={"tokens_per_second": 40}, app={"drain_seconds": 0.2}
    )
    if switch.deed is None:
        assert turn(sandbox, switch.name, on=True)[switch.name]
    try:
        if switch.name in WITH_WORDS:
            WITH_WORDS[switch.name](bridge, quoted(switch))
        else:
            PROMISES[switch.name](bridge)
    finally:
        assert not any(turn(sandbox, switch.name, on=False).values())
    assert not sandbox.faults()

    if switch.name in {"no_permission", "api_quota"}:
        # What follows is said to happen after five minutes: so let the reply's clock be five minutes on.
        monkeypatch.setattr(handlers.card_reply, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + 5 * 60))
    whole_card(bridge)


def test_every_switch_has_words_in_both_languages(sandbox: SandboxClient) -> None:
    """A title and one sentence each; the names are unique, and each belongs to one side."""
    switches = requests.get(f"{sandbox.url}/sandbox/switches", timeout=SECONDS).json()["switches"]

    assert len({switch["name"] for switch in switches}) == len(switches) == len(PROMISES) + len(WITH_WORDS)
    for switch in switches:
        assert all(switch[words][language] for words in ("title", "sentence") for language in ("zh", "en"))
        assert switch["side"] in {"dingtalk", "ai"}
        assert switch["sentence"]["zh"][-1] in "。”"
        assert switch["sentence"]["en"].endswith(".")


def test_a_switch_takes_back_its_own_faults_only(sandbox: SandboxClient) -> None:
    """A fault that was ordered otherwise stays; all switches can be turned off at once; a fault that is taken back is off."""
    own = sandbox.put_fault("dingtalk.api", {"delay": 0}, match={"client_id": "nobody"})
    turn(sandbox, "slow_cards", on=True)
    turn(sandbox, "slow_cards", on=True)
    on = turn(sandbox, "ai_500", on=True)
    assert {name for name, is_on in on.items() if is_on} == {"slow_cards", "ai_500"}
    assert len(sandbox.faults()) == 1 + 6 + 3  # each kind of AI has its own

    off = requests.delete(f"{sandbox.url}/sandbox/switches", timeout=SECONDS).json()["switches"]
    assert not any(switch["on"] for switch in off)
    assert [fault["id"] for fault in sandbox.faults()] == [own]
    turn(sandbox, "ai_500", on=True)
    for fault in sandbox.faults():
        sandbox.remove_fault(fault["id"])
    assert not turn(sandbox, "ai_401", on=False)["ai_500"]


@pytest.mark.parametrize(
    ("name", "body", "status"), [("nothing", {"on": True}, 404), ("ai_500", {}, 400), ("ai_500", {"on": 1}, 400)]
)
def test_an_unfit_order_is_refused_in_words(sandbox: SandboxClient, name: str, body: Json, status: int) -> None:
    """An unknown switch, or no yes or no."""
    answer = requests.post(f"{sandbox.url}/sandbox/switches/{name}", json=body, timeout=SECONDS)

    assert answer.status_code == status
    assert answer.json()["error"]


def quoted(switch: Switch) -> str:
    """Return the words of the bot that the sentence quotes."""
    return switch.sentence.zh.partition("“")[2].partition("”")[0]
