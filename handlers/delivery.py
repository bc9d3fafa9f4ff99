"""Brings one text to many people and groups, as messages or in a card each, within the pace of the bot's DingTalk app."""

import math
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain

from errors import CredentialRefused, DingTalkError, PermissionMissing, QuotaUsedUp, Throttled
from handlers import parts
from handlers.account import Account
from handlers.card_calls import NO_CALLBACK, CardCalls, Labels
from handlers.dingtalk import DingTalkClient
from handlers.message import Incoming
from handlers.pacer import Pacer
from handlers.pacing import Pace
from handlers.push_order import Order, Target, push_key
from handlers.pushed_card import PushedCard
from handlers.rates import TO_GROUPS, TO_PEOPLE, NoRoom, Rates
from handlers.retry import patiently
from handlers.say import Form
from handlers.templates import Template
from stores.base import CardRecord, Cards, ConversationKey

# Reasons of our own, beside DingTalk's codes.
UNKNOWN_PERSON, HELD_BACK, TOO_LATE, UNANSWERED, SHUTTING_DOWN = (
    "invalidStaffIdList",
    "flowControlledStaffIdList",
    "deadline",
    "unknown",
    "shuttingDown",
)

_BATCH = 20  # people in one call
_PART_BYTES = 14_000  # of a message's text as JSON; DingTalk takes 15,000 with the title
_CARDS_AT_ONCE = 10  # of a push: answers in the chats need the same room
_SHARE_OF_CARDS = 0.75  # of a push's time; the rest is for calls in flight, and for messages to whom a card did not reach
_CALLS_AT_ONCE = 8  # of messages: one of each push, and those that nobody waits for any longer
_LONGEST_PAUSE = 8.0  # seconds between tries
_LOOK_SECONDS = 0.2  # how often a wait looks whether it may go on
_ONE_SPOILS_ALL = frozenset({"staffId.notExisted", "invalidParameter.userIds.invalid"})
_FOR_ALL = (CredentialRefused, PermissionMissing, QuotaUsedUp)  # the next call would be refused as well

