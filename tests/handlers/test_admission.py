"""Who may ask a bot, and how often, as tables."""

from typing import Any

import pytest

import config
from errors import ConfigError
from handlers.admission import Admission, Refusal, closed_by
from handlers.lately import PerMinute
from handlers.message import Incoming
from kinds import KINDS
from settings import AdmissionSection

TEAM, OTHER, PRIVATE = "cid-team==", "cid-other==", ""
GUEST = "$:LWCP_v1:$guest"


class Clock:
    """A clock that the test sets."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def message(user: str, group: str = PRIVATE) -> Incoming:
    """Make a message of a colleague, or of an outsider, whose only id is the senderId."""
    staff_id = "" if user == GUEST else user
    sender_id = GUEST if user == GUEST else f"$:LWCP_v1:${user}"
    conversation_id = group or f"cid-private-{user}=="
    return Incoming("m", "bot", "text", conversation_id, is_group=bool(group), sender_id=sender_id, staff_id=staff_id)


def admission(clock: Clock | None = None, **rules: Any) -> Admission:
    """Make an admission by these keys."""
    return Admission(AdmissionSection(**rules), clock or Clock())


BOT = (
    "bots:\n  - {{name: a, dingtalk_app_client_id: b, dingtalk_app_client_secret: c, "
    "dify_app_type: chatbot, dify_app_api_key: d, {}}}\n"
)

WRONG = [
    # what stands in .bots.yaml, the path below the bot, a part of the sentence, the line to write
    ("allow_users: anna", "allow_users", "应为列表", 'allow_users: [manager01, "0123"]'),
    ("deny_users: {anna: ben}", "deny_users", "应为列表", 'deny_users: [manager01, "0123"]'),
    ("deny_users: [anna, '']", "deny_users[1]", "不能为空", 'deny_users: [manager01, "0123"]'),
    ("admins: [[anna]]", "admins[0]", "应为一段文字", 'admins: [manager01, "0123"]'),
    ("allow_groups: cid==", "allow_groups", "应为列表", 'allow_groups: ["cid…=="]'),
    ("deny_groups: ['  ']", "deny_groups[0]", "不能为空", 'deny_groups: ["cid…=="]'),
    ("user_questions_per_minute: -1", "user_questions_per_minute", "不能小于 0", "user_questions_per_minute: 10"),
    ("user_questions_per_minute: ten", "user_questions_per_minute", "整数", "user_questions_per_minute: 10"),
    ("bot_questions_per_minute: 0.5", "bot_questions_per_minute", "整数", "bot_questions_per_minute: 10"),
    ("bot_questions_per_minute: 99999", "bot_questions_per_minute", "不能大于 10000", "bot_questions_per_minute: 10"),
    ("allow_user: [anna]", "allow_user", "是不是 allow_users", "allow_users: …"),
]


@pytest.mark.parametrize(("written", "path", "said", "fix"), WRONG)
def test_what_is_no_list_and_no_limit_is_told(written: str, path: str, said: str, fix: str) -> None:
    """One sentence each, and a line that would be right: a list that is misread would let everybody in."""
    with pytest.raises(ConfigError) as caught:
        config.load(BOT.format(written), {}, KINDS)
    (problem,) = caught.value.problems
    assert (problem.path, problem.fix) == (f"bots[0].{path}", fix)
    assert said in problem.what


@pytest.mark.parametrize(
    "written", ["[0123, $:LWCP_v1:$x/y+z==]", '["0123", "$:LWCP_v1:$x/y+z=="]', "['${ID}', $:LWCP_v1:$x/y+z==]"]
)
def test_ids_come_through_as_they_are_written(written: str) -> None:
    """Zeros in front, dollar signs and colons, with quotes or without, and from a variable."""
    (settings,) = config.load(BOT.format(f"allow_users: {written}"), {"ID": "0123"}, KINDS).bots
    assert settings.bot.allow_users == ("0123", "$:LWCP_v1:$x/y+z==")


CLOSED = [
    # the keys, who, where, the key that keeps them out
    ({}, "anna", PRIVATE, ""),
    ({}, GUEST, TEAM, ""),
    ({"allow_users": ("anna",)}, "anna", PRIVATE, ""),
    ({"allow_users": ("anna",)}, "anna", TEAM, ""),
    ({"allow_users": ("anna",)}, "ben", PRIVATE, "allow_users"),
    ({"allow_users": ("anna",)}, "Anna", PRIVATE, "allow_users"),
    ({"allow_users": ("anna",)}, "ann", PRIVATE, "allow_users"),
    ({"allow_users": ("anna",)}, GUEST, TEAM, "allow_users"),
    ({"allow_users": (GUEST,)}, GUEST, TEAM, ""),
    ({"deny_users": ("ben",)}, "anna", PRIVATE, ""),
    ({"deny_users": ("ben",)}, "ben", PRIVATE, "deny_users"),
    ({"deny_users": ("ben",)}, "ben", TEAM, "deny_users"),
    ({"deny_users": (GUEST,)}, GUEST, TEAM, "deny_users"),
    ({"allow_users": ("ben",), "deny_users": ("ben",)}, "ben", PRIVATE, "deny_users"),
    ({"allow_groups": (TEAM,)}, "anna", TEAM, ""),
    ({"allow_groups": (TEAM,)}, "anna", OTHER, "allow_groups"),
    ({"allow_groups": (TEAM,)}, "anna", PRIVATE, "allow_groups"),
    ({"allow_groups": (TEAM,), "allow_users": ("anna",)}, "anna", PRIVATE, ""),
    ({"allow_groups": (TEAM,), "allow_users": ("anna",)}, "anna", OTHER, "allow_groups"),
    ({"allow_groups": (TEAM,), "allow_users": ("anna",)}, "ben", TEAM, "allow_users"),
    ({"allow_groups": (TEAM,), "allow_users": ("anna",)}, "ben", PRIVATE, "allow_users"),
    ({"allow_groups": (TEAM,), "deny_users": ("ben",)}, "ben", TEAM, "deny_users"),
    ({"deny_groups": (TEAM,)}, "anna", TEAM, "deny_groups"),
    ({"deny_groups": (TEAM,)}, "anna", OTHER, ""),
    ({"deny_groups": (TEAM,)}, "anna", PRIVATE, ""),
    ({"allow_groups": (TEAM,), "deny_groups": (TEAM,)}, "anna", TEAM, "deny_groups"),
    ({"allow_users": ("anna",), "deny_groups": (TEAM,)}, "anna", TEAM, "deny_groups"),
]


@pytest.mark.parametrize(("rules", "user", "group", "key"), CLOSED)
def test_every_list_that_is_set_has_to_agree(rules: dict[str, Any], user: str, group: str, key: str) -> None:
    """An id is taken whole; a denial wins over a permission; lists of groups alone keep private chats out."""
    assert closed_by(AdmissionSection(**rules), user, group) == key
    refusal = admission(**rules).refusal(message(user, group), is_question=True)
    assert (refusal.key if refusal else "") == key


@pytest.mark.parametrize("group", [PRIVATE, TEAM])
def test_administrators_always_may(group: str) -> None:
    """Whatever the lists and limits say; and they take nothing of what the others may ask."""
    one = admission(
        admins=("boss",),
        allow_users=("anna",),
        deny_users=("boss",),
        deny_groups=(TEAM,),
        user_questions_per_minute=1,
        bot_questions_per_minute=1,
    )
    assert [one.refusal(message("boss", group), is_question=True) for _ in range(3)] == [None] * 3
    assert one.refusal(message("anna"), is_question=True) is None
    assert one.is_admin("boss")
    assert not one.is_admin("anna")


def test_who_is_refused_is_told_once_in_ten_minutes() -> None:
    """Each person once, wherever they write; of a group that is refused, whoever writes there first."""
    clock = Clock()
    one = admission(clock, deny_users=("ben", "carl"), deny_groups=(TEAM,))

    def told(user: str, group: str = PRIVATE) -> str:
        refusal = one.refusal(message(user, group), is_question=True)
        assert refusal
        return refusal.sentence

    assert [told("ben"), told("ben"), told("ben", OTHER), told("carl", OTHER)] == ["not_for_you", "", "", "not_for_you"]
    assert [told("anna", TEAM), told("anna", TEAM), told("dora", TEAM)] == ["not_in_this_group", "", ""]
    clock.now += 599
    assert told("ben") == told("anna", TEAM) == ""
    clock.now += 1
    assert [told("ben"), told("dora", TEAM)] == ["not_for_you", "not_in_this_group"]


def test_who_asks_in_private_where_only_groups_may_is_told_so() -> None:
    """Each of them, not only the first."""
    one = admission(allow_groups=(TEAM,))
    refusals = [one.refusal(message(user), is_question=True) for user in ("anna", "anna", "ben")]
    assert refusals == [Refusal("allow_groups", said) for said in ("groups_only", "", "groups_only")]


LIMITS = [
    # user's limit, bot's limit, (at second, who) that ask, the second after which each is taken: 0 for at once
    (0, 0, [(0, "a")] * 100, [0] * 100),
    (2, 0, [(0, "a"), (10, "a"), (20, "a"), (59, "a"), (60, "a"), (61, "a"), (70, "a")], [0, 0, 40, 1, 0, 9, 0]),
    (1, 0, [(0, "a"), (0, "b"), (1, "b"), (30.5, "a")], [0, 0, 59, 30]),
    (0, 2, [(0, "a"), (20, "b"), (30, "c"), (60, "c"), (60, "a"), (80, "a")], [0, 0, 30, 0, 20, 0]),
    (1, 2, [(0, "a"), (10, "a"), (20, "b"), (30, "b"), (40, "c"), (60, "a"), (60, "c")], [0, 50, 0, 50, 20, 0, 20]),
    (1, 1, [(0, "a"), (59.9, "a"), (59.9, "b")], [0, 1, 1]),
]


@pytest.mark.parametrize(("of_user", "of_bot", "asked", "seconds"), LIMITS)
def test_no_more_than_the_limit_in_any_minute(
    of_user: int, of_bot: int, asked: list[tuple[float, str]], seconds: list[int]
) -> None:
    """What is refused counts for nothing, and the time that is told is when one more is taken."""
    clock = Clock()
    one = admission(clock, user_questions_per_minute=of_user, bot_questions_per_minute=of_bot)
    waits = []
    for second, user in asked:
        clock.now = 1_000 + second
        refusal = one.refusal(message(user), is_question=True)
        waits.append(refusal.seconds if refusal else 0)
    assert waits == seconds


def test_who_asks_too_often_is_told_once_a_minute() -> None:
    """Whichever limit it is; the sentence of the person's own limit names it."""
    clock = Clock()
    one = admission(clock, user_questions_per_minute=1, bot_questions_per_minute=2)
    refusals = []
    for second, user in [(0, "a"), (1, "a"), (2, "a"), (3, "b"), (4, "c"), (60.5, "a"), (60.6, "a"), (61, "a")]:
        clock.now = 1_000 + second
        refusals.append(one.refusal(message(user), is_question=True))
    of_user = "user_questions_per_minute"
    assert refusals == [
        None,
        Refusal(of_user, "user_limit", 1, 59),
        Refusal(of_user, "", 1, 58),
        None,
        Refusal("bot_questions_per_minute", "bot_limit", 2, 56),
        None,
        Refusal(of_user, "", 1, 60),
        Refusal(of_user, "user_limit", 1, 60),
    ]


def test_only_questions_are_limited() -> None:
    """A command is neither counted nor held back by the limits; the lists hold for it, too."""
    one = admission(user_questions_per_minute=1, deny_users=("ben",))
    assert one.refusal(message("anna"), is_question=True) is None
    assert [one.refusal(message("anna"), is_question=False) for _ in range(5)] == [None] * 5
    assert one.refusal(message("anna"), is_question=True)
    assert one.refusal(message("ben"), is_question=False) == Refusal("deny_users", "not_for_you")


def test_the_memory_of_limits_is_bounded() -> None:
    """Those who came longest ago are forgotten beyond a number, and everybody a minute after they came."""
    limit = PerMinute(2, most=3)
    for number in range(10):
        limit.come(str(number), number)
    assert list(limit._times) == ["7", "8", "9"]
    limit.come("7", 10)
    limit.come("7", 10)
    assert list(limit._times["7"]) == [10, 10]
    limit.come("new", 69)
    assert list(limit._times) == ["7", "new"]
    limit.come("new", 70)
    assert list(limit._times) == ["new"]
