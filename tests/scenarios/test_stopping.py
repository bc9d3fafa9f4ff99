"""An answer stopped by its asker, and by nobody else."""

from tests.conftest import Bridge, MakeBridge

LONG = "很长 [[tokens=400]] [[rate=30]]"
ANNA = {"staff_id": "anna", "nick": "小安"}
BEN = {"staff_id": "ben", "nick": "小本"}
GROUP = {"conversation_type": "2", "conversation_id": "cid-stop==", "conversation_title": "项目群"}


def growing(bridge: Bridge) -> str:
    """Wait until a card shows text, and return its outTrackId."""
    return str(bridge.sandbox.wait_for(bridge.since, kind="card", client_id=bridge.client_id, state="inputing")["out_track_id"])


def test_stop_ends_the_card_and_difys_task(make_bridge: MakeBridge) -> None:
    """/stop keeps what was written, ends the card, and Dify stops working."""
    bridge = make_bridge()
    bridge.say(LONG)
    growing(bridge)
    bridge.say("停止")
    assert "已停止" in bridge.said()
    bridge.sandbox.wait_for(0, side="dify", kind="stopped", app=bridge.client_id)
    card = bridge.ended_cards()[0]
    assert card["state"] == "finished"
    assert len(card["text"]) > len("（已停止）") + 5
    assert card["text"].endswith("（已停止）")


def test_after_a_stop_nobody_waits_for_a_silent_ai(make_bridge: MakeBridge) -> None:
    """Stopped before the AI's first word: the next question is answered at once, and Dify is told as soon as it can be."""
    bridge = make_bridge(dify={"ping_seconds": 0.5})
    bridge.say("慢 [[first=4]] [[tokens=400]]")
    bridge.sandbox.wait_for(bridge.since, kind="card", client_id=bridge.client_id, state="processing")
    bridge.say("/stop")
    bridge.say("下一个")
    stopped, answered = bridge.ended_cards(2)
    assert stopped["text"] == "（已停止）"
    assert "下一个" in answered["text"]
    assert not bridge.sandbox.records(0, 0, side="dify", kind="stopped", app=bridge.client_id)
    bridge.sandbox.wait_for(0, side="dify", kind="stopped", app=bridge.client_id)
    assert "第 2 轮" in bridge.ask("再来")["text"]


def test_the_conversation_goes_on_after_a_stop(make_bridge: MakeBridge) -> None:
    """What was stopped was a turn of the conversation."""
    bridge = make_bridge()
    bridge.say(LONG)
    growing(bridge)
    bridge.say("/stop")
    bridge.ended_cards()
    assert "第 2 轮" in bridge.ask("再来")["text"]


def test_only_the_asker_stops_in_a_shared_conversation(make_bridge: MakeBridge) -> None:
    """With one conversation for the chat, /stop of somebody else finds nothing of theirs to stop."""
    bridge = make_bridge(bot="session_scope: chat")
    bridge.say("[[tokens=60]] [[rate=30]]", sender=ANNA, **GROUP)
    growing(bridge)
    bridge.say("/stop", sender=BEN, **GROUP)
    assert "没有正在生成的回答" in bridge.said()
    assert "已停止" not in bridge.ended_cards()[0]["text"]


def test_the_stop_button_works_for_the_asker_only(make_bridge: MakeBridge) -> None:
    """A click of somebody else is answered and changes nothing; the asker's stops the answer."""
    bridge = make_bridge()
    bridge.say(LONG, sender=ANNA, **GROUP)
    card = growing(bridge)
    refused = bridge.sandbox.click(card, "ben", "btn_stop")
    assert refused["answered"]
    assert refused["took"] < 2
    assert bridge.sandbox.card(card)["state"] == "inputing"
    assert bridge.sandbox.click(card, "anna", "btn_stop")["answered"]
    assert bridge.ended_cards()[0]["text"].endswith("（已停止）")
    bridge.sandbox.wait_for(0, side="dify", kind="stopped", app=bridge.client_id)


def test_a_click_on_an_unknown_card_is_answered(make_bridge: MakeBridge) -> None:
    """A finished card's button, or one from before a restart, does nothing and gets its acknowledgement."""
    bridge = make_bridge()
    card = bridge.ask("你好")
    assert bridge.sandbox.click(card["out_track_id"], "staff-1", "btn_stop")["answered"]
    assert bridge.sandbox.click(card["out_track_id"], "staff-1", "something_else")["answered"]
    assert bridge.sandbox.card(card["out_track_id"])["text"] == card["text"]


def test_stopping_takes_the_waiting_questions_too(make_bridge: MakeBridge) -> None:
    """Who stops means all of it: what waited ends as well, and Dify is never asked for it."""
    bridge = make_bridge()
    bridge.say(LONG)
    growing(bridge)
    bridge.say("排队的问题")
    bridge.say("/stop")
    assert len(bridge.ended_cards(2)) == 2
    asked = bridge.sandbox.records(0, 0, side="dify", kind="request", app=bridge.client_id)
    assert [record["query"] for record in asked if "query" in record] == [LONG]
