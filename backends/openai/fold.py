"""Folds the chunks of a chat completion into an answer: what was said, which tools were called, how it ended. Pure."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from backends.base import Event, Progress, Replace, Shortened, Text, Thinking, Tokens
from backends.openai import failures
from backends.thinking import ThinkingFilter
from errors import AnswerInterrupted, AnswerTooLong, BackendError, ModelFailed

Json = Mapping[str, Any]
End = Literal["open", "settling", "over"]

DONE: dict[str, Any] = {"object": "[DONE]"}  # what stands for the line that ends a stream, which is no JSON
_AT_THE_LIMIT = {"length", "max_tokens"}  # some gateways hand on the word of the AI behind them
# No ends: a gateway that runs its tools itself goes on behind them, perhaps minutes later; and some write null as a text.
_GOES_ON = {"tool_calls", "function_call", "null"}
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
        if self._finish in _AT_THE_LIMIT:
            yield Shortened()
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
        delta, message = choice.get("delta"), choice.get("message")
        finish = str(choice.get("finish_reason") or "")
        self._finish = finish if finish and finish not in _GOES_ON else self._finish
        if isinstance(delta, dict) and delta:
            yield from self._add(delta)
        elif isinstance(message, dict) and message:
            self._finish = self._finish or "stop"
            yield from self._settle(message)

    def _add(self, delta: Json) -> Iterator[Event]:
        # Some gateways send the same thought under both names.
        if thought := _text(delta.get("reasoning_content")) or _text(delta.get("reasoning")):
            yield from self._keep(iter((Thinking(thought),)))
        yield from self._keep(self._thinking.feed(_text(delta.get("content")) or _text(delta.get("refusal"))))
        yield from self._called(delta.get("tool_calls"))

    def _settle(self, message: Json) -> Iterator[Event]:
        """A whole message: the answer, or (MiniMax) once more what came in pieces, whose place it takes."""
        if not (self._length or self._calls):
            yield from self._add(message)
            return
        whole = Fold()
        deque(whole.feed({"choices": [{"delta": message}]}), maxlen=0)
        deque(whole.flush(), maxlen=0)
        yield from self._keep(self._thinking.flush())
        said, text = self.text.strip(), whole.text.strip()
        if not (text.startswith(said) or said.startswith(text)):
            yield from self._keep(iter((Text(whole.text),)))
        elif text and text != said:
            yield from self._keep(iter((Replace(whole.text),)))

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
