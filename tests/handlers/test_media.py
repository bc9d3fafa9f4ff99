"""Files to and from DingTalk, whatever it answers: no further than they should, and no token or signature is named."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from json import dumps
from threading import Thread

import pytest

from errors import DingTalkError, DingTalkUnreachable, PictureUnreadable
from handlers.account import Account, Companies
from handlers.dingtalk import DingTalkClient
from handlers.media import download, upload_picture
from settings import Endpoints
from tests.handlers.picturing import PNG
from tests.sandbox.dingtalk.foreign import Bot


class Odd(BaseHTTPRequestHandler):
    """A DingTalk whose downloads lead to `address`, and the place where they are, which answers oddly."""

    address = ""
    asked: list[tuple[str, dict[str, str]]]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        token = {"accessToken": "t", "expireIn": 7200}
        self._say(200, dumps(token if "oauth2" in self.path else {"downloadUrl": self.address}).encode())

    def do_GET(self) -> None:
        self.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        match self.path:
            case "/redirect":
                self.send_response(302)
                self.send_header("Location", "/large")
                self.send_header("Content-Length", "0")
                self.end_headers()
            case "/large":
                self._say(200, bytes(10 * 1024 * 1024 + 1))
            case "/whole":
                self._say(200, PNG + bytes(10 * 1024 * 1024 - len(PNG)))
            case _:
                self._say(403, b"<Error/>")

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing is to be said."""


@contextmanager
def _odd(address: str) -> Iterator[tuple[DingTalkClient, list[tuple[str, dict[str, str]]]]]:
    asked: list[tuple[str, dict[str, str]]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OddOne", (Odd,), {"asked": asked}))
    place = f"http://127.0.0.1:{server.server_port}"
    server.RequestHandlerClass.address = address.replace("PLACE", place)  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever)
    with ExitStack() as ends:
        ends.callback(server.server_close)
        thread.start()
        ends.callback(thread.join)
        ends.callback(server.shutdown)
        client = ends.enter_context(closing(DingTalkClient(Endpoints(place, place), "bot", "s", Account(Companies()))))
        yield client, asked


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("PLACE/redirect?Signature=secret", DingTalkError),
        ("PLACE/refused?Signature=secret", DingTalkError),
        ("PLACE/large", PictureUnreadable),
        ("file:///etc/hostname", DingTalkUnreachable),
        ("http://[broken?Signature=secret", DingTalkUnreachable),
        ("http://127.0.0.1:1/?Signature=secret", DingTalkUnreachable),
        ("", DingTalkUnreachable),
    ],
)
def test_a_download_goes_no_further_than_it_should(address: str, error: type[DingTalkError]) -> None:
    """No redirect is followed, no file read, nothing larger than 10 MiB kept; no error holds the signature."""
    with _odd(address) as (client, asked), pytest.raises(error) as caught:
        download(client, "code", 10 * 1024 * 1024)
    assert "secret" not in str(caught.value)
    assert len(asked) <= 1


def test_a_download_is_a_bare_call() -> None:
    """With neither token nor content type, which would spoil the signature; ten MiB fit."""
    with _odd("PLACE/whole") as (client, asked):
        assert len(download(client, "code", 10 * 1024 * 1024)) == 10 * 1024 * 1024
    ((_, headers),) = asked
    assert not {"content-type", "authorization", "x-acs-dingtalk-access-token", "cookie"} & set(headers)


def test_a_token_that_is_no_longer_taken_is_renewed_for_an_upload(bot: Bot, client: DingTalkClient, account: Account) -> None:
    """Once, as for any other call; the refused one is not counted."""
    upload_picture(client, "a.png", PNG)
    bot.sandbox.forget_token(bot.client_id)
    assert bot.sandbox.media(upload_picture(client, "a.png", PNG)) == PNG
    assert account.used.calls == 2


def test_an_upload_that_does_not_get_there_names_no_token() -> None:
    """Its address holds one; the error does not."""
    with _odd("") as (client, _), pytest.raises(DingTalkError) as caught:
        upload_picture(client, "a.png", PNG)
    assert "media_id" in str(caught.value)
    with closing(DingTalkClient(Endpoints("http://127.0.0.1:1", "http://127.0.0.1:1"), "b", "s", Account(Companies()))) as lost:
        lost._token, lost._token_expires = "the-token", float("inf")
        with pytest.raises(DingTalkUnreachable) as unreachable:
            upload_picture(lost, "a.png", PNG)
    assert "the-token" not in str(unreachable.value)
