"""A message that is delivered again: known while it is under way, and for ten minutes after."""

from handlers.duplicates import Duplicates
from handlers.lately import Lately
from handlers.message import Incoming


def message(robot_code: str = "bot", message_id: str = "m") -> Incoming:
    """Make a message of a robot's."""
    return Incoming(message_id, robot_code, "text", "cid", is_group=False, sender_id="anna")


class Clock:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_message_is_known_by_robot_and_msg_id() -> None:
    """The same msgId of the same robot is a repetition; of another robot it is another message."""
    duplicates = Duplicates()
    assert duplicates.is_new(message())
    assert not duplicates.is_new(message())
    assert duplicates.is_new(message(robot_code="other"))
    assert duplicates.is_new(message(message_id="n"))


def test_it_is_known_while_it_is_under_way_and_for_ten_minutes_after() -> None:
    """However long an answer takes; the ten minutes begin with its end, and a repetition does not prolong them."""
    clock = Clock()
    duplicates = Duplicates(clock)
    assert duplicates.is_new(message())
    clock.now = 7_200
    assert not duplicates.is_new(message())
    duplicates.ended(message())
    clock.now += 599
    assert not duplicates.is_new(message())
    clock.now += 1
    assert duplicates.is_new(message())


def test_one_under_way_is_not_forgotten_for_those_that_have_ended() -> None:
    """What has ended is forgotten after its time, in the order of the ends; what is under way never is."""
    clock = Clock()
    duplicates = Duplicates(clock)
    assert duplicates.is_new(message())
    for number in range(60_000):
        clock.now += 0.001
        assert duplicates.is_new(message(message_id=str(number)))
        duplicates.ended(message(message_id=str(number)))
    assert not duplicates.is_new(message())
    assert not duplicates.is_new(message(message_id="59999"))
    assert duplicates.is_new(message(message_id="0"))


def test_what_was_met_lately_is_bounded_in_time_and_number() -> None:
    """The oldest goes first, and nothing is kept beyond its time once something new is met."""
    lately = Lately(10, 2)
    assert lately.meet("a", 0)
    assert not lately.meet("a", 9)  # keeps its time
    assert lately.meet("b", 9)
    assert lately.meet("a", 10)
    assert lately.meet("c", 11)
    assert not lately.has("b", 11)
    assert len(lately._met) == 2
    assert lately.meet("d", 30)
    assert len(lately._met) == 1
