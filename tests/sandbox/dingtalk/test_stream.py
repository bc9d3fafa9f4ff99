"""Frames: who gets one, acknowledgements, redelivery, pings, disconnects."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.exceptions import ConnectionClosed

from sandbox.client import SandboxClient
from tests.sandbox.dingtalk.foreign import BOT_TOPIC, CARD_TOPIC, Bot


def test_frame_has_the_documented_shape(bot: Bot) -> None:
    """A callback frame carries its headers and its data as a JSON string."""
    with bot.connected() as socket:
        sent = bot.sandbox.say(bot.client_id, "你好")
        frame = socket.frame(BOT_TOPIC)
    assert (frame["specVersion"], frame["type"]) == ("1.0", "CALLBACK")
    assert set(frame["headers"]) == {"appId", "connectionId", "contentType", "messageId", "time", "topic"}
    assert json.loads(frame["data"])["msgId"] == sent["msg_id"]


def test_message_without_connection_is_lost(bot: Bot) -> None:
    """There is no mailbox: with no live connection nothing is delivered, now or later."""
    assert not bot.sandbox.say(bot.client_id, "谁在?")["delivered"]
    with bot.connected() as socket:
        bot.sandbox.say(bot.client_id, "现在呢")
        assert socket.message()["text"]["content"] == "现在呢"


def test_topic_that_was_not_subscribed_is_never_delivered(bot: Bot) -> None:
    """A bot that subscribed to clicks only gets no messages."""
    with bot.connected(CARD_TOPIC):
        assert not bot.sandbox.say(bot.client_id, "你好")["delivered"]


def test_unacknowledged_message_comes_again_under_a_new_frame_id(bot: Bot) -> None:
    """Redelivery: new headers.messageId, same msgId, and it ends with the acknowledgement."""
    bot.register(redeliver_after=0.05, redeliver_max=3)
    with bot.connected() as socket:
        msg_id = bot.sandbox.say(bot.client_id, "你好")["msg_id"]
        first, second = socket.frame(BOT_TOPIC), socket.frame(BOT_TOPIC)
        socket.ack(second)
        noted = bot.sandbox.wait_for(kind="ack", client_id=bot.client_id)
    assert first["headers"]["messageId"] != second["headers"]["messageId"]
    assert json.loads(first["data"])["msgId"] == json.loads(second["data"])["msgId"] == msg_id
    assert (noted["msg_id"], noted["code"]) == (msg_id, 200)


def test_redelivery_gives_up(bot: Bot) -> None:
    """After redeliver_max repeats a message is dropped."""
    bot.register(redeliver_after=0.02, redeliver_max=2)
    with bot.connected() as socket:
        msg_id = bot.sandbox.say(bot.client_id, "你好")["msg_id"]
        frames = [socket.frame(BOT_TOPIC) for _ in range(3)]
        with pytest.raises(TimeoutError):
            socket.frame(BOT_TOPIC, seconds=0.3)
    assert {json.loads(frame["data"])["msgId"] for frame in frames} == {msg_id}


def test_acknowledgement_counts_only_on_its_own_connection(bot: Bot) -> None:
    """An ack that leaves by another socket is a stray one."""
    with bot.connected() as one, bot.connected() as other:
        bot.sandbox.say(bot.client_id, "你好")
        frame_record = bot.sandbox.wait_for(kind="frame", client_id=bot.client_id, topic=BOT_TOPIC)
        connected = bot.sandbox.records(kind="stream.connected", client_id=bot.client_id)
        chosen = [each["connection_id"] for each in connected].index(frame_record["connection_id"])
        (other, one)[chosen].ack({"headers": {"messageId": frame_record["message_id"]}})
        stray = bot.sandbox.wait_for(kind="ack.stray", client_id=bot.client_id)
    assert stray["message_id"] == frame_record["message_id"]


def test_each_message_goes_to_one_connection_chosen_at_random(bot: Bot) -> None:
    """Two connections share the messages; none gets all of 20."""
    with bot.connected(), bot.connected():
        for number in range(20):
            bot.sandbox.say(bot.client_id, str(number))
        frames = bot.sandbox.records(kind="frame", client_id=bot.client_id, topic=BOT_TOPIC)
    assert len(frames) == 20
    assert len({frame["connection_id"] for frame in frames}) == 2


def test_redeliver_call_repeats_a_message_at_once(bot: Bot) -> None:
    """The control API can repeat a message that was acknowledged."""
    with bot.connected() as socket:
        sent = bot.sandbox.say(bot.client_id, "你好")
        first = socket.message()
        assert bot.sandbox.redeliver(sent["msg_id"])
        assert socket.message() == first


def test_silent_client_is_told_that_the_connection_timed_out(bot: Bot) -> None:
    """Pings carry an opaque value; a client that leaves two unanswered is disconnected."""
    bot.register(ping_seconds=0.05)
    with bot.connected() as socket:
        assert json.loads(socket.frame("ping")["data"])["opaque"]
        assert json.loads(socket.frame("disconnect")["data"])["reason"] == "persistent connection is timeout"
        with pytest.raises(ConnectionClosed):
            socket.frame(BOT_TOPIC)


def test_answered_pings_keep_the_connection(bot: Bot) -> None:
    """The pong is the ping's data under the same message id."""
    bot.register(ping_seconds=0.02)
    with bot.connected() as socket:
        for _ in range(6):
            ping = socket.frame("ping")
            socket.ack(ping, ping["data"])
        bot.sandbox.say(bot.client_id, "还在吗")
        assert socket.frame(BOT_TOPIC)
    assert not bot.sandbox.records(kind="ack.stray", client_id=bot.client_id)


