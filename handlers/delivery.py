"""Brings one text to many people and groups, as messages or in a card each, within the pace of the bot's DingTalk app."""

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from errors import (
    CredentialRefused,
    DingTalkError,
    DingTalkUnreachable,
    PermissionMissing,
    QuotaUsedUp,
    Throttled,
)
from handlers import parts
from handlers.account import Account
from handlers.card import LiveCard
from handlers.card_calls import NO_CALLBACK, CardCalls, Labels
from handlers.dingtalk import DingTalkClient
from handlers.message import Incoming
from handlers.pacer import Pacer
from handlers.pacing import Pace
from handlers.push_order import Order, Target, push_key
from handlers.rates import Rates
from handlers.say import Form
from handlers.templates import Template
from stores.base import CardRecord, Cards, ConversationKey

# Reasons of our own, beside DingTalk's codes.
UNKNOWN_PERSON, HELD_BACK, TOO_LATE, SHUTTING_DOWN = (
    "invalidStaffIdList",
    "flowControlledStaffIdList",
    "deadline",
    "shuttingDown",
)

_BATCH = 20  # people in one call
_PART_BYTES = 14_000  # of a message's text as JSON; DingTalk takes 15,000 with the title
_CARDS_AT_ONCE = 10  # of a push: answers in the chats need the same room
_FIRST_PAUSE, _LONGEST_PAUSE = 1.5, 8.0  # seconds between tries
_LOOK_SECONDS = 0.2  # how often a wait for a card looks whether it may go on
_TO_PEOPLE, _TO_GROUPS = "to a person", "to a group"  # as whatever else the bot sends them is counted
_ONE_SPOILS_ALL = frozenset({"staffId.notExisted", "invalidParameter.userIds.invalid"})
_FOR_ALL = (CredentialRefused, PermissionMissing, QuotaUsedUp)  # the next call would be refused as well

Failures = dict[Target, DingTalkError]