Failures = dict[Target, DingTalkError]
Message = tuple[str, str]  # title and text


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
        self._ending, self._last_at = threading.Event(), math.inf
        self._threads = ThreadPoolExecutor(max_workers=_CALLS_AT_ONCE, thread_name_prefix="push call")

    def deliver(self, order: Order, unsent: str, deadline: float) -> Failures:
        """Deliver, and return by the deadline who did not receive it (all of it), as far as is known; nothing is sent later.

        A card that was made and cannot show the text says `unsent`, or where the text went instead.
        """
        if not order.card:
            return self._as_messages(order, order.targets, deadline)
        without = self._in_cards(order, deadline)
        failures = {target: _unanswered() for target, card in without.items() if card and not card.stop(0)}
        failures |= self._as_messages(order, tuple(target for target in without if target not in failures), deadline)
        for target, card in without.items():
            if card:
                failed = target in failures
                if card.instead(unsent if failed else self._labels.continued, failed=failed):
                    self._pacer.wake(card)
        return failures

    def end(self, seconds: float) -> None:
        """Begin no further call, and wait so many seconds for those in flight; who has not received it then has failed."""
        self._last_at = self._clock() + seconds
        self._ending.set()

    def close(self) -> None:
        """Give back the threads; nothing is to be delivered any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _in_cards(self, order: Order, deadline: float) -> dict[Target, PushedCard | None]:
        """Show the text in cards; return who has to get it as a message, with the card that does not show it."""
        begun = self._clock()
        until = begun + _SHARE_OF_CARDS * (deadline - begun)
        without: dict[Target, PushedCard | None] = {}
        under_way: deque[tuple[Target, PushedCard]] = deque()
        refused = False  # for a reason that holds for all
        for target in order.targets:
            if len(under_way) == _CARDS_AT_ONCE:
                refused |= self._see_ended(*under_way.popleft(), without, until, deadline)
            pace = None if refused or self._over(until) else self._pace()
            if pace is None:
                without[target] = None
            else:
                under_way.append((target, self._card(order, target, pace)))
        for target, card in under_way:
            self._see_ended(target, card, without, until, deadline)
        return without

    def _card(self, order: Order, target: Target, pace: Pace) -> PushedCard:
        """Let the pacer make a card and end it with the whole text; should this process end, another one closes it."""
        name, robot = uuid.uuid4().hex, self._client.client_id
        chat, person = (target.name, "") if target.is_group else ("", target.name)
        message = push_key(robot, name)
        key = ConversationKey(robot, self._account.corp, chat, person)
        template = self._template.written()
        self._cards.open(CardRecord(name, robot, person, message, key, template=template))
        card = PushedCard(
            CardCalls(name, self._template, self._client, self._labels, NO_CALLBACK),
            pace,
            Incoming(message.message_id, robot, "push", chat, target.is_group, person, staff_id=person),
            order.markdown,
            cards=self._cards,
            may_call=self._may_call,
        )
        self._pacer.wake(card)
        return card

    def _see_ended(
        self,
        target: Target,
        card: PushedCard,
        without: dict[Target, PushedCard | None],
        until: float,
        deadline: float,
    ) -> bool:
        """Wait for a card's end; note who has to get a message instead. True when no card of this app can be made now."""
        while not self._over(until) and not card.wait(_LOOK_SECONDS):
            pass
        while not (card.shown or card.stop(0) or self._past(deadline)):
            card.stop(_LOOK_SECONDS)  # which waits for what is in flight
        if not card.shown:
            without[target] = card
        return isinstance(card.error, _FOR_ALL)

    def _as_messages(self, order: Order, targets: Sequence[Target], deadline: float) -> Failures:
        """Send it to people in batches, into groups one by one; who misses one of its messages gets no further one."""
        failures, messages = Failures(), tuple(_messages(order))
        work = deque((batch, messages) for batch in _batches(targets))  # whom to send which messages, in turn
        while work:
            batch, (message, *further) = work.popleft()
            try:
                left_out = self._send(batch, message, deadline)
            except _FOR_ALL as error:
                rest = chain(batch, *(waiting for waiting, _ in work))
                return failures | dict.fromkeys(rest, error)
            except DingTalkError as error:
                if error.code in _ONE_SPOILS_ALL and len(batch) > 1:
                    work.extendleft(([target], (message, *further)) for target in reversed(batch))
                    continue
                left_out = dict.fromkeys(batch, error)
            failures |= left_out
            reached = [target for target in batch if target not in left_out]
            if reached and further:
                work.appendleft((reached, tuple(further)))
        return failures

    def _send(self, batch: Sequence[Target], message: Message, deadline: float) -> Failures:
        """Send one message to people, or to one group; return whom DingTalk left out. What passes is waited for."""
        call = partial(self._call_in_time, batch, message, deadline)
        return patiently(call, deadline, also=(Throttled,), longest=_LONGEST_PAUSE, stop=self._ending, clock=self._clock)

    def _call_in_time(self, batch: Sequence[Target], message: Message, deadline: float) -> Failures:
        """Make the call aside, and wait for it as long as there is time: its own time-outs are longer."""
        calling = self._threads.submit(self._call, batch, message, deadline)
        while True:
            try:
                return calling.result(_LOOK_SECONDS)
            except TimeoutError:
                if self._past(deadline):
                    raise self._too_late() if calling.cancel() else _unanswered() from None

    def _call(self, batch: Sequence[Target], message: Message, deadline: float) -> Failures:
        self._see_in_time(deadline)
        api = TO_GROUPS if batch[0].is_group else TO_PEOPLE
        try:
            with self._rates.slot(api, deadline, self._ending):
                self._see_in_time(deadline)  # it may have waited
                if batch[0].is_group:
                    self._client.send_to_group(batch[0].name, *message)
                    return {}
                left_out = self._client.send_to_people([target.name for target in batch], *message)
        except NoRoom:
            raise self._too_late() from None
        return {target: left_out[target.name] for target in batch if target.name in left_out}

    def _see_in_time(self, deadline: float) -> None:
        if self._over(deadline):
            raise self._too_late()

    def _over(self, deadline: float) -> bool:
        return self._ending.is_set() or self._clock() >= deadline

    def _past(self, deadline: float) -> bool:
        """Whether nothing more is waited for."""
        return self._clock() >= min(deadline, self._last_at)

    def _too_late(self) -> DingTalkError:
        return DingTalkError("it was not sent in time", code=SHUTTING_DOWN if self._ending.is_set() else TOO_LATE)


def _unanswered() -> DingTalkError:
    return DingTalkError("DingTalk has not answered yet", code=UNANSWERED)


def _batches(targets: Sequence[Target]) -> Iterator[Sequence[Target]]:
    """Yield those who are sent a message in one call."""
    people = [target for target in targets if not target.is_group]
    for start in range(0, len(people), _BATCH):
        yield people[start : start + _BATCH]
    for target in targets:
        if target.is_group:
            yield [target]


def _messages(order: Order) -> Iterator[Message]:
    """Yield each message that is needed."""
    form = Form()
    for part in parts.numbered(form.split(form.shape(order.markdown), _PART_BYTES)):
        yield order.title or form.title(part), part
