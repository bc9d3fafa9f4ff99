"""What a card shows of a text that still grows: as it may be seen, made so for each call and not for each word."""

from functools import partial

from backends.base import Text
from handlers.reply import Replies
from sandbox.client import SandboxClient
from stores.memory import MemoryCards
from tests.handlers.replies.kinds import TEXTS, Shore, by_card, talk


class _Kept(MemoryCards):
    """A store that outlives its process."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def note(self, out_track_id: str, *, ref: str = "", text: str = "") -> None:
        super().note(out_track_id, ref=ref, text=text)
        self.texts.append(text)


def _without_pictures(text: str) -> str:
    """Leave out what has begun like a picture and is not whole, as a bot's local pictures are."""
    return text.rpartition("![")[0] if "![" in text else text


def test_a_text_is_shaped_for_each_call(sandbox: SandboxClient) -> None:
    """However many words come between two: the thread that reads them has no part in it."""
    shaped: list[str] = []

    def shape(text: str) -> str:
        shaped.append(text)
        return _without_pictures(text)

    with talk(sandbox, partial(by_card, shape=shape)) as chat:
        _, reply = chat.ask()
        with reply:
            for _ in range(2_000):
                reply.show(Text("x"))
            reply.show(Text("![a](/tmp"))
            sandbox.wait_for(chat.asked, kind="card", client_id=chat.shore.bot.client_id, text="x" * 2_000)
            reply.stop()
        assert chat.seen() == [f"{'x' * 2_000}\n\n{TEXTS.say('stopped')}"]
    assert len(shaped) < 30


def test_an_answer_that_begins_with_a_picture_begins_with_dots(sandbox: SandboxClient) -> None:
    """DingTalk refuses an empty text, and would be shown no further one."""
    with talk(sandbox, partial(by_card, shape=_without_pictures)) as chat:
        _, reply = chat.ask()
        with reply:
            reply.show(Text("![a](/tmp"))
            sandbox.wait_for(chat.asked, kind="card", client_id=chat.shore.bot.client_id, text="…")
            reply.fail("出错了。")
        assert chat.seen() == ["出错了。"]
        assert chat.cards()[0]["state"] == "failed"


def test_what_is_kept_for_a_crash_is_shaped(sandbox: SandboxClient) -> None:
    """Whoever closes the card shows it as it is kept."""
    kept = _Kept()

    def replies(shore: Shore) -> Replies:
        shore.cards = kept
        return by_card(shore, shape=_without_pictures)

    with talk(sandbox, replies) as chat:
        _, reply = chat.ask()
        with reply:
            reply.show(Text("看：![a](/tmp"))
    assert kept.texts == ["看："]
