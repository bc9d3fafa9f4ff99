"""One bot put together from its settings, and what belongs to it."""

import contextlib
from collections.abc import Callable
from functools import partial
from threading import BoundedSemaphore

from backends.settings import AiSettings
from handlers.account import Account
from handlers.admission import Admission
from handlers.answering import Answering
from handlers.aside import Aside
from handlers.budget import Budget, Teller
from handlers.card_calls import Callback
from handlers.card_reply import CardReplies, labels
from handlers.chat import BotHandler, Tools, own_commands
from handlers.clicks import Clicks
from handlers.delivery import Delivery
from handlers.dingtalk import DingTalkClient
from handlers.gate import Gate
from handlers.hand_over import Arrivals
from handlers.inheritance import Inheritance
from handlers.intake import Intake
from handlers.lease import Lease
from handlers.message_reply import MessageReplies
from handlers.own_code import own_code
from handlers.pacer import Pacer
from handlers.pictures import LocalPictures, Pictures
from handlers.push import PushDoor
from handlers.rates import Rates
from handlers.reception import Reception, doors_of
from handlers.reply import Replies
from handlers.say import Form, Speaker
from handlers.stops import Stops
from handlers.templates import CardSettings, MessageSettings
from handlers.texts import Texts
from handlers.turn import TurnRecord
from kinds import handler_class, make_backend
from ops.door import Door
from settings import BotSettings, EnvSettings
from stores.base import Signal, Stores

_ASIDE_SECONDS = 5  # for sentences that are still to be said
_PUSH_SECONDS = 10  # for pushes under way, once the answers have ended
_ERRANDS, _MOST_ERRANDS = 4, 32  # commands of a team's own that are done at once, and that wait


