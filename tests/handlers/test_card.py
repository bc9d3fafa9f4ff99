"""A card's life under every answer that DingTalk may give, with a clock of the test's own."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from errors import CardRefused, DingTalkError, DingTalkUnreachable, PermissionMissing, QuotaUsedUp, TextTooLong, Throttled
from handlers.account import Account, Companies
from handlers.card import LiveCard
from handlers.card_calls import CardCalls, Labels
from handlers.dingtalk import DingTalkClient
from handlers.message import Incoming
from handlers.pacing import PACES
from handlers.templates import Flow, Template
from settings import Endpoints

CLIENT = DingTalkClient(Endpoints("http://127.0.0.1:1", "http://127.0.0.1:1"), "bot", "secret", Account(Companies()))
MORE = "\n\n(more below)"
INCOMING = Incoming("msg", "bot", "text", "cid", is_group=True, sender_id="anna")


@dataclass(frozen=True)
class Script(CardCalls):
    """Calls that are noted instead of made; `answers` are DingTalk's, one a call (None: taken), then all are taken."""

    answers: list[DingTalkError | None] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    guids: list[str] = field(default_factory=list)

    def create(self, incoming: Incoming) -> None:
        assert incoming is INCOMING
        self._answer("create")

    def open(self, text: str) -> None:
        self._answer(f"open {text}")

    def stream(self, text: str) -> None:
        self._answer(f"stream {text}")

    def finalize(self, text: str, *, failed: bool, guid: str) -> None:
        self.guids.append(guid)
        self._answer(f"finalize {text}{' failed' if failed else ''}")

    def finish(self, text: str, *, failed: bool) -> None:
        self._answer(f"finish {text}{' failed' if failed else ''}")

    def _answer(self, call: str) -> None:
        self.made.append(call)
        answer = self.answers.pop(0) if self.answers else None
        if answer:
            raise answer


class Life:
    """A card and its clock."""

    def __init__(self, flow: Flow, answers: Sequence[DingTalkError | None], *, made: bool = False) -> None:
        self.now = 1_000.0
        template = Template("t", "content", flow)
        self.script = Script("card", template, CLIENT, Labels("Stop", "(more below)"), answers=list(answers))
        self.told: list[str] = []
        self.may_call = True
        self.card = LiveCard(
            self.script,
            PACES["balanced"],
            None if made else INCOMING,
            opened=made,
            on_end=lambda: self.told.append("end"),
            on_unmade=lambda: self.told.append("unmade"),
            may_call=lambda: self.may_call,
            clock=lambda: self.now,
        )

    def run(self, until: float = 100_000) -> list[str]:
        """Make the calls that are due within so many seconds, and return all that were made."""
        deadline = self.now + until
        while (due := self.card.due()) is not None and due <= deadline:
            self.now = max(self.now, due)
            self.card.call()
        return self.script.made

    def grow(self, *texts: str) -> None:
        """Show each text."""
        for text in texts:
            self.card.show(text)
            self.run()

    def tell(self, *texts: str, failed: bool = False) -> list[str]:
        """Show each text, end with the last, and return the calls."""
        self.grow(*texts[:-1])
        self.card.close(texts[-1], failed=failed)
        return self.run()


NO_PERMISSION = PermissionMissing("no", scopes=("Card.Streaming.Write",))
LOST, FULL, ODD = DingTalkUnreachable("lost"), Throttled("full"), DingTalkError("odd", code="system.err")
BAD_KEY, TOO_LONG, NO_QUOTA = CardRefused("key"), TextTooLong("long"), QuotaUsedUp("quota")


@pytest.mark.parametrize(
    ("flow", "answers", "calls"),
    [
        ("flow_status", [], ["create", "open a", "stream ab", "finalize abc", "finish abc"]),
        ("streaming", [], ["create", "stream a", "stream ab", "finalize abc"]),
        ("flow_status", [LOST, FULL], ["create", "create", "create", "open a", "stream ab", "finalize abc", "finish abc"]),
        ("streaming", [CardRefused("", code="param.cardAlreadyExist")], ["create", "stream a", "stream ab", "finalize abc"]),
        ("streaming", [None, FULL], ["create", "stream a", "stream a", "stream ab", "finalize abc"]),
        ("streaming", [None, ODD], ["create", "stream a", "stream a", "stream ab", "finalize abc"]),
        ("streaming", [None, None, None, LOST, ODD], [*["create", "stream a", "stream ab"], *["finalize abc"] * 3]),
        ("streaming", [None, None, None, LOST, BAD_KEY], ["create", "stream a", "stream ab", "finalize abc", "finalize abc"]),
        ("streaming", [None, TOO_LONG], ["create", "stream a", "finalize abc"]),
        ("flow_status", [None, None, NO_PERMISSION], ["create", "open a", "stream ab", "finish abc"]),
        ("flow_status", [None, None, None, NO_PERMISSION], ["create", "open a", "stream ab", "finalize abc", "finish abc"]),
    ],
)
def test_the_whole_answer_is_shown(flow: Flow, answers: list[DingTalkError | None], calls: list[str]) -> None:
    """Each call in its order, a refusal of the moment repeated, and nothing has to go another way."""
    life = Life(flow, answers)
    assert life.tell("a", "ab", "abc") == calls
    assert life.card.settled.is_set()
    assert life.card.error is None
    assert life.card.due() is None


