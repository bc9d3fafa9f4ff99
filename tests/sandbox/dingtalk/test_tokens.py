"""Access tokens: both endpoints, their validity, and the front that every call passes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from sandbox.client import SandboxClient
from tests.sandbox.dingtalk.foreign import SECONDS, Bot, refusal

NOT_A_CARD = {"outTrackId": "none", "cardData": {"cardParamMap": {"content": "x"}}}


def _old_token(bot: Bot, secret: str) -> dict[str, object]:
    query = {"appkey": bot.client_id, "appsecret": secret}
    answer = requests.get(f"{bot.sandbox.url}/gettoken", params=query, timeout=SECONDS)
    assert answer.status_code == 200
    return dict(answer.json())


def test_token_stays_the_same_while_valid(bot: Bot) -> None:
    """Asking again, at either endpoint, gives the same token."""
    assert bot.token() == bot.token() == _old_token(bot, bot.secret)["access_token"]


def test_wrong_secret_gets_no_token(bot: Bot) -> None:
    """400 on the new endpoint, errcode 40089 under HTTP 200 on the old one."""
    body = {"appKey": bot.client_id, "appSecret": "wrong"}
    answer = requests.post(f"{bot.sandbox.url}/v1.0/oauth2/accessToken", json=body, timeout=SECONDS)
    assert refusal(answer) == (400, "invalidClientIdOrSecret")
    assert _old_token(bot, "wrong")["errcode"] == 40089


def test_body_must_be_json(bot: Bot) -> None:
    """A form is no body to this platform."""
    body = {"appKey": bot.client_id, "appSecret": bot.secret}
    answer = requests.post(f"{bot.sandbox.url}/v1.0/oauth2/accessToken", data=body, timeout=SECONDS)
    assert refusal(answer) == (400, "Missingbody")


def test_unknown_token_is_refused_with_400(bot: Bot) -> None:
    """Not 401: InvalidAuthentication is a 400."""
    assert refusal(bot.call("PUT", "/card/instances", NOT_A_CARD, token="x")) == (400, "InvalidAuthentication")


def test_expired_token_is_refused_and_a_new_one_is_another(bot: Bot) -> None:
    """A token that ended gives way to a fresh one."""
    old = bot.token()
    bot.sandbox.forget_token(bot.client_id)
    assert refusal(bot.call("PUT", "/card/instances", NOT_A_CARD, token=old))[1] == "InvalidAuthentication"
    assert bot.token() != old


def test_missing_permission_names_the_scope(bot: Bot) -> None:
    """403 with accessdenieddetail.requiredScopes, and only for the calls that need it."""
    bot.register(permissions=["Card.Instance.Write"])
    card = bot.card()
    answer = bot.stream(card, "x")
    assert refusal(answer) == (403, "Forbidden.AccessDenied.AccessTokenPermissionDenied")
    assert answer.json()["accessdenieddetail"] == {"requiredScopes": ["Card.Streaming.Write"]}


def test_calls_beyond_the_rate_are_throttled_per_api(bot: Bot) -> None:
    """The third call within a second is a 403 that no permission cures; another API is not touched."""
    bot.register(qps=2)
    card, token = bot.card(), bot.token()
    body = {"outTrackId": card, "cardData": {"cardParamMap": {"content": "x"}}}
    with ThreadPoolExecutor(4) as at_once:
        answers = [*at_once.map(lambda _: bot.call("PUT", "/card/instances", body, token), range(4))]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert len(refused) == 2
    assert {refusal(answer) for answer in refused} == {(403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi")}
    assert bot.stream(card, "y").status_code == 200


def test_fault_refuses_so_many_calls_and_no_more(sandbox: SandboxClient, bot: Bot) -> None:
    """The month's quota as a fault: once refused, then served."""
    params = {"status": 403, "code": "Forbidden.AccessDenied.ApiCountLimitForOrg"}
    match = {"client_id": bot.client_id, "api": "streaming"}
    card = bot.card()
    sandbox.put_fault("dingtalk.api", params, match=match, times=1)
    assert refusal(bot.stream(card, "x")) == (403, "Forbidden.AccessDenied.ApiCountLimitForOrg")
    assert bot.stream(card, "x").status_code == 200


def test_late_fault_takes_effect_but_does_not_say_so(sandbox: SandboxClient, bot: Bot) -> None:
    """A call may have worked although its answer never came."""
    card = bot.card()
    match = {"client_id": bot.client_id, "api": "streaming"}
    sandbox.put_fault("dingtalk.api", {"drop": True, "late": True}, match=match, times=1)
    with pytest.raises(requests.ConnectionError):
        bot.stream(card, "angekommen")
    assert sandbox.card(card)["text"] == "angekommen"


def test_what_is_not_imitated_is_not_found(bot: Bot) -> None:
    """A path that DingTalk may have and the sandbox has not says so in DingTalk's words."""
    assert refusal(bot.call("POST", "/calendar/users/me", {"a": 1})) == (404, "InvalidAction.NotFound")
