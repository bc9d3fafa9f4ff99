"""A switch turns for all bots of a sandbox at once: what two of them meet while it is on, and once it is off."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from sandbox.client import Json, SandboxClient, SandboxProcess
from sandbox.switch_table import SWITCHES
from tests.sandbox.dingtalk.foreign import SECONDS, Bot

MONTH_OVER = "Forbidden.AccessDenied.ApiCountLimitForOrg"
NOT_PERMITTED = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
MEETS: dict[str, set[tuple[str, str | int | None]]] = {
    "rate_limit": {("media", "90018")},
    "no_permission": {("create_and_deliver", NOT_PERMITTED), ("streaming", NOT_PERMITTED)},
    "unpublished_template": {("create_and_deliver", "param.templateUnpublished")},
    "slow_cards": {("create_and_deliver", 200), ("streaming", 200)},
    "expired_webhook": {("webhook", "300001")},
    "api_quota": {("create_and_deliver", MONTH_OVER), ("streaming", MONTH_OVER), ("media", "90020")},
    "push_quota": {("content", "20001"), ("webhook", "90030")},
    "redelivery": {("message", None)},
    "ai_401": {("ai", 401)},
    "ai_429": {("ai", 429)},
    "ai_500": {("ai", 500)},
    "ai_html": {("ai", 502)},
    **{name: {("ai", 200)} for name in ("ai_cut", "ai_pings", "ai_torn", "ai_megabyte")},
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxClient]:
    """A sandbox of this module's own."""
    with SandboxProcess() as client:
        client.put_template("own.schema")
        yield client


@pytest.mark.parametrize("name", [switch.name for switch in SWITCHES if not switch.deed])
def test_a_switch_strikes_every_bot_until_it_is_off(sandbox: SandboxClient, name: str) -> None:
    """On: both bots meet just what the switch orders, in the platforms' own codes. Off: neither meets anything."""
    bots = [_bot(sandbox), _bot(sandbox)]
    with ThreadPoolExecutor(2) as both:
        turn(sandbox, name, on=True)
        try:
            assert [*both.map(met, bots)] == [MEETS[name]] * 2
        finally:
            turn(sandbox, name, on=False)
        assert [*both.map(met, bots)] == [set(), set()]


def met(bot: Bot) -> set[tuple[str, str | int | None]]:
    """Let a bot do its work; what it met by order: the calls, with their code or status."""
    before = requests.get(f"{bot.sandbox.url}/sandbox/wire", timeout=SECONDS).json()["last"]
    message = work(bot)
    entries = [*wire(bot, before, client_id=bot.client_id), *wire(bot, before, app=bot.client_id)]
    # How an event stream ended is an entry of its own, which comes when it likes.
    struck = [each for each in entries if "fault" in each and each["kind"] != "stream"]
    no_content = {("content", str(message["errorCode"]))} if "errorCode" in message else set()
    return {(each.get("api", "ai"), each.get("code", each.get("status"))) for each in struck} | no_content


def work(bot: Bot) -> Json:
    """Get one message and make every kind of call for it, whatever is answered; return the message."""
    url = bot.sandbox.url
    with bot.connected() as socket:
        bot.sandbox.say(bot.client_id, "你好")
        message = socket.message()
    requests.post(message["sessionWebhook"], json={"msgtype": "text", "text": {"content": "好"}}, timeout=SECONDS)
    card = uuid.uuid4().hex
    bot.create(outTrackId=card)
    bot.stream(card, "好")
    upload = {"access_token": bot.token(), "type": "image"}
    for _ in range(2):
        requests.post(f"{url}/media/upload", params=upload, files={"media": ("a.png", b"x")}, timeout=SECONDS)
    question = {"inputs": {}, "query": "你好", "user": "u", "response_mode": "streaming"}
    key = {"Authorization": f"Bearer app-{bot.client_id}"}
    with requests.post(f"{url}/v1/chat-messages", json=question, headers=key, stream=True, timeout=SECONDS):
        return message


def wire(bot: Bot, after: int, **match: str) -> list[Json]:
    """Return what went over the wire since."""
    query = {"after": str(after), **match}
    return list(requests.get(f"{bot.sandbox.url}/sandbox/wire", query, timeout=SECONDS).json()["wire"])


def turn(sandbox: SandboxClient, name: str, *, on: bool) -> None:
    """Turn a switch."""
    assert requests.post(f"{sandbox.url}/sandbox/switches/{name}", json={"on": on}, timeout=SECONDS).ok


def _bot(sandbox: SandboxClient) -> Bot:
    bot = Bot(sandbox)
    bot.register(qps=0)
    sandbox.put_dify_app(f"app-{bot.client_id}", bot.client_id, "chat", ping_seconds=0.05)
    return bot