def test_announced_disconnect_delivers_nothing_more_and_closes_after_quiet(bot: Bot) -> None:
    """After the disconnect frame messages go elsewhere, and the socket closes once it is quiet."""
    bot.register(drain_seconds=0.2)
    with bot.connected() as old:
        assert len(bot.sandbox.disconnect(bot.client_id)) == 1
        assert json.loads(old.frame("disconnect")["data"]) == {"reason": "connection is expired"}
        assert not bot.sandbox.say(bot.client_id, "你好")["delivered"]
        with bot.connected() as new:
            bot.sandbox.say(bot.client_id, "新连接")
            assert new.message()["text"]["content"] == "新连接"
            with pytest.raises(ConnectionClosed):
                old.frame(BOT_TOPIC)
    closed = bot.sandbox.wait_for(kind="stream.closed", client_id=bot.client_id)
    assert closed["reason"] == "announced disconnect"


def test_cut_aborts_the_connection(sandbox: SandboxClient, bot: Bot) -> None:
    """A cut comes without any frame."""
    with bot.connected() as socket:
        assert sandbox.cut(bot.client_id) == 1
        with pytest.raises(ConnectionClosed):
            socket.frame(BOT_TOPIC)
    assert sandbox.wait_for(kind="stream.closed", client_id=bot.client_id)["reason"] == "cut"


def test_a_frame_that_is_late_takes_a_connection_that_still_stands(bot: Bot) -> None:
    """A connection that was told to leave while the platform was slow gets no message any more."""
    bot.sandbox.put_fault("dingtalk.stream", {"delay": 0.5}, match={"client_id": bot.client_id}, times=1)
    with ThreadPoolExecutor(1) as person, bot.connected() as old:
        said = person.submit(bot.sandbox.say, bot.client_id, "你好")
        bot.sandbox.wait_for(kind="message", client_id=bot.client_id, text="你好")
        bot.sandbox.disconnect(bot.client_id)
        with bot.connected() as new:
            assert said.result()["delivered"]
            assert new.message()["text"]["content"] == "你好"
        assert old.frame("disconnect")
        with pytest.raises(TimeoutError):
            old.frame(BOT_TOPIC, seconds=0.1)


def test_a_late_frame_without_any_connection_left_is_not_delivered(bot: Bot) -> None:
    """The only connection was cut meanwhile."""
    bot.sandbox.put_fault("dingtalk.stream", {"delay": 0.5}, match={"client_id": bot.client_id}, times=1)
    with ThreadPoolExecutor(1) as person, bot.connected():
        said = person.submit(bot.sandbox.say, bot.client_id, "你好")
        bot.sandbox.wait_for(kind="message", client_id=bot.client_id, text="你好")
        bot.sandbox.cut(bot.client_id)
        assert said.result()["reason"] == "no connection"


def test_frame_can_be_lost_or_doubled_by_a_fault(bot: Bot) -> None:
    """A lost frame looks sent to the platform; a doubled one comes with two frame ids."""
    bot.sandbox.put_fault("dingtalk.stream", {"drop": True}, match={"client_id": bot.client_id}, times=1)
    bot.sandbox.put_fault("dingtalk.stream", {"copies": 2}, match={"client_id": bot.client_id}, times=1)
    with bot.connected() as socket:
        assert bot.sandbox.say(bot.client_id, "丢了")["delivered"]
        bot.sandbox.say(bot.client_id, "两遍")
        assert socket.message() == socket.message()
