"""Whose conversation it is, in which order it goes on, and how it is begun anew."""

import pytest

from tests.conftest import MakeBridge

GROUP = {"conversation_type": "2", "conversation_id": "cid-team==", "conversation_title": "项目群"}
ANNA = {"staff_id": "anna", "nick": "小安"}
BEN = {"staff_id": "ben", "nick": "小本"}


def test_a_message_delivered_again_is_answered_once(make_bridge: MakeBridge) -> None:
    """A redelivery has a new frame id and the same msgId: it is acknowledged, and not answered again."""
    bridge = make_bridge()
    bridge.ask("你好")
    repeated = bridge.message["msg_id"]
    assert bridge.sandbox.redeliver(repeated)
    bridge.ask("下一个问题")
    assert len(bridge.sandbox.cards(client_id=bridge.client_id)) == 2
    frames = bridge.records(kind="frame", msg_id=repeated)
    assert len({frame["message_id"] for frame in frames}) == 2
    assert len(bridge.records(kind="ack", msg_id=repeated)) == 2


def test_one_conversation_is_answered_in_order(make_bridge: MakeBridge) -> None:
    """Questions of one conversation are asked of Dify one after the other, in the order in which they were written."""
    bridge = make_bridge()
    for number in range(1, 5):
        bridge.say(f"问题{number} [[tokens=10]] [[rate=50]]", create_at=1_700_000_000_000 + number)
    bridge.ended_cards(4)
    asked = bridge.sandbox.records(0, 0, side="dify", kind="request", app=bridge.client_id)
    assert [record["query"][:3] for record in asked] == ["问题1", "问题2", "问题3", "问题4"]
    assert len({record.get("conversation_id") for record in asked[1:]}) == 1


def test_different_conversations_are_answered_at_once(make_bridge: MakeBridge) -> None:
    """While one person's long answer grows, another person's short one begins and ends."""
    bridge = make_bridge()
    bridge.say("很长 [[tokens=60]] [[rate=30]]", sender=ANNA)
    bridge.sandbox.wait_for(bridge.since, kind="card", client_id=bridge.client_id, state="inputing")
    bridge.say("很短", sender=BEN)
    short, long = bridge.ended_cards(2)
    assert "很短" in short["text"]
    assert "很短" not in long["text"]


@pytest.mark.parametrize(
    ("scope", "ben_in_group", "anna_in_private"),
    [("user_in_chat", "第 1 轮", "第 1 轮"), ("user", "第 1 轮", "第 2 轮"), ("chat", "第 2 轮", "第 1 轮")],
)
def test_the_scope_says_who_shares_a_conversation(
    make_bridge: MakeBridge, scope: str, ben_in_group: str, anna_in_private: str
) -> None:
    """After Anna's first question in a group: Ben's there, and Anna's own in private, go on with it or not."""
    bridge = make_bridge(bot=f"session_scope: {scope}")
    assert "第 1 轮" in bridge.ask("一", sender=ANNA, **GROUP)["text"]
    assert ben_in_group in bridge.ask("二", sender=BEN, **GROUP)["text"]
    assert anna_in_private in bridge.ask("三", sender=ANNA)["text"]


def test_dify_knows_a_person_by_id_never_by_nick(make_bridge: MakeBridge) -> None:
    """Dify's `user` is the staffId, the senderId of an outsider, and the conversationId of a shared conversation."""
    private = make_bridge()
    private.ask("一", sender=ANNA, **GROUP)
    private.ask("二", sender={"staff_id": None, "nick": "客人", "sender_id": "$:LWCP_v1:$guest"}, **GROUP)
    shared = make_bridge(bot="session_scope: chat")
    shared.ask("三", sender=ANNA, **GROUP)
    users = [
        record["user"]
        for bridge in (private, shared)
        for record in bridge.sandbox.records(0, 0, side="dify", kind="request", app=bridge.client_id)
    ]
    assert users == ["anna", "$:LWCP_v1:$guest", "cid-team=="]


def test_outsiders_are_told_apart(make_bridge: MakeBridge) -> None:
    """Two people without a staffId in one group have a conversation each."""
    bridge = make_bridge()
    for guest in ("$:LWCP_v1:$one", "$:LWCP_v1:$two"):
        sender = {"staff_id": None, "nick": "客人", "sender_id": guest}
        assert "第 1 轮" in bridge.ask("你好", sender=sender, **GROUP)["text"]


def test_an_outsider_in_private_is_answered_by_message(make_bridge: MakeBridge) -> None:
    """A private card needs a staffId; without one the answer comes as markdown through the session webhook."""
    bridge = make_bridge()
    bridge.say("你好", sender={"staff_id": None, "nick": "客人", "sender_id": "$:LWCP_v1:$out"})
    assert "你说的是" in bridge.said()
    assert not bridge.sandbox.cards(client_id=bridge.client_id)


