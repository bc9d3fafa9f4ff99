"""The scripted AI: a question in, a frozen script of what to say and how to say it out (pure)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_DIRECTIVE: Final = re.compile(r"\[\[([a-z0-9_]+)(?:=([^\]]*))?\]\]")
_NUMBERS: Final = frozenset({"len", "tokens", "rate", "first"})
_FLAGS: Final = frozenset({"think", "replace", "fail", "tool", "file", "empty", "annotation", "parallel"})
_SHAPES: Final = frozenset({"newline", "table", "code", "u2028"})
_HURTS: Final = frozenset({"cut", "torn", "pings"})
_KNOWN: Final = _NUMBERS | _FLAGS | _SHAPES | _HURTS | {"error"}
_FILLER: Final = "春江潮水连海平，海上明月共潮生。滟滟随波千万里，何处春江无月明！"
_THOUGHTS: Final = "先看清楚问题在问什么，\n再想想该怎样说才简单明白。"
_TOOL_TALK: Final = "我先查一下现在的时间。"
_REPLACEMENT: Final = "这段回答没有通过内容审核，已经收回。"
_TABLE: Final = "| 城市 | 气温 |\n| --- | ---: |\n| 杭州 | 21℃ |\n| 北京 | 16℃ |"
_CODE: Final = '这样写：\n\n```python\nfor name in ("钉钉", "Dify"):\n    print(f"你好，{name}")\n```\n\n会打出两行。'
_NEWLINES: Final = "第一行\n第二行\n第三行\n\n另起一段"


@dataclass(frozen=True, kw_only=True)
class Script:
    """What the AI will do with one question.

    `text` is the whole answer; it is said `rate` pieces a second (0: as fast as can be), `chunk` characters each,
    after `first` seconds. `error` is the code of an error event that breaks the answer off half-way; `hurt` names
    what the question itself orders to go wrong with the stream.
    """

    text: str
    chunk: int
    rate: float
    first: float = 0.0
    thoughts: str = ""
    replacement: str = ""
    error: str = ""
    fail: bool = False
    tool_talk: str = ""
    file: bool = False
    annotation: bool = False
    parallel: bool = False
    hurt: str = ""

    @property
    def gap(self) -> float:
        """Seconds between two pieces."""
        return 1 / self.rate if self.rate > 0 else 0.0

    def pieces(self, text: str) -> list[str]:
        """Any text, in the pieces in which this AI speaks."""
        return [text[at : at + self.chunk] for at in range(0, len(text), self.chunk)]


def script(question: str, *, turn: int | None, rate: float, chunk: int, images: int = 0) -> Script:
    """The script for a question, with its `[[directives]]` obeyed.

    `turn` counts the conversation's questions from 1, None where the app has no conversation; `images` counts the
    files that came along.
    """
    orders = dict(_orders(question))
    plain = _DIRECTIVE.sub(lambda found: "" if found[1] in _KNOWN else found[0], question).strip()
    return Script(
        text=_text(plain, orders, turn, chunk, images),
        chunk=chunk,
        rate=_number(orders.get("rate"), rate),
        first=_number(orders.get("first"), 0.0),
        thoughts=_THOUGHTS if "think" in orders else "",
        replacement=_REPLACEMENT if "replace" in orders else "",
        error=(orders["error"] or "completion_request_error") if "error" in orders else "",
        fail="fail" in orders,
        tool_talk=_TOOL_TALK if "tool" in orders else "",
        file="file" in orders,
        annotation="annotation" in orders,
        parallel="parallel" in orders,
        hurt=next((name for name in orders if name in _HURTS), ""),
    )


def _orders(question: str) -> Iterator[tuple[str, str]]:
    for name, value in _DIRECTIVE.findall(question):
        if name in _KNOWN:
            yield name, value


def _text(plain: str, orders: dict[str, str], turn: int | None, chunk: int, images: int) -> str:
    if "empty" in orders:
        return ""
    if "len" in orders:
        return _fill(int(_number(orders["len"], 0)))
    if "tokens" in orders:
        return _fill(int(_number(orders["tokens"], 0)) * chunk)
    for name, shape in (("newline", _NEWLINES), ("table", _TABLE), ("code", _CODE)):
        if name in orders:
            return shape
    if "u2028" in orders:
        return "行分隔符\u2028段分隔符\u2029下一行\u0085都在一句话里。"
    return _friendly(plain, turn, images)


def _friendly(plain: str, turn: int | None, images: int) -> str:
    greeting = "你好！" if turn is None else f"你好！这是我们的第 {turn} 轮对话。"
    seen = f"\n\n我收到了 {images} 个文件。" if images else ""
    closing = "我是桌上的演示助手，只会照着剧本说话；换上真正的 Dify，这里就是模型的回答。"
    return f"{greeting}\n\n你说的是：**{plain}**{seen}\n\n{closing}"


def _fill(length: int) -> str:
    return (_FILLER * (length // len(_FILLER) + 1))[:length]


def _number(text: str | None, default: float) -> float:
    try:
        return max(0.0, float(text)) if text else default
    except ValueError:
        return default
