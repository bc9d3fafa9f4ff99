"""What CodeBuddy is asked: the question, and what was said before it as a transcript, for it remembers nothing. Pure."""

from collections.abc import Sequence

from backends.memory import Exchange

_BEFORE = "What was said before in this conversation, for you to know; only the last message is to be answered:"
_NOW = "The message to answer:"


def prompt(text: str, earlier: Sequence[Exchange]) -> str:
    """Return the prompt; a conversation's first question goes out as it is."""
    if not earlier:
        return text
    said = (line for exchange in earlier for line in (f"User: {exchange.question}", f"You: {exchange.answer}"))
    return "\n\n".join((_BEFORE, *said, _NOW, text))
