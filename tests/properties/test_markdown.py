"""However an AI writes, its text arrives: in parts that DingTalk takes, with nothing lost and no fence left open."""

import re
from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from handlers.markdown import one_line, open_fence, shape
from handlers.parts import numbered, size, split, split_plain
from tests.properties.strategies import TEXTS

_LINES = (
    "", " ", "text", "第一段。第二段。", "# head", "- item", "1. item", "| a | b |", "| - | - |", "> quote", "---", "two  ",
    "```", "```python", "    ```", "````", "~~~", "~~~~ x", "``` ```", "```x```", "`" * 40, "~" * 300, "字" * 500, "a " * 300,
    "<br>", "back\\", "\t", "\ud83d", "😀" * 90, "`",
)  # fmt: skip
_BLOCKS = st.builds(
    lambda kind, lines: kind(lines),
    st.sampled_from([
        lambda lines: "```python\n" + "\n".join(lines) + "\n```",
        lambda lines: "| 城市 | 人口 |\n| :-- | --: |\n" + "\n".join(f"| {line} | 1 |" for line in lines),
        lambda lines: "\n".join(f"- {line}\n  more" for line in lines),
    ]),
    st.lists(st.sampled_from(["", "print('a')", "字" * 20, "a " * 90, "x" * 400, '"' * 30]), min_size=1, max_size=40),
)  # fmt: skip
_DOCUMENTS = st.builds(
    lambda lines, ends: "".join(line + end for line, end in zip(lines, ends, strict=False)),
    st.lists(st.sampled_from(_LINES) | st.text(max_size=20) | _BLOCKS, max_size=30),
    st.lists(st.sampled_from(["\n", "\n", "\n\n", "\r\n", "\r", ""]), min_size=30, max_size=30),
)
_TEXTS = TEXTS | _DOCUMENTS
DRAWN_LINE = 16  # marks in a row: nobody's fence


def words(text: str) -> str:
    """Return what a reader must find again: all but blanks, breaks and the marks of fences, which are set anew at a cut."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\ufeff", "")
    return re.sub(r"\s|<br>|[`~]", "", whole)


def heads(part: str) -> Iterator[str]:
    """Yield what the part may repeat of the one before: nothing, a code block's first line, or a table's head."""
    yield ""
    lines = part.split("\n")
    if re.match(r" {0,3}(```|~~~)", lines[0]):
        yield lines[0]
    if len(lines) > 1 and re.fullmatch(r"[\s|:-]+", lines[1]):
        yield "\n".join(lines[:2])


def arrives(text: str, parts: Sequence[str], before: str = "") -> bool:
    """Whether each part goes on where the last one ended, but for what it repeats of that one's, and nothing is left over."""
    if not parts:
        return not text
    part, *others = parts
    for head in heads(part):
        written = words(part.removeprefix(head))
        if head in before and text.startswith(written) and arrives(text.removeprefix(written), others, part):
            return True
    return False


@given(_TEXTS, st.integers(200, 3_000))
def test_parts_keep_to_the_limit_and_lose_nothing(text: str, limit: int) -> None:
    """In bytes, as DingTalk counts, numbers included, and in order; none is empty."""
    parts = split(text, limit)
    assert all(len(part.encode()) <= size(part) <= limit for part in numbered(parts))
    assert arrives(words(text), parts)
    assert all(part.strip() for part in parts) or not text.strip()


@given(_TEXTS, st.integers(200, 3_000))
def test_parts_of_a_plain_text_keep_to_the_limit_and_lose_nothing(text: str, limit: int) -> None:
    """The same, and nothing is repeated."""
    parts = split_plain(text, limit)
    assert all(size(part) <= limit for part in numbered(parts))
    assert words("".join(parts)) == words(text)
    assert all(part.strip() for part in parts) or not text.strip()


@given(_TEXTS, st.integers(200, 3_000))
def test_parts_of_a_shaped_text_are_closed(text: str, limit: int) -> None:
    """What is sent in several messages has been shaped before; no fence swallows the rest of any of them."""
    assert not [fence for part in split(shape(text), limit) if (fence := open_fence(part)) and len(fence) < DRAWN_LINE]


@given(_TEXTS, st.integers(10, 200))
def test_one_line_is_one_line(text: str, most: int) -> None:
    """Short, and without a mark of Markdown; whatever is taken from it is at its end."""
    line = one_line(text, most)
    assert len(line) <= most
    assert line == " ".join(line.split())
    assert not set(line) & set("\\`*_~#[]<>|&$")


@given(_TEXTS)
def test_a_shape_loses_nothing_and_closes_its_fences(text: str) -> None:
    """And it can be sent as UTF-8, whatever halves of characters an AI sends."""
    shaped = shape(text)
    assert words(shaped) == words(text)
    assert not open_fence(shaped)
    assert not open_fence(shape(text, final=False))
    shaped.encode()


@given(_DOCUMENTS, st.integers(0, 500))
def test_a_prefix_of_a_text_is_closed_too(text: str, end: int) -> None:
    """A card shows a growing text: whatever has come of it, no fence is left open and no blank ends it."""
    shown = shape(text[:end], final=False)
    assert not open_fence(shown)
    assert shown == shown.rstrip()
