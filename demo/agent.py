"""The demo's own agent in Python: it answers step by step, and remembers what was said before."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from backends.base import Progress
from backends.python.question import AgentQuestion

_STEP_SECONDS = 0.8  # slow enough to be watched


@dataclass(frozen=True)
class Teller:
    """Tells what it knows of a question, in the words of one language."""

    steps: tuple[str, ...]
    said: str
    turn: str
    before: str

    def answer(self, question: AgentQuestion) -> Iterator[str | Progress]:
        """Yield the steps and the parts of an answer, each after a moment."""
        for step in self.steps:
            yield Progress(step)
            time.sleep(_STEP_SECONDS)
        turn = len(question.history) + 1
        parts = [self.said.format(question), self.turn.format(turn, question.user)]
        if question.history:
            parts.append(self.before.format(question.history[-1].question))
        for part in parts:
            yield f"{part}\n\n"
            time.sleep(_STEP_SECONDS)


zh = Teller(("读取问题", "查找记忆"), "你说的是：**{}**", "这是我们的第 {} 轮对话，你的 userId 是 `{}`。", "上一轮你说的是：{}")
en = Teller(
    ("reading", "remembering"),
    "You said: **{}**",
    "This is turn {} of our conversation; your userId is `{}`.",
    "Before it you said: {}",
)
