"""The wire shows every frame and call in order, whole, counted, and without a secret."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from aiohttp import ClientSession, web

from sandbox import capture
from sandbox.client import Json, SandboxClient, SandboxProcess
from sandbox.wire import Wire
from tests.sandbox.dingtalk.foreign import BOT_TOPIC, SECONDS, Bot
from tests.sandbox.looking import LATEST, last, seen, wait_for, whole


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxClient]:
    """A sandbox of this module's own: what others do would be on the same wire."""
    with SandboxProcess() as client:
        client.put_template("own.schema", variables=["hasAction", {"name": "plain", "type": "text"}])
        yield client


@pytest.fixture
def bot(sandbox: SandboxClient) -> Bot:
    """A registered app without connections, to which staff-1 has written."""
    bot = Bot(sandbox, secret=f"secret-{uuid.uuid4().hex}")
    bot.register()
    sandbox.say(bot.client_id, "在吗")
    return bot


def test_a_message_and_its_card_appear_in_order_with_their_verdicts(sandbox: SandboxClient, bot: Bot) -> None:
    """From the gateway to the card's end: which way, what, how large, how long, and how many calls the answer took so far."""
    before = last(sandbox)
    with bot.connected(BOT_TOPIC) as socket:
        sandbox.say(bot.client_id, "你好")
        message = socket.message()
        token = bot.token()
        card = str(uuid.uuid4())
        for method, path, body in (
            ("POST", "/card/instances/createAndDeliver", bot_card(bot, card)),
            ("PUT", "/card/streaming", growing(card, "春", final=False)),
            ("PUT", "/card/streaming", growing(card, "春江", final=True)),
        ):
            assert bot.call(method, path, body, token).ok
    wait_for(sandbox, before, api="closed", client_id=bot.client_id)

    found = seen(sandbox, before, client_id=bot.client_id)
    told = [(each["way"], each["api"], each["verdict"], each.get("calls")) for each in found]
    assert told == [
        ("in", "gateway.open", "ok", None),
        ("in", "connect", "ok", None),
        ("out", "connected", "ok", None),
        ("out", "registered", "ok", None),
        ("out", "message", "ok", None),
        ("in", "ack.message", "ok", None),
        ("in", "token", "ok", None),
        ("in", "create_and_deliver", "ok", 1),
        ("in", "streaming", "ok", 2),
        ("in", "streaming", "ok", 3),
        ("in", "closed", "left", None),
    ]
    assert [each["seq"] for each in found] == sorted(each["seq"] for each in found)
    by_api = {each["api"]: each for each in found}
    assert by_api["message"]["answer"] == by_api["ack.message"]["answer"] == message["msgId"]
    assert by_api["streaming"]["answer"] == card
    assert by_api["streaming"]["what"] == "PUT /v1.0/card/streaming"
    assert by_api["streaming"]["bytes_in"] > 100 < by_api["message"]["bytes_out"]
    assert all(each["took"] >= 0 for each in found if each["kind"] == "call" and each["api"] != "connect")
    assert [by_api[api]["counted"] for api in ("gateway.open", "token", "streaming")] == [False, False, True]


def test_an_entry_can_be_read_whole(sandbox: SandboxClient, bot: Bot) -> None:
    """A call both ways with headers and JSON bodies, a frame with its headers and its data."""
    before = last(sandbox)
    with bot.connected(BOT_TOPIC) as socket:
        sandbox.say(bot.client_id, "你好")
        socket.message()
        card = bot.card()

    call = whole(sandbox, wait_for(sandbox, before, api="create_and_deliver"))
    assert call["request"]["method"] == "POST"
    assert call["request"]["url"] == "/v1.0/card/instances/createAndDeliver"
    assert call["request"]["headers"]["Content-Type"] == "application/json"
    assert call["request"]["body"]["outTrackId"] == card
    assert call["request"]["truncated"] is False
    assert call["response"]["status"] == 200
    assert call["response"]["headers"]["x-acs-request-id"]
    assert call["response"]["body"]["result"]["outTrackId"] == card
    frame = whole(sandbox, wait_for(sandbox, before, api="message"))["frame"]
    assert frame["headers"]["topic"] == BOT_TOPIC
    assert json.loads(frame["data"])["text"] == {"content": "你好"}
    assert whole(sandbox, wait_for(sandbox, before, api="ack.message"))["frame"]["code"] == 200
    assert requests.get(f"{sandbox.url}/sandbox/wire/{LATEST // 16}", timeout=SECONDS).status_code == 404
    assert requests.get(f"{sandbox.url}/sandbox/wire", {"after": "soon"}, timeout=SECONDS).status_code == 400


