"""Whatever a gateway or an agent sends, its kind gives events and BackendError, and nothing else."""

import json
from contextlib import suppress
from itertools import accumulate, pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends import memory
from backends.base import Event
from backends.codebuddy import failures as agent_failures
from backends.codebuddy.body import text_of
from backends.failures import for_log
from backends.openai import failures as gateway_failures
from backends.openai.client import payload_of
from backends.openai.fold import Fold
from errors import BackendError
from tests.properties.strategies import JSON, WORDS, spoilt

CALL = {"index": 0, "id": "c1", "type": "function", "function": {"name": "search", "arguments": "{}"}}
DELTA = {"role": "assistant", "content": [{"type": "text", "text": WORDS}], "reasoning": "想", "tool_calls": [CALL]}
CHUNK = {
    "id": "chatcmpl-1",
    "choices": [{"index": 0, "delta": DELTA, "finish_reason": None}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2},
}
REFUSAL = {"error": {"message": f"bad {WORDS}", "type": "invalid_request_error", "code": "x"}}
ANSWER = {"result": {"message": {"content": [{"type": "text", "text": "好"}]}}}

few = settings(derandomize=True, database=None, deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def read(payloads: list[Any]) -> tuple[Fold, list[Event]]:
    """Return what a stream of these payloads becomes; BackendError is all that may be raised."""
    fold = Fold()
    events: list[Event] = []
    for payload in payloads:
        decoded = payload_of(json.dumps(payload))
        if decoded is not None:
            events += fold.feed(decoded)
    events += fold.flush()
    with suppress(BackendError):
        fold.judge()
    return fold, events


@few
@given(st.lists(spoilt(CHUNK) | spoilt(REFUSAL) | JSON, max_size=4))
def test_any_chunks(payloads: list[Any]) -> None:
    """What they become can be remembered."""
    fold, _ = read(payloads)
    exchange = memory.Exchange("问", fold.text)
    assert memory.read(memory.write([exchange])) == (exchange,)


@few
@given(st.integers(100, 599), spoilt(REFUSAL) | JSON, st.binary(max_size=40), st.booleans())
def test_any_refusal(status: int, body: Any, raw: bytes, is_raw: bool) -> None:  # noqa: FBT001  # drawn
    """It is an error without the question."""
    content = raw if is_raw else json.dumps(body).encode()
    for kind in (gateway_failures, agent_failures):
        error = for_log(kind.from_response(status, content), WORDS)
        assert WORDS not in str(error)
        str(error).encode()


@few
@given(spoilt(ANSWER) | JSON, st.binary(max_size=40), st.booleans(), st.booleans())
def test_any_answer_of_an_agent(body: Any, raw: bytes, is_raw: bool, is_json: bool) -> None:  # noqa: FBT001  # drawn
    """It is a text, or an error."""
    with suppress(BackendError):
        text_of(raw if is_raw else json.dumps(body).encode(), is_json=is_json)


@few
@given(st.text(max_size=200), st.lists(st.integers(1, 7), max_size=60))
def test_where_the_chunks_are_cut_makes_no_difference(text: str, sizes: list[int]) -> None:
    """To what is said in all."""
    ends = [*accumulate(sizes), len(text)]
    pieces = [text[start:end] for start, end in pairwise([0, *ends])]
    chunks = [{"choices": [{"delta": {"content": piece}}]} for piece in pieces]
    assert read(chunks)[0].text == read([{"choices": [{"delta": {"content": text}}]}])[0].text
