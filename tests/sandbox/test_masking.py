"""What the wire shows holds no secret, wherever it hides."""

import json

import pytest

from sandbox.masking import mask, mask_address, mask_headers, mask_json, mask_text

SECRET = "s3cr3t-of-the-bot-0123456789"


@pytest.mark.parametrize(
    "body",
    [
        {"clientId": "ding1", "clientSecret": SECRET},
        {"appKey": "ding1", "appSecret": SECRET},
        {"app_secret": SECRET, "APP-SECRET": SECRET},
        {"accessToken": SECRET, "expireIn": 7200},
        {"errcode": 0, "access_token": SECRET},
        {"endpoint": "ws://x/connect", "ticket": SECRET},
        {"list": [[{"deep": {"api_key": SECRET}}]]},
        {"sessionWebhook": f"http://127.0.0.1/robot/sendBySession?session={SECRET}"},
        {"downloadUrl": f"http://127.0.0.1/oss/1.file?Expires=1700000000&Signature={SECRET}"},
        {"url": f"/files/1/file-preview?timestamp=1&nonce={SECRET}&sign={SECRET}"},
        {"text": f"see ![picture](http://127.0.0.1/files/1/file-preview?timestamp=1&sign={SECRET}) above"},
        {"data": json.dumps({"sessionWebhook": f"http://x/robot/sendBySession?session={SECRET}"})},
        {"data": json.dumps({"cardParamMap": json.dumps({"inner": json.dumps({"ticket": SECRET})})})},
    ],
)
def test_a_secret_is_masked_wherever_it_is_nested(body: object) -> None:
    """In fields of any spelling, lists, addresses, and JSON that is a string in JSON; also when only the beginning is kept."""
    text = json.dumps(body)

    assert SECRET not in json.dumps(mask_json(body))
    assert SECRET not in mask_text(text)
    for end in range(len(text)):
        assert SECRET not in mask_text(text[:end])
        assert SECRET not in mask_text(f"data: {text[:end]}\n\n: torn")


def test_a_long_secret_shows_how_it_begins_and_a_short_one_nothing() -> None:
    """Three characters tell one token from another; of a short one they would be too much."""
    assert mask(SECRET) == "s3c…"
    assert mask("hunter2") == "…"
    assert mask_json({"ticket": SECRET, "accessToken": ""}) == {"ticket": "s3c…", "accessToken": ""}


def test_a_secret_that_was_cut_off_is_masked_too() -> None:
    """The end of what was kept may lie in the middle of a secret: its beginning is none of anybody's business either."""
    assert mask_text('{"clientId": "ding1", "clientSecret": "s3cr3t-of-the-') == '{"clientId": "ding1", "clientSecret": "s3c…'
    assert mask_text('{\\"data\\": \\"{\\\\\\"ticket\\\\\\": \\\\\\"abcdefghijklmn').endswith("abc…")


def test_what_is_no_secret_is_left_as_it_is() -> None:
    """Numbers of tokens, texts about keys, and ids stay readable."""
    body = {
        "usage": {"total_tokens": 12},
        "outTrackId": "abc",
        "content": "a ticket to ride, sign here & go=1",
        "n": [1, None, True],
    }

    assert mask_json(body) == body
    assert json.loads(mask_text(json.dumps(body))) == body
    assert mask_text("no JSON at all: 你好") == "no JSON at all: 你好"
    assert mask_address("/v1/messages?user=zhang&limit=20") == "/v1/messages?user=zhang&limit=20"


def test_addresses_lose_what_opens_them() -> None:
    """The parameters of tickets, tokens, sessions and signed addresses."""
    address = f"/connect?ticket={SECRET}&x=1"

    assert mask_address(address) == "/connect?ticket=s3c…&x=1"
    assert SECRET not in mask_address(f"/gettoken?appkey=ding1&appsecret={SECRET}")
    assert SECRET not in mask_address(f"/media/upload?access_token={SECRET}&type=image")
    assert mask_address("/oss/1?Expires=1700000000&Signature=abcdefghijkl") == "/oss/1?Expires=…&Signature=abc…"


def test_headers_show_the_scheme_and_no_key() -> None:
    """Authorization, DingTalk's token header and cookies; a repeated header shows all of its values."""
    shown = mask_headers(
        [
            ("Authorization", f"Bearer {SECRET}"),
            ("x-acs-dingtalk-access-token", SECRET),
            ("Cookie", SECRET),
            ("Set-Cookie", SECRET),
            ("Accept", "a"),
            ("Accept", "b"),
        ]
    )

    assert shown == {
        "Authorization": "Bearer s3c…",
        "x-acs-dingtalk-access-token": "s3c…",
        "Cookie": "s3c…",
        "Set-Cookie": "s3c…",
        "Accept": "a, b",
    }


def test_xml_answers_of_the_gateway_are_masked() -> None:
    """Whoever does not ask for JSON gets the ticket as an element."""
    assert mask_text(f"<result><ticket>{SECRET}</ticket></result>") == "<result><ticket>s3c…</ticket></result>"


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{" * 100_000, "\\" * 100_000, '"' * 100_000, '{"a":"' * 30_000, "=&?" * 50_000]
)
def test_hostile_bodies_are_masked_quickly(text: str) -> None:
    """A body that was made to be slow or deep is only a text (a hang would be a test that never ends)."""
    assert isinstance(mask_text(text), str)


@pytest.mark.parametrize(
    "text",
    [
        f"appSecret={SECRET}&appKey=ding1",
        f"appKey=ding1&app%5Fsecret={SECRET}",
        f"{{'appKey': 'ding1', 'appSecret': '{SECRET}'}}",
        f"clientSecret: {SECRET}",
        f'{{"clientSecret": ["{SECRET}"',
        json.dumps({"appSecret": [SECRET]}),
        json.dumps({"appSecret": {"value": SECRET}}),
        *(
            json.dumps({name: SECRET})
            for name in ("userAccessToken", "suite_ticket", "jsapiTicket", "idToken", "aesKey", "secretKey")
        ),
    ],
)
def test_a_secret_in_an_odd_shape_is_masked_too(text: str) -> None:
    """Forms, what only looks like JSON, lists, objects, and every name that ends like a secret's."""
    assert "of-the-bot" not in mask_text(text)


def test_the_tail_of_a_secret_with_odd_characters_is_masked() -> None:
    """In an address nothing but the next parameter ends it."""
    assert mask_address("/gettoken?appkey=a&appsecret=abcdefg)hij'klmnop&x=1") == "/gettoken?appkey=a&appsecret=abc…&x=1"
    assert mask_json({"appSecret": 7733771337733, "secret": None}) == {"appSecret": "773…", "secret": None}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", f"{SECRET} x"),
        ("Authorization", f"Bearer:{SECRET} more"),
        *((name, SECRET) for name in ("X-Access-Token", "X-App-Secret", "X-Forwarded-Authorization", "X-DingTalk-Signature")),
    ],
)
def test_a_header_shows_no_key_where_a_scheme_should_stand(name: str, value: str) -> None:
    """Only bearer, basic and token are schemes."""
    assert "of-the-bot" not in mask_headers([(name, value)])[name]
