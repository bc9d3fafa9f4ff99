"""Which end belongs to which message: by the marks that an answer repeats, by its session, else by the order. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from chaos.script import Line, marks
from chaos.tape import Card, Message
from handlers.texts import Texts

_TEXTS: Final = Texts("zh")
_OF_COMMANDS: Final = tuple(_TEXTS.say(name) for name in ("new", "help", "stopping", "nothing_to_stop"))
_STATUS: Final = _TEXTS.say("status", bot="|", conversation="", answering="", waiting="").partition("|")[0]
_CONTINUED: Final = _TEXTS.say("continued_below")


@dataclass(frozen=True)
class Spoken:
    """A line that was written and delivered, or not; `at` is when (epoch seconds)."""

    line: Line
    msg_id: str
    conversation_id: str
    at: float
    delivered: bool


@dataclass
class Outcome:
    """What became of a message: its cards, and the different texts that were said for it without one."""

    spoken: Spoken
    cards: list[Card] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    @property
    def ends(self) -> int:
        """How many ends it has: a card that ended is one, what was said in parts is one, and a repeated part one more.

        A card that says that the text goes on below has one end together with it. A card that looks unfinished is none.
        """
        ended = [card for card in self.cards if card.ended]
        texts = [message.text for message in self.messages]
        repeated = len(texts) - len(set(texts))
        continued = any(_CONTINUED in card.text for card in ended)
        return len(ended) + (1 if texts and not continued else 0) + repeated

    @property
    def growing(self) -> list[Card]:
        """The cards that look as if more were to come."""
        return [card for card in self.cards if not card.ended]


@dataclass(frozen=True)
class Matched:
    """The outcome of each delivered message by its line's number, and what belongs to none."""

    outcomes: Mapping[int, Outcome]
    strange: Sequence[Card | Message]


def match(
    spoken: Iterable[Spoken], cards: Iterable[Card], messages: Iterable[Message], mentions: Mapping[str, float]
) -> Matched:
    """Give each card and each message to the line that it answers.

    One without a mark (a sentence) that did not come through a session goes to a line of its conversation that was written
    before and has no end yet, to a command if it says what only commands are told; so an end too many is left over. If there
    are several, it is the one of which the bridge's log spoke last at about that time (`mentions`, by message).
    A card that was given up without a mark goes to the line whose answer was said as a message after it was opened.
    """
    delivered = [one for one in spoken if one.delivered]
    outcomes = {one.line.number: Outcome(one) for one in delivered}
    by_message = {one.msg_id: outcomes[one.line.number] for one in delivered}
    conversations = defaultdict[str, list[Outcome]](list)
    for one in delivered:
        conversations[one.conversation_id].append(outcomes[one.line.number])
    nameless = list[Card | Message]()
    for message in messages:
        found = by_message.get(message.answers) or _marked(outcomes, marks(message.text))
        found.messages.append(message) if found else nameless.append(message)
    for card in cards:
        found = _marked(outcomes, card.marks)
        found.cards.append(card) if found else nameless.append(card)
    strange = []
    for end in sorted(nameless, key=_time):
        conversation = conversations[end.conversation_id]
        found = _given_up(conversation, end) or _waiting(conversation, end, mentions)
        if found is None:
            strange.append(end)
        elif isinstance(end, Card):
            found.cards.append(end)
        else:
            found.messages.append(end)
    return Matched(outcomes, strange)


def _marked(outcomes: Mapping[int, Outcome], numbers: frozenset[int]) -> Outcome | None:
    return outcomes.get(min(numbers)) if numbers else None


def _given_up(conversation: Sequence[Outcome], end: Card | Message) -> Outcome | None:
    """Return the line that was answered by message instead of by this card, if it was left open or says so."""
    if not isinstance(end, Card) or (end.ended and _CONTINUED not in end.text):
        return None
    said = (one for one in conversation if one.messages and not one.cards and one.spoken.at <= end.opened)
    return next((one for one in said if one.messages[-1].at >= end.opened), None)


def _waiting(conversation: Sequence[Outcome], end: Card | Message, mentions: Mapping[str, float]) -> Outcome | None:
    """Return the line of a conversation that waits for such an end, the likeliest of several."""
    text = end.text if isinstance(end, Message) else ""
    for_command = text in _OF_COMMANDS or text.startswith(_STATUS)
    waiting = [one for one in conversation if one.spoken.at <= _time(end) and not one.cards and not one.messages]
    fitting = [one for one in waiting if one.spoken.line.is_command == for_command]
    # A command whose words DingTalk withheld is told what anybody would be told; no question is told what a command is.
    ended = end.ended or end.opened if isinstance(end, Card) else end.at
    candidates = fitting or ([] if for_command else waiting)
    return min(candidates, key=lambda one: abs(mentions.get(one.spoken.msg_id, one.spoken.at) - ended), default=None)


def _time(end: Card | Message) -> float:
    return end.opened if isinstance(end, Card) else end.at
