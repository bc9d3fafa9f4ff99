"""The bounded store, what a reader gets at once, and the JSON that is taken."""

import asyncio

import pytest

from sandbox.dingtalk.apps import App
from sandbox.dingtalk.chats import Chats, Person
from sandbox.faults import Fault
from sandbox.json_api import parse_json
from sandbox.kept import Kept, weight
from sandbox.records import Records
from sandbox.switch_table import SWITCHES

APP = App("id", "secret", "Bot")


def test_the_oldest_go_by_number_and_by_weight() -> None:
    """The newest stays however heavy it is, and what has grown is weighed anew in its place."""
    few: Kept[int, str] = Kept(2)
    assert [few.put(number, str(number)) for number in range(3)] == [[], [], ["0"]]

    light: Kept[str, list[str]] = Kept(100, 60, weight)
    grown = ["x" * 10]
    light.put("a", grown)
    light.put("b", ["y" * 20])
    grown.append("x" * 10)
    assert light.put("a", grown) == [grown]
    assert light.put("c", ["z" * 1_000]) == [["y" * 20]]
    assert light.all() == [["z" * 1_000]]


def test_one_answer_holds_a_million_characters() -> None:
    """A reader goes on after the last record that it got; nothing is left out on the way."""

    async def scene() -> list[int]:
        records = Records()
        for _ in range(300):
            records.add("dingtalk", "card", text="字" * 19_500)
        sizes, after = [], 0
        while found := await records.after(after, 0, {}):
            sizes.append(len(found))
            assert found[0]["seq"] == after + 1
            after = found[-1]["seq"]
        assert after == records.last
        return sizes

    sizes = asyncio.run(scene())
    assert sum(sizes) == 300
    assert 40 < max(sizes) < 55


def test_what_dify_was_given_counts_as_memory() -> None:
    """Facts that are no texts are weighed too."""
    records = Records(most_characters=10_000)
    for _ in range(10):
        records.add("dify", "request", inputs={"text": ["x" * 3_000]})
    assert records.last - records.oldest + 1 == 3


def test_only_who_waits_for_a_record_is_woken_by_it() -> None:
    """A reader of other records sleeps on."""

    async def scene() -> tuple[bool, bool]:
        records, mine, other = Records(), asyncio.Event(), asyncio.Event()
        with records.waking(mine, {"kind": "card"}), records.waking(other, {"kind": "click"}):
            records.add("dingtalk", "card")
        return mine.is_set(), other.is_set()

    assert asyncio.run(scene()) == (True, False)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"x": NaN}', "[Infinity]", "[1e400]", r'["\ud800"]', '["\\uDFFF"]', "[", ""])
def test_json_that_nobody_else_reads_is_refused(text: str) -> None:
    """Depth, numbers that are none, and halves of characters are all one kind of mistake."""
    with pytest.raises(ValueError):  # noqa: PT011  # each has words of its own
        parse_json(text)


def test_whole_characters_written_in_halves_are_taken() -> None:
    """Most clients write an emoji as two escapes; a byte order mark is no mistake either."""
    assert parse_json(rb'{"text": "\ud83d\ude00 \u4f60"}') == {"text": "😀 你"}
    assert parse_json("\ufeff[1.5]".encode()) == [1.5]


def test_a_chat_that_is_forgotten_is_forgotten_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was said weighs together over all chats: the oldest message goes first, wherever it was said."""
    monkeypatch.setattr("sandbox.dingtalk.chats._MOST_CHARACTERS", 50_000)
    chats = Chats()
    people = [Person(f"sender-{number}", f"staff-{number}", f"nick-{number}") for number in range(2)]
    rooms = [chats.meet(APP, "1", person) for person in people]
    for person, room in zip(people, rooms, strict=True):
        assert chats.find(APP.client_id, room.conversation_id) is None
        chats.enter(APP, room, person)
        assert chats.meet(APP, "1", person) is room
    for room in [*rooms, rooms[0]]:
        room.say("person", "nick", "text", text="x" * 20_000)
    assert [[message["number"] for message in room.messages] for room in rooms] == [[3], [2]]
    assert rooms[0].newest == 3
    assert rooms[0].to_json(brief=True)["last"]["text"] == "x" * 200


def test_every_switch_orders_what_its_point_understands() -> None:
    """The table of params holds for the sandbox's own faults as well."""
    for switch in SWITCHES:
        for order in switch.orders:
            Fault.from_json({"point": order.point, "match": {**order.match}, "params": {**order.params}})


@pytest.mark.parametrize(
    "fault",
    [
        {"point": "dingtlak.api"},
        {"point": "dingtalk.api", "params": {"dealy": 3}},
        {"point": "dingtalk.api", "match": {"apis": "create"}},
        {"point": "dingtalk.api", "match": {"api": 5}},
        {"point": "dingtalk.api", "times": True},
        *({"point": "dingtalk.api", "params": {"delay": value}} for value in ("x", -1, 1e9, True)),
        *({"point": "dingtalk.api", "params": {"status": value}} for value in ("x", 9999, -1, 100)),
        {"point": "dingtalk.api", "params": {"delay": []}},
        {"point": "dingtalk.api", "params": {"errcode": "x"}},
        {"point": "dingtalk.api", "params": {"body": [1]}},
        {"point": "dingtalk.stream", "params": {"copies": 10**9}},
        {"point": "dingtalk.throttle", "params": {"qps": 0}},
        {"point": "dify.stream", "params": {"cut": "x"}},
    ],
)
def test_a_fault_that_could_not_strike_as_meant_is_refused(fault: dict[str, object]) -> None:
    """A typing mistake is told when the fault is ordered."""
    with pytest.raises(ValueError):  # noqa: PT011  # each has words of its own
        Fault.from_json(fault)
