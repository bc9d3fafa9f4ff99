"""What the sandbox recorded -> figures (pure). All times are seconds."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bench.load import Said
from bench.plan import Script

Record = Mapping[str, Any]
CallKind = Literal["creation", "text", "end", "refused"]

_THROTTLED = "QpsLimit"  # in the code of a call that was one too many of its second
_NO_ANSWERS = {"token", "gateway.open"}  # calls that are not made for an answer


@dataclass(frozen=True)
class Times:
    """The same thing measured many times."""

    values: tuple[float, ...]

    def at(self, share: float) -> float:
        """The value that this share of all does not exceed (nearest rank): 0.5 is the median; NaN of nothing."""
        ordered = sorted(self.values)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan

    def __add__(self, other: "Times") -> "Times":
        return Times(self.values + other.values)


@dataclass(frozen=True)
class Seen:
    """A token that came to be seen: when, as seconds since the first message, and how long after it was due to leave Dify."""

    at: float
    wait: float


@dataclass(frozen=True)
class Made:
    """A card call that DingTalk answered: when, as seconds since the first message, and what for."""

    at: float
    kind: CallKind


@dataclass(frozen=True)
class Round:
    """Some conversations, one question each.

    acked: from the frame to its acknowledgement. asked: from the frame until Dify had the question. first_text: from when
    the first token was due to leave Dify until the card showed a text; `seen` tells the same of every token: where the
    sandbox is late with one, that counts too. closing: from when the last token was due until the card was finished.
    complete: from the message until then. call: how long DingTalk took for a card call.
    """

    questions: int
    exact: int
    acked: Times
    asked: Times
    first_text: Times
    seen: tuple[Seen, ...]
    closing: Times
    complete: Times
    call: Times
    made: tuple[Made, ...]

    @property
    def waits(self) -> Times:
        """How long each token waited to be seen."""
        return Times(tuple(token.wait for token in self.seen))

    @property
    def calls(self) -> float:
        """Calls of all kinds per answer, without those that were refused as one too many: DingTalk does not count them."""
        return sum(call.kind != "refused" for call in self.made) / self.questions

    @property
    def refused(self) -> int:
        """Calls refused as one too many of their second."""
        return sum(call.kind == "refused" for call in self.made)


def round_of(client_id: str, said: Sequence[Said], records: Iterable[Record], script: Script) -> Round:
    """Sort out what happened to these messages to a bot, all answered by one script."""
    kinds: dict[str, list[Record]] = {}
    for record in records:
        kinds.setdefault(record["kind"], []).append(record)
    frames = {each["msg_id"]: each["time"] for each in kinds.get("frame", ()) if "msg_id" in each}
    acks = {each["msg_id"]: each["after"] for each in kinds.get("ack", ()) if "msg_id" in each}
    requests = {each["user"]: each["time"] for each in kinds.get("request", ()) if "query" in each}
    answers = {each["user"]: each["text"] for each in kinds.get("answer", ())}
    looks: dict[str, list[Record]] = {}
    for each in kinds.get("card", ()):
        looks.setdefault(each["conversation_id"], []).append(each)

    exact = 0
    asked, first_text, closing, complete = [], [], [], []
    seen: list[Seen] = []
    for one in said:
        question, card = requests.get(one.user), looks.get(one.conversation_id, [])
        if question is None:
            continue
        asked.append(question - frames[one.msg_id])
        answer = answers.get(one.user, "")
        tokens = _seen(card, answer, question, script, since=said[0].at)
        seen += tokens
        first_text += [token.wait for token in tokens[:1]]
        end = next((look for look in card if look["state"] == "finished"), None)
        if end:
            closing.append(end["time"] - question - script.due(script.tokens - 1))
            complete.append(end["time"] - one.at)
            exact += answer != "" and card[-1]["text"] == answer
    calls = [each for each in kinds.get("api", ()) if each.get("client_id") == client_id and each["api"] not in _NO_ANSWERS]
    return Round(
        questions=len(said),
        exact=exact,
        acked=Times(tuple(acks[one.msg_id] for one in said if one.msg_id in acks)),
        asked=Times(tuple(asked)),
        first_text=Times(tuple(first_text)),
        seen=tuple(seen),
        closing=Times(tuple(closing)),
        complete=Times(tuple(complete)),
        call=Times(tuple(call["took"] for call in calls if "out_track_id" in call)),
        made=_made(calls, since=said[0].at),
    )


def _seen(card: Sequence[Record], answer: str, question: float, script: Script, *, since: float) -> list[Seen]:
    """Return when each token of an answer was first to be read on its card; a token that never was is left out."""
    size, seen = len(answer) / script.tokens, list[Seen]()
    for look in card:
        shown = int(_shared(look["text"], answer) / size) if answer else 0
        seen += [Seen(look["time"] - since, look["time"] - question - script.due(k)) for k in range(len(seen), shown)]
    return seen


def _shared(text: str, answer: str) -> int:
    """Return how many characters of the answer a text begins with."""
    if answer.startswith(text):
        return len(text)
    return next((place for place, (one, other) in enumerate(zip(text, answer, strict=False)) if one != other), len(answer))


def _made(calls: Sequence[Record], *, since: float) -> tuple[Made, ...]:
    """Return the calls by what they were for: a card's first one creates it, its last one ends it."""
    last = {call.get("out_track_id"): number for number, call in enumerate(calls)}
    made, begun = [], set[str | None]()
    for number, call in enumerate(calls):
        card = call.get("out_track_id")
        kind: CallKind = "text"
        if _THROTTLED in str(call.get("code")):
            kind = "refused"
        elif card not in begun:
            kind = "creation"
            begun.add(card)
        elif last[card] == number:
            kind = "end"
        made.append(Made(call["time"] - since, kind))
    return tuple(made)


@dataclass(frozen=True)
class Trial:
    """One contender's whole trial. Memory is in megabytes, processor time in seconds."""

    connected: float  # from exec until the last listener was connected
    idle_memory: float
    idle_cpu: float  # per second
    round: Round
    cpu: float  # per answer
    peak_memory: float
    sandbox_busy: float  # the share of one core that the sandbox used meanwhile
    left_open: int  # cards that show neither an end nor a failure
    warnings: int  # lines of the log that say WARNING or ERROR
