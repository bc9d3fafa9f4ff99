"""The scripted AI: a question in, a script out."""

import pytest

from sandbox.scripted.answers import script
from sandbox.scripted.script import Script


def _script(question: str, turn: int | None = 1) -> Script:
    return script(question, turn=turn, rate=30, chunk=6)


def test_an_answer_repeats_the_question_and_counts_the_turn() -> None:
    """The same question and turn give the same answer; a kind without conversation counts nothing."""
    assert _script("你好", 2).text == _script("你好", 2).text
    assert "**你好**" in _script("你好", 2).text
    assert "第 2 轮" in _script("你好", 2).text
    assert "轮" not in _script("你好", None).text


def test_directives_are_obeyed_and_not_repeated() -> None:
    """Known ones vanish from the text, unknown ones are text."""
    plain = _script("嗯 [[rate=5]][[first=2.5]][[mystery]]")
    assert (plain.rate, plain.first) == (5.0, 2.5)
    assert "**嗯 [[mystery]]**" in plain.text


@pytest.mark.parametrize(("directive", "length"), [("len=0", 0), ("len=1000", 1000), ("tokens=7", 42), ("empty", 0)])
def test_lengths_are_exact(directive: str, length: int) -> None:
    """Characters, or pieces of six."""
    assert len(_script(f"[[{directive}]]").text) == length


def test_pieces_are_the_whole_text() -> None:
    """Joined they are what they were cut from."""
    told = _script("[[len=100]]")
    assert "".join(told.pieces(told.text)) == told.text
    assert {len(piece) for piece in told.pieces(told.text)[:-1]} == {6}


@pytest.mark.parametrize("directive", ["rate=fast", "len=long", "first="])
def test_a_senseless_number_is_ignored(directive: str) -> None:
    """The default stands."""
    assert _script(f"[[{directive}]]").rate == 30


def test_markdown_shapes() -> None:
    """A table, a code block, single line breaks."""
    assert "| --- |" in _script("[[table]]").text
    assert _script("[[code]]").text.count("```") == 2
    assert "一行\n第" in _script("[[newline]]").text


def test_an_error_has_a_code() -> None:
    """Its own or the usual one of a failed model."""
    assert _script("[[error]]").error == "completion_request_error"
    assert _script("[[error=provider_quota_exceeded]]").error == "provider_quota_exceeded"
