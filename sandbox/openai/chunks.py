"""How an answer is told: the chunks of a stream one by one, or the one body of a whole completion (pure)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from sandbox.openai.answers import Plan
from sandbox.openai.gateways import Gateway
from sandbox.openai.litellm import DIED
from sandbox.openai.refusal import error_body
from sandbox.scripted.script import LOOKING_UP, Round, Step, half

KEEP_ALIVE: Final = b": keep-alive\n\n"
_DONE: Final = b"data: [DONE]\n\n"
_ARGUMENT_CHARACTERS: Final = 8
MODEL_FAILED: Final = "The server had an error while answering your request."


@dataclass(frozen=True, kw_only=True)
class Completion:
    """One answer under its id: what will be said, and how long the question was (in pieces, which count as tokens)."""

    id: str
    created: int
    model: str
    gateway: Gateway
    plan: Plan
    prompt_tokens: int
    with_usage: bool

    def steps(self) -> Iterator[Step]:
        """Everything that a stream says, in order, and the seconds to wait in between."""
        script, gap = self.plan.script, self.plan.script.gap
        yield script.first
        yield self._chunk({"role": "assistant"} if self._is_openclaw else {"role": "assistant", "content": ""}, opening=True)
        for piece in script.pieces(script.thoughts):
            yield self._chunk({self.gateway.reasoning_field: piece})
            yield gap
        for tool in script.rounds:
            yield from self._tool_round(tool)
        pieces = self.plan.pieces()
        for piece in half(pieces) if script.error else pieces:
            yield self._chunk({"content": piece})
            yield gap
        if script.error:
            yield _frame(self._failure(script.error))
        elif not self._is_openclaw:  # which ends without a word
            yield self._chunk({}, self.plan.finish)
        if self.with_usage and not script.error:
            choices = [{"index": 0, "delta": {}}] if self._is_litellm else []
            yield _frame({**self._head("chat.completion.chunk"), "choices": choices, "usage": self._usage()})
        if not (script.error and self._is_litellm):
            yield _DONE

    def whole(self) -> dict[str, Any]:
        """The body of an answer that is not streamed."""
        script = self.plan.script
        message: dict[str, Any] = {"role": "assistant", "content": script.text}
        if script.thoughts:
            message[self.gateway.reasoning_field] = script.thoughts
        if script.rounds:
            message["tool_calls"] = [_tool_call(tool, _arguments(tool)) for tool in script.rounds]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.plan.finish}
        return {**self._head("chat.completion"), "choices": [choice], "usage": self._usage()}

    def seconds(self) -> float:
        """How long saying it takes."""
        script = self.plan.script
        pieces = len(script.pieces(script.thoughts)) + len(self.plan.pieces())
        return script.first + pieces * script.gap + LOOKING_UP * len(script.rounds)

    @property
    def _is_openclaw(self) -> bool:
        return self.gateway.flavor == "openclaw"

    @property
    def _is_litellm(self) -> bool:
        return self.gateway.flavor == "litellm"

    def _failure(self, code: str) -> Mapping[str, Any]:
        return DIED if self._is_litellm else error_body(HTTPStatus.INTERNAL_SERVER_ERROR, MODEL_FAILED, code=code)

    def _tool_round(self, tool: Round) -> Iterator[Step]:
        """A tool that the gateway itself calls: its name first, then its arguments bit by bit."""
        arguments, again = _arguments(tool), {"type": "function"} if self._is_litellm else {}
        yield self._chunk({"tool_calls": [{"index": 0, **_tool_call(tool, "")}]})
        for at in range(0, len(arguments), _ARGUMENT_CHARACTERS):
            part = {"arguments": arguments[at : at + _ARGUMENT_CHARACTERS]}
            yield self._chunk({"tool_calls": [{"index": 0, **again, "function": part}]})
        yield LOOKING_UP

    def _chunk(self, delta: Mapping[str, Any], finish: str | None = None, *, opening: bool = False) -> bytes:
        choice: dict[str, Any] = {"index": 0, "delta": delta}
        if finish or not (self._is_litellm or (opening and self._is_openclaw)):
            choice["finish_reason"] = finish
        usage = {"usage": None} if self.with_usage and not self._is_litellm else {}
        return _frame({**self._head("chat.completion.chunk"), "choices": [choice], **usage})

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}

    def _usage(self) -> dict[str, int]:
        said = len(self.plan.script.pieces(self.plan.script.thoughts)) + len(self.plan.pieces())
        return {"prompt_tokens": self.prompt_tokens, "completion_tokens": said, "total_tokens": self.prompt_tokens + said}


def _arguments(tool: Round) -> str:
    # Also a tool that needs no arguments gets one here, so that there is something to come in pieces.
    return json.dumps(tool.arguments or {"timezone": "Asia/Shanghai"})


def _tool_call(tool: Round, arguments: str) -> dict[str, Any]:
    return {"id": f"call_{tool.name}", "type": "function", "function": {"name": tool.name, "arguments": arguments}}


def _frame(event: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(event, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()