class Delivery:
    """Delivers for one bot. Safe to share between threads; times are those of `clock`, in seconds.

    `pace` returns None when the month allows no card; `may_call` says whether nobody else can have taken the cards over.
    """

    def __init__(
        self,
        client: DingTalkClient,
        account: Account,
        template: Template,
        *,
        rates: Rates,
        pacer: Pacer,
        pace: Callable[[], Pace | None],
        labels: Labels,
        cards: Cards,
        may_call: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._account, self._template = client, account, template
        self._rates, self._pacer, self._pace, self._cards = rates, pacer, pace, cards
        self._labels, self._may_call, self._clock = labels, may_call, clock
        self._ending = threading.Event()

    def deliver(self, order: Order, deadline: float) -> Failures:
        """Deliver, and return who did not receive it (all of it); what the deadline overtakes is not sent."""
        if not order.card:
            return self._as_messages(order, order.targets, deadline)
        without = self._in_cards(order, deadline)
        failures = self._as_messages(order, tuple(without), deadline)
        for card in without.values():
            if card:
                card.replaced()  # nobody is going to bring it another way
        return failures

    def end(self) -> None:
        """Send nothing more; whoever has not received it by now has failed."""
        self._ending.set()

    def _in_cards(self, order: Order, deadline: float) -> dict[Target, LiveCard | None]:
        """Show the text in cards; return who has to get it as a message, with the card that does not show it."""
        without: dict[Target, LiveCard | None] = {}
        under_way: deque[tuple[Target, LiveCard]] = deque()
        refused = False  # for a reason that holds for all
        for target in order.targets:
            if len(under_way) == _CARDS_AT_ONCE:
                refused |= self._see_ended(*under_way.popleft(), without, deadline)
            pace = None if refused or self._over(deadline) else self._pace()
            if pace is None:
                without[target] = None
            else:
                under_way.append((target, self._card(order, target, pace)))
        for target, card in under_way:
            self._see_ended(target, card, without, deadline)
        return without

    def _card(self, order: Order, target: Target, pace: Pace) -> LiveCard:
        """Let the pacer make a card and end it with the whole text; should this process end, another one closes it."""
        name, robot = uuid.uuid4().hex, self._client.client_id
        chat, person = (target.name, "") if target.is_group else ("", target.name)
        message = push_key(robot, name)
        key = ConversationKey(robot, self._account.corp, chat, person)
        template = self._template.written()
        self._cards.open(CardRecord(name, robot, person, message, key, template=template, text=order.markdown))
        closed = partial(self._cards.close, name)
        card = LiveCard(
            CardCalls(name, self._template, self._client, self._labels, NO_CALLBACK),
            pace,
            Incoming(message.message_id, robot, "push", chat, target.is_group, person, staff_id=person),
            on_end=closed,
            on_unmade=closed,
            may_call=self._may_call,
        )
        card.close(order.markdown, failed=False)
        self._pacer.wake(card)
        return card

    def _see_ended(self, target: Target, card: LiveCard, without: dict[Target, LiveCard | None], deadline: float) -> bool:
        """Wait for a card's end; note who has to get a message instead. True when no card of this app can be made now."""
        while not card.settled.wait(_LOOK_SECONDS):
            if self._over(deadline):
                card.hand_over()
                break
        if card.error:
            without[target] = card
        return isinstance(card.error, _FOR_ALL)

    def _as_messages(self, order: Order, targets: Sequence[Target], deadline: float) -> Failures:
        """Send it to people in batches, into groups one by one."""
        messages, failures = tuple(_messages(order)), Failures()
        people = [target for target in targets if not target.is_group]
        batches = [people[start : start + _BATCH] for start in range(0, len(people), _BATCH)]
        batches += [[target] for target in targets if target.is_group]
        for number, batch in enumerate(batches):
            try:
                failures |= self._send(batch, messages, deadline)
            except _FOR_ALL as error:
                failures |= dict.fromkeys((target for rest in batches[number:] for target in rest), error)
                break
        return failures

    def _send(self, batch: Sequence[Target], messages: Sequence[tuple[str, str]], deadline: float) -> Failures:
        """Send all messages to people, or to one group; who missed one gets no further one. Raises what is refused to all."""
        failures = Failures()
        for number, (title, text) in enumerate(messages):
            left = [target for target in batch if target not in failures]
            try:
                failures |= self._send_one(left, title, text, deadline)
            except _FOR_ALL:
                raise
            except DingTalkError as error:
                if error.code in _ONE_SPOILS_ALL and len(left) > 1:
                    for target in left:
                        failures |= self._send([target], messages[number:], deadline)
                    return failures
                return failures | dict.fromkeys(left, error)
        return failures

    def _send_one(self, batch: Sequence[Target], title: str, text: str, deadline: float) -> Failures:
        """Send one message, and again while DingTalk cannot take it now; return whom it left out."""
        if not batch:
            return {}
        pause = _FIRST_PAUSE
        while True:
            try:
                return self._call(batch, title, text, deadline)
            except (DingTalkUnreachable, Throttled):
                if self._over(deadline - pause):
                    raise
            self._ending.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _call(self, batch: Sequence[Target], title: str, text: str, deadline: float) -> Failures:
        api = _TO_GROUPS if batch[0].is_group else _TO_PEOPLE
        if self._over(deadline):
            return dict.fromkeys(batch, self._too_late())
        try:
            slot = self._rates.wait(api, deadline)
        except Throttled:  # by us: there is no room before the deadline
            return dict.fromkeys(batch, self._too_late())
        refused = False
        try:
            if api == _TO_GROUPS:
                self._client.send_to_group(batch[0].name, title, text)
                return {}
            left_out = self._client.send_to_people([target.name for target in batch], title, text)
        except Throttled:
            refused = True
            raise
        finally:
            self._rates.returned(api, slot, refused=refused)
        return {target: left_out[target.name] for target in batch if target.name in left_out}

    def _over(self, deadline: float) -> bool:
        return self._ending.is_set() or self._clock() >= deadline

    def _too_late(self) -> DingTalkError:
        return DingTalkError("it was not sent in time", code=SHUTTING_DOWN if self._ending.is_set() else TOO_LATE)


def _messages(order: Order) -> Iterator[tuple[str, str]]:
    """Yield a title and a text for each message that is needed."""
    form = Form()
    for part in parts.numbered(form.split(form.shape(order.markdown), _PART_BYTES)):
        yield order.title or form.title(part), part