class Bot:
    """One bot and all that belongs to it, put together from its settings.

    `receivers` bring its messages in, `gate` lets them have their turns, `inheritance` is what other processes left behind;
    `speaker` says sentences, in threads of `aside`, while those of `silencing` tell the AI to stop.
    """

    def __init__(
        self,
        settings: BotSettings,
        env: EnvSettings,
        stores: Stores,
        budget: Budget,
        lease: Lease,
        *,
        fetching: BoundedSemaphore,
        on_turn: Callable[[TurnRecord], None],
    ) -> None:
        self._settings, self._env, self._stores, self._lease = settings, env, stores, lease
        self._fetching = fetching  # of pictures, by all bots of the process
        kind, section = handler_class(settings.bot.handler), settings.bot
        self.name, self.client_id = section.name, section.dingtalk_app_client_id
        secret = section.dingtalk_app_client_secret.get_secret_value()
        self.texts = texts = Texts(section.language, kind.words)
        self._account = Account(budget.companies, self.client_id)
        self._client = client = DingTalkClient(env.endpoints, self.client_id, secret, self._account)
        self._rates = Rates(env.DINGTALK_QPS, buckets=stores.buckets, name=self.client_id)
        self._pacer, self.speaker = Pacer(self._rates), Speaker(client, self._rates, texts)
        self._budget = budget
        budget.watch(Teller(self._account, section.admins, self.speaker, texts))
        self.aside, self.silencing = Aside(), Aside()  # a stop must not wait behind sentences
        self._errands = Aside(_ERRANDS, limit=_MOST_ERRANDS)
        self.backend = make_backend(settings, env)

        reception = Reception(settings.receive, self.name, client, secret, env.HTTP_PUBLIC_URL, texts)
        handler = self._handler(kind, reception)
        answering = Answering(handler, inbox=stores.inbox, speaker=self.speaker, texts=texts, on_turn=on_turn)
        self.gate = Gate(answering.answer, stores.turns, limit=section.max_concurrency, send=stores.signals.send)
        self._stops = Stops(self.gate, stores.turns, stores.signals, self.silencing)
        self.own_commands = own_commands(handler)
        intake = self._intake()
        self.inheritance = Inheritance(
            self.name,
            client,
            partial(intake.take, again=True),
            inbox=stores.inbox,
            cards=stores.cards,
            pacer=self._pacer,
            speaker=self.speaker,
            texts=texts,
        )
        clicks = Clicks(self.name, cards=stores.cards, stops=self._stops, texts=texts)
        self.receivers = reception.receivers(Arrivals(message=intake.accept, click=clicks.click))
        self._push = self._push_door()

    @property
    def early(self) -> int:
        """How many messages of the last hour were acknowledged before they were kept."""
        return sum(receiver.early for receiver in self.receivers)

    def doors(self) -> tuple[Door, ...]:
        """Return where it is called over HTTP: by DingTalk, and by those who have something to tell people."""
        return (*doors_of(self.receivers), *(self._push.doors() if self._push else ()))

    def hear(self, signal: Signal) -> None:
        """Take in what another process has to say of one of its conversations."""
        match signal.kind:
            case "stop":
                self._stops.stop_here(signal)
            case "new":
                self._stores.sessions.learn(signal.key, signal.generation)
            case "next":
                self.gate.knock(signal.key)

    def stop_receiving(self) -> None:
        """Take nothing more in; from any thread."""
        for receiver in self.receivers:
            receiver.stop()
        if self._push:
            self._push.stop()

    def end_pushes(self) -> None:
        """Let pushes under way end, and their callers know how they went; while the HTTP server is still there."""
        if self._push:
            self._push.close(_PUSH_SECONDS)

    def close(self) -> None:
        """Say what is still to be said, and give everything back."""
        with contextlib.ExitStack() as last_to_first:  # each step is taken, whatever becomes of the one before it
            for close in (self._client.close, self.backend.close, self._pacer.close):
                last_to_first.callback(close)
            for one in (self.inheritance, self.silencing, self.aside, self._errands):
                last_to_first.callback(one.close, _ASIDE_SECONDS)

    @property
    def _cards(self) -> CardSettings:
        """The keys of its cards; a bot that answers by message has those of all bots that say nothing."""
        reply = self._settings.reply
        usual = CardSettings(card_template_id=self._env.DINGTALK_AI_CARD_TEMPLATE_ID, card_max_updates=None)
        return reply if isinstance(reply, CardSettings) else usual

    def _handler(self, kind: type[BotHandler], reception: Reception) -> BotHandler:
        ai = self._settings.backend
        assert isinstance(ai, AiSettings)
        # A text message shows no pictures.
        root = None if kind.reply_by == "text" else ai.pictures
        local_pictures = LocalPictures(self._client, self._rates, root, self.texts)
        tools = Tools(
            backend=self.backend,
            sessions=self._stores.sessions,
            replies=self._replies(kind, local_pictures, reception.callback),
            pictures=Pictures(self._client, self._fetching),
            local_pictures=local_pictures,
            texts=self.texts,
            remain_seconds=None if ai.session_timeout is None else 60 * ai.session_timeout,
        )
        with own_code(f"{kind.__name__}.__init__"):
            return kind(self.name, self._settings.reply, tools)

    def _replies(self, kind: type[BotHandler], local_pictures: LocalPictures, callback: Callable[[], Callback]) -> Replies:
        """Return the handler's way to reply, as its class and its keys say."""
        settings, texts, stores = self._settings.reply, self.texts, self._stores
        if kind.reply_by != "card":
            limit = settings.max_message_length if isinstance(settings, MessageSettings) else Form().limit
            form = Form(kind.reply_by, limit)
            speaker = Speaker(self._client, self._rates, texts, form)
            return MessageReplies(speaker=speaker, texts=texts, inbox=stores.inbox, shape=local_pictures.shown)
        cards = self._cards
        return CardReplies(
            self.name,
            cards.template,
            self._client,
            pace=partial(self._budget.pace, self._account, cards.pace),
            pacer=self._pacer,
            speaker=self.speaker,
            texts=texts,
            cards=stores.cards,
            inbox=stores.inbox,
            may_call=self._lease.is_held,
            live_status=cards.card_status,
            callback=callback,
            shape=local_pictures.shown,
        )

    def _intake(self) -> Intake:
        section, stores = self._settings.bot, self._stores
        return Intake(
            self.name,
            self.client_id,
            self._account,
            scope=section.session_scope,
            inbox=stores.inbox,
            admission=Admission(section),
            gate=self.gate,
            sessions=stores.sessions,
            signals=stores.signals,
            speaker=self.speaker,
            texts=self.texts,
            aside=self.aside,
            stops=self._stops,
            own=self.own_commands,
            errands=self._errands,
            sees_pictures=self.backend.sees_pictures,
        )

    def _push_door(self) -> PushDoor | None:
        """Return where others tell it what to say; only a bot with a token has one."""
        token = self._settings.bot.push_token
        if token is None:
            return None
        cards = self._cards
        delivery = Delivery(
            self._client,
            self._account,
            cards.template,
            rates=self._rates,
            pacer=self._pacer,
            pace=partial(self._budget.pace, self._account, cards.pace),
            labels=labels(self.texts),
            cards=self._stores.cards,
            may_call=self._lease.is_held,
        )
        return PushDoor(self.name, token.get_secret_value(), delivery, self.texts)
