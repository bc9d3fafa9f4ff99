"""Pushes by real requests, to the sandbox's people and groups: who gets them, who does not, and what the caller is told."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from errors import DingTalkError
from handlers import push
from handlers.texts import Language
from tests.handlers.calling import until
from tests.handlers.pushing import TOKEN, WAIT, MakePushing


def test_people_and_groups_get_the_text(make_pushing: MakePushing) -> None:
    """People in one call, each group in one of its own; 200 says how many."""
    bot = make_pushing()
    bot.meet("anna", "ben")
    group = bot.group()
    answer = bot.push(
        {"users": ["anna", "ben", "anna"], "groups": [group], "title": "磁盘", "markdown": "**磁盘**已满\n\n请处理"}
    )
    assert answer.status_code == 200
    assert (answer.json()["sent"], answer.json()["failed"]) == (3, [])
    assert [record["text"] for record in bot.said()] == ["**磁盘**已满\n\n请处理"] * 3
    assert (len(bot.calls("oto_send")), len(bot.calls("group_send"))) == (1, 1)
    assert bot.account.used.calls == 2


def test_who_did_not_get_it_is_named(make_pushing: MakePushing) -> None:
    """DingTalk answers 200 with them in its lists; the caller gets 207, and each with a reason."""
    bot = make_pushing()
    bot.meet("anna")
    answer = bot.push({"users": ["anna", "nobody"], "groups": ["cid-none"], "markdown": "x"})
    assert answer.status_code == 207
    assert answer.json()["sent"] == 1
    person, group = answer.json()["failed"]
    assert (person["user"], person["code"]) == ("nobody", "invalidStaffIdList")
    assert "userId" in person["reason"]
    assert (group["group"], group["code"]) == ("cid-none", "invalid.openConversationId")
    assert group["reason"]


def test_when_nobody_gets_it_the_caller_knows(make_pushing: MakePushing) -> None:
    """502."""
    answer = make_pushing().push({"users": ["nobody"], "markdown": "x"})
    assert (answer.status_code, answer.json()["sent"]) == (502, 0)


def test_who_gets_no_more_is_told_apart(make_pushing: MakePushing) -> None:
    """The list of those whom DingTalk holds back: 429, and when to come again."""
    bot = make_pushing()
    bot.fault("oto_send", status=200, body={"flowControlledStaffIdList": ["anna"], "invalidStaffIdList": []})
    answer = bot.push({"users": ["anna"], "markdown": "x"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert answer.json()["failed"][0]["code"] == "flowControlledStaffIdList"


def test_people_go_in_batches(make_pushing: MakePushing) -> None:
    """Twenty in a call."""
    bot = make_pushing()
    answer = bot.push({"users": [f"stranger-{number}" for number in range(45)], "markdown": "x"})
    assert len(answer.json()["failed"]) == 45
    assert len(bot.calls("oto_send")) == 3


def test_one_wrong_id_spoils_no_batch(make_pushing: MakePushing) -> None:
    """Where DingTalk refuses the whole call for one of its people, they are told one by one."""
    bot = make_pushing()
    bot.meet("anna", "ben")
    bot.fault("oto_send", 1, status=400, code="staffId.notExisted")
    answer = bot.push({"users": ["anna", "nobody", "ben"], "markdown": "x"})
    assert [failed["user"] for failed in answer.json()["failed"]] == ["nobody"]
    assert len(bot.said()) == 2


def test_who_was_reached_before_the_month_was_used_up_has_received_it(make_pushing: MakePushing) -> None:
    """Told one by one, the first gets it and the second is refused: only the others are named, each once."""
    bot = make_pushing()
    bot.meet("anna", "ben", "cleo")
    bot.fault("oto_send", 1, status=400, code="staffId.notExisted")
    bot.fault("oto_send", 1, delay=0)  # Anna's goes well
    bot.fault("oto_send", status=403, code="Forbidden.AccessDenied.ApiCountLimitForOrg")
    answer = bot.push({"users": ["anna", "ben", "cleo"], "groups": ["cid-none"], "markdown": "x"})
    assert (answer.status_code, answer.json()["sent"]) == (207, 1)
    assert [next(iter(failed.values())) for failed in answer.json()["failed"]] == ["ben", "cleo", "cid-none"]
    assert len(bot.said()) == 1
    assert len(bot.calls("oto_send")) == 3


def test_a_long_text_goes_in_numbered_parts(make_pushing: MakePushing) -> None:
    """None longer than DingTalk takes, also where JSON has to escape every character; who misses one gets no further one."""
    bot = make_pushing()
    bot.meet("anna")
    text = "\n\n".join(f'{number} "' + '\\"' * 400 for number in range(60))
    answer = bot.push({"users": ["anna", "nobody"], "markdown": text, "title": '"' * 100})
    said = [record["text"] for record in bot.said()]
    assert answer.json()["sent"] == 1
    assert len(said) > 3
    assert said[0].startswith(f"（1/{len(said)}）")
    assert all(str(number) in "".join(said) for number in range(60))


def test_what_passes_is_waited_for(make_pushing: MakePushing) -> None:
    """A call that cannot be taken now is made again within the push's time."""
    bot = make_pushing()
    bot.meet("anna")
    bot.fault("oto_send", 1, status=503, code="system.busy")
    assert bot.push({"users": ["anna"], "markdown": "x"}).status_code == 200


