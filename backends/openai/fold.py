"""Folds the chunks of a chat completion into an answer: what was said, which tools were called, how it ended. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from backends.base import Event, Progress, Replace, Text, Thinking, Tokens
from backends.openai import failures
from backends.thinking import ThinkingFilter
from errors import AnswerInterrupted, AnswerTooLong, BackendError, ModelFailed

Json = Mapping[str, Any]
End = Literal["open", "settling", "over"]

DONE: dict[str, Any] = {"object": "[DONE]"}  # what stands for the line that ends a stream, which is no JSON
_MOST_CHARACTERS = 1_000_000  # of text and thoughts; a model that repeats itself for ever says more


class Fold:
    """The answer so far: `feed` chunks in order until `end` is over, then `flush`, then `judge`.

    A whole answer, from a gateway that does not stream, is one chunk.
    """

    def __init__(self) -> None:
        self._thinking = ThinkingFilter()
        self._said: list[str] = []
        self._length = 0
        self._calls: dict[str, str] = {}  # the id of each tool call by its index
        self._tokens: Tokens | None = None
        self._finish = ""
        self._done = False
        self._failure: BackendError | None = None

    @property
    def text(self) -> str:
        """The answer so far, without what is held back."""
        return "".join(self._said)

    @property
    def end(self) -> End:
        """`open`: more must come. `settling`: whole, but its usage may follow. `over`: nothing more counts."""
        if self._failure or self._done:
            return "over"
        return "settling" if self._finish else "open"

    def feed(self, payload: Json) -> Iterator[Event]:
        """Yield what a chunk changes."""
        if payload is DONE:
            self._done = True
        elif not failures.is_error(payload):
            self._count(payload.get("usage"))
            yield from self._take(_first(payload.get("choices")))
        elif not self._finish:  # behind a whole answer an error changes nothing
            self._failure = failures.from_event(payload)

    def flush(self) -> Iterator[Event]:
        """Yield what was held back, when no more comes."""
        yield from self._keep(self._thinking.flush())
        if self._tokens:
            yield self._tokens

    def judge(self) -> None:
        """Raise BackendError unless the answer is whole."""
        if self._failure:
            raise self._failure
        if self.end == "open":
            raise AnswerInterrupted("the stream ended before the answer did", code="eof", ai=failures.AI)
        if self._finish == "content_filter" and not self.text:
            raise ModelFailed("the content filter let nothing through", code="content_filter", ai=failures.AI)

    def _take(self, choice: Json) -> Iterator[Event]:
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict):
            # Some gateways send the same thought under both names.
            if thought := _text(delta.get("reasoning_content")) or _text(delta.get("reasoning")):
                yield from self._keep(iter((Thinking(thought),)))
            yield from self._keep(self._thinking.feed(_text(delta.get("content"))))
            yield from self._called(delta.get("tool_calls"))
        finish = choice.get("finish_reason") or ("stop" if "message" in choice else "")
        self._finish = str(finish) or self._finish

    def _keep(self, parts: Iterator[Text | Replace | Thinking]) -> Iterator[Event]:
        for part in parts:
            match part:
                case Text(text):
                    self._said.append(text)
                case Replace(text):
                    self._said = [text]
            self._length += len(part.text)
            yield part
        if self._length > _MOST_CHARACTERS:
            self._failure = AnswerTooLong(f"more than {_MOST_CHARACTERS} characters", ai=failures.AI)

    def _called(self, calls: Any) -> Iterator[Progress]:
        """Yield each tool call once: its name comes first, its arguments in many pieces, with or without the name again."""
        for call in calls if isinstance(calls, list) else ():
            function = call.get("function") if isinstance(call, dict) else None
            name = function.get("name") if isinstance(function, dict) else None
            if not name or not isinstance(name, str):
                continue
            index, identity = str(call.get("index", call.get("id"))), str(call.get("id") or "")
            if index not in self._calls or (identity and identity != self._calls[index]):
                self._calls[index] = identity
                yield Progress(name)

    def _count(self, usage: Any) -> None:
        """Note the tokens; some gateways count in each chunk, so the last one is right."""
        asked, answered = (
            usage.get(f"{kind}_tokens") if isinstance(usage, dict) else None for kind in ("prompt", "completion")
        )
        if isinstance(asked, int) and isinstance(answered, int):
            self._tokens = Tokens(asked, answered)


def _first(choices: Any) -> Json:
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}


def _text(content: Any) -> str:
    """Return the text of a `content`: a string, null, or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else ()
    return "".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))