@pytest.mark.parametrize(
    ("flow", "answers", "calls"),
    [
        ("flow_status", [NO_PERMISSION], ["create"]),
        ("streaming", [ODD, ODD, ODD, ODD], ["create"] * 4),
        ("streaming", [None, BAD_KEY, BAD_KEY, BAD_KEY], ["create", "stream a", "finalize abc", f"finalize abc{MORE}"]),
        (
            "streaming",
            [None, None, TOO_LONG, TOO_LONG],
            ["create", "stream a", "stream ab", "finalize abc", f"finalize a{MORE}"],
        ),
    ],
)
def test_what_the_card_cannot_show_goes_another_way(flow: Flow, answers: list[DingTalkError | None], calls: list[str]) -> None:
    """DingTalk refuses for good: `error` says why, and a card that exists is ended with what it takes."""
    life = Life(flow, answers)
    assert life.tell("a", "ab", "abc") == calls
    assert life.card.settled.is_set()
    assert life.card.error is answers[0] or life.card.error in answers


def test_a_long_outage_hands_the_answer_over_and_still_ends_the_card() -> None:
    """After a minute the answer goes another way; the card is tried on, slowly, and ends with a word on where it is."""
    life = Life("flow_status", [None, None, *[LOST] * 12])
    life.card.show("a")
    life.run()
    life.card.close("abc", failed=False)
    life.run(until=LiveCard.END_PATIENCE)
    assert life.card.settled.is_set()
    assert life.card.error is LOST
    assert life.run()[-2:] == [f"finalize a{MORE}", f"finish a{MORE}"]


@pytest.mark.parametrize("refusal", [TOO_LONG, NO_QUOTA, NO_PERMISSION, BAD_KEY])
def test_an_end_refused_after_a_lost_frame_is_no_success(refusal: DingTalkError) -> None:
    """A middle frame whose answer was lost says nothing of the end: what the card does not show goes another way."""
    life = Life("streaming", [None, None, LOST, *[refusal] * 9])
    life.card.show("a")
    life.run()
    life.card.show("ab")
    life.now += 1
    life.card.call()
    life.card.close("abc", failed=False)
    life.run()
    assert life.card.error is refusal


def test_a_public_card_whose_stream_is_refused_is_ended_by_its_variables() -> None:
    """No spinner stays while one of the two calls is taken."""
    life = Life("flow_status", [None, None, BAD_KEY, BAD_KEY, BAD_KEY])
    assert life.tell("a", "ab", "abc")[-1] == f"finish a{MORE}"
    assert life.card.error is BAD_KEY


def test_a_card_that_nobody_waits_for_is_the_least_urgent() -> None:
    """Taking away an old spinner must not hold up an answer."""
    old = Life("streaming", [])
    old.run()
    old.card.close("a", failed=False)
    old.card.hand_over()
    assert old.card.priority > LiveCard(old.script, PACES["balanced"], INCOMING).priority


def test_an_end_whose_answer_was_lost_is_repeated_under_the_same_name() -> None:
    """DingTalk takes a guid once: the second try does no harm."""
    life = Life("flow_status", [None, None, LOST, FULL])
    life.tell("a", "abc")
    assert len(life.script.guids) == 3
    assert len(set(life.script.guids)) == 1


def test_a_failure_shows_as_failed_where_the_template_has_that_state() -> None:
    """A public card is set to failed; an own one is told so, and ended as finished if it has no such state."""
    assert Life("flow_status", []).tell("sorry", failed=True)[-1] == "finish sorry failed"
    assert Life("streaming", []).tell("sorry", failed=True)[-1] == "finalize sorry failed"
    own = Life("streaming", [None, BAD_KEY])
    assert own.tell("sorry", failed=True)[-2:] == ["finalize sorry failed", "finalize sorry"]
    assert own.card.error is None