def test_throttled_to_the_end(make_pushing: MakePushing) -> None:
    """429, with when to come again."""
    bot = make_pushing(seconds=2)
    bot.fault("oto_send", status=403, code="Forbidden.AccessDenied.QpsLimitForAppkeyAndApi")
    answer = bot.push({"users": ["anna"], "markdown": "x"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")


def test_a_used_up_month_is_asked_once(make_pushing: MakePushing) -> None:
    """What holds for all calls is not tried for each; 429, and much later."""
    bot = make_pushing()
    bot.fault("oto_send", status=403, code="Forbidden.AccessDenied.ApiCountLimitForOrg")
    answer = bot.push({"users": [f"user-{number}" for number in range(60)], "markdown": "x"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert len(answer.json()["failed"]) == 60
    assert len(bot.calls("oto_send")) == 1


def test_a_missing_permission_is_named(make_pushing: MakePushing) -> None:
    """With what the admin has to grant."""
    bot = make_pushing(app={"permissions": []})
    answer = bot.push({"users": ["anna"], "markdown": "x"})
    assert answer.status_code == 502
    assert "qyapi_robot_sendmsg" in answer.json()["failed"][0]["reason"]


def test_pushes_share_the_pace_of_answers(make_pushing: MakePushing) -> None:
    """What the bot has sent otherwise counts: DingTalk never sees more calls in a second than are allowed."""
    bot = make_pushing(qps=2, seconds=3)
    for _ in range(10):
        if (slot := bot.rates.take("to a person")) is None:
            break
        bot.rates.returned("to a person", slot)
    else:
        raise AssertionError("no limit was kept")
    begun = time.monotonic()
    bot.meet("anna")
    assert bot.push({"users": ["anna"], "markdown": "x"}).status_code == 200
    assert time.monotonic() - begun > 0.3


def test_what_the_deadline_overtakes_is_reported(make_pushing: MakePushing) -> None:
    """The rest fails with that reason, and is not sent later."""
    bot = make_pushing(seconds=0.5)
    bot.fault("group_send", delay=0.3)
    groups = [bot.group(f"group-{number}") for number in range(5)]
    answer = bot.push({"groups": groups, "markdown": "x"})
    failed = answer.json()["failed"]
    assert answer.status_code == 207
    assert [entry["code"] for entry in failed] in (["unknown", *["deadline"] * 3], ["deadline"] * 3)  # one was in flight
    assert [entry["group"] for entry in failed] == groups[len(groups) - len(failed) :]
    until(lambda: len(bot.said()) == 2)
    assert len(bot.calls("group_send")) == 2


def test_the_deadline_holds_whatever_is_in_flight(make_pushing: MakePushing) -> None:
    """Nobody knows what became of it, and the caller is told so; what was not begun is not begun."""
    bot = make_pushing(seconds=0.5)
    bot.meet("anna")
    bot.fault("oto_send", delay=3)
    begun = time.monotonic()
    answer = bot.push({"users": ["anna"], "groups": [bot.group()], "markdown": "x"})
    assert time.monotonic() - begun < 2
    assert (answer.status_code, [entry["code"] for entry in answer.json()["failed"]]) == (502, ["unknown", "deadline"])
    assert "may have arrived" in answer.json()["failed"][0]["reason"]
    assert not bot.calls("group_send")


def test_shutting_down_waits_for_no_call_without_end(make_pushing: MakePushing, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller is told of what is in flight then, too."""
    monkeypatch.setattr(push, "_LAST_CALL_SECONDS", 0.3)
    bot = make_pushing()
    bot.meet("anna")
    bot.fault("oto_send", delay=3)
    with ThreadPoolExecutor(1) as callers:
        under_way = callers.submit(bot.push, {"users": ["anna"], "markdown": "x"})
        until(lambda: bot.door._under_way)
        begun = time.monotonic()
        bot.door.close(0.2)
        assert under_way.result().json()["failed"][0]["code"] == "unknown"
        assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("code", "language", "reason"),
    [
        ("invalid.openConversationId", "zh", "没有这个群，或者机器人不在群里"),
        ("group.disbanded", "en", "there is no such group, or the bot is not in it"),
    ],
)
def test_an_unknown_group_is_told_plainly(make_pushing: MakePushing, code: str, language: Language, reason: str) -> None:
    """In a sentence, with what DingTalk's support asks for."""
    bot = make_pushing(language=language)
    bot.fault("group_send", status=400, code=code)
    for card in (False, True):
        (failed,) = bot.push({"groups": ["cid-none"], "markdown": "x", "card": card}).json()["failed"]
        assert (failed["code"], failed["reason"]) == (code, reason)
        assert failed["request_id"]


def test_no_reason_speaks_of_a_request_id_that_is_not_there(make_pushing: MakePushing) -> None:
    """Who reads it has nothing to give to DingTalk's support then."""
    bot = make_pushing()
    bot.fault("group_send", status=400, code="odd")
    (named,) = bot.push({"groups": ["cid"], "markdown": "x"}).json()["failed"]
    assert named["request_id"]
    assert "request_id" in named["reason"]
    assert "request_id" not in bot.door._reason(DingTalkError("odd", code="odd"))


def test_wrong_tokens_are_logged_once_a_minute(make_pushing: MakePushing, caplog: pytest.LogCaptureFixture) -> None:
    """One line for however many guesses, without the guess."""
    bot = make_pushing()
    for number in range(5):
        assert bot.push({}, token=f"guess-{number}").status_code == 401
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert line == f"bot={bot.door.name} a push was refused, its token is wrong or missing"


def test_the_log_says_where_pushes_are_brought(make_pushing: MakePushing, caplog: pytest.LogCaptureFixture) -> None:
    """As that of a bot that is called over HTTP does."""
    with caplog.at_level(logging.INFO):
        name = make_pushing().door.name
    assert f"bot={name} takes pushes over HTTP at /push/{name}" in [record.getMessage() for record in caplog.records]


def test_nothing_of_a_push_is_logged_but_ids_and_codes(make_pushing: MakePushing, caplog: pytest.LogCaptureFixture) -> None:
    """Not its words, and no token."""
    bot = make_pushing()
    bot.meet("anna")
    with caplog.at_level(logging.DEBUG):
        answer = bot.push({"users": ["anna", "nobody"], "markdown": "confidential", "title": "headline"})
    (line,) = [record.getMessage() for record in caplog.records if record.name == "dingbridge.push"]
    assert f"push={answer.json()['push']} sent=1 failed=1 (invalidStaffIdList: 1)" in line
    said = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("dingbridge"))
    assert not {word for word in ("confidential", "headline", TOKEN) if word in said}


def test_too_many_pushes_at_once_are_turned_away(make_pushing: MakePushing) -> None:
    """503 with when to come again; those that were taken are finished."""
    bot = make_pushing()
    bot.meet("anna")
    bot.fault("oto_send", delay=0.4)
    with ThreadPoolExecutor(14) as callers:
        answers = [
            answer.result() for answer in [callers.submit(bot.push, {"users": ["anna"], "markdown": "x"}) for _ in range(14)]
        ]
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] * 10 + [503] * 4
    assert all(answer.headers["Retry-After"] for answer in answers if answer.status_code == 503)


def test_a_push_under_way_is_finished(make_pushing: MakePushing) -> None:
    """When the bridge shuts down; a new one is turned away."""
    bot = make_pushing()
    bot.meet("anna")
    bot.fault("oto_send", delay=1)
    with ThreadPoolExecutor(2) as callers:
        under_way = callers.submit(bot.push, {"users": ["anna"], "markdown": "x"})
        until(lambda: bot.door._under_way)
        bot.door.stop()
        assert bot.push({"users": ["anna"], "markdown": "x"}).status_code == 503
        bot.door.close(WAIT)
        assert under_way.result().status_code == 200


def test_a_caller_who_hangs_up_ends_nothing(make_pushing: MakePushing) -> None:
    """The push goes on."""
    bot = make_pushing()
    groups = [bot.group(f"group-{number}") for number in range(3)]
    bot.fault("group_send", delay=0.3)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with pytest.raises(requests.Timeout):
        requests.post(bot.url, json={"groups": groups, "markdown": "x"}, headers=headers, timeout=0.2)
    until(lambda: len(bot.said()) == len(groups))


def test_a_push_that_waits_for_room_is_ended_at_once(make_pushing: MakePushing) -> None:
    """Its call has not begun, and does not begin any more."""
    bot = make_pushing(qps=0.05)
    assert bot.rates.take("to a person")
    bot.meet("anna")
    with ThreadPoolExecutor(1) as callers:
        under_way = callers.submit(bot.push, {"users": ["anna"], "markdown": "x"})
        until(lambda: bot.door._under_way)
        begun = time.monotonic()
        bot.door.close(0.3)
        assert time.monotonic() - begun < 3
        assert under_way.result().json()["failed"][0]["code"] == "shuttingDown"
    assert not bot.calls("oto_send")


def test_a_push_that_takes_too_long_is_ended(make_pushing: MakePushing) -> None:
    """What was not sent is reported, and nothing is sent afterwards."""
    bot = make_pushing()
    groups = [bot.group(f"group-{number}") for number in range(20)]
    bot.fault("group_send", delay=0.2)
    with ThreadPoolExecutor(1) as callers:
        under_way = callers.submit(bot.push, {"groups": groups, "markdown": "x"})
        until(bot.said)
        bot.door.close(0.1)
        sent = len(bot.said())
        answer = under_way.result()
    assert answer.json()["sent"] == sent
    assert {entry["code"] for entry in answer.json()["failed"]} == {"shuttingDown"}
