"""The bots as running things: built from settings, each Stream listener in a ThreadPoolExecutor worker, stopped in order."""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

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
from handlers.duplicates import Duplicates
from handlers.gate import Gate
from handlers.intake import Intake
from handlers.pacer import Pacer
from handlers.rates import Rates
from handlers.reply import CardReplies
from handlers.say import Speaker
from handlers.stream import Receivers, StreamListener
from handlers.templates import CardSettings
from handlers.texts import Texts
from handlers.turn import Turn, TurnRecord
from neighbours import Claims
from settings import BotSettings, EnvSettings, Kinds, Settings
from stores.base import Stores, Usage
from stores.opened import open_stores

log = logging.getLogger("dingbridge.fleet")

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

_HEARTBEAT_SECONDS = 2
LAST_WORDS_SECONDS = 10  # at least, after the drain, for the cards of interrupted answers to be closed
_ASIDE_SECONDS = 5  # for sentences that are still to be said


@dataclass(frozen=True)
class Bot:
    """One bot and all that belongs to it."""

    name: str
    listeners: tuple[StreamListener, ...]
    gate: Gate
    speaker: Speaker
    texts: Texts
    aside: Aside  # says sentences
    stops: Aside  # tells the AI to stop
    ping: Callable[[], None]  # asks whether the AI is there; raises BackendError
    close: Callable[[], None]


class Fleet:
    """All bots of one process. `start`, then `stop` once. Raises StoreUnavailable when its store cannot be opened."""

    def __init__(
        self,
        settings: Settings,
        *,
        heartbeat: Path | None = None,
        on_turn: Callable[[TurnRecord], None] = lambda _: None,
    ) -> None:
        env = settings.env
        self._settings, self._texts = settings, Texts(env.BOT_LANGUAGE)
        self._heartbeat = heartbeat
        self._stores = open_stores(env.SESSION_STORE, env.DIFY_CONVERSATION_REMAIN_TIME * 60, fix=self._texts.fix)
        quota = Usage(env.DINGTALK_MONTHLY_CALLS, env.DINGTALK_MONTHLY_PUSHES)
        self._budget = Budget(self._stores.meter, quota, self._texts)

        def turn_ended(record: TurnRecord) -> None:
            log_turn(record)
            on_turn(record)

        self.bots = tuple(build(bot, env, self._stores, self._budget, on_turn=turn_ended) for bot in settings.bots)
        listeners = sum(len(bot.listeners) for bot in self.bots)
        self._workers = ThreadPoolExecutor(max_workers=listeners, thread_name_prefix="listener")
        self._claims = Claims()
        self._stopping = threading.Event()
        self._pulse = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def start(self) -> None:
        """Let every listener connect; a bot that cannot is reported and tried again while the others run."""
        place = self._settings.env.DINGTALK_OPENAPI_ENDPOINT  # each sandbox has apps of its own
        apps = {f"{place} {bot.bot.dingtalk_app_client_id}": bot.bot.dingtalk_app_client_id for bot in self._settings.bots}
        for app in self._claims.claim(apps):
            log.warning("%s", self._texts.say("neighbour", client_id=apps[app]))
        for bot in self.bots:
            for listener in bot.listeners:
                self._workers.submit(listener.run)
        self._pulse.start()

    def used(self) -> dict[str, Usage]:
        """Return what each company, by its corpId, has used this month."""
        return self._budget.used()

    def states(self) -> dict[str, list[str]]:
        """Return the state of each listener by bot."""
        return {bot.name: [listener.state for listener in bot.listeners] for bot in self.bots}

    def stop(self, drain_seconds: float) -> None:
        """Take no new message, let answers finish for `drain_seconds`, end the rest with a sentence, and leave."""
        self._stopping.set()
        for bot in self.bots:
            for listener in bot.listeners:
                listener.stop()
        waited_for = sum(sum(bot.gate.counts()) for bot in self.bots)
        if waited_for:
            log.warning("%s", self._texts.say("draining", number=waited_for, seconds=f"{drain_seconds:g}"))
        deadline = time.monotonic() + drain_seconds
        left = [(bot, turn) for bot in self.bots for turn in bot.gate.close(max(0.0, deadline - time.monotonic()))]
        if left:
            log.warning("interrupted answers: %d", len(left))
            self._say_last_words(left)
        self._workers.shutdown(wait=True)
        for bot in self.bots:
            bot.aside.close(_ASIDE_SECONDS)
            bot.stops.close(_ASIDE_SECONDS)
            bot.close()
        if self._pulse.is_alive():
            self._pulse.join(timeout=_HEARTBEAT_SECONDS)
        self._claims.close()
        self._budget.close(_ASIDE_SECONDS)
        self._stores.close()

    def _say_last_words(self, left: Sequence[tuple[Bot, Turn]]) -> None:
        """End every reply with a sentence before anything that takes time; then give DingTalk and the AIs a while."""
        for bot, turn in left:
            if turn.interrupt(bot.texts.say("interrupted")):
                bot.stops.run(turn.silence_backend)
            else:
                bot.aside.run(partial(bot.speaker.say, turn.incoming, bot.texts.say("shutting_down")))
        # An end takes two calls, and so many a second are allowed.
        calls_a_second = self._settings.env.DINGTALK_QPS or 50.0
        deadline = time.monotonic() + LAST_WORDS_SECONDS + 2 * len(left) / calls_a_second
        for bot in self.bots:
            bot.gate.close(max(0.0, deadline - time.monotonic()))

    def _beat(self) -> None:
        """Every few seconds, settle what was used, and write that this process lives, for `app.py ready`."""
        while True:
            try:
                self._budget.settle()
                if self._heartbeat:
                    write_heartbeat(self._heartbeat, self.states(), self.used())
            except Exception:  # a bug here must not end the health check, the counts and the warnings for good
                log.exception("a heartbeat failed")
            if self._stopping.wait(_HEARTBEAT_SECONDS):
                break
        if self._heartbeat:
            self._heartbeat.unlink(missing_ok=True)


