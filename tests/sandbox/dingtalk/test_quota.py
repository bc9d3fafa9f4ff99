"""The month's quota, as a counter."""

import requests

from sandbox.dingtalk.apps import App
from sandbox.dingtalk.quota import Quota
from tests.sandbox.dingtalk.foreign import SECONDS, Bot, refusal

FEBRUARY, MARCH = 1_770_000_000, 1_773_000_000


def _app(client_id: str, corp_id: str = "corp", **limits: int) -> App:
    return App(client_id, "s", "bot", corp_id=corp_id, **limits)  # type: ignore[arg-type]  # the limits are numbers


def test_an_organisations_apps_share_the_month() -> None:
    """Calls of one bot leave fewer for another; a foreign organisation and the next month begin anew."""
    now = [FEBRUARY]
    quota = Quota(lambda: now[0])
    mine, other, foreign = _app("a", monthly_calls=2), _app("b", monthly_calls=2), _app("c", "elsewhere", monthly_calls=2)
    assert [quota.call(mine), quota.call(other), quota.call(mine)] == [True, True, False]
    assert quota.spent(other) == {"calls": 2, "pushes": 0}
    assert quota.call(foreign)
    now[0] = MARCH
    assert quota.call(mine)


def test_calls_beyond_the_month_are_refused(bot: Bot) -> None:
    """The two calls of making a card and writing into it are all; neither tokens nor throttled calls count."""
    bot.register(corp_id=f"corp-{bot.client_id}", monthly_calls=2)
    card = bot.card()
    assert bot.stream(card, "x").status_code == 200
    assert refusal(bot.stream(card, "y")) == (403, "Forbidden.AccessDenied.ApiCountLimitForOrg")
    upload = f"{bot.sandbox.url}/media/upload?access_token={bot.token()}&type=image"
    assert requests.post(upload, files={"media": ("a.png", b"x")}, timeout=SECONDS).json()["errcode"] == 90020
    assert bot.sandbox.card(card)["calls"] == 2
    [app] = [each for each in bot.sandbox.apps() if each["client_id"] == bot.client_id]
    assert app["spent"] == {"calls": 2, "pushes": 0}


def test_pushes_beyond_the_month_come_without_content(bot: Bot) -> None:
    """A message and its answer by webhook are two pushes; then the webhook refuses, and messages are notices only."""
    bot.register(corp_id=f"corp-{bot.client_id}", monthly_pushes=2)
    text = {"msgtype": "text", "text": {"content": "好"}}
    with bot.connected() as socket:
        bot.sandbox.say(bot.client_id, "一")
        webhook = socket.message()["sessionWebhook"]
        assert requests.post(webhook, json=text, timeout=SECONDS).json()["errcode"] == 0
        assert requests.post(webhook, json=text, timeout=SECONDS).json()["errcode"] == 90030
        bot.sandbox.say(bot.client_id, "二")
        notice = socket.message()
    assert (notice["errorCode"], "text" in notice) == (20001, False)
