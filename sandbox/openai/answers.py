"""The scripted AI behind a gateway: a checked request in, the script of its answer out; `[[directives]]` obeyed (pure)."""

from dataclasses import dataclass, replace
from typing import Final

from sandbox.openai.asked import Asked
from sandbox.openai.gateways import Gateway
from sandbox.openai.refusal import REFUSABLE
from sandbox.scripted import answers
from sandbox.scripted.directives import ordered_status, taken_out
from sandbox.scripted.script import Script, half, reasoning_text

_OWN: Final = frozenset({"thinktag", "system", "image", "path", "length", "filter", "status"})
_SHAPED: Final = frozenset({"len", "tokens", "newline", "table", "code", "u2028", "empty"})


@dataclass(frozen=True)
class Plan:
    """What the AI will do: its script, the finish_reason at the end, or the `status` that it answers with instead."""

    script: Script
    finish: str = "stop"
    status: int = 0

    def pieces(self) -> list[str]:
        """The answer's text in the pieces in which it comes."""
        return self.script.pieces(self.script.text)


def plan(asked: Asked, gateway: Gateway, turn: int) -> Plan:
    """What the AI will do with a request, which is this turn of its conversation."""
    rest, own = taken_out(asked.query, _OWN)
    plain, orders = answers.directed(rest)
    thinks = "[[think]]" if "thinktag" in own else ""
    script = answers.script(rest + thinks, turn=turn, rate=gateway.tokens_per_second, chunk=gateway.chunk_chars)
    if not orders.keys() & _SHAPED:
        script = replace(script, text=_text(plain, own, asked, turn))
    if thinks:
        script = replace(script, text=reasoning_text(script.thoughts, "think") + script.text, thoughts="")
    return _shortened(Plan(script, "stop", ordered_status(own.get("status", ""), REFUSABLE)), own, asked)


def _shortened(told: Plan, own: dict[str, str], asked: Asked) -> Plan:
    """It as far as it comes: moderation takes half of it, and so many tokens are so many pieces."""
    pieces = told.pieces()
    if "filter" in own:
        return replace(told, script=replace(told.script, text="".join(half(pieces))), finish="content_filter")
    if asked.most_tokens is not None and len(pieces) > asked.most_tokens:
        kept = "".join(pieces[: asked.most_tokens])
        return replace(told, script=replace(told.script, text=kept), finish="length")
    return replace(told, finish="length") if "length" in own else told


def _text(plain: str, own: dict[str, str], asked: Asked, turn: int) -> str:
    if "system" in own:
        return asked.system or "没有系统提示词。"
    if "image" in own:
        lines = [f"图片 {place}：{picture.described()}" for place, picture in enumerate(asked.pictures, 1)]
        return "\n".join(lines) or "没有收到图片。"
    if "path" in own:
        return f"图画好了：\n\n![图]({own['path']})\n\n请看。"
    return answers.repeated(plain, turn=turn, images=len(asked.pictures))
