"""One contender's trial in a fresh sandbox: started, left alone, made warm, then asked by everybody at once."""

import contextlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bench.child import Child
from bench.contenders import BOTS, LISTENERS, OWN, PUBLIC, THRIFTY, Contender, acks_only, bridge, sandbox_running
from bench.figures import Round, Times, Trial, round_of
from bench.load import Said, say_at_once
from bench.plan import MINUTE, Plan, Script
from bench.tape import Tape
from sandbox.client import SandboxClient

_CARD_CALLS = ("create_and_deliver", "update", "streaming")
_CONNECT_SECONDS = 30
_PATIENCE = 60  # seconds beyond what nobody can avoid until an answer counts as lost
_LOOK_SECONDS = 0.2
_OPEN = {"processing", "inputing"}


@dataclass(frozen=True)
class Stage:
    """A sandbox and the contender in it."""

    sandbox: SandboxClient
    platform: Child
    contender: Child
    connected: float  # seconds from exec until the last listener was connected

    def ask(self, client_id: str, name: str, people: int, script: Script) -> list[Said]:
        """Let so many people, new to the bot, ask at once; returns at once."""
        staff = [f"{name}-{number:03}" for number in range(people)]
        return say_at_once(self.sandbox.url, client_id, staff, script.question)

    def wait(self, said: list[Said], tape: Tape, seconds: float) -> None:
        """Wait until every answer is complete that can be expected to be, at most so long."""
        deadline = time.monotonic() + seconds
        missing, after = {one.conversation_id for one in said}, tape.begins
        while missing and time.monotonic() < deadline:
            if not self.contender.alive:
                raise self.contender.failed(f"it ended with {len(missing)} answers to go")
            time.sleep(_LOOK_SECONDS if len(said) > 1 else 0.02)
            for ended in self.sandbox.records(after, 0, kind="card", state="finished"):
                missing.discard(ended["conversation_id"])
                after = ended["seq"]
            tape.keep_up()

    def one_by_one(self, name: str, people: int, script: Script) -> Round:
        """Let so many people ask, each when the one before has the whole answer."""
        tape, said = Tape(self.sandbox), list[Said]()
        for number in range(people):
            said += (now := self.ask(OWN, f"{name}-{number}", 1, script))
            self.wait(now, tape, script.length + _PATIENCE)
        return round_of(OWN, said, tape.records(), script)

    def together(self, plan: Plan) -> Round:
        """Let everybody ask at once."""
        tape = Tape(self.sandbox)
        said = self.ask(OWN, "together", plan.at_once, plan.script)
        time.sleep(plan.script.length * 0.9)  # looking costs the sandbox time, and nothing can have ended
        self.wait(said, tape, 2 * plan.least_ends()[-1] + _PATIENCE)
        return round_of(OWN, said, tape.records(), plan.script)

    def left_open(self) -> int:
        """How many cards still look as if more were to come."""
        return sum(card["state"] in _OPEN for card in self.sandbox.cards(client_id=OWN, brief="1"))


def trial(contender: Contender, plan: Plan) -> Trial:
    """Put a contender through all of it. Raises ChildFailed; nothing is left running."""
    with _stage(contender, plan) as stage:
        child, platform = stage.contender, stage.platform
        cpu = child.cpu()
        time.sleep(plan.quiet)
        idle_memory, idle_cpu = child.memory(), (child.cpu() - cpu) / plan.quiet
        alone, short = plan.at_once == 1, stage.one_by_one("before", plan.before, plan.short)

        began, cpu, load = time.monotonic(), child.cpu(), platform.cpu()
        whole = stage.one_by_one("alone", plan.in_turn, plan.script) if alone else stage.together(plan)
        took, cpu, load = time.monotonic() - began, child.cpu() - cpu, platform.cpu() - load
        if alone:  # how soon an answer begins does not depend on how long it will be
            begins = {name: getattr(short, name) + getattr(whole, name) for name in ("acked", "asked", "first_text", "call")}
            whole = replace(whole, **begins)
        return Trial(
            connected=stage.connected,
            idle_memory=idle_memory,
            idle_cpu=idle_cpu,
            round=whole,
            cpu=cpu / plan.questions,
            peak_memory=child.memory("VmHWM"),
            sandbox_busy=load / took,
            left_open=stage.left_open(),
            warnings=sum(" WARNING " in line or " ERROR " in line for line in child.log().splitlines()),
        )


def acks_alone(plan: Plan) -> Times:
    """Return how long acknowledgements take when nothing else happens: the sandbox's own part, and the least of a client's."""
    with _stage(acks_only, plan) as stage:
        acked = Times(())
        for number in range(plan.before if plan.at_once == 1 else 1):
            tape = Tape(stage.sandbox)
            stage.ask(OWN, f"acked-{number}", plan.at_once, plan.script)
            deadline = time.monotonic() + _PATIENCE
            while len(acks := stage.sandbox.records(tape.begins, 0, kind="ack")) < plan.at_once:
                if time.monotonic() > deadline or not stage.contender.alive:
                    raise stage.contender.failed(f"{len(acks)} of {plan.at_once} messages were acknowledged")
                time.sleep(_LOOK_SECONDS)
            acked += Times(tuple(ack["after"] for ack in acks))
        return acked


@dataclass(frozen=True)
class Paces:
    """Calls per answer where they depend on a setting: a minute's answer by pace, a usual one by the public template."""

    balanced: float
    thrifty: float
    public: float


def paces() -> Paces:
    """Ask three bots that differ in one setting, all at the same time."""
    plan = Plan(at_once=1)
    with _stage(bridge(0), plan) as stage:
        tape = Tape(stage.sandbox)
        asked = {name: (script, stage.ask(name, name, 1, script)) for name, script in _PACED.items()}
        calls = []
        for name, (script, said) in asked.items():
            stage.wait(said, tape, script.length + _PATIENCE)
            told = round_of(name, said, tape.records(), script)
            if not told.exact:
                raise stage.contender.failed(f"the answer of {name} was not complete and exact")
            calls.append(told.calls)
        return Paces(*calls)


_PACED = {OWN: MINUTE, THRIFTY: MINUTE, PUBLIC: Script()}


@contextlib.contextmanager
def _stage(contender: Contender, plan: Plan) -> Iterator[Stage]:
    """A contender with all its listeners connected, in a sandbox where every card call takes its time."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        with sandbox_running(folder, plan.qps) as (sandbox, platform):
            for api in _CARD_CALLS:
                sandbox.put_fault("dingtalk.api", {"delay": plan.card_call}, match={"api": api})
            with contender(sandbox.url, folder) as child:
                yield Stage(sandbox, platform, child, _connected(sandbox, child))


def _connected(sandbox: SandboxClient, child: Child) -> float:
    """Wait until every listener of every bot is connected; return the seconds since the contender was executed."""
    wanted = LISTENERS * len(BOTS)
    deadline = time.monotonic() + _CONNECT_SECONDS
    while time.monotonic() < deadline and child.alive:
        open_ones = sandbox.records(0, 1, kind="stream.connected")
        if len(open_ones) >= wanted:
            return float(open_ones[wanted - 1]["time"] - child.began)
        time.sleep(0.05)
    raise child.failed(f"not all {wanted} listeners connected")