@pytest.mark.parametrize("command", ["/new", "／ＮＥＷ", " /Reset ", "/clear", "新会话", "重新开始", "清空对话"])
def test_a_new_conversation_by_command(make_bridge: MakeBridge, command: str) -> None:
    """Each name of the command, whatever its width and case, begins the conversation anew."""
    bridge = make_bridge()
    bridge.ask("一")
    bridge.since = bridge.sandbox.last()
    bridge.say(command)
    assert "重新开始" in bridge.said()
    assert "第 1 轮" in bridge.ask("二")["text"]


def test_a_command_is_done_before_the_next_message(make_bridge: MakeBridge) -> None:
    """However slowly its sentence leaves, the question after /new begins anew, and /stop spares the question after it."""
    bridge = make_bridge()
    bridge.ask("一")
    bridge.since = bridge.sandbox.last()
    bridge.sandbox.put_fault("dingtalk.api", {"delay": 1.5}, match={"client_id": bridge.client_id, "api": "webhook"})
    for _ in range(4):
        bridge.say("/help", sender="somebody else")
    bridge.say("/new")
    bridge.say("二 [[tokens=100]] [[rate=30]]")
    bridge.sandbox.wait_for(bridge.since, kind="card", client_id=bridge.client_id, state="inputing")
    bridge.say("/stop")
    bridge.say("三")
    stopped, answered = (card["text"] for card in bridge.ended_cards(2))
    assert stopped.endswith("（已停止）")
    assert "第 2 轮" in answered
    assert "三" in answered


def test_new_while_an_answer_grows_is_not_undone_by_it(make_bridge: MakeBridge) -> None:
    """/new acts at once; the answer that was growing ends, and does not bring the old conversation back."""
    bridge = make_bridge()
    bridge.say("很长 [[tokens=40]] [[rate=40]]")
    bridge.sandbox.wait_for(bridge.since, kind="card", client_id=bridge.client_id, state="inputing")
    bridge.say("/new")
    assert "重新开始" in bridge.said()
    bridge.ended_cards()
    assert "第 1 轮" in bridge.ask("二")["text"]


def test_the_conversation_ends_with_the_remain_time(make_bridge: MakeBridge) -> None:
    """After DIFY_CONVERSATION_REMAIN_TIME without a word the next question begins anew."""
    bridge = make_bridge(variables={"DIFY_CONVERSATION_REMAIN_TIME": "0"})
    bridge.ask("一")
    assert "第 1 轮" in bridge.ask("二")["text"]


def test_help_and_status_answer_while_an_answer_grows(make_bridge: MakeBridge) -> None:
    """Commands do not wait for the conversation's turn."""
    bridge = make_bridge()
    bridge.say("很长 [[tokens=60]] [[rate=30]]")
    bridge.sandbox.wait_for(bridge.since, kind="card", client_id=bridge.client_id, state="inputing")
    bridge.say("/help")
    assert "/new" in bridge.said()
    bridge.say("状态")
    assert "正在回答：1" in bridge.said()
    assert bridge.ended_cards()[0]["state"] == "finished"


@pytest.mark.parametrize(
    ("msgtype", "content", "expected"),
    [
        ("picture", {"downloadCode": "c"}, "图片"),
        ("audio", {"downloadCode": "c", "duration": 4000, "recognition": "你好"}, "语音"),
        ("video", {"downloadCode": "c", "duration": "5", "videoType": "mp4"}, "视频"),
        ("file", {"downloadCode": "c", "fileName": "a.pdf"}, "文件"),
        ("unknownMsgType", {"unknownMsgType": "…"}, "这种消息"),
    ],
)
def test_other_kinds_get_a_kind_sentence(
    make_bridge: MakeBridge, msgtype: str, content: dict[str, object], expected: str
) -> None:
    """What cannot be read yet is answered with a sentence, not with silence."""
    bridge = make_bridge()
    bridge.say("", msgtype=msgtype, content=content)
    assert expected in bridge.said()


def test_rich_text_is_read(make_bridge: MakeBridge) -> None:
    """The text items of a rich text message are the question."""
    bridge = make_bridge()
    card = bridge.ask("", msgtype="richText", content={"richText": [{"text": "第一段"}, {"text": "第二段"}]})
    assert "第一段第二段" in card["text"]


def test_a_full_queue_is_told(make_bridge: MakeBridge) -> None:
    """Eight questions wait behind the one being answered; the tenth is refused with a sentence, and so is each after it."""
    bridge = make_bridge()
    bridge.say("很长 [[first=1]] [[tokens=20]] [[rate=40]]")
    for number in range(8):
        bridge.say(f"等 {number} [[tokens=1]]")
    bridge.say("太多了")
    assert "没有收下" in bridge.said()
    bridge.say("还是太多")
    assert "没有收下" in bridge.said()
    assert len(bridge.ended_cards(9, seconds=30)) == 9
    assert len(bridge.records(kind="said")) == 2
