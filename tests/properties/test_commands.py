"""A command is a command however it is typed, and any other text is none."""

import string
import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from handlers.commands import Command, parse
from tests.properties.strategies import TEXTS

NAMES = {
    **dict.fromkeys(("/new", "/reset", "/clear", "新会话", "重新开始", "清空对话"), Command.NEW),
    **dict.fromkeys(("/stop", "停止", "/停止"), Command.STOP),
    **dict.fromkeys(("/status", "状态"), Command.STATUS),
    **dict.fromkeys(("/help", "帮助"), Command.HELP),
}
_WIDE = {narrow: chr(ord(narrow) + 0xFEE0) for narrow in map(chr, range(ord("!"), ord("~") + 1))}
_INVISIBLE = st.text(" \t\n\u3000\u00a0\u2005\u200b\u200c\u200d\u2060\ufeff", max_size=3)
_NICK = st.text(string.ascii_letters + "助手机器人01", min_size=1, max_size=6)
_MENTION = st.builds(lambda at, nick, gap: f"{at}{nick}{gap}", st.sampled_from("@＠"), _NICK, st.sampled_from(" \u3000\u2005"))
_END = st.text("。.!！｡．", max_size=2)


@st.composite
def typed(draw: DrawFn, name: str) -> str:
    """Return a command as a hand may type it: in capitals or wide characters, after mentions, with blanks and an end."""
    written = "".join(draw(st.sampled_from([letter, letter.upper(), _WIDE.get(letter, letter)])) for letter in name)
    mentions = "".join(draw(st.lists(_MENTION, max_size=2)))
    before, between, after, last = (draw(_INVISIBLE) for _ in range(4))
    return f"{before}{mentions}{between}{written}{after}{draw(_END)}{last}"


@given(st.sampled_from(sorted(NAMES)).flatmap(lambda name: st.tuples(st.just(name), typed(name))))
def test_a_command_is_known_however_it_is_typed(typing: tuple[str, str]) -> None:
    """Whatever its width, its case, the blanks around it, the mentions before it and the stop behind it."""
    name, text = typing
    assert parse(text) is NAMES[name]


@given(TEXTS)
def test_any_other_text_is_a_question(text: str) -> None:
    """No text breaks the parser, and a command is only what holds nothing but its name."""
    if parse(text):
        bare = unicodedata.normalize("NFKC", text).casefold()
        assert any(name.strip("/") in bare for name in NAMES)


@given(st.sampled_from(sorted(NAMES)), st.text("怎么abc？?", min_size=1, max_size=5))
def test_a_sentence_that_begins_like_a_command_is_a_question(name: str, more: str) -> None:
    """Nobody loses a conversation by asking how to begin a new one."""
    assert parse(name + more) is None
    assert parse(f"{name} {more}") is None
