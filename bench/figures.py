"""What the sandbox recorded -> figures (pure). All times are seconds."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.load import Said

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Times:
    """The same thing measured many times."""

    values: tuple[float, ...]

    def at(self, share: float) -> float:
        """The value that this share of all does not exceed (nearest rank): 0.5 is the median."""
        ordered = sorted(self.values)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


@dataclass(frozen=True)
class Round:
    """Some conversations, one question each.

    acked: from the frame to its acknowledgement. asked: from the frame until Dify had the question.
    first_text: from when Dify's first token was due to leave until the card showed a text; where the sandbox is late with
    a token, that counts too. own_delay: the part of it in which no call was under way: from the token, or from the end of
    the card's creation if that came later, until the call with the first text reached DingTalk.
    call: how long DingTalk took for a card call.
    """

    questions: int
    exact: int
    acked: Times
    asked: Times
    first_text: Times
    own_delay: Times
    call: Times
    calls: float
    ended: float  # the time at which the last card was finished


def round_of(said: Sequence[Said], records: Iterable[Record], cards: Iterable[Record], first: float) -> Round:
    """Sort out what happened to these messages, whose answers begin `first` seconds after Dify is asked."""
    kinds: dict[str, list[Record]] = {}
    for record in records:
        kinds.setdefault(record["kind"], []).append(record)
    frames = {each["msg_id"]: each["time"] for each in kinds.get("frame", ()) if "msg_id" in each}
    acks = {each["msg_id"]: each["after"] for each in kinds.get("ack", ()) if "msg_id" in each}
    requests = {each["user"]: each["time"] for each in kinds.get("request", ()) if "query" in each}
    answers = {each["user"]: each["text"] for each in kinds.get("answer", ())}
    shown = {each["conversation_id"]: each for each in cards}
    calls: dict[str, list[Record]] = {}
    for each in kinds.get("api", ()):
        if "out_track_id" in each:
            calls.setdefault(each["out_track_id"], []).append(each)

    exact, ended = 0, 0.0
    asked, first_text, own_delay = [], [], []
    for one in said:
        card, question = shown.get(one.conversation_id), requests.get(one.user)
        if question is not None:
            asked.append(question - frames[one.msg_id])
        if not card or question is None:
            continue
        token = question + first
        texts = [state for state in card["history"] if state["text"]]
        if texts:
            first_text.append(texts[0]["time"] - token)
            own_delay.append(_own_delay(calls[card["out_track_id"]], token))
        ended = max(ended, card["history"][-1]["time"])
        exact += card["state"] == "finished" and card["text"] == answers.get(one.user)
    made = [call for each in calls.values() for call in each]
    return Round(
        questions=len(said),
        exact=exact,
        acked=Times(tuple(acks[one.msg_id] for one in said if one.msg_id in acks)),
        asked=Times(tuple(asked)),
        first_text=Times(tuple(first_text)),
        own_delay=Times(tuple(own_delay)),
        call=Times(tuple(call["took"] for call in made)),
        calls=len(made) / len(said),
        ended=ended,
    )


def _own_delay(calls: Sequence[Record], token: float) -> float:
    """Return how long the first text lay about; the first call creates the card, the second one shows the first text."""
    created, first_text = calls[0]["time"], calls[1]["time"] - calls[1]["took"]
    return float(first_text - max(token, created))


@dataclass(frozen=True)
class Trial:
    """One contender's whole trial. Memory is in megabytes, processor time in seconds."""

    connected: float  # from exec until the last listener was connected
    first_line: float  # the part of it that the interpreter needs for itself
    idle_memory: float
    idle_cpu: float  # per second
    alone: Round
    together: Round
    together_seconds: float  # from the first message to the last finished card
    together_cpu: float  # per answer
    peak_memory: float
    sandbox_busy: float  # the share of one core that the sandbox used meanwhile
    public_calls: float  # calls per answer with DingTalk's public template
    warnings: int  # lines of the log that say WARNING or ERROR
