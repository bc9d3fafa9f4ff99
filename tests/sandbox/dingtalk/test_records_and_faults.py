"""The shared memory of both halves, without a server around it."""

import asyncio

from sandbox.dingtalk.throttle import Throttle
from sandbox.faults import Faults
from sandbox.records import Records


def test_oldest_records_are_dropped() -> None:
    """Memory is bounded; sequence numbers go on."""
    records = Records(keep=2)
    for number in range(5):
        records.add("dingtalk", "api", number=number)
    assert [each["seq"] for each in asyncio.run(records.after(0, 0, {}))] == [4, 5]
    assert [each["seq"] for each in asyncio.run(records.after(4, 0, {}))] == [5]
    assert asyncio.run(records.after(5, 0, {})) == []


def test_facts_match_as_text() -> None:
    """Strings match as they are, everything else as JSON; a missing fact never matches."""
    records = Records()
    records.add("dify", "answer", status=200, text="好", done=True)
    for match in ({"status": "200"}, {"text": "好"}, {"done": "true"}, {"side": "dify"}):
        assert len(asyncio.run(records.after(0, 0, match))) == 1
    assert asyncio.run(records.after(0, 0, {"user": "null"})) == []


def test_waiting_reader_gets_the_record_when_it_comes() -> None:
    """A reader sleeps through what does not match and wakes at what does."""

    async def scene() -> list[str]:
        records = Records()
        reader = asyncio.create_task(records.after(0, 10, {"kind": "card"}))
        await asyncio.sleep(0)
        records.add("dingtalk", "frame")
        await asyncio.sleep(0)
        records.add("dingtalk", "card")
        return [each["kind"] for each in await reader]

    assert asyncio.run(scene()) == ["card"]


def test_fault_strikes_where_and_as_often_as_told() -> None:
    """A fault needs its point and all its facts, and wears out."""
    faults = Faults()
    faults.put("dingtalk.api", {"api": "streaming"}, times=2)
    assert faults.take("dingtalk.api", api="update") is None
    assert faults.take("dify.http", api="streaming") is None
    strikes = [faults.take("dingtalk.api", api="streaming", client_id="any") for _ in range(3)]
    assert [bool(strike) for strike in strikes] == [True, True, False]
    assert faults.list() == []


def test_throttle_counts_a_sliding_window() -> None:
    """Any second holds so many calls; refused ones do not count."""
    now = 0.0
    throttle = Throttle(window=1.0, clock=lambda: now)
    assert [throttle.admit(("app", "api"), 2) for _ in range(3)] == [True, True, False]
    now = 1.0
    assert [throttle.admit(("app", "api"), 2) for _ in range(3)] == [True, True, False]
    assert throttle.admit(("app", "other"), 2)
    assert throttle.admit(("app", "api"), 0)
