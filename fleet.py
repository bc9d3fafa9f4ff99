"""The bots as running things: each receiver in a ThreadPoolExecutor worker, the HTTP server, the store; stopped in order."""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

from bot import Bot
from handlers.aside import Aside
from handlers.budget import Budget
from handlers.lease import Lease
from handlers.pictures import Pictures
from handlers.texts import Texts
from handlers.turn import Turn, TurnRecord
from neighbours import Claims
from ops.http import HttpServer
from settings import Settings
from stores.base import Signal, Usage
from stores.opened import open_stores

log = logging.getLogger("dingbridge.fleet")

_HEARTBEAT_SECONDS = 2
_LOOK_SECONDS = 1.0  # how often what others left behind is looked for
LAST_WORDS_SECONDS = 10  # at least, after the drain, for the cards of interrupted answers to be closed
_GOODBYES_AT_ONCE = 16  # sentences for questions that waited; a webhook takes a moment each
_AT_ONCE = 32  # bots that are ended side by side
_GOODBYE_SECONDS = 5  # for warnings that are still to be said, and for a thread to end


class Fleet:
    """All bots of one process. `start`, then `stop` once. Raises StoreUnavailable when its store cannot be opened.

    An HTTP port is opened only if one of them is called over HTTP.
    """

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
        self._lease = Lease(self._stores.presence)
        quota = Usage(env.DINGTALK_MONTHLY_CALLS, env.DINGTALK_MONTHLY_PUSHES)
        self._budget = Budget(self._stores.meter, quota, self._texts)

        def turn_ended(record: TurnRecord) -> None:
            log_turn(record)
            on_turn(record)

        fetching = threading.BoundedSemaphore(Pictures.AT_ONCE)
        self.bots = tuple(
            Bot(bot, env, self._stores, self._budget, self._lease, fetching=fetching, on_turn=turn_ended)
            for bot in settings.bots
        )
        receivers = sum(len(bot.receivers) for bot in self.bots)
        self._workers = ThreadPoolExecutor(max_workers=receivers, thread_name_prefix="receiver")
        doors = tuple(door for bot in self.bots for door in bot.doors())
        self.http = HttpServer(env.HTTP_HOST, env.HTTP_PORT, doors) if doors else None
        self._claims = Claims()
        self._crowded: list[str] = []  # the client ids that another process of this machine uses
        self._stopping, self._ended = threading.Event(), threading.Event()
        self._pulse = threading.Thread(target=self._beat, name="pulse", daemon=True)
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._holder = threading.Thread(target=self._hold, name="lease", daemon=True)

    def start(self) -> None:
        """Let every receiver begin; a bot that cannot connect is reported and tried again while the others run.

        Raises PortUnavailable when the HTTP port cannot be opened.
        """
        env = self._settings.env
        if self.http:
            self.http.start()  # first: without its port nothing may be begun
        if env.SESSION_STORE == "memory":  # processes that share a store may share an app
            apps = {f"{env.DINGTALK_OPENAPI_ENDPOINT} {bot.client_id}": bot.client_id for bot in self.bots}
            self._crowded = [apps[app] for app in self._claims.claim(apps)]
        for client_id in self._crowded:
            log.warning("%s", self._texts.say("neighbour", client_id=client_id))
        self._stores.signals.listen(self._hear)
        self._holder.start()
        self._look_after()  # before new messages come: those that were left behind are older
        for bot in self.bots:
            for receiver in bot.receivers:
                self._workers.submit(receiver.run)
        self._pulse.start()
        self._keeper.start()

    def used(self) -> dict[str, Usage]:
        """Return what each company, by its corpId, has used this month."""
        return self._budget.used()

    def states(self) -> dict[str, list[str]]:
        """Return the state of each receiver by bot."""
        return {bot.name: [receiver.state for receiver in bot.receivers] for bot in self.bots}

    def notes(self) -> list[str]:
        """Return what an administrator should know of the store and of other processes, a sentence each."""
        trouble = self._stores.trouble()
        early = sum(bot.early for bot in self.bots)
        return [
            *(self._texts.say("neighbour", client_id=client_id) for client_id in self._crowded),
            *([self._texts.say("store_away", reason=trouble)] if trouble else ()),
            *([self._texts.say("acknowledged_early", number=early)] if early else ()),
        ]

    def stop(self, drain_seconds: float) -> None:
        """Take no new message, let answers finish for `drain_seconds`, end the rest with a sentence, and leave."""
        self._stopping.set()
        for bot in self.bots:
            bot.stop_receiving()
        waited_for = sum(sum(bot.gate.counts()) for bot in self.bots)
        if waited_for:
            log.warning("%s", self._texts.say("draining", number=waited_for, seconds=f"{drain_seconds:g}"))
        deadline = time.monotonic() + drain_seconds
        left = [(bot, turn) for bot in self.bots for turn in bot.gate.close(max(0.0, deadline - time.monotonic()))]
        if left:
            log.warning("interrupted answers: %d", len(left))
            self._say_last_words(left)
        self._workers.shutdown(wait=True)
        self._all_at_once(Bot.end_pushes)
        if self.http:
            self.http.close()
        self._all_at_once(Bot.close)
        self._ended.set()
        for thread in (self._pulse, self._keeper, self._holder):
            if thread.is_alive():
                thread.join(timeout=_GOODBYE_SECONDS)
        self._claims.close()
        self._budget.close(_GOODBYE_SECONDS)
        self._stores.presence.leave()
        self._stores.close()

    def _all_at_once(self, end: Callable[[Bot], None]) -> None:
        """Do it for each bot; what one has to wait for is no reason for the others to wait."""
        with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="end") as threads:
            ended = [threads.submit(end, bot) for bot in self.bots]
        for bot, result in zip(self.bots, ended, strict=True):
            if bug := result.exception():  # the others, and the store, are closed all the same
                log.error("bot=%s was not closed in order", bot.name, exc_info=bug)

    def _say_last_words(self, left: Sequence[tuple[Bot, Turn]]) -> None:
        """End every reply with a sentence before anything that takes time; then give DingTalk and the AIs a while."""
        goodbyes = Aside(_GOODBYES_AT_ONCE, limit=len(left) + _GOODBYES_AT_ONCE)
        for bot, turn in left:
            if turn.interrupt(bot.texts.say("interrupted")):
                bot.silencing.run(turn.silence_backend)
            else:
                goodbyes.run(partial(self._turn_away, bot, turn))
        # An end takes two calls, and so many a second are allowed.
        calls_a_second = self._settings.env.DINGTALK_QPS or 50.0
        deadline = time.monotonic() + LAST_WORDS_SECONDS + 2 * len(left) / calls_a_second
        for bot in self.bots:
            bot.gate.close(max(0.0, deadline - time.monotonic()))
        goodbyes.close(max(0.0, deadline - time.monotonic()))

    def _turn_away(self, bot: Bot, turn: Turn) -> None:
        bot.speaker.say(turn.incoming, bot.texts.say("shutting_down"))
        self._stores.inbox.end(turn.message)

    def _hear(self, signal: Signal) -> None:
        for bot in self.bots:
            if bot.client_id == signal.key.client_id:
                bot.hear(signal)

    def _hold(self) -> None:
        """Every few seconds, let other processes know that this one is there; nothing else may hold that up."""
        while not self._ended.wait(_LOOK_SECONDS):
            try:
                if not self._lease.renew():
                    log.warning("%s", self._texts.say("taken_for_gone"))
                    self._let_go()
            except Exception:  # a bug here must not end the lease of everything that is under way
                log.exception("the lease was not renewed")

    def _keep(self) -> None:
        """Every second, see to what other processes left behind."""
        while not self._ended.wait(_LOOK_SECONDS):
            self._look_after()

    def _look_after(self) -> None:
        try:
            self._stores.presence.look()
            for bot in self.bots:
                if not self._stopping.is_set():
                    bot.inheritance.look()
                bot.gate.knock()  # after it: what was left behind stands before what is parked
        except Exception:  # a bug here must not end the looking
            log.exception("what others left behind was not seen to")

    def _let_go(self) -> None:
        """Abandon the answers that others have taken over; they have ended them with a sentence."""
        for bot in self.bots:
            for turn in bot.gate.begun():
                if not self._stores.inbox.ask(turn.message, turn.out_track_id):
                    turn.abandon()
                    bot.silencing.run(turn.silence_backend)

    def _beat(self) -> None:
        """Every few seconds, settle what was used, and write that this process lives, for `app.py ready`."""
        while True:
            try:
                self._budget.settle()
                if self._heartbeat:
                    write_heartbeat(self._heartbeat, self.states(), self.used(), self.notes())
            except Exception:  # a bug here must not end the health check, the counts and the warnings for good
                log.exception("a heartbeat failed")
            if self._stopping.wait(_HEARTBEAT_SECONDS):
                break
        if self._heartbeat:
            self._heartbeat.unlink(missing_ok=True)


def write_heartbeat(path: Path, states: Mapping[str, list[str]], used: Mapping[str, Usage], notes: Sequence[str] = ()) -> None:
    """Write the heartbeat file in one step, so that a reader never sees half of it."""
    draft = path.with_name(f"{path.name}.new")
    usages = {corp: asdict(usage) for corp, usage in used.items()}
    beat = {"time": time.time(), "bots": states, "used": usages, "notes": list(notes)}
    try:
        draft.write_text(json.dumps(beat, ensure_ascii=False), "utf-8")
        draft.replace(path)
    except OSError as error:
        log.warning("the heartbeat file cannot be written: %s", error.strerror)


def log_turn(record: TurnRecord) -> None:
    """Write one line about a turn that ended."""
    log.info(
        "bot=%s msg=%s %s in %.1f s (asked after %.2f s, first text after %.2f s), %d characters, %d card calls%s, ref=%s",
        record.bot,
        record.message_id,
        record.outcome,
        record.seconds,
        record.waited,
        record.first_text,
        record.characters,
        record.card_calls,
        f", {record.tokens.asked}+{record.tokens.answered} tokens" if record.tokens.asked or record.tokens.answered else "",
        record.ref or "-",
    )