def test_no_secret_that_was_used_is_on_the_wire(sandbox: SandboxClient, bot: Bot) -> None:
    """Client secret, tokens, ticket, session, signature, Dify's key and a cookie, in every place they go through."""
    before = last(sandbox)
    dify_key = f"app-{uuid.uuid4().hex}"
    sandbox.put_dify_app(dify_key, bot.client_id, "chat")
    ticket = bot.open(BOT_TOPIC).json()["ticket"]
    assert requests.get(f"{sandbox.url}/connect", {"ticket": ticket}, timeout=SECONDS).status_code >= 400
    token = bot.token()
    old = f"{sandbox.url}/gettoken?appkey={bot.client_id}&appsecret={bot.secret}"
    assert requests.get(old, timeout=SECONDS, cookies={"sid": "cookie-0123456789abcdef"}).json()["access_token"] == token
    requests.post(f"{sandbox.url}/v1.0/oauth2/accessToken", data=f'{{"appSecret": "{bot.secret}', timeout=SECONDS)
    with bot.connected(BOT_TOPIC) as socket:
        sandbox.say(bot.client_id, "看图", msgtype="picture")
        message = socket.message()
        webhook = message["sessionWebhook"]
        requests.post(webhook, json={"msgtype": "text", "text": {"content": f"see {webhook}"}}, timeout=SECONDS)
        wanted = {"downloadCode": message["content"]["downloadCode"], "robotCode": bot.client_id}
        download = bot.call("POST", "/robot/messageFiles/download", wanted, token).json()["downloadUrl"]
        assert requests.get(download, timeout=SECONDS).ok
        send_picture(sandbox, token)
    asked = {"inputs": {}, "query": f"my key is Bearer {dify_key}", "user": "zhang", "response_mode": "streaming"}
    requests.post(
        f"{sandbox.url}/v1/chat-messages", json=asked, headers={"Authorization": f"Bearer {dify_key}"}, timeout=SECONDS
    )

    [session], [signature] = (
        parse_qs(urlsplit(url).query)[name] for url, name in ((webhook, "session"), (download, "Signature"))
    )
    found = seen(sandbox, before)
    everything = json.dumps([found, [whole(sandbox, each) for each in found]], ensure_ascii=False)
    assert len(found) > 15
    for secret in (bot.secret, token, ticket, session, signature, dify_key, "cookie-0123456789abcdef"):
        assert secret not in everything
    assert f"{token[:3]}…" in everything


def test_a_secret_in_the_wrong_place_is_on_no_wire(sandbox: SandboxClient, bot: Bot) -> None:
    """Credentials that were swapped, a secret in a path, in a text, in a form: known by its value."""
    before = last(sandbox)
    swapped = {"clientId": bot.secret, "clientSecret": bot.client_id, "subscriptions": [{"type": "EVENT", "topic": "*"}]}
    requests.post(f"{sandbox.url}/v1.0/gateway/connections/open", json=swapped, timeout=SECONDS)
    requests.get(f"{sandbox.url}/gettoken", {"appkey": bot.secret, "appsecret": bot.client_id}, timeout=SECONDS)
    for text in (bot.secret, f"x{bot.secret}y", f"{{'a': '{bot.secret}'", f"a={bot.secret}"):
        requests.post(f"{sandbox.url}/v1.0/{bot.secret}", text, timeout=SECONDS)

    found = seen(sandbox, before)
    assert len(found) == 6
    assert bot.secret not in json.dumps([found, [whole(sandbox, each) for each in found]])


def test_refusals_are_told_by_code_and_throttled_calls_do_not_count(sandbox: SandboxClient, bot: Bot) -> None:
    """DingTalk's quota counts what it refuses for other reasons, but not the call too many in a second."""
    bot.register(qps=1)
    token, card = bot.token(), bot.card()
    before = last(sandbox)
    for _ in range(3):
        bot.call("PUT", "/card/streaming", growing(card, "春", final=False), token)
    bot.call("PUT", "/card/instances", {"outTrackId": card}, token)
    bot.call("PUT", "/card/instances", {"outTrackId": "nobody's"}, "no-token")

    calls = [(each["verdict"], each.get("code"), each["counted"], each.get("calls")) for each in seen(sandbox, before)]
    throttled = ("refused", "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", False, 2)
    assert calls == [
        ("ok", None, True, 2),
        throttled,
        throttled,
        ("refused", "param.cardDataAndPrivateDataBothEmpty", True, 3),
        ("refused", "InvalidAuthentication", True, None),
    ]


def test_messages_through_a_webhook_count_for_the_message_they_answer(sandbox: SandboxClient, bot: Bot) -> None:
    """The session names the message; a refusal under HTTP 200 is told as one."""
    before = last(sandbox)
    with bot.connected(BOT_TOPIC) as socket:
        sandbox.say(bot.client_id, "你好")
        message = socket.message()
        for text in ("一", "二", ""):
            body = {"msgtype": "text", "text": {"content": text}}
            requests.post(message["sessionWebhook"], json=body, timeout=SECONDS)

    calls = seen(sandbox, before, api="webhook")
    assert [each["calls"] for each in calls] == [1, 2, 3]
    assert {each["answer"] for each in calls} == {message["msgId"]}
    assert [(each["verdict"], each.get("code")) for each in calls] == [("ok", None), ("ok", None), ("refused", "40035")]


