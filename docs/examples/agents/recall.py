"""An object with `answer(question)` that knows what was said before. In `.bots.yaml`: `agent: agents.recall:Recall`."""

from backends.python.question import AgentQuestion


class Recall:
    """Tells how far the conversation is, and what it began with; made once, and asked from several threads at once."""

    def answer(self, question: AgentQuestion) -> str:
        """Return the whole answer in one piece."""
        if not question.history:
            return f"{question.user}，这是我们的第一句话：{question}"
        first = question.history[0].question
        return f"这是第 {len(question.history) + 1} 句话，你最先说的是：{first}"
