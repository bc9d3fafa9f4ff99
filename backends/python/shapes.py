"""The shapes that an agent may have, made into one: asked a question, it says its events."""

import inspect
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from backends.base import Event, Replace, Text
from backends.python.pieces import NoPiece, content, event_of
from backends.python.question import AgentQuestion
from errors import Unloadable

Say = Callable[[Event], None]  # it may raise, to end the agent

_METHODS = ("answer", "run")
_RUN_KEYWORDS = {"params": {}, "chatId": "", "stream_callback": print}


class Agent:
    """An agent of any shape. Made of a class it has one instance, made when it is first needed.

    `name` is its path in the settings. Raises Unloadable when what was found there is no agent.
    """

    def __init__(self, found: object, name: str) -> None:
        self._found, self._name = found, name
        self._lock = threading.Lock()
        self._ask: Callable[[AgentQuestion, Say], None] | None = None
        if isinstance(found, type):
            self._refuse_async(found)
            if not _takes(found) or not _is_asked(found):
                raise Unloadable("agent_shape", name=name)
        else:
            self._ask = self._shape(found)

    def __call__(self, question: AgentQuestion | None, say: Say) -> None:
        """Answer the question, or only get ready for one (None). Raises whatever the agent raises, and NoPiece."""
        with self._lock:
            ask = self._ask = self._ask or self._shape(self._found() if isinstance(self._found, type) else self._found)
        if question is not None:
            ask(question, say)

    def _shape(self, found: object) -> Callable[[AgentQuestion, Say], None]:
        """Tell the shapes apart, by the method's name and by what it takes."""
        self._refuse_async(found)
        answer, run = (getattr(found, method, None) for method in _METHODS)
        if callable(answer) and _takes(answer, ""):
            return lambda question, say: _say_all(answer(question), say)
        if callable(run) and _takes(run, **_RUN_KEYWORDS):
            return lambda question, say: _run(run, question, say)
        if callable(found) and _takes(found, ""):
            return lambda question, say: _say_all(found(question), say)
        raise Unloadable("agent_shape", name=self._name)

    def _refuse_async(self, found: object) -> None:
        for function in (found, *(getattr(found, method, None) for method in (*_METHODS, "__call__"))):
            if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
                raise Unloadable("agent_async", name=self._name)


def _is_asked(kind: type) -> bool:
    """Whether the instances of a class have a method to ask them by."""
    return any(method in vars(parent) for parent in kind.__mro__ for method in (*_METHODS, "__call__"))


def _takes(function: Callable[..., Any], *arguments: object, **keywords: object) -> bool:
    """Whether a function can be called like this; those written in C do not say."""
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        return True
    try:
        signature.bind(*arguments, **keywords)
    except TypeError:
        return False
    return True


def _run(run: Callable[..., object], question: AgentQuestion, say: Say) -> None:
    """Ask an agent that hands its pieces to a callback and returns the whole."""
    said = _Said(say)
    said.settle(run(params={"input_data": question.text}, chatId=question.user, stream_callback=said.add))


def _say_all(given: object, say: Say) -> None:
    """Say what a function returned: a text, or pieces one by one; a generator may return the whole at its end."""
    said = _Said(say)
    if isinstance(given, (str, Mapping)):
        said.add(given)
    elif isinstance(given, Iterable) and not isinstance(given, (bytes, bytearray)):
        pieces = iter(given)
        try:
            while True:
                said.add(next(pieces))
        except StopIteration as end:
            said.settle(end.value)
        finally:
            _close(pieces)
    else:
        _close(given)
        raise NoPiece(f"an answer of type {type(given).__name__}")


def _close(given: object) -> None:
    """Let a generator, or a coroutine that nobody awaits, put its things in order."""
    if inspect.isgenerator(given) or inspect.iscoroutine(given):
        given.close()


class _Said:
    """Hands pieces on, and remembers what they make up."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._parts: list[str] = []

    def add(self, piece: object) -> None:
        """Say one more piece."""
        match event := event_of(piece):
            case Text(text):
                self._parts.append(text)
            case Replace(text):
                self._parts = [text]
        self._say(event)

    def settle(self, returned: object) -> None:
        """What an agent returned is the whole answer, if it is a text: it wins over what was said piece by piece."""
        whole = content(returned) if isinstance(returned, Mapping) else returned
        if isinstance(whole, str) and whole and whole != "".join(self._parts):
            self.add(Replace(whole) if any(self._parts) else whole)
