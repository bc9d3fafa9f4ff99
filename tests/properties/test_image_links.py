"""Whatever an AI writes, and however far it has come: no picture in what people see names a file of this machine."""

import re

from hypothesis import given
from hypothesis import strategies as st

from handlers.image_links import is_local, replace_local
from tests.properties.strategies import TEXTS

_PIECES = (
    "![", "![", "]", "](", "](", ")", "[", "(", "!", "\\", "`", "```\n", "\n", "\n\n", " ", '"', " 'x'", "<", ">", "a", "图",
    "/home/a.png", "~/b.png", "./c.png", "file:///d.png", "C:\\e.png", "http://host/f.png", "@lAf00", "![x](/g.png)",
    "![y](https://host/h.png)", "![z](@lAf00)",
)  # fmt: skip
_DOCUMENTS = st.lists(st.sampled_from(_PIECES), max_size=30).map("".join)
_TEXTS = TEXTS | _DOCUMENTS
# A plain reading of what a picture is: other than the one that is tested, and without code.
_PICTURE = re.compile(r"!\[[^\[\]\\]*\]\(\s*([^()\s\"'<>\\]+)\s*\)")


def shown(text: str, *, growing: bool) -> str:
    """Return the text with a mark in place of each local picture."""
    return replace_local(text, lambda _caption, _target: "🖼 ", growing=growing)


@given(text=_TEXTS.filter(lambda text: "`" not in text), growing=st.booleans())
def test_no_local_picture_is_shown(text: str, *, growing: bool) -> None:
    """Neither in a whole text nor in one that grows."""
    assert not [target for target in _PICTURE.findall(shown(text, growing=growing)) if is_local(target)]


@given(_DOCUMENTS)
def test_what_was_replaced_stays_as_it_is(text: str) -> None:
    """So that a text may pass twice: nothing that is left becomes a picture by what was put beside it."""
    once = shown(text, growing=False)
    assert shown(once, growing=False) == once


@given(_TEXTS)
def test_a_text_without_local_pictures_is_unchanged(text: str) -> None:
    """When it is whole: pictures of the web and of DingTalk, code, and marks that make no picture."""
    named = list[str]()

    def put(_caption: str, target: str) -> str:
        named.append(target)
        return ""

    replaced = replace_local(text, put)
    assert all(map(is_local, named))
    assert named or replaced == text


@given(_DOCUMENTS)
def test_a_growing_text_shows_what_is_finished(text: str) -> None:
    """What is left out of it stands at its end, begins as a picture does, and goes no further than its paragraph."""
    whole, growing = shown(text, growing=False), shown(text, growing=True)
    assert growing == whole or "![" in text[text.rfind("\n\n") + 1 :]
    assert shown(f"{text}\n\n.", growing=True) == shown(f"{text}\n\n.", growing=False)
