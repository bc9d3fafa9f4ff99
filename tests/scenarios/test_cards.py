"""The card: its calls in DingTalk's order, and an answer that arrives whatever DingTalk refuses."""

import uuid
from itertools import pairwise
from typing import Any

import pytest

from tests.conftest import Bridge, MakeBridge

SHORT = "你好 [[tokens=12]] [[rate=60]]"


def calls(bridge: Bridge) -> list[str]:
    """Return which card calls were made, in order."""
    return [record["api"] for record in bridge.records(kind="api") if record["api"] not in {"token", "gateway.open"}]


def refuse(bridge: Bridge, api: str, status: int, code: str, *, times: int | None = None, **params: Any) -> None:
    """Let DingTalk refuse calls of one API."""
    bridge.sandbox.put_fault(
        "dingtalk.api",
        {"status": status, "code": code, **params},
        match={"client_id": bridge.client_id, "api": api},
        times=times,
    )


def own_template(bridge: Bridge, **template: Any) -> str:
    """Add a template of the company's own and return its id."""
    template_id = f"{uuid.uuid4()}.schema"
    bridge.sandbox.put_template(template_id, **{"content_key": "content", "flow": "streaming", **template})
    return template_id


def test_the_public_template_goes_through_its_states(make_bridge: MakeBridge) -> None:
    """Made as processing, inputing with the first text, streamed, finalised, and set to finished; each call once."""
    bridge = make_bridge()
    card = bridge.ask("你好 [[tokens=60]] [[rate=30]]")
    made = calls(bridge)
    assert card["history"][0]["state"] == "processing"
    assert card["state"] == "finished"
    assert made[:2] == ["create_and_deliver", "update"]
    assert made[-2:] == ["streaming", "update"]
    assert set(made[2:-2]) == {"streaming"}
    assert card["variables"]["flowStatus"] == "3"


def test_the_text_only_grows(make_bridge: MakeBridge) -> None:
    """Each state of the card begins with the one before; the last is the whole answer."""
    bridge = make_bridge()
    card = bridge.ask("你好 [[tokens=90]] [[rate=40]]")
    texts = [frame["text"] for frame in card["history"] if frame["text"]]
    assert len(texts) >= 3
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))


def test_an_own_template_needs_no_flow_status(sandbox: Any, make_bridge: MakeBridge) -> None:
    """A template of the company's own: created, streamed into its content key, finalised."""
    template_id = f"{uuid.uuid4()}.schema"
    sandbox.put_template(template_id, content_key="content", flow="streaming")
    bridge = make_bridge(variables={"DINGTALK_AI_CARD_TEMPLATE_ID": template_id})
    card = bridge.ask(SHORT)
    assert card["state"] == "finished"
    assert card["template_id"] == template_id
    assert set(calls(bridge)[1:]) == {"streaming"}


def test_an_own_template_with_another_content_key(sandbox: Any, make_bridge: MakeBridge) -> None:
    """card_content_key names the variable."""
    template_id = f"{uuid.uuid4()}.schema"
    sandbox.put_template(template_id, content_key="answer", flow="streaming")
    bridge = make_bridge(bot=f"card_template_id: {template_id}\ncard_content_key: answer")
    assert bridge.ask(SHORT)["state"] == "finished"


@pytest.mark.parametrize(("template", "most", "streamed"), [("own", 2, 3), ("own", 0, 1), ("public", 2, 2), ("public", 0, 1)])
def test_no_more_updates_than_the_bot_allows(
    sandbox: Any, make_bridge: MakeBridge, template: str, most: int, streamed: int
) -> None:
    """card_max_updates counts the updates before the last text; 0 shows the answer once it is whole."""
    template_id = f"{uuid.uuid4()}.schema"
    sandbox.put_template(template_id, content_key="content", flow="streaming")
    named = f"card_template_id: {template_id}\n" if template == "own" else ""
    bridge = make_bridge(bot=f"{named}card_pace: smooth\ncard_max_updates: {most}")
    card = bridge.ask("你好 [[tokens=90]] [[rate=40]]")
    texts = {frame["text"] for frame in card["history"] if frame["text"]}
    assert len(texts) == most + 1
    assert calls(bridge).count("streaming") == streamed
    assert card["state"] == "finished"


def test_a_failed_answer_fails_the_card(sandbox: Any, make_bridge: MakeBridge) -> None:
    """Without a word from the AI the card ends as failed, with a sentence; a template without that state ends finished."""
    bridge = make_bridge("workflow")
    card = bridge.ask("[[fail]]")
    assert card["state"] == "failed"
    assert "失败" in card["text"]
    template_id = f"{uuid.uuid4()}.schema"
    sandbox.put_template(template_id, content_key="content", flow="streaming", error_state=False)
    own = make_bridge("workflow", bot=f"card_template_id: {template_id}")
    card = own.ask("[[fail]]")
    assert card["state"] == "finished"
    assert "失败" in card["text"]


