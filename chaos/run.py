"""One run: people write while the storm goes on, then all is calm again, and what was left behind is gathered."""

import contextlib
import heapq
import itertools
import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from chaos import script
from chaos.bridge import LISTENERS, OWN_TEMPLATE, Bridge, Held, api_key, secret
from chaos.ends import Matched, Spoken, match
from chaos.redis_server import RedisServer
from chaos.script import Bot, Line
from chaos.storm import Strike, storm
from chaos.tape import Tape
from chaos.troubled import Troubled
from chaos.troubles import troubles
from sandbox.client import SandboxClient, SandboxProcess

_DIFY_KINDS: Final = {"chatbot": "chat", "completion": "completion", "workflow": "workflow"}
_STOP: Final = "btn_stop"  # the action of the card's button
_LOOK_SECONDS: Final = 0.25
_CONNECT_SECONDS: Final = 60
_AGAIN_SECONDS: Final = 0.5  # a message that reached no connection is written again
_SLOW_SECONDS, _MOST_GUESTS = 1.0, 20  # of the warming up
_CALM_SECONDS, _SHORT_CALM_SECONDS = 120, 30  # within which everything must have ended
_REST_SECONDS: Final = 4  # without a record: nothing more is to come


@dataclass(frozen=True)
class Plan:
    """What is asked of a run; equal plans strike and write the same."""

    messages: int
    seed: int
    store: str
    instances: int
    kills: int
    is_short: bool = False
    per_second: float = script.PER_SECOND


@dataclass(frozen=True)
class Evidence:
    """What a run left: the judge needs nothing else."""

    plan: Plan
    seconds: float
    spoken: Sequence[Spoken]
    matched: Matched
    tape: Tape
    struck: Mapping[str, int]
    kills: Sequence[float]  # times, as all others epoch seconds
    cuts: Sequence[tuple[float, str]]  # (time, client id)
    away: Sequence[tuple[float, float]]  # from when to when Redis was
    before: Mapping[int, Held]  # by process
    last_third: Mapping[int, Held]
    after: Mapping[int, Held]
    ended: Sequence[int]  # processes that ended by themselves
    codes: Mapping[int, int]
    log: str


