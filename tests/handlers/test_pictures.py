"""Pictures on both ways: from people to an AI, and from this machine into an answer; nothing else is read or sent."""

import logging
import os
import uuid
from pathlib import Path
from threading import BoundedSemaphore

import pytest

from backends.base import Picture
from errors import PictureLost, PictureUnreadable
from handlers.account import Account
from handlers.dingtalk import DingTalkClient
from handlers.message import Incoming, parse
from handlers.pictures import LocalPictures, Pictures, Unshowable, media_type, read_below
from handlers.rates import Rates
from handlers.texts import Texts
from tests.handlers.picturing import KINDS, PNG
from tests.sandbox.dingtalk.foreign import Bot


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder whose pictures may be shown, with one in it, beside a picture that may not."""
    root = tmp_path / "media"
    root.mkdir()
    (root / "a.png").write_bytes(PNG)
    (tmp_path / "secret.png").write_bytes(PNG)
    return root


@pytest.fixture
def local(client: DingTalkClient, root: Path) -> LocalPictures:
    """The pictures of that folder, for answers in English."""
    return LocalPictures(client, Rates(), root, Texts("en"))


def _sent(bot: Bot, **message: object) -> Incoming:
    with bot.connected() as socket:
        bot.sandbox.say(bot.client_id, **message)  # type: ignore[arg-type]
        return parse(socket.message())


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_somebody_sends_arrives_with_its_kind(bot: Bot, client: DingTalkClient, kind: str) -> None:
    """By its first bytes, whatever its name says."""
    incoming = _sent(bot, msgtype="picture", file=bot.sandbox.put_file("a.file", KINDS[kind]))
    assert Pictures(client).fetch(incoming) == (Picture(KINDS[kind], kind),)


def test_the_pictures_of_rich_text_come_in_order(bot: Bot, client: DingTalkClient) -> None:
    """Up to four; the text stands by itself."""
    contents = [PNG + bytes([number]) for number in range(6)]
    parts = [{"text": "look: "}, *({"file": bot.sandbox.put_file("a.png", content)} for content in contents)]
    incoming = _sent(bot, msgtype="richText", parts=parts)
    assert incoming.text == "look:"
    assert [picture.content for picture in Pictures(client).fetch(incoming)] == contents[:4]


def test_a_question_has_ten_mib_of_pictures(bot: Bot, client: DingTalkClient) -> None:
    """All of them together, as many as they are; with more it is refused, as with one that is too large."""
    half = PNG + bytes(5 * 1024 * 1024 - len(PNG))
    fits, too_much = [{"file": bot.sandbox.put_file("a.png", content)} for content in (half, half + b"x")]
    pictures = Pictures(client).fetch(_sent(bot, msgtype="richText", parts=[fits, fits]))
    assert [len(picture.content) for picture in pictures] == [len(half)] * 2
    with pytest.raises(PictureUnreadable):
        Pictures(client).fetch(_sent(bot, msgtype="richText", parts=[too_much, fits]))


def test_a_few_questions_at_once_fetch_pictures(bot: Bot, client: DingTalkClient) -> None:
    """Whoever waits too long for the others is told to send them again; whatever comes of a fetch, the next may begin."""
    fetching = BoundedSemaphore(1)
    pictures = Pictures(client, fetching, patience=0.05)
    incoming = _sent(bot, msgtype="picture", file=bot.sandbox.put_file("a.png", PNG))
    with fetching:
        with pytest.raises(PictureLost, match="too many"):
            pictures.fetch(incoming)
        assert pictures.fetch(Incoming("m", "r", "text", "c", is_group=False, sender_id="s")) == ()
    with pytest.raises(PictureLost):
        pictures.fetch(Incoming("m", "r", "picture", "c", is_group=False, sender_id="s", pictures=("expired",)))
    assert pictures.fetch(incoming)


@pytest.mark.parametrize("content", [b"BMW is a car", b"<svg/>", b"%PDF-1.7", b"RIFF....WAVE", b"x"])
def test_what_is_no_picture_is_refused(bot: Bot, client: DingTalkClient, content: bytes) -> None:
    """An AI would get what it cannot read."""
    incoming = _sent(bot, msgtype="picture", file=bot.sandbox.put_file("a.png", content))
    with pytest.raises(PictureUnreadable):
        Pictures(client).fetch(incoming)


def test_a_picture_that_cannot_be_fetched_says_how_to_mend_it(bot: Bot, client: DingTalkClient) -> None:
    """An expired code or a missing permission is one sentence for people; the admin reads which permission it takes."""
    incoming = _sent(bot, msgtype="picture", file=bot.sandbox.put_file("a.png", PNG))
    unknown = Incoming("m", "r", "picture", "c", is_group=False, sender_id="s", pictures=("expired",))
    with pytest.raises(PictureLost, match="downloadCode"):
        Pictures(client).fetch(unknown)
    bot.register(permissions=[])
    with pytest.raises(PictureLost, match="PermissionMissing") as caught:
        Pictures(client).fetch(incoming)
    assert Texts("zh").error(caught.value) == "图片没有取到，请重新发送。"
    assert "qyapi_robot_sendmsg" in Texts("zh").fix(caught.value)
    assert incoming.pictures[0] not in str(caught.value)


def test_a_local_picture_is_uploaded_once_and_shown(bot: Bot, local: LocalPictures, root: Path, account: Account) -> None:
    """By whichever way of writing its path; all else of the text stays as it is."""
    (root / "my charts").mkdir()
    (root / "my charts" / "b (1).jpg").write_bytes(KINDS["image/jpeg"])
    text = (
        f'Two:\n\n![one]({root}/a.png "title") and ![two](<my charts/b (1).jpg>), `![x]({root}/a.png)` ![again]({root}/a.png)'
    )
    shown = local.uploaded(text)
    one, two, again = (part.split("](")[1].split(")")[0] for part in shown.replace("`", "").split("![") if "](@" in part)
    assert one == again
    assert shown == f"Two:\n\n![one]({one}) and ![two]({two}), `![x]({root}/a.png)` ![again]({one})"
    assert [bot.sandbox.media(media) for media in (one, two)] == [PNG, KINDS["image/jpeg"]]
    assert account.used.calls == 2


@pytest.mark.parametrize(
    "written",
    ["{root}/a.png", "./a.png", "a.png", "sub/../a.png", "file://{root}/a.png", "inside.png", "%61.png", "file:a.png"],
)
def test_a_path_may_be_written_in_many_ways(local: LocalPictures, root: Path, written: str) -> None:
    """Absolute, relative to the folder, as an address, with escapes, by a link that stays inside."""
    (root / "sub").mkdir()
    (root / "inside.png").symlink_to("a.png")
    assert local.uploaded(f"![a]({written.format(root=root)})").startswith("![a](@lA")


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("../secret.png", "outside"),
        ("%2e%2e/secret.png", "outside"),
        ("file://{root}/../secret.png", "outside"),
        ("out.png", "outside"),
        ("folder/secret.png", "outside"),
        ("~/x.png", "no such file"),
        ("/etc/passwd", "outside"),
        ("C:\\\\Users\\\\me\\\\a.png", "no such file"),
        ("file://another-host/a.png", "no such file"),
        ("missing.png", "no such file"),
        ("loop.png", "no such file"),
        (".", "outside"),
        ("sub", "no regular file"),
        ("pipe.png", "no regular file"),
        ("notes.png", "no picture"),
        ("a.webp", "no picture"),
        ("huge.png", "larger than 20 MB"),
    ],
)
def test_what_may_not_be_shown_leaves_its_caption(
    bot: Bot, local: LocalPictures, root: Path, caplog: pytest.LogCaptureFixture, written: str, reason: str
) -> None:
    """Nothing is uploaded; the log says why, and neither what it holds nor which path the answer named."""
    (root / "sub").mkdir()
    (root / "out.png").symlink_to("../secret.png")
    (root / "folder").symlink_to("..")
    (root / "loop.png").symlink_to("loop.png")
    os.mkfifo(root / "pipe.png")
    (root / "notes.png").write_bytes(b"BMW: my private notes")
    (root / "a.webp").write_bytes(KINDS["image/webp"])
    with (root / "huge.png").open("wb") as huge:
        huge.write(PNG)
        huge.truncate(20 * 1024 * 1024 + 1)
    since = bot.sandbox.last()
    with caplog.at_level(logging.WARNING, "dingbridge.pictures"):
        assert local.uploaded(f"see ![my chart]({written.format(root=root)}).") == "see my chart (the picture cannot be shown)."
    assert reason in caplog.text
    assert "private" not in caplog.text
    assert "secret" not in caplog.text
    assert not bot.sandbox.records(since, 0, client_id=bot.client_id)


def test_a_link_that_is_put_there_meanwhile_leads_nowhere(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between finding out where a path leads and opening it, a folder or the file becomes a link to the outside."""
    (root / "sub").mkdir()
    (root / "sub" / "secret.png").write_bytes(PNG)
    resolve = Path.resolve

    def swapped(path: Path, strict: bool = False) -> Path:  # noqa: FBT001, FBT002 - the standard library's own
        place = resolve(path, strict)
        if place.name == "secret.png":
            (root / "sub").rename(root / uuid.uuid4().hex)
            (root / "sub").symlink_to("..")
        elif place.name == "a.png":
            place.unlink()
            place.symlink_to("../secret.png")
        return place

    monkeypatch.setattr(Path, "resolve", swapped)
    for target in ("sub/secret.png", "a.png"):
        with pytest.raises(Unshowable, match="cannot be read"):
            read_below(root, target)


