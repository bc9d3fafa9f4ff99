"""Handing over in time and in order, whatever the store does."""

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from handlers.hand_over import Arrivals, HandOver, Overfull
from tests.handlers.calling import until

WAIT = 10


def test_no_more_waits_for_the_store_than_there_is_room_for() -> None:
    """What is beyond is refused at once; what was let in is taken in when the store is back, and then there is room again."""
    may_go, taken = threading.Event(), list[str]()

    def take(raw: Mapping[str, Any]) -> None:
        may_go.wait(WAIT)
        taken.append(raw["msgId"])

    hand_over = HandOver("bot", Arrivals(take, lambda _: {}), message_seconds=0.05, click_seconds=0.05, most_waiting=2)

    async def bring() -> None:
        await hand_over.message({"msgId": "1"})
        await hand_over.message({"msgId": "2"})
        with pytest.raises(Overfull):
            await hand_over.message({"msgId": "3"})
        with pytest.raises(Overfull):
            await hand_over.click({})
        may_go.set()
        await asyncio.to_thread(until, lambda: not hand_over._waiting)
        await hand_over.message({"msgId": "4"})

    asyncio.run(bring())
    hand_over.close()
    assert taken == ["1", "2", "4"]
    assert hand_over.early == 2


def test_what_was_acknowledged_early_is_taken_in_before_the_end() -> None:
    """Closing waits for it."""
    may_go, taken = threading.Event(), list[str]()

    def take(raw: Mapping[str, Any]) -> None:
        may_go.wait(WAIT)
        taken.append(raw["msgId"])

    hand_over = HandOver("bot", Arrivals(take, lambda _: {}), message_seconds=0.01, click_seconds=0.01)

    async def bring() -> None:
        for number in range(5):
            await hand_over.message({"msgId": str(number)})
        closing = asyncio.create_task(asyncio.to_thread(hand_over.close))
        may_go.set()
        await closing

    asyncio.run(bring())
    assert taken == ["0", "1", "2", "3", "4"]
