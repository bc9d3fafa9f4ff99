"""An object with `run`, the shape of JitAi's agents. In `.bots.yaml`: `agent: agents.jitai:agent`."""

from collections.abc import Callable
from typing import Any


class Agent:
    """Streams the question word by word, and returns the whole, which wins."""

    def run(self, params: dict[str, Any], chatId: str, stream_callback: Callable[[Any], None]) -> str:  # noqa: N803  JitAi's name
        """Answer `params["input_data"]` of the person `chatId`."""
        words = str(params["input_data"]).split()
        for word in words:
            stream_callback({"data": {"content": f"{word} "}})
        return f"{chatId}: {' '.join(words)}"


agent = Agent()