def write_heartbeat(path: Path, states: Mapping[str, list[str]], used: Mapping[str, Usage]) -> None:
    """Write the heartbeat file in one step, so that a reader never sees half of it."""
    draft = path.with_name(f"{path.name}.new")
    beat = {"time": time.time(), "bots": states, "used": {corp: asdict(usage) for corp, usage in used.items()}}
    try:
        draft.write_text(json.dumps(beat, ensure_ascii=False), "utf-8")
        draft.replace(path)
    except OSError as error:
        log.warning("the heartbeat file cannot be written: %s", error.strerror)


def build(
    settings: BotSettings, env: EnvSettings, stores: Stores, budget: Budget, *, on_turn: Callable[[TurnRecord], None]
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
    aside, stops = Aside(), Aside()
    rates = Rates(env.DINGTALK_QPS)
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
    )
    handler = BotHandler(bot.name, backend=backend, sessions=stores.sessions, replies=replies, texts=texts, on_turn=on_turn)
    duplicates = Duplicates()

    def answer(turn: Turn) -> None:
        try:
            handler.handle(turn)
        finally:
            duplicates.ended(turn.incoming)

    gate = Gate(answer, limit=bot.max_concurrency)
    intake = Intake(
        bot.name,
        client_id,
        account,
        scope=bot.session_scope,
        duplicates=duplicates,
        admission=Admission(bot),
        gate=gate,
        sessions=stores.sessions,
        speaker=speaker,
        texts=texts,
        aside=aside,
        stops=stops,
    )
    clicks = Clicks(bot.name, cards=stores.cards, gate=gate, texts=texts, stops=stops)
    receivers = Receivers(message=intake.accept, click=clicks.click)

    def close() -> None:
        pacer.close()
        backend.close()
        client.close()

    listeners = tuple(StreamListener(bot.name, client, receivers, texts) for _ in range(bot.max_workers))
    return Bot(bot.name, listeners, gate, speaker, texts, aside, stops, backend.ping, close)


def log_turn(record: TurnRecord) -> None:
    """Write one line about a turn that ended."""
    log.info(
        "bot=%s msg=%s %s in %.1f s (asked after %.2f s, first text after %.2f s), %d characters, %d card calls, ref=%s",
        record.bot,
        record.message_id,
        record.outcome,
        record.seconds,
        record.waited,
        record.first_text,
        record.characters,
        record.card_calls,
        record.ref or "-",
    )
