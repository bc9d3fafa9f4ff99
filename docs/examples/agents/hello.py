"""The smallest agent: a function that yields its answer piece by piece. In `.bots.yaml`: `agent: agents.hello:answer`."""

from collections.abc import Iterator


def answer(question: str) -> Iterator[str]:
    """Say hello, and what was asked."""
    yield "你好！"
    yield f"你问的是：{question}"