def test_the_pacer_is_told_once_of_what_is_new() -> None:
    """Blank text is not shown; of two changes before a call, only the first needs a word to the pacer."""
    life = Life("streaming", [])
    life.run()
    assert [life.card.show(text) for text in ("\n", "a", "ab")] == [False, True, False]
    life.run()
    assert [life.card.show(text) for text in ("ab", "abc")] == [False, True]


def test_who_waits_no_longer_and_the_card_agree() -> None:
    """Handing over sets the error unless the card shows the answer already."""
    shown, late = Life("streaming", []), Life("streaming", [])
    shown.tell("a")
    late.card.close("a", failed=False)
    for life in (shown, late):
        life.card.hand_over()
    assert shown.card.error is None
    assert isinstance(late.card.error, DingTalkUnreachable)


@pytest.mark.parametrize("refusal", [NO_QUOTA, NO_PERMISSION])
def test_a_card_that_may_not_be_closed_is_tried_on_until_somebody_grants_it(refusal: DingTalkError) -> None:
    """The answer has gone as a message; the spinner ends with what the card showed, a minute after the grant at most."""
    life = Life("streaming", [None, None, *[refusal] * 5])
    calls = life.tell("a", "abc")
    assert calls[:4] == ["create", "stream a", "finalize abc", f"finalize a{MORE}"]
    assert calls[4:] == [f"finalize a{MORE}"] * 4
    assert type(life.card.error) is type(refusal)
    assert life.card.due() is None


def test_a_card_that_never_may_be_closed_is_given_up_after_an_hour() -> None:
    """Nobody granted it."""
    life = Life("streaming", [None, None, *[NO_QUOTA] * 1_000])
    begun = life.now
    life.tell("a", "abc")
    assert life.card.due() is None
    assert 3_600 <= life.now - begun < 3_800


@pytest.mark.parametrize(("flow", "end"), [("streaming", ["finalize"]), ("flow_status", ["open", "finalize", "finish"])])
def test_a_card_whose_making_was_lost_and_then_refused_is_closed(flow: Flow, end: list[str]) -> None:
    """The answer to the first try was lost, the next ones are refused for good: perhaps the card is there, and spins."""
    life = Life(flow, [DingTalkUnreachable("lost"), CardRefused("no", code="param.templateUnpublished")])
    calls = life.tell("a", "abc")
    assert calls[:2] == ["create", "create"]
    assert [call.split()[0] for call in calls[2:]] == end
    assert all(MORE in call for call in calls[2:])
    assert isinstance(life.card.error, CardRefused)


def test_the_end_of_a_card_that_is_not_there_is_not_taken_for_shown() -> None:
    """A process was killed before it could make the card; the first try to end it is lost on its way."""
    gone = CardRefused("card is not exist", code="param.stream.outTrackId")
    life = Life("streaming", [LOST, gone], made=True)
    assert [call.split()[0] for call in life.tell("interrupted")] == ["finalize", "finalize"]
    assert life.card.error is gone
    assert life.card.due() is None


@pytest.mark.parametrize("refusal", [CardRefused("no", code="param.templateUnpublished"), NO_QUOTA])
def test_a_card_that_will_not_be_is_told(refusal: DingTalkError) -> None:
    """Once, so that whoever comes after a crash sends a message; a card that is there is not."""
    life = Life("flow_status", [refusal])
    life.tell("a", "abc")
    assert life.told == ["unmade"]
    life = Life("flow_status", [None])
    life.tell("a", "abc")
    assert life.told == ["end"]


def test_nothing_is_called_while_others_may_have_taken_over() -> None:
    """A process that was paused asks first whether it may; what others have ended meanwhile is left as it is."""
    life = Life("streaming", [])
    life.grow("a", "ab")
    life.may_call = False
    life.card.close("abc", failed=False)
    assert life.run(until=5) == ["create", "stream a", "stream ab"]
    life.may_call = True
    assert life.run(until=1)[3:] == ["finalize abc"]

    paused = Life("streaming", [])
    paused.grow("a", "ab")
    paused.may_call = False
    paused.card.abandon()
    paused.may_call = True
    paused.card.close("abc", failed=False)
    assert paused.run() == ["create", "stream a", "stream ab"]
    assert paused.card.settled.is_set()
    assert paused.told == []