@pytest.mark.parametrize("folder", [None, Path("/nowhere/at/all"), Path(__file__)])
def test_without_a_folder_nothing_is_uploaded(client: DingTalkClient, folder: Path | None) -> None:
    """Whether none is named, or none is there."""
    pictures = LocalPictures(client, Rates(), folder, Texts("zh"))
    assert pictures.uploaded(f"![图]({__file__}) ![](a.png)") == "图（图片无法显示） 图片（图片无法显示）"


def test_an_answer_shows_ten_pictures(local: LocalPictures, root: Path, account: Account) -> None:
    """More cost calls, and nobody looks at them."""
    for number in range(12):
        (root / f"{number}.png").write_bytes(PNG)
    shown = local.uploaded(" ".join(f"![{number}]({number}.png)" for number in range(12)))
    assert shown.count("](@lA") == 10
    assert shown.endswith("10 (the picture cannot be shown) 11 (the picture cannot be shown)")
    assert account.used.calls == 10


def test_a_refused_upload_leaves_the_caption(bot: Bot, local: LocalPictures, caplog: pytest.LogCaptureFixture) -> None:
    """With DingTalk's reason and the fix in the log; the token in the address stays out of it."""
    token = bot.token()
    match = {"client_id": bot.client_id, "api": "media"}
    bot.sandbox.put_fault("dingtalk.api", {"errcode": 90018, "errmsg": "too fast"}, match=match, times=1)
    with caplog.at_level(logging.DEBUG):
        assert local.uploaded("![a](a.png)") == "a (the picture cannot be shown)"
    assert "Throttled: too fast (code=90018)" in caplog.text
    assert token not in "".join(record.getMessage() for record in caplog.records if record.name.startswith("dingbridge"))


def test_kinds_are_told_by_first_bytes() -> None:
    """A picture's own, in full; an empty file has none."""
    assert {kind: media_type(content) for kind, content in KINDS.items()} == {kind: kind for kind in KINDS}
    assert [media_type(content) for content in (b"", b"BM", b"GIF8", b"\x89PNG", b"RIFF")] == [""] * 5
