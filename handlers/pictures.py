"""Pictures on both ways: those that people send to a bot, and those on this machine that an answer names."""

import logging
import os
import stat
import time
from pathlib import Path
from threading import BoundedSemaphore
from urllib.parse import unquote, urlsplit

from backends.base import Picture
from errors import DingTalkError, PictureLost, PictureUnreadable
from handlers import media
from handlers.dingtalk import DingTalkClient
from handlers.image_links import replace_local
from handlers.message import Incoming
from handlers.rates import UPLOAD, Rates
from handlers.texts import Texts

log = logging.getLogger("dingbridge.pictures")

_MOST_SENT, _MOST_SHOWN = 4, 10  # pictures of a question, and of an answer
_MOST_BYTES = 10 * 1024 * 1024  # of a question's pictures together
_LARGEST = 20 * 1024 * 1024  # bytes that DingTalk takes
_PATIENCE = 30.0  # seconds that a fetch or an upload waits for the others
_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/bmp": "bmp"}  # of what DingTalk takes
_BMP_HEADERS = {12, 40, 52, 56, 64, 108, 124}  # the lengths that there are: "BM" alone begins many a text
_PAINTING = "🖼"


def media_type(content: bytes) -> str:
    """Return what kind of picture this is by its first bytes, "" for none that an AI would take."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    if content.startswith(b"BM") and int.from_bytes(content[14:18], "little") in _BMP_HEADERS:
        return "image/bmp"
    return ""


class Pictures:
    """Fetches what people send to one bot, for as many questions at once as `fetching` lets in; bots may share it."""

    AT_ONCE = 16  # questions

    def __init__(
        self, client: DingTalkClient, fetching: BoundedSemaphore | None = None, *, patience: float = _PATIENCE
    ) -> None:
        self._client, self._fetching, self._patience = client, fetching or BoundedSemaphore(self.AT_ONCE), patience

    def fetch(self, incoming: Incoming) -> tuple[Picture, ...]:
        """Return the first four pictures of a message.

        Raises PictureUnreadable for what is none, or for more than 10 MiB in all; PictureLost for one that is not to be had,
        or that too many others keep waiting for half a minute.
        """
        codes = incoming.pictures[:_MOST_SENT]
        if not codes:
            return ()
        if not self._fetching.acquire(timeout=self._patience):
            raise PictureLost("the pictures of too many questions are fetched at once")
        try:
            pictures, room = list[Picture](), _MOST_BYTES
            for code in codes:
                pictures.append(self._fetch(code, room))
                room -= len(pictures[-1].content)
            return tuple(pictures)
        finally:
            self._fetching.release()

    def _fetch(self, code: str, most: int) -> Picture:
        try:
            content = media.download(self._client, code, most)
        except PictureUnreadable:
            raise
        except DingTalkError as error:
            what = f"{type(error).__name__}: {error.message}"
            raise PictureLost(what, code=error.code, status=error.status, request_id=error.request_id) from None
        kind = media_type(content)
        if not kind:
            raise PictureUnreadable("its first bytes are no picture's")
        return Picture(content, kind)


class LocalPictures:
    """Lets people see the pictures below one folder of this machine that answers name by their paths.

    Nothing outside the folder is read, whatever an answer (or a link in the folder) names; without a folder, nothing at all.
    """

    def __init__(self, client: DingTalkClient, rates: Rates, root: Path | None, texts: Texts) -> None:
        self._client, self._rates, self._root, self._texts = client, rates, root, texts

    def shown(self, text: str) -> str:
        """Return a text that still grows with captions in place of local pictures; makes no call."""
        return replace_local(text, self._caption, growing=True)

    def uploaded(self, text: str) -> str:
        """Return a whole text with its local pictures uploaded, each once; one that cannot be shown leaves its caption."""
        ids: dict[str, str] = {}  # media ids by target; "" for what cannot be shown

        def put(caption: str, target: str) -> str:
            if target not in ids:
                ids[target] = self._media_id(target) if len(ids) < _MOST_SHOWN else _refused("the answer has more than 10")
            caption = caption or self._texts.say("made_picture")
            if media_id := ids[target]:
                return f"![{caption}]({media_id})"
            return self._texts.say("picture_not_shown", caption=caption)

        return replace_local(text, put)

    def _caption(self, caption: str, target: str) -> str:
        del target
        end = " " if caption.endswith("]") else ""  # or it might become a picture's with what follows
        return f"{_PAINTING} {caption or self._texts.say('made_picture')}{end}"

    def _media_id(self, target: str) -> str:
        """Return the media id of an uploaded picture, or "" and say in the log why there is none."""
        try:
            content = read_below(self._root, target)
        except Unshowable as reason:
            return _refused(str(reason))
        suffix = _SUFFIXES.get(media_type(content), "")
        if not suffix:
            return _refused("it is no picture that DingTalk takes (png, jpg, gif, bmp)")
        try:
            with self._rates.slot(UPLOAD, time.monotonic() + _PATIENCE):
                return media.upload_picture(self._client, f"picture.{suffix}", content)
        except DingTalkError as error:
            return _refused(f"DingTalk refused it: {type(error).__name__}: {error}; {self._texts.fix(error)}")


class Unshowable(Exception):
    """A file that is not read; `str()` says why, never what it holds."""


def read_below(root: Path | None, target: str) -> bytes:
    """Return the bytes of a regular file below `root` that is a picture by its beginning; raises Unshowable.

    A link is followed only where it leads to a place below the root. What is opened is that place, step by step and following
    no link any more: one that is put there meanwhile leads nowhere.
    """
    try:
        folder = root.expanduser().resolve(strict=True) if root else None
    except (OSError, RuntimeError):
        folder = None
    if not folder or not folder.is_dir():
        raise Unshowable("there is no folder media_root")
    place = _resolved(folder, target)
    if place == folder or not place.is_relative_to(folder):
        raise Unshowable("it is outside media_root")
    try:
        descriptor = _opened(folder, place)
        try:
            return _read(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Unshowable(f"it cannot be read ({type(error).__name__})") from None


def _read(descriptor: int) -> bytes:
    """Return an open file's bytes, or nothing when its first are no picture's: no more is read of it then."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise Unshowable("it is no regular file")
    if found.st_size > _LARGEST:
        raise Unshowable("it is larger than 20 MB")
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        beginning = file.read(32)
        return beginning + file.read(_LARGEST - len(beginning)) if media_type(beginning) else b""


def _resolved(folder: Path, target: str) -> Path:
    """Return where a target leads, all links followed; its percent signs may be escapes."""
    for written in dict.fromkeys((_path(target), unquote(_path(target)))):
        try:
            return (folder / Path(written).expanduser()).resolve(strict=True)
        except (OSError, RuntimeError, ValueError):  # not there, a loop of links, nobody's home, a zero byte
            continue
    raise Unshowable("there is no such file")


def _path(target: str) -> str:
    if not target.lower().startswith("file:"):
        return target
    try:
        parts = urlsplit(target)
    except ValueError:
        return "\0"
    return unquote(parts.path) if parts.netloc in {"", "localhost"} else "\0"  # another machine's


def _opened(folder: Path, place: Path) -> int:
    """Open a place below a folder for reading, without following a link on the way."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)  # a pipe would wait for its writer
    if os.open not in os.supports_dir_fd:  # on Windows, where it takes an administrator to make a link
        return os.open(place, flags)
    *folders, name = place.relative_to(folder).parts
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        for part in folders:
            at, above = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at), at
            os.close(above)
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=at)
    finally:
        os.close(at)


def _refused(reason: str) -> str:
    log.warning("a picture of an answer is not shown: %s", reason)
    return ""