def run(plan: Plan, tell: Callable[[str], None]) -> Evidence:
    """Run it; OSError if something did not start, TimeoutError if the bots never connected."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        sandbox = stack.enter_context(SandboxProcess())
        bots = script.bots()
        _register(sandbox, bots)
        redis = stack.enter_context(RedisServer(folder)) if plan.store == "redis" else None
        store = redis.url if redis else {"sqlite": f"sqlite:///{folder}/chaos.db"}.get(plan.store, plan.store)
        tape = stack.enter_context(contextlib.closing(Tape(sandbox.url)))
        bridge = stack.enter_context(Bridge(folder, sandbox.url, bots, store, plan.instances))
        return _Run(plan, sandbox, tape, bridge, redis, bots, tell).go()


class _Run:
    """The moving parts of a run; `go` once."""

    def __init__(
        self,
        plan: Plan,
        sandbox: SandboxClient,
        tape: Tape,
        bridge: Bridge,
        redis: RedisServer | None,
        bots: Sequence[Bot],
        tell: Callable[[str], None],
    ) -> None:
        self._plan, self._sandbox, self._tape, self._bridge, self._bots = plan, sandbox, tape, bridge, bots
        self._tell = tell
        self._troubles = troubles(kills=plan.kills > 0, redis=redis is not None, lasting=not plan.is_short)
        self._troubled = Troubled(sandbox, bridge, redis, tape)
        self._spoken: list[Spoken] = []
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._kills: list[float] = []
        self._cuts: list[tuple[float, str]] = []
        self._last_third: Mapping[int, Held] = {}

    def go(self) -> Evidence:
        """Warm up, let the storm pass, wait for calm, and gather."""
        self._wait_connected()
        self._warm_up()
        before = self._bridge.held()
        began = time.monotonic()
        self._plan_all(began)
        self._keep_the_agenda()
        seconds = time.monotonic() - began
        self._tell(f"{len(self._spoken)} messages written in {seconds:.0f} s; waiting for calm")
        matched = self._calm()
        after, ended = self._bridge.held(), self._bridge.ended()
        return Evidence(
            plan=self._plan,
            seconds=seconds,
            spoken=self._spoken,
            matched=matched,
            tape=self._tape,
            struck=self._troubled.count(self._troubles),
            kills=self._kills,
            cuts=self._cuts,
            away=self._troubled.away,
            before=before,
            last_third=self._last_third,
            after=after,
            ended=ended,
            codes=self._bridge.stop(),
            log=self._bridge.log(),
        )

    def _plan_all(self, began: float) -> None:
        chance = random.Random(self._plan.seed)  # noqa: S311 - to be repeated, no secret
        lines = script.lines(self._plan.messages, self._plan.per_second, chance)
        length = lines[-1].at
        names = [bot.client_id for bot in self._bots]
        plan = self._plan
        for strike in storm(length, self._troubles, names, chance, kills=plan.kills, instances=plan.instances):
            self._at(began + strike.at, partial(self._begin, strike))
            self._at(began + strike.at + strike.seconds, partial(self._troubled.end, strike))
        for line in lines:
            self._at(began + line.at, partial(self._say, line))
        self._at(began + length * 2 / 3, self._watch_memory)
        for tenth in (2, 4, 6, 8):
            self._at(began + length * tenth / 10, partial(self._tell, f"{tenth * 10} % of {length:.0f} s"))

    def _keep_the_agenda(self) -> None:
        looked = 0.0
        while self._agenda:
            now = time.monotonic()
            if now - looked > _LOOK_SECONDS:
                looked = now
                self._tape.keep_up()
            elif self._agenda[0][0] <= now:
                heapq.heappop(self._agenda)[2]()
            else:
                time.sleep(min(self._agenda[0][0], looked + _LOOK_SECONDS) - now + 0.001)

    def _at(self, when: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (when, next(self._order), act))

    def _begin(self, strike: Strike) -> None:
        if strike.trouble.deed == "kill":
            self._kills.append(time.time())
        elif strike.trouble.deed == "cut":
            self._cuts.append((time.time(), strike.target))
        self._troubled.begin(strike)

    def _say(self, line: Line) -> None:
        where = {"conversation_type": "2", "conversation_title": line.group} if line.group else {}
        at = time.time()
        sent = self._sandbox.say(line.bot, line.words, sender=line.person, **where)
        self._spoken.append(Spoken(line, sent["msg_id"], sent["conversation_id"], at, sent["delivered"]))
        now = time.monotonic()
        if not sent["delivered"]:
            self._at(now + _AGAIN_SECONDS, partial(self._say, line))
            return
        if line.pressed_after is not None:
            self._at(now + line.pressed_after, partial(self._press, line))
        if line.again_after is not None:
            self._at(now + line.again_after, partial(self._deliver_again, sent["msg_id"]))

    def _press(self, line: Line) -> None:
        if card := self._tape.growing(line.number):
            self._troubled.struck["stop_pressed"] += self._sandbox.click(card.out_track_id, line.person, _STOP)["answered"]

    def _deliver_again(self, msg_id: str) -> None:
        if self._plan.instances > 1 and self._troubled.redis_is_away:  # another process cannot know it
            self._at(time.monotonic() + _AGAIN_SECONDS, partial(self._deliver_again, msg_id))
            return
        self._troubled.struck["delivered_again"] += self._sandbox.redeliver(msg_id)

    def _watch_memory(self) -> None:
        self._last_third = self._bridge.held()

    def _wait_connected(self) -> None:
        deadline = time.monotonic() + _CONNECT_SECONDS
        while any(len(self._tape.live[bot.client_id]) < LISTENERS * self._plan.instances for bot in self._bots):
            if time.monotonic() > deadline or self._bridge.ended():
                raise TimeoutError(f"the bots did not connect; the end of their log:\n{self._bridge.log()[-2000:]}")
            self._tape.keep_up(_LOOK_SECONDS)

    def _warm_up(self) -> None:
        """Let every bot answer many people at once while DingTalk is slow, so that its pools are as large as they get."""
        slow = [
            self._sandbox.put_fault("dingtalk.api", {"delay": _SLOW_SECONDS}, match={"api": api})
            for api in ("create_and_deliver", "update", "streaming")
        ]
        people = max(1, min(_MOST_GUESTS, self._plan.messages // _MOST_GUESTS))
        for number, line in enumerate(script.greetings(self._bots, people), start=self._plan.messages + 1):
            self._say(line.numbered(number))
        self._calm()
        for fault_id in slow:
            self._sandbox.remove_fault(fault_id)

    def _calm(self) -> Matched:
        """Wait until every message has its end and nothing more happens; what is missing after a while stays so."""
        deadline = time.monotonic() + (_SHORT_CALM_SECONDS if self._plan.is_short else _CALM_SECONDS)
        while True:
            self._tape.keep_up(_LOOK_SECONDS)
            matched = match(self._spoken, self._tape.cards.values(), self._tape.messages, self._bridge.mentions())
            unended = [one for one in matched.outcomes.values() if not one.ends or one.growing]
            rested = time.time() - self._tape.newest > _REST_SECONDS
            if (rested and not unended) or time.monotonic() > deadline:
                return matched
            time.sleep(_LOOK_SECONDS)


def _register(sandbox: SandboxClient, bots: Sequence[Bot]) -> None:
    sandbox.put_template(OWN_TEMPLATE, content_key="content", flow="streaming", variables=["config"])
    for bot in bots:
        sandbox.put_app(bot.client_id, secret(bot), bot.client_id, redeliver_after=3, redeliver_max=20)
        sandbox.put_dify_app(api_key(bot), bot.client_id, _DIFY_KINDS[bot.app_type], tokens_per_second=60)
