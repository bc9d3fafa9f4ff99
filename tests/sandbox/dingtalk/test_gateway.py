"""The Stream gateway: credentials, tickets, the handshake."""

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from sandbox.client import SandboxClient
from tests.sandbox.dingtalk.foreign import SECONDS, Bot, refusal


def _status(ticket: dict[str, str]) -> int:
    address = f"{ticket['endpoint']}?ticket={ticket['ticket']}"
    with pytest.raises(InvalidStatus) as refused, connect(address, proxy=None):
        pass
    return refused.value.response.status_code


def test_wrong_secret_is_refused_as_auth_failed(bot: Bot) -> None:
    """A foreign secret gets 401 authFailed, in lower-case requestid form."""
    assert refusal(bot.open(clientSecret="wrong")) == (401, "authFailed")
    assert bot.sandbox.wait_for(kind="gateway.open", client_id=bot.client_id)["status"] == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"clientId": ""},
        {"subscriptions": []},
        {"subscriptions": [{"type": "NEWS", "topic": "*"}]},
        {"subscriptions": [{"type": "EVENT", "topic": "/only/star"}]},
        {"ua": 3},
    ],
)
def test_bad_field_is_refused(bot: Bot, changes: dict[str, object]) -> None:
    """What the gateway cannot read is 400 invalidParameter."""
    assert refusal(bot.open(**changes)) == (400, "invalidParameter")


def test_gateway_may_be_down_for_a_moment(bot: Bot) -> None:
    """A fault answers 503 once; the next attempt is served."""
    match = {"client_id": bot.client_id, "api": "gateway.open"}
    bot.sandbox.put_fault("dingtalk.api", {"status": 503, "code": "system.busy"}, match=match, times=1)
    assert refusal(bot.open()) == (503, "system.busy")
    assert bot.open().status_code == 200


def test_ticket_opens_one_connection_only(bot: Bot) -> None:
    """A ticket is spent by its first use."""
    ticket = bot.open().json()
    with connect(f"{ticket['endpoint']}?ticket={ticket['ticket']}", proxy=None):
        pass
    assert _status(ticket) == 400


def test_more_tickets_than_connections_let_no_more_in(bot: Bot) -> None:
    """Three tickets that were given while there was room for one connection: the second and the third come too late."""
    bot.register(max_connections=1)
    first, *others = [bot.open().json() for _ in range(3)]
    with connect(f"{first['endpoint']}?ticket={first['ticket']}", proxy=None):
        bot.sandbox.wait_for(kind="stream.connected", client_id=bot.client_id)
        assert [_status(each) for each in others] == [400, 400]
    assert len(bot.sandbox.records(kind="stream.connected", client_id=bot.client_id)) == 1


def test_a_client_id_that_nobody_has_is_not_recorded(bot: Bot) -> None:
    """A bot that mixed up its id and its secret leaves the refusal behind, and nothing of what it took for its id."""
    before = bot.sandbox.last()
    answers = [
        bot.open(clientId=bot.secret, clientSecret=bot.client_id),
        _token(bot, {"appKey": bot.secret, "appSecret": bot.client_id}),
        requests.get(f"{bot.sandbox.url}/gettoken?appkey={bot.secret}&appsecret={bot.client_id}", timeout=SECONDS),
    ]
    assert [answer.status_code for answer in answers] == [401, 400, 200]
    refused = bot.sandbox.records(before)
    assert [(each["kind"], each["client_id"]) for each in refused] == [("gateway.open", None)] + [("api", None)] * 3
    assert bot.secret not in str(refused)


def _token(bot: Bot, body: dict[str, str]) -> requests.Response:
    return requests.post(f"{bot.sandbox.url}/v1.0/oauth2/accessToken", json=body, timeout=SECONDS)


def test_ticket_expires(bot: Bot) -> None:
    """A ticket past its time (90 s, here none at all) is refused at the handshake."""
    bot.register(ticket_seconds=0)
    assert _status(bot.open().json()) == 400


def test_answer_is_xml_for_who_does_not_ask_for_json(bot: Bot) -> None:
    """Without `Accept: application/json` the gateway does not answer in JSON."""
    body = {
        "clientId": bot.client_id,
        "clientSecret": bot.secret,
        "subscriptions": [{"type": "EVENT", "topic": "*"}],
    }
    answer = requests.post(f"{bot.sandbox.url}/v1.0/gateway/connections/open", json=body, timeout=SECONDS)
    assert answer.headers["Content-Type"].startswith("application/xml")


def test_connections_are_counted(sandbox: SandboxClient, bot: Bot) -> None:
    """The control API tells how many connections an app has, and never its secret."""
    with bot.connected(), bot.connected():
        [app] = [app for app in sandbox.apps() if app["client_id"] == bot.client_id]
    assert app["connections"] == 2
    assert bot.secret not in str(app)
