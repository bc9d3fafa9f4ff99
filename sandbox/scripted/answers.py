"""The scripted AI: a question in, a frozen script of what to say and how to say it out; `[[directives]]` obeyed (pure)."""

import re
from collections.abc import Mapping
from typing import Final

from sandbox.scripted.directives import number, taken_out
from sandbox.scripted.script import Round, Script
from sandbox.scripted.words import words

_NUMBERS: Final = frozenset({"len", "tokens", "rate", "first"})
_FLAGS: Final = frozenset({"think", "replace", "fail", "tool", "file", "empty", "annotation", "parallel", "partial"})
_SHAPES: Final = frozenset({"newline", "table", "code", "u2028"})
_HURTS: Final = frozenset({"cut", "torn", "pings"})
_KNOWN: Final = _NUMBERS | _FLAGS | _SHAPES | _HURTS | {"error"}
_FILLER: Final = "春江潮水连海平，海上明月共潮生。滟滟随波千万里，何处春江无月明！"
_THOUGHTS: Final = "先看清楚问题在问什么，\n再想想该怎样说才简单明白。"
_CLOCK: Final = Round(
    talk="我先查一下现在的时间。",
    name="current_time",
    label={"zh": "当前时间", "en": "Current Time"},
    arguments={},
    observation="{now}",
)
_REPLACEMENT: Final = "这段回答没有通过内容审核，已经收回。"
_TABLE: Final = "| 城市 | 气温 |\n| --- | ---: |\n| 杭州 | 21℃ |\n| 北京 | 16℃ |"
_CODE: Final = '这样写：\n\n```python\nfor name in ("钉钉", "Dify"):\n    print(f"你好，{name}")\n```\n\n会打出两行。'
_NEWLINES: Final = "第一行\n第二行\n第三行\n\n另起一段"
_GREETINGS: Final = frozenset({"你好", "您好", "嗨", "在吗", "早上好", "下午好", "hi", "hello", "hey", "good morning"})


def script(question: str, *, turn: int | None, rate: float, chunk: int, images: int = 0) -> Script:
    """The script for a question, with its `[[directives]]` obeyed.

    `turn` counts the conversation's questions from 1, None where the app has no conversation; `images` counts the
    files that came along.
    """
    plain, orders = directed(question)
    return Script(
        text=_text(plain, orders, turn, chunk, images),
        chunk=chunk,
        rate=number(orders.get("rate"), rate),
        first=number(orders.get("first"), 0.0),
        thoughts=_THOUGHTS if "think" in orders else "",
        replacement=_REPLACEMENT if "replace" in orders else "",
        error=(orders["error"] or "completion_request_error") if "error" in orders else "",
        fail="fail" in orders,
        rounds=(_CLOCK,) if "tool" in orders else (),
        makes=("picture.png",) if "file" in orders else (),
        annotation="annotation" in orders,
        parallel="parallel" in orders,
        partial="partial" in orders,
        hurt=next((name for name in orders if name in _HURTS), ""),
    )


def directed(question: str) -> tuple[str, dict[str, str]]:
    """A question without the directives of every scripted AI, and the directives."""
    return taken_out(question, _KNOWN)


def repeated(question: str, *, turn: int | None = None, images: int = 0) -> str:
    """What an AI says to a question without orders: the turn if it counts them, the question, how much came along."""
    said = _hello(question)
    opening = said[""] if turn is None else said["turn"].format(turn=turn)
    along = [said["files"].format(images=images)] if images else []
    return "\n\n".join([opening, said["said"].format(question=question), *along])


def _text(plain: str, orders: dict[str, str], turn: int | None, chunk: int, images: int) -> str:
    if "empty" in orders:
        return ""
    if "len" in orders:
        return _fill(int(number(orders["len"], 0)))
    if "tokens" in orders:
        return _fill(int(number(orders["tokens"], 0)) * chunk)
    for name, shape in (("newline", _NEWLINES), ("table", _TABLE), ("code", _CODE)):
        if name in orders:
            return shape
    if "u2028" in orders:
        return "行分隔符\u2028段分隔符\u2029下一行\u0085都在一句话里。"
    return _friendly(plain, turn, images)


def _friendly(plain: str, turn: int | None, images: int) -> str:
    """An answer to a question without orders: what was asked, and to a greeting also where to go from here."""
    greeted = plain.strip("!?.~！？。～ ").casefold() in _GREETINGS and turn in {None, 1}
    return f"{repeated(plain, turn=turn, images=images)}\n\n{_hello(plain)['welcome' if greeted else 'closing']}"


def _hello(question: str) -> Mapping[str, str]:
    return words("hello", "en" if re.search("[A-Za-z]", question) and question.isascii() else "zh")


def _fill(length: int) -> str:
    return (_FILLER * (length // len(_FILLER) + 1))[:length]
