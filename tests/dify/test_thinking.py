"""Thinking is told from the answer wherever the stream is cut."""

from collections.abc import Iterable

import pytest

from backends.base import Replace, Text
from backends.thinking import ThinkingFilter

STYLE = "color:gray;background-color: #f8f8f8;padding: 8px;border-radius: 4px;"
DETAILS = f'<details style="{STYLE}" open> <summary> Thinking... </summary>'
HTML = "<details><summary>More</summary>text</details>\n<b>x</b>"

# name: (what the model sends, what it thought, what it answers)
TABLE = {
    "no thinking": ("一句话\n两句话", "", "一句话\n两句话"),
    "a thought, then the answer": ("<think>\n想一想\n</think>\n\n你好", "\n想一想\n", "你好"),
    "an empty thought": ("<think>\n\n</think>\n\n你好", "\n\n", "你好"),
    "an empty tag": ("<think></think>你好", "", "你好"),
    "attributes": ('<think duration="3" lang=zh>x</think>y', "x", "y"),
    "never closed": ("<think>想到一半", "想到一半", ""),
    "never opened": ("想一想\n</think>\n\n你好", "想一想\n", "你好"),
    "two thoughts": ("<think>a</think>一<think>b</think>\n\n二", "ab", "一\n\n二"),
    "the wrapper of 0.15": (f"{DETAILS}\n想一想\n</details>\n\n你好", "\n想一想\n", "你好"),
    "another tag inside": ("<think>a <b>c</b> </details> d</think>e", "a <b>c</b> </details> d", "e"),
    "a thought about tags": (f"{DETAILS}use </think> here</details>y", "use </think> here", "y"),
    "ordinary HTML": (HTML, "", HTML),
    "details of another kind": ("<details open>\n<p>x</p></details>", "", "<details open>\n<p>x</p></details>"),
    "a word that begins alike": ("<thinking>x</thinking> <thin", "", "<thinking>x</thinking> <thin"),
    "less than": ("if a < b and c<d: <", "", "if a < b and c<d: <"),
    "a tag in code marks": ("写 `<think>` 再写 `</think>`。", "", "写 `<think>` 再写 `</think>`。"),
    "a tag too long to be one": (f"<think {'x' * 400}>y", "", f"<think {'x' * 400}>y"),
    "an unfinished tag at the end": ("好的</thi", "", "好的</thi"),
}  # fmt: skip


def run(deltas: Iterable[str]) -> tuple[str, str]:
    """Return what was thought and what was answered."""
    thinking, thoughts, answer = ThinkingFilter(), "", ""
    for part in [part for delta in deltas for part in thinking.feed(delta)] + list(thinking.flush()):
        match part:
            case Text(text):
                answer += text
            case Replace(text):
                answer = text
            case _:
                thoughts += part.text
    return thoughts, answer


@pytest.mark.parametrize(("text", "thoughts", "answer"), TABLE.values(), ids=TABLE.keys())
def test_a_model_output_is_told_apart(text: str, thoughts: str, answer: str) -> None:
    """In one piece, each kind of output gives this thought and this answer."""
    assert run([text]) == (thoughts, answer)


@pytest.mark.parametrize(("text", "thoughts", "answer"), TABLE.values(), ids=TABLE.keys())
def test_cuts_make_no_difference(text: str, thoughts: str, answer: str) -> None:
    """Cut in two anywhere, in three at some places, or into single characters: the result is that of one piece."""
    assert run(text) == (thoughts, answer)
    for first in range(len(text) + 1):
        assert run([text[:first], text[first:]]) == (thoughts, answer), f"cut at {first}"
        second = first + (len(text) - first) // 2
        assert run([text[:first], text[first:second], text[second:]]) == (thoughts, answer), f"cut at {first}, {second}"


def test_ordinary_text_is_not_held_back() -> None:
    """What cannot become a tag is passed on with the delta that brought it."""
    thinking = ThinkingFilter()
    assert list(thinking.feed("a <b>bold</b> word")) == [Text("a <b>bold</b> word")]


def test_a_beginning_that_never_becomes_a_tag_is_let_go() -> None:
    """A `<details` without its summary is held for some hundred characters at most, not to the end of the answer."""
    thinking = ThinkingFilter()
    said = [part for _ in range(50) for part in thinking.feed("<details>0123456789")]
    assert sum(len(part.text) for part in said) > 19 * 50 - 320