def test_a_wrong_content_key_still_brings_the_answer(
    sandbox: Any, make_bridge: MakeBridge, caplog: pytest.LogCaptureFixture
) -> None:
    """DingTalk answers unknownError to a key that the template lacks: the answer comes as a message, the log says why."""
    template_id = f"{uuid.uuid4()}.schema"
    sandbox.put_template(template_id, content_key="content", flow="streaming")
    bridge = make_bridge(bot=f"card_template_id: {template_id}\ncard_content_key: wrong")
    bridge.say(SHORT)
    assert "春江" in bridge.said()
    assert "card_content_key" in caplog.text


@pytest.mark.parametrize(
    ("app", "bot", "hint"),
    [
        ({"permissions": ["qyapi_robot_sendmsg"]}, "", "Card.Instance.Write"),
        ({}, "card_template_id: 00000000-gone.schema", "card_template_id"),
    ],
    ids=["no permission", "no template"],
)
def test_without_a_card_the_answer_comes_as_markdown(
    make_bridge: MakeBridge, caplog: pytest.LogCaptureFixture, app: dict[str, Any], bot: str, hint: str
) -> None:
    """The whole answer through the session webhook, and one line for the admin with the fix."""
    bridge = make_bridge(app=app, bot=bot)
    bridge.say(SHORT)
    assert "春江" in bridge.said()
    assert hint in caplog.text


def test_without_the_streaming_permission_the_answer_arrives_once(
    sandbox: Any, make_bridge: MakeBridge, caplog: pytest.LogCaptureFixture
) -> None:
    """A public card is ended by setting its variables; an own one cannot be, so the answer comes as a message."""
    permissions = {"permissions": ["Card.Instance.Write", "qyapi_robot_sendmsg"]}
    public = make_bridge(app=permissions)
    card = public.ask(SHORT)
    assert card["state"] == "finished"
    assert "春江" in card["text"]
    public.wait_for_turns(1)
    assert not public.records(kind="said")
    assert "Card.Streaming.Write" in caplog.text
    template_id = f"{uuid.uuid4()}.schema"
    sandbox.put_template(template_id, content_key="content", flow="streaming")
    own = make_bridge(app=permissions, bot=f"card_template_id: {template_id}")
    own.say(SHORT)
    assert "春江" in own.said()
    own.say(SHORT)
    assert "春江" in own.said()
    assert len(sandbox.cards(client_id=own.client_id)) == 1  # once refused, no card is begun that cannot be ended


def test_a_card_that_was_not_delivered_is_noticed(make_bridge: MakeBridge) -> None:
    """DingTalk answers 200 with success=false inside when the robot is not in the chat: the answer comes as a message."""
    bridge = make_bridge()
    bridge.sandbox.put_fault("dingtalk.deliver", {"errorMsg": "robot not in group"}, match={"client_id": bridge.client_id})
    bridge.say(SHORT)
    assert "春江" in bridge.said()


def test_an_expired_token_is_renewed(make_bridge: MakeBridge) -> None:
    """A token refused in the middle of an answer is fetched anew and the call repeated; nobody notices."""
    bridge = make_bridge()
    bridge.ask(SHORT)
    bridge.sandbox.forget_token(bridge.client_id)
    assert bridge.ask(SHORT)["state"] == "finished"


def test_too_many_calls_a_second_lose_no_answer(make_bridge: MakeBridge) -> None:
    """Six people at once where DingTalk takes four calls a second: all six cards end with the whole text."""
    bridge = make_bridge(app={"qps": 4})
    for person in range(6):
        bridge.say("你好 [[tokens=30]] [[rate=60]]", sender=f"person-{person}")
    cards = bridge.ended_cards(6, seconds=40)
    assert {card["state"] for card in cards} == {"finished"}
    assert {card["text"] for card in cards} == {cards[0]["text"]}
    refused = [record for record in bridge.records(kind="api") if record["status"] == 403]
    assert refused


def test_within_the_limit_nothing_is_refused(make_bridge: MakeBridge) -> None:
    """Told how many calls a second DingTalk takes, the bridge stays below, and the cards end all the same."""
    bridge = make_bridge(app={"qps": 10}, variables={"DINGTALK_QPS": "10"})
    for person in range(6):
        bridge.say("你好 [[tokens=40]] [[rate=40]]", sender=f"person-{person}")
    assert {card["state"] for card in bridge.ended_cards(6, seconds=40)} == {"finished"}
    assert not [record for record in bridge.records(kind="api") if record["status"] == 403]


def test_a_lost_answer_to_create_makes_no_second_card(make_bridge: MakeBridge) -> None:
    """The card was made but the reply never came: the same card is asked for again, and DingTalk's refusal of it is fine."""
    bridge = make_bridge()
    bridge.sandbox.put_fault(
        "dingtalk.api",
        {"drop": True, "late": True},
        match={"client_id": bridge.client_id, "api": "create_and_deliver"},
        times=1,
    )
    assert bridge.ask(SHORT)["state"] == "finished"
    assert len(bridge.sandbox.cards(client_id=bridge.client_id)) == 1


