"""Where an AI's text is cut into deltas makes no difference to the answer, nor to what counts as thinking."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from backends.base import Event, Replace, Text, Thinking
from dify.events import Delta
from dify.fold import Fold

_PLACE = "http://dify"
_WORDS = (
    "<think>", "</think>", "<think class='a'>", "<details>", "<details open>", "</details>", "<summary> Thinking... </summary>",
    "<details style='x'><summary>Thinking...</summary>", "<", ">", "<t", "<details", "`", "你好", " ", "\n", "](/files/", "](/",
    "![", "]", "a.png)", "<think" + " x" * 150, "<details " + "y" * 290, "<b>",
)  # fmt: skip
_TEXTS = st.lists(st.sampled_from(_WORDS), max_size=12).map("".join)


def read(deltas: list[str]) -> tuple[str, str, list[Event]]:
    """Return the answer as its reader sees it at the end, the thoughts, and the events."""
    fold = Fold("chatbot", place=_PLACE)
    seen = [event for delta in deltas for event in fold.feed(Delta(delta))]
    seen += fold.flush()
    text, thoughts = "", ""
    for event in seen:
        match event:
            case Text(more):
                text += more
            case Replace(whole):
                text = whole
            case Thinking(more):
                thoughts += more
    assert text == fold.text
    return text, thoughts, seen


@given(_TEXTS, st.lists(st.integers(0, 400), max_size=30))
def test_the_cuts_make_no_difference(text: str, cuts: list[int]) -> None:
    """Tags and links may be torn anywhere, or stay what they are: text."""
    marks = [0, *sorted(cuts), len(text)]
    pieces = [text[begin:end] for begin, end in pairwise(marks)]
    assert read(pieces)[:2] == read([text])[:2]


@given(_TEXTS)
def test_letter_by_letter_is_the_same_answer(text: str) -> None:
    """As small as deltas can be."""
    assert read(list(text))[:2] == read([text])[:2]


@given(st.text())
def test_a_text_without_tags_and_links_comes_through_as_it_is(text: str) -> None:
    """But for the blanks before it."""
    if "<" not in text and "](/" not in text:
        assert read(list(text))[:2] == (text.lstrip(), "")


@given(_TEXTS)
def test_nothing_of_a_text_is_lost(text: str) -> None:
    """Each word is in the answer or in the thoughts."""
    said, thoughts, _ = read([text])
    assert text.count("你好") == (said + thoughts).count("你好")
    assert text.count("a.png)") == (said + thoughts).count("a.png)")
