"""The Stream connection's life, as DingTalk ends it; and bots that cannot connect beside those that can."""

import pytest

from tests.conftest import MakeBridge


def test_the_acknowledgement_comes_before_the_answer(make_bridge: MakeBridge) -> None:
    """A message is acknowledged while Dify has not even answered its first byte."""
    bridge = make_bridge()
    bridge.say("你好 [[first=1]] [[tokens=2]]")
    ack = bridge.sandbox.wait_for(bridge.since, kind="ack", client_id=bridge.client_id, msg_id=bridge.message["msg_id"])
    assert not bridge.sandbox.records(0, 0, side="dify", kind="answer", app=bridge.client_id)
    assert ack["code"] == 200
    assert bridge.ended_cards()[0]["state"] == "finished"


def test_an_announced_disconnect_loses_nothing(make_bridge: MakeBridge) -> None:
    """The next connection is up while the old one drains; the answer in flight ends, the next message is answered."""
    bridge = make_bridge(app={"drain_seconds": 1})
    bridge.say("很长 [[tokens=40]] [[rate=30]]")
    bridge.sandbox.wait_for(bridge.since, kind="ack", client_id=bridge.client_id)
    before = bridge.sandbox.last()
    bridge.sandbox.disconnect(bridge.client_id)
    connected = bridge.sandbox.wait_for(before, kind="stream.connected", client_id=bridge.client_id)
    closed = bridge.sandbox.wait_for(before, kind="stream.closed", client_id=bridge.client_id)
    assert connected["seq"] < closed["seq"]
    assert bridge.ended_cards()[0]["state"] == "finished"
    assert bridge.ask("还在吗")["state"] == "finished"


def test_a_cut_socket_is_opened_again(make_bridge: MakeBridge) -> None:
    """After a reset of the connection the bot is back within seconds."""
    bridge = make_bridge()
    before = bridge.sandbox.last()
    assert bridge.sandbox.cut(bridge.client_id) == 1
    bridge.sandbox.wait_for(before, kind="stream.connected", client_id=bridge.client_id)
    assert bridge.ask("还在吗")["state"] == "finished"


def test_a_bot_with_a_wrong_secret_disturbs_no_other(make_bridge: MakeBridge, caplog: pytest.LogCaptureFixture) -> None:
    """It is reported with its fix and tried again; it connects as soon as the secret is right, and others run meanwhile."""
    bridge = make_bridge()
    broken = make_bridge(secret_known_to_dingtalk="another-secret")
    broken.sandbox.wait_for(broken.since, kind="gateway.open", client_id=broken.client_id, status="401")
    assert bridge.ask("你好")["state"] == "finished"
    before = broken.sandbox.last()
    broken.sandbox.put_app(broken.client_id, f"secret-{broken.client_id}", broken.client_id, qps=0)
    broken.sandbox.wait_for(before, kind="stream.connected", client_id=broken.client_id)
    assert broken.ask("你好")["state"] == "finished"
    assert "dingtalk_app_client_secret" in caplog.text
    assert f"secret-{broken.client_id}" not in caplog.text


def test_odd_deliveries_are_acknowledged_and_harm_nothing(make_bridge: MakeBridge) -> None:
    """A message without content because the quota is used up gets a sentence; one without ids is only logged."""
    bridge = make_bridge()
    bridge.say("你好", overrides={"errorCode": 20001, "text": None, "msgtype": None})
    assert "额度" in bridge.said()
    bridge.say("你好", overrides={"senderId": None})
    assert bridge.ask("正常的问题")["state"] == "finished"