def test_the_end_arrives_even_late(make_bridge: MakeBridge) -> None:
    """DingTalk answers 503 to the call that ends the card, twice: it is tried until it is taken."""
    bridge = make_bridge()
    refuse(bridge, "streaming", 503, "system.busy", times=2)
    card = bridge.ask("你好 [[tokens=2]]")
    assert card["state"] == "finished"


def test_a_lost_answer_to_the_end_ends_the_card_once(make_bridge: MakeBridge) -> None:
    """The call that ends the typing took effect, its answer was lost: the card still finishes, and no message follows."""
    bridge = make_bridge()
    bridge.sandbox.put_fault(
        "dingtalk.api", {"drop": True, "late": True}, match={"client_id": bridge.client_id, "api": "streaming"}, times=3
    )
    card = bridge.ask("你好 [[tokens=2]]")
    assert card["state"] == "finished"
    assert not bridge.records(kind="said")


def test_a_passing_refusal_cuts_nothing(make_bridge: MakeBridge) -> None:
    """An odd code on one frame, and on the end, are of the moment: the card shows the whole answer, once."""
    bridge = make_bridge()
    refuse(bridge, "streaming", 400, "system.err", times=1)
    refuse(bridge, "streaming", 400, "system.err", times=1)
    card = bridge.ask("你好 [[tokens=40]] [[rate=30]]")
    answer = bridge.sandbox.records(0, 0, side="dify", kind="answer", app=bridge.client_id)[-1]
    assert card["text"].replace("<br>", "\n") == answer["text"]
    assert not bridge.records(kind="said")


def test_a_webhook_that_is_banned_is_replaced_by_the_robot_api(make_bridge: MakeBridge) -> None:
    """More messages a minute than a group takes by webhook: the rest comes as the robot, and none is lost."""
    bridge = make_bridge(app={"permissions": ["qyapi_robot_sendmsg"], "webhook_per_minute": 2})
    group = {"conversation_type": "2", "conversation_id": f"cid-{uuid.uuid4().hex}==", "conversation_title": "群"}
    for number in range(4):
        bridge.say(f"问题{number}", sender=f"person-{number}", **group)
    texts = [bridge.said() for _ in range(4)]
    assert {number for number in range(4) for text in texts if f"问题{number}" in text} == set(range(4))


def test_slow_calls_skip_frames_but_not_the_last(make_bridge: MakeBridge) -> None:
    """With calls of 600 ms there are few frames, never two in flight for a card, and the end is whole."""
    bridge = make_bridge()
    bridge.sandbox.put_fault("dingtalk.api", {"delay": 0.6}, match={"client_id": bridge.client_id, "api": "streaming"})
    card = bridge.ask("你好 [[tokens=60]] [[rate=30]]")
    answer = bridge.sandbox.records(0, 0, side="dify", kind="answer", app=bridge.client_id)[-1]
    assert card["text"].replace("<br>", "\n") == answer["text"]
    streaming = [record for record in bridge.records(kind="api") if record["api"] == "streaming"]
    ends = [record["time"] for record in streaming]
    begins = [record["time"] - record["took"] for record in streaming]
    assert all(begin >= end - 0.05 for end, begin in zip(ends, begins[1:], strict=False))


def test_a_text_longer_than_a_card_takes_comes_in_messages(make_bridge: MakeBridge) -> None:
    """The card says that more follows; the messages below hold the whole answer, each within DingTalk's limit."""
    bridge = make_bridge(app={"stream_content_bytes": 3_000, "webhook_per_minute": 0})
    card = bridge.ask("[[len=9000]] [[rate=2000]]")
    assert "见下方消息" in card["text"]
    parts = [bridge.said(), bridge.said()]
    assert len("".join(parts)) >= 9_000
    assert all(len(part.encode()) <= 20_000 for part in parts)


def test_an_expired_webhook_is_replaced_by_the_robot_api(make_bridge: MakeBridge) -> None:
    """A sentence to a message whose session webhook is gone is sent as the robot."""
    bridge = make_bridge(app={"webhook_seconds": 0})
    bridge.say("/help")
    assert "/new" in bridge.said()


@pytest.mark.parametrize(("shape", "expected"), [("[[newline]]", "<br>"), ("[[table]]", "| --- |"), ("[[code]]", "```")])
def test_markdown_is_shaped_for_dingtalk(make_bridge: MakeBridge, shape: str, expected: str) -> None:
    """Newlines show as breaks, a table has its blank line, every frame closes its code fence."""
    bridge = make_bridge(dify={"pace": {"tokens_per_second": 20, "chunk_chars": 6}})
    card = bridge.ask(shape)
    assert expected in card["text"]
    assert all(frame["text"].count("```") % 2 == 0 for frame in card["history"])
