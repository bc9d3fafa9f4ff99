"""One contender's trial in a fresh sandbox: started, left alone, asked one thing at a time, then by everybody at once."""

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.child import Child
from bench.contenders import BOTS, LISTENERS, OWN, PUBLIC, Contender, acks_only, sandbox_running
from bench.figures import Round, Times, Trial, round_of
from bench.load import Said, say_at_once
from sandbox.client import SandboxClient

CARD_CALLS = ("create_and_deliver", "update", "streaming")
_CONNECT_SECONDS = 30
_PATIENCE = 90  # seconds beyond an answer's own length until it must be complete
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Plan:
    """What is asked of a contender. Times are seconds, `rate` is tokens a second."""

    at_once: int = 100
    alone: int = 20
    tokens: int = 100
    tokens_alone: int = 20
    rate: float = 30
    first: float = 0.5  # from Dify's being asked to its first token, as a quick model needs it
    card_call: float = 0.06
    quiet: float = 10


@dataclass(frozen=True)
class Stage:
    """A sandbox and the contender in it."""

    sandbox: SandboxClient
    platform: Child
    contender: Child
    plan: Plan

    def converse(self, client_id: str, name: str, people: int, tokens: int) -> tuple[list[Said], float]:
        """Let so many people, new to the bot, ask at once; return when all answers are complete."""
        question = f"[[tokens={tokens}]][[rate={self.plan.rate}]][[first={self.plan.first}]]"
        since = self.sandbox.last()
        staff = [f"{name}-{number:03}" for number in range(people)]
        said, began = say_at_once(self.sandbox.url, client_id, staff, question)
        length = self.plan.first + tokens / self.plan.rate
        time.sleep(length * 0.9)  # looking costs the sandbox time, and nothing can have ended
        deadline = time.monotonic() + _PATIENCE
        finished: set[str] = set()
        while len(finished) < people:
            if time.monotonic() > deadline or not self.contender.alive:
                raise self.contender.failed(f"{len(finished)} of {people} answers were complete")
            time.sleep(_LOOK_SECONDS if people > 1 else 0.02)
            ended = self.sandbox.records(since, 0, kind="card", state="finished", client_id=client_id)
            finished |= {record["out_track_id"] for record in ended}
        return said, began

    def round(self, client_id: str, said: list[Said], since: int) -> Round:
        """Return the figures of what was said to a bot since a record."""
        chats = {one.conversation_id for one in said}
        cards = [card for card in self.sandbox.cards(client_id=client_id) if card["conversation_id"] in chats]
        return round_of(said, self.sandbox.records(since), cards, self.plan.first)


def trial(contender: Contender, plan: Plan) -> Trial:
    """Put a contender through all of it. Raises ChildFailed; nothing is left running."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        with sandbox_running(folder) as (sandbox, platform):
            for api in CARD_CALLS:
                sandbox.put_fault("dingtalk.api", {"delay": plan.card_call}, match={"api": api})
            with contender(sandbox.url, folder) as child:
                return _measured(Stage(sandbox, platform, child, plan))


def acks_alone(plan: Plan) -> Times:
    """Return how long acknowledgements take when nothing else happens: the sandbox's own part, and the least of a client's."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        with sandbox_running(folder) as (sandbox, platform), acks_only(sandbox.url, folder) as child:
            stage = Stage(sandbox, platform, child, plan)
            _connected(stage)
            since, staff = sandbox.last(), [f"acked-{number:03}" for number in range(plan.at_once)]
            say_at_once(sandbox.url, OWN, staff, "?")
            deadline = time.monotonic() + _PATIENCE
            while len(acks := sandbox.records(since, 0, kind="ack")) < plan.at_once:
                if time.monotonic() > deadline or not child.alive:
                    raise child.failed(f"{len(acks)} of {plan.at_once} messages were acknowledged")
                time.sleep(_LOOK_SECONDS)
            return Times(tuple(ack["after"] for ack in acks))


def _measured(stage: Stage) -> Trial:
    plan, child, platform = stage.plan, stage.contender, stage.platform
    connected = _connected(stage)
    cpu = child.cpu()
    time.sleep(plan.quiet)
    idle_memory, idle_cpu = child.memory(), (child.cpu() - cpu) / plan.quiet

    since = stage.sandbox.last()
    said: list[Said] = []
    for number in range(plan.alone):
        said += stage.converse(OWN, f"alone-{number}", 1, plan.tokens_alone)[0]
    alone = stage.round(OWN, said, since)

    since, cpu, load = stage.sandbox.last(), child.cpu(), platform.cpu()
    said, began = stage.converse(OWN, "together", plan.at_once, plan.tokens)
    cpu, load = child.cpu() - cpu, platform.cpu() - load
    together = stage.round(OWN, said, since)
    peak_memory = child.memory("VmHWM")

    since = stage.sandbox.last()
    public = stage.converse(PUBLIC, "public", 1, plan.tokens)[0]
    lines = child.log().splitlines()
    return Trial(
        connected=connected,
        first_line=_interpreter_seconds(),
        idle_memory=idle_memory,
        idle_cpu=idle_cpu,
        alone=alone,
        together=together,
        together_seconds=together.ended - began,
        together_cpu=cpu / plan.at_once,
        peak_memory=peak_memory,
        sandbox_busy=load / (together.ended - began),
        public_calls=stage.round(PUBLIC, public, since).calls,
        warnings=sum(" WARNING " in line or " ERROR " in line for line in lines),
    )


def _connected(stage: Stage) -> float:
    """Wait until every listener of every bot is connected; return the seconds since the contender was executed."""
    child, wanted = stage.contender, LISTENERS * len(BOTS)
    deadline = time.monotonic() + _CONNECT_SECONDS
    while time.monotonic() < deadline and child.alive:
        open_ones = stage.sandbox.records(0, 1, kind="stream.connected")
        if len(open_ones) >= wanted:
            return float(open_ones[wanted - 1]["time"] - child.began)
        time.sleep(0.05)
    raise child.failed(f"not all {wanted} listeners connected")


def _interpreter_seconds() -> float:
    """Return how long a Python takes from exec to the first line of a program."""
    taken = []
    for _ in range(5):
        began = time.time()
        command = [sys.executable, "-c", "import time; print(time.time())"]
        ran = subprocess.run(command, capture_output=True, timeout=10, check=True)  # noqa: S603 - our own interpreter
        taken.append(float(ran.stdout) - began)
    return min(taken)