def test_acknowledgements_that_are_late_missing_or_stray_say_so(sandbox: SandboxClient, bot: Bot) -> None:
    """An acknowledgement has its time; what came before is pushed again, and what acknowledges nothing is a stray."""
    bot.register(redeliver_after=0.2, redeliver_max=1)
    before = last(sandbox)
    with bot.connected(BOT_TOPIC) as socket:
        sandbox.say(bot.client_id, "你好")
        first = socket.frame(BOT_TOPIC)
        again = socket.frame(BOT_TOPIC)
        socket.ack(again)
        socket.ack(first)
        socket.raw.send("good morning")
        wait_for(sandbox, before, verdict="stray")

    told = [
        (e["api"], e["verdict"], e.get("again"))
        for e in seen(sandbox, before)
        if e["api"] in {"message", "ack.message", "stray"}
    ]
    assert told == [
        ("message", "ok", None),
        ("ack.message", "unanswered", None),
        ("message", "ok", True),
        ("ack.message", "ok", None),
        ("ack.message", "late", None),
        ("stray", "stray", None),
    ]


def test_what_a_fault_does_is_marked(sandbox: SandboxClient, bot: Bot) -> None:
    """Hung up, refused, delayed, lost: each with its verdict, and with the mark of the fault."""
    token = bot.token()
    before = last(sandbox)
    match = {"client_id": bot.client_id}
    for params in ({"drop": True}, {"status": 503, "code": "system.busy"}, {"delay": 0.05}):
        sandbox.put_fault("dingtalk.api", params, match=match, times=1)
        try:
            bot.call("PUT", "/card/instances", {"outTrackId": "x"}, token)
        except requests.ConnectionError:
            assert "drop" in params
    with bot.connected(BOT_TOPIC):
        sandbox.put_fault("dingtalk.stream", {"drop": True}, match=match, times=1)
        sandbox.say(bot.client_id, "你好")

    marked = [each for each in seen(sandbox, before) if each.get("fault")]
    assert [(each["api"], each["verdict"]) for each in marked] == [
        ("update", "dropped"),
        ("update", "failed"),
        ("update", "refused"),
        ("message", "lost"),
    ]
    assert "status" not in marked[0]
    assert marked[2]["took"] >= 0.05


def test_a_card_that_reached_nobody_is_no_success(sandbox: SandboxClient, bot: Bot) -> None:
    """DingTalk says 200 and success; the refusal is in deliverResults."""
    before = last(sandbox)
    assert bot.create(openSpaceId="dtv1.card//IM_ROBOT.nobody").ok

    assert wait_for(sandbox, before, api="create_and_deliver")["verdict"] == "refused"


def test_uploaded_files_are_named_and_not_kept(sandbox: SandboxClient, bot: Bot) -> None:
    """Field, name and size; none of the bytes."""
    before, token = last(sandbox), bot.token()
    send_picture(sandbox, token)

    request = whole(sandbox, wait_for(sandbox, before, api="media"))["request"]
    assert request["body"] is None
    assert request["multipart"] == [{"field": "media", "name": "猫.png", "bytes": 9}]


def test_the_page_and_the_control_api_are_not_on_the_wire(sandbox: SandboxClient) -> None:
    """It shows what bots and platforms say to each other, not who looks at it."""
    before = last(sandbox)
    for path in ("/", "/page/tokens.css", "/sandbox/apps", "/favicon.ico"):
        requests.get(f"{sandbox.url}{path}", timeout=SECONDS)

    assert seen(sandbox, before) == []


class _Broken(Wire):
    def add(self, *_: Any, **__: object) -> None:
        raise ValueError("full")


def test_a_wire_that_fails_fails_no_call(caplog: pytest.LogCaptureFixture) -> None:
    """Looking on must never get in the way: the call is answered, the failure is in the log."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"success": True})

    async def call() -> Any:
        app = web.Application()
        app.router.add_post("/v1.0/anything", answer)
        capture.install(app, _Broken())
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1.0/anything"
            async with ClientSession() as client, client.post(url, json={}) as response:
                return await response.json()
        finally:
            await runner.cleanup()

    assert asyncio.run(call()) == {"success": True}
    assert "could not be put on the wire" in caplog.text


def send_picture(sandbox: SandboxClient, token: str) -> None:
    """Upload a file of nine bytes."""
    parameters = {"access_token": token, "type": "image"}
    upload = {"media": ("猫.png", b"PNG-bytes", "image/png")}
    assert requests.post(f"{sandbox.url}/media/upload", files=upload, params=parameters, timeout=SECONDS).ok


def bot_card(bot: Bot, card: str) -> Json:
    """Return the body of createAndDeliver."""
    return {
        "cardTemplateId": "own.schema",
        "outTrackId": card,
        "callbackType": "STREAM",
        "cardData": {"cardParamMap": {"content": ""}},
        "openSpaceId": "dtv1.card//IM_ROBOT.staff-1",
        "imRobotOpenSpaceModel": {"supportForward": True},
        "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": bot.client_id},
    }


def growing(card: str, text: str, *, final: bool) -> Json:
    """Return the body of a streaming call."""
    flags = {"isFull": True, "isFinalize": final, "isError": False}
    return {"outTrackId": card, "guid": uuid.uuid4().hex, "key": "content", "content": text, **flags}
