"""Who may ask a bot, and how often: what those who may not, or not yet, get to see."""

import logging
import re
import time

import pytest

from sandbox.client import Json
from stores.memory_inbox import MemoryInbox
from tests.conftest import Bridge, MakeBridge

TEAM, OTHER = (
    {"conversation_type": "2", "conversation_id": f"cid-{name}==", "conversation_title": title}
    for name, title in (("admitted", "项目群"), ("refused", "别的群"))
)
ANNA = {"staff_id": "anna", "nick": "小安"}
BEN = {"staff_id": "ben", "nick": "小本"}
BOSS = {"staff_id": "boss", "nick": "老板"}
GUEST = {"staff_id": None, "nick": "客人", "sender_id": "$:LWCP_v1:$guest"}
SHORT = "你好 [[tokens=3]]"


def asked(bridge: Bridge) -> list[str]:
    """Return what Dify was asked so far."""
    return [r["query"] for r in bridge.sandbox.records(0, 0, side="dify", kind="request", app=bridge.client_id) if "query" in r]


def sentences(bridge: Bridge) -> list[str]:
    """Return what was said without a card so far, once everything that came has had its end."""
    bridge.say("/help", sender=BOSS)
    while "/new" not in bridge.said():
        pass
    inbox, deadline = bridge.fleet._stores.inbox, time.monotonic() + 20
    assert isinstance(inbox, MemoryInbox)
    while inbox.known(0)[0]:  # two threads say sentences: the last to come need not be the last to be said
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return [record["text"] for record in bridge.records(kind="said") if "/new" not in record["text"]]


def is_acknowledged(bridge: Bridge, message: Json) -> bool:
    """Wait for a message's acknowledgement."""
    return bool(bridge.sandbox.wait_for(0, kind="ack", client_id=bridge.client_id, msg_id=message["msg_id"]))


def test_people_who_are_not_on_the_list_are_refused(make_bridge: MakeBridge, caplog: pytest.LogCaptureFixture) -> None:
    """They are told once, their commands do nothing, the log names them; those on the list and administrators are answered."""
    caplog.set_level(logging.INFO, "dingbridge")
    bridge = make_bridge(bot="allow_users: [anna]\nadmins: [boss]")
    refused = bridge.say("机密 [[tokens=3]]", sender=BEN)
    assert "没有使用这个机器人的权限" in bridge.said()
    assert is_acknowledged(bridge, refused)
    again = [bridge.say(text, sender=BEN, **TEAM) for text in ("再问", "/status", "/new")]
    assert all(is_acknowledged(bridge, message) for message in again)
    bridge.ask(SHORT, sender=ANNA)
    bridge.ask(SHORT, sender=BOSS)
    assert len(sentences(bridge)) == 1
    assert asked(bridge) == [SHORT, SHORT]
    lines = [record.getMessage() for record in caplog.records if "refused by" in record.getMessage()]
    assert [line.partition("refused by ")[2] for line in lines] == [
        "allow_users: user=ben in private",
        *["allow_users: user=ben group=cid-admitted=="] * 3,
    ]
    assert "机密" not in caplog.text


def test_an_outsider_is_listed_by_sender_id(make_bridge: MakeBridge) -> None:
    """The id stands in YAML as the log names it; another outsider is another person."""
    bridge = make_bridge(bot='deny_users: ["$:LWCP_v1:$guest"]\nadmins: [boss]')
    bridge.say(SHORT, sender=GUEST, **TEAM)
    assert "没有使用这个机器人的权限" in bridge.said()
    bridge.ask(SHORT, sender={**GUEST, "sender_id": "$:LWCP_v1:$other"}, **TEAM)
    assert asked(bridge) == [SHORT]


def test_groups_that_are_not_on_the_list_are_refused(make_bridge: MakeBridge) -> None:
    """A group is told once, whoever asks; private chats are closed with the groups, but not to administrators."""
    bridge = make_bridge(bot='allow_groups: ["cid-admitted=="]\nadmins: [boss]')
    for person in (ANNA, BEN):
        bridge.say(SHORT, sender=person, **OTHER)
    bridge.say(SHORT, sender=ANNA)
    told = sentences(bridge)
    assert len(told) == 2
    assert any("不在本群回答" in sentence for sentence in told)
    assert any("只在指定的群里" in sentence for sentence in told)
    assert not asked(bridge)
    for person, chat in ((ANNA, TEAM), (BOSS, OTHER), (BOSS, {})):
        bridge.ask(SHORT, sender=person, **chat)
    assert len(asked(bridge)) == 3


def test_an_administrator_reads_a_groups_id_in_its_status(make_bridge: MakeBridge) -> None:
    """Nobody else does, and in private there is none."""
    bridge = make_bridge(bot="admins: [boss]")
    bridge.say("/status", sender=BOSS, **OTHER)
    assert bridge.said().endswith("conversationId：cid-refused==")
    bridge.say("/status", sender=ANNA, **OTHER)
    assert "conversationId" not in bridge.said()
    bridge.say("/status", sender=BOSS)
    assert "conversationId" not in bridge.said()


def test_a_click_of_somebody_refused_does_nothing(make_bridge: MakeBridge) -> None:
    """It is acknowledged, and the answer of somebody else grows on."""
    bridge = make_bridge(bot="deny_users: [ben]")
    bridge.say("很长 [[tokens=60]] [[rate=30]]", sender=ANNA, **TEAM)
    growing = bridge.sandbox.wait_for(bridge.since, kind="card", client_id=bridge.client_id, state="inputing")
    assert bridge.sandbox.click(growing["out_track_id"], "ben", "btn_stop")["answered"]
    assert "已停止" not in bridge.ended_cards()[0]["text"]


def test_who_asks_too_often_is_told_when_to_ask_again(make_bridge: MakeBridge) -> None:
    """Once a minute; others, administrators and commands go on."""
    bridge = make_bridge(bot="user_questions_per_minute: 1\nadmins: [boss]")
    bridge.ask(SHORT, sender=ANNA)
    too_many = bridge.say("太快 [[tokens=3]]", sender=ANNA)
    said = bridge.said()
    assert "每分钟最多可以提问 1 次" in said
    seconds = re.search(r"请 (\d+) 秒后再发", said)
    assert seconds
    assert 0 < int(seconds[1]) <= 60
    assert is_acknowledged(bridge, too_many)
    bridge.say("还是太快", sender=ANNA, **TEAM)
    bridge.say("/status", sender=ANNA)
    assert "正在回答" in bridge.said()
    bridge.ask(SHORT, sender=BEN)
    for _ in range(2):
        bridge.ask(SHORT, sender=BOSS)
    assert len(sentences(bridge)) == 2
    assert asked(bridge) == [SHORT] * 4


def test_a_bot_takes_so_many_questions_a_minute(make_bridge: MakeBridge) -> None:
    """Whoever asks beyond is told; the answers that were taken come."""
    bridge = make_bridge(bot="bot_questions_per_minute: 2\nadmins: [boss]\nlanguage: en")
    bridge.ask(SHORT, sender=ANNA)
    bridge.ask(SHORT, sender=BEN)
    bridge.say(SHORT, sender=GUEST, **TEAM)
    assert "Too many people are asking" in bridge.said()
    bridge.ask(SHORT, sender=BOSS)
    assert asked(bridge) == [SHORT] * 3
