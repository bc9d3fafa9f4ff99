"""One bot put together from its settings: which kinds of AI and reply there are, and what belongs to a bot."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from dify.backend import DifyBackend
from dify.settings import DifySettings
from dify.watch import Limits
from handlers.account import Account
from handlers.admission import Admission
from handlers.aside import Aside
from handlers.budget import Budget, Teller
from handlers.chat import BotHandler
from handlers.clicks import Clicks
from handlers.dingtalk import DingTalkClient
from handlers.frames import Receivers
from handlers.gate import Gate
from handlers.inheritance import Inheritance
from handlers.intake import Intake
from handlers.lease import Lease
from handlers.pacer import Pacer
from handlers.rates import Rates
from handlers.reply import CardReplies
from handlers.say import Speaker
from handlers.stops import Stops
from handlers.stream import StreamListener
from handlers.templates import CardSettings
from handlers.texts import Texts
from handlers.turn import TurnRecord
from settings import BotSettings, EnvSettings, Kinds
from stores.base import Signal, Stores

# Every kind of AI and of reply that there is; config.load validates against it.
KINDS = Kinds(
    backend=DifySettings,
    handlers={"DifyAiCardBotHandler": CardSettings, "AiCardBotHandler": CardSettings},
    env_defaults={
        "max_workers": "DEFAULT_MAX_WORKERS",
        "language": "BOT_LANGUAGE",
        "card_template_id": "DINGTALK_AI_CARD_TEMPLATE_ID",
        "dify_api_url": "DIFY_OPEN_API_URL",
    },
    typed=frozenset({"dify_inputs"}),
)

_ASIDE_SECONDS = 5  # for sentences that are still to be said


@dataclass(frozen=True)
class Bot:
    """One bot and all that belongs to it."""

    name: str
    client_id: str
    listeners: tuple[StreamListener, ...]
    gate: Gate
    speaker: Speaker
    texts: Texts
    aside: Aside  # says sentences
    silencing: Aside  # tells the AI to stop
    inheritance: Inheritance
    ping: Callable[[], None]  # asks whether the AI is there; raises BackendError
    hear: Callable[[Signal], None]  # what another process has to say of one of its conversations
    close: Callable[[], None]


def build(
    settings: BotSettings,
    env: EnvSettings,
    stores: Stores,
    budget: Budget,
    lease: Lease,
    *,
    on_turn: Callable[[TurnRecord], None],
) -> Bot:
    """Put one bot together."""
    bot, texts = settings.bot, Texts(settings.bot.language)
    assert isinstance(settings.backend, DifySettings)
    assert isinstance(settings.reply, CardSettings)
    client_id, secret = bot.dingtalk_app_client_id, bot.dingtalk_app_client_secret.get_secret_value()
    account = Account(budget.companies)
    client = DingTalkClient(env.endpoints, client_id, secret, account)
    limits = Limits(first_event=env.DIFY_FIRST_EVENT_SECONDS)
    backend = DifyBackend(settings.backend, limits=limits, connections=bot.max_concurrency)
    aside, silencing = Aside(), Aside()  # a stop must not wait behind sentences
    rates = Rates(env.DINGTALK_QPS, buckets=stores.buckets, name=client_id)
    pacer, speaker = Pacer(rates), Speaker(client, rates, texts)
    budget.watch(Teller(account, bot.admins, speaker, texts))
    replies = CardReplies(
        bot.name,
        settings.reply.template,
        client,
        pace=partial(budget.pace, account, settings.reply.pace),
        pacer=pacer,
        speaker=speaker,
        texts=texts,
        cards=stores.cards,
        inbox=stores.inbox,
        may_call=lease.is_held,
    )
    handler = BotHandler(
        bot.name,
        backend=backend,
        inbox=stores.inbox,
        sessions=stores.sessions,
        replies=replies,
        texts=texts,
        on_turn=on_turn,
    )
    gate = Gate(handler.handle, stores.turns, limit=bot.max_concurrency, send=stores.signals.send)
    stops = Stops(gate, stores.turns, stores.signals, silencing)
    intake = Intake(
        bot.name,
        client_id,
        account,
        scope=bot.session_scope,
        inbox=stores.inbox,
        admission=Admission(bot),
        gate=gate,
        sessions=stores.sessions,
        signals=stores.signals,
        speaker=speaker,
        texts=texts,
        aside=aside,
        stops=stops,
    )
    inheritance = Inheritance(
        bot.name,
        client,
        partial(intake.take, again=True),
        inbox=stores.inbox,
        cards=stores.cards,
        pacer=pacer,
        speaker=speaker,
        texts=texts,
    )
    receivers = Receivers(message=intake.accept, click=Clicks(bot.name, cards=stores.cards, stops=stops, texts=texts).click)

    def hear(signal: Signal) -> None:
        match signal.kind:
            case "stop":
                stops.stop_here(signal)
            case "new":
                stores.sessions.learn(signal.key, signal.generation)
            case "next":
                gate.knock(signal.key)

    def close() -> None:
        for one in (aside, silencing, inheritance):
            one.close(_ASIDE_SECONDS)
        pacer.close()
        backend.close()
        client.close()

    listeners = tuple(StreamListener(bot.name, client, receivers, texts) for _ in range(bot.max_workers))
    return Bot(bot.name, client_id, listeners, gate, speaker, texts, aside, silencing, inheritance, backend.ping, hear, close)
