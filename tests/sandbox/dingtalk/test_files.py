"""Files in both directions."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.sandbox.dingtalk.foreign import SECONDS, Bot, refusal


def _upload(bot: Bot, kind: str, name: str, content: bytes, token: str | None = None) -> dict[str, Any]:
    query = {"access_token": token or bot.token(), "type": kind}
    url = f"{bot.sandbox.url}/media/upload"
    answer = requests.post(url, params=query, files={"media": (name, content)}, timeout=SECONDS)
    assert answer.status_code == 200
    return dict(answer.json())


def test_upload_gives_a_media_id(bot: Bot) -> None:
    """An image becomes an id that begins as DingTalk's do."""
    assert _upload(bot, "image", "a.png", b"png")["media_id"].startswith("@lA")


@pytest.mark.parametrize(
    ("kind", "name", "size", "errcode"),
    [
        ("sticker", "a.png", 1, 40004),
        ("image", "a.svg", 1, 40004),
        ("file", "a.md", 1, 40004),
        ("voice", "a.mp3", 2 * 1024 * 1024 + 1, 40006),
        ("image", "a.png", 0, 40006),
    ],
)
def test_upload_has_limits(bot: Bot, kind: str, name: str, size: int, errcode: int) -> None:
    """Type, suffix and size are checked."""
    assert _upload(bot, kind, name, b"x" * size)["errcode"] == errcode


def test_upload_with_a_bad_token_is_errcode_40014(bot: Bot) -> None:
    """The old host says so under HTTP 200."""
    assert _upload(bot, "image", "a.png", b"x", token="bad")["errcode"] == 40014


def _picture(bot: Bot) -> str:
    with bot.connected() as socket:
        bot.sandbox.say(bot.client_id, msgtype="picture")
        return str(socket.message()["content"]["downloadCode"])


def test_download_address_refuses_a_content_type(bot: Bot) -> None:
    """The signed address serves a bare GET only."""
    body = {"downloadCode": _picture(bot), "robotCode": bot.client_id}
    url = bot.call("POST", "/robot/messageFiles/download", body).json()["downloadUrl"]
    assert requests.get(url, timeout=SECONDS).content.startswith(b"\x89PNG")
    assert requests.get(url, headers={"Content-Type": "application/json"}, timeout=SECONDS).status_code == 403
    assert requests.get(url, headers={"Authorization": "Bearer x"}, timeout=SECONDS).status_code == 403


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("whatever", {}),
        (None, {"Expires": None}),
        (None, {"Expires": "99999999999"}),
        (None, {"Signature": "0" * 32}),
        (None, {"x-oss-process": "image/resize"}),
    ],
)
def test_download_address_is_good_to_the_letter_only(bot: Bot, key: str | None, changes: dict[str, str | None]) -> None:
    """Another file, another end, one parameter more or less: each spoils the signature."""
    body = {"downloadCode": _picture(bot), "robotCode": bot.client_id}
    url = urlsplit(bot.call("POST", "/robot/messageFiles/download", body).json()["downloadUrl"])
    assert requests.get(url.geturl(), timeout=SECONDS).ok
    path = f"/oss/{key}" if key else url.path
    answer = requests.get(f"{bot.sandbox.url}{path}", {**dict(parse_qsl(url.query)), **changes}, timeout=SECONDS)
    assert (answer.status_code, "SignatureDoesNotMatch" in answer.text) == (403, True)


def test_download_address_expires(bot: Bot) -> None:
    """The address is temporary."""
    bot.register(file_seconds=0)
    body = {"downloadCode": _picture(bot), "robotCode": bot.client_id}
    url = bot.call("POST", "/robot/messageFiles/download", body).json()["downloadUrl"]
    assert requests.get(url, timeout=SECONDS).status_code == 403


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"downloadCode": "none"}, "invalidParameter.robotCode.downloadCode"),
        ({"robotCode": ""}, "invalidParameter.robotCode.empty"),
        ({"robotCode": "other"}, "invalidParameter.robotCode.auth"),
    ],
)
def test_bad_download_is_refused(bot: Bot, changes: dict[str, str], code: str) -> None:
    """A code works for the robot that it was sent to."""
    body = {"downloadCode": "x", "robotCode": bot.client_id, **changes}
    assert refusal(bot.call("POST", "/robot/messageFiles/download", body)) == (400, code)
