"""Tries the bots without DingTalk: the sandbox as a child process, and bots run in it by the real launcher."""

import contextlib
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from bot import Bot
from demo.cast import Cast
from demo.sandbox import Sandbox, SandboxFailed
from errors import BackendError
from fleet import Fleet
from handlers import commands
from handlers.texts import Texts
from handlers.turn import TurnRecord
from problems import sentence

_CONNECT_SECONDS = 20
_ANSWER_SECONDS = 120  # between two signs of life of an answer that is watched
_PING_SECONDS = 5
_IDLE_SECONDS = 5  # from the end of what is seen to the end of the turn

Ping = tuple[Bot, Exception | None]


def serve(cast: Cast, asked: threading.Event, *, arguments: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run the demo until `asked` is set; print the address of its page. `arguments` and `variables` are the sandbox's."""
    try:
        with _running(cast, arguments, variables) as (sandbox, fleet):
            troubles = list(_ai_troubles(fleet, asked)) if cast.is_own else []
            print(_welcome(cast, sandbox, troubles), flush=True)
            while not asked.wait(1):
                sandbox.check()
    except SandboxFailed as failure:
        return _say_why(failure)
    return 0


def say(cast: Cast, text: str, bot: str | None) -> int:
    """Say something to a bot, the first if none is named, and print each state of its card; 0 for a whole answer."""
    name = bot or next(iter(cast.clients))
    if name not in cast.clients:
        print(sentence("no_such_bot", cast.language, name=name, names=", ".join(cast.clients)), file=sys.stderr)
        return 2
    outcomes: queue.Queue[str] = queue.Queue()
    try:
        with _running(cast, ("--port", "0"), {}, on_turn=lambda record: outcomes.put(record.outcome)) as (sandbox, fleet):
            seen = _watch(cast, sandbox, cast.clients[name], text)
            _wait_idle(fleet)
            _print_rest(sandbox, cast.clients[name], seen)
            own = next(bot.own_commands for bot in fleet.bots if bot.client_id == cast.clients[name])
        with contextlib.suppress(queue.Empty):
            return int(outcomes.get_nowait() != "answered")
        return int(not (commands.parse(text) or commands.own(text, own)))  # a command is no turn
    except SandboxFailed as failure:
        return _say_why(failure)


@contextlib.contextmanager
def _running(
    cast: Cast,
    arguments: Sequence[str],
    variables: Mapping[str, str],
    on_turn: Callable[[TurnRecord], None] = lambda _: None,
) -> Iterator[tuple[Sandbox, Fleet]]:
    """Give a sandbox with the bots connected to it; nothing is left running afterwards."""
    with Sandbox(arguments, variables, cast.language) as sandbox:
        cast.register(sandbox)
        settings = cast.settings(sandbox.url)
        fleet, drain_seconds = Fleet(settings, on_turn=on_turn), settings.env.DRAIN_SECONDS
        fleet.start()
        try:
            _wait_connected(cast, sandbox, fleet)
            yield sandbox, fleet
        except (SandboxFailed, KeyboardInterrupt):
            drain_seconds = 0  # nobody would see the rest of an answer
            raise
        finally:
            fleet.stop(drain_seconds)


def _wait_connected(cast: Cast, sandbox: Sandbox, fleet: Fleet) -> None:
    deadline = time.monotonic() + _CONNECT_SECONDS
    while time.monotonic() < deadline:
        if all("connected" in states for states in fleet.states().values()):
            return
        sandbox.check()
        time.sleep(0.02)
    raise SandboxFailed(sentence("demo_not_connected", cast.language, seconds=_CONNECT_SECONDS))


def _wait_idle(fleet: Fleet) -> None:
    deadline = time.monotonic() + _IDLE_SECONDS
    while any(sum(bot.gate.counts()) for bot in fleet.bots) and time.monotonic() < deadline:
        time.sleep(0.01)


def _ai_troubles(fleet: Fleet, asked: threading.Event) -> Iterator[Ping]:
    """Ask the AI of every bot at once whether it is there; give those that failed, or were silent for a while."""
    answers: queue.Queue[Ping] = queue.Queue()

    def ping(bot: Bot) -> None:
        try:
            bot.backend.ping()
        except Exception as error:
            answers.put((bot, error))
        else:
            answers.put((bot, None))

    silent = {bot.name: bot for bot in fleet.bots}
    for bot in fleet.bots:
        threading.Thread(target=ping, args=(bot,), name="ping", daemon=True).start()
    deadline = time.monotonic() + _PING_SECONDS
    while silent and not asked.is_set() and time.monotonic() < deadline:
        with contextlib.suppress(queue.Empty):
            bot, error = answers.get(timeout=0.1)
            del silent[bot.name]
            if error:
                yield bot, error
    for bot in silent.values():
        yield bot, None


def _welcome(cast: Cast, sandbox: Sandbox, troubles: Sequence[Ping]) -> str:
    """Return what the terminal shows once all runs: where the page is, who is there, what is wrong, how to end."""
    language, texts = cast.language, Texts(cast.language)
    lines = [sentence("demo_page", language), f"    {sandbox.url}", ""]
    for each in cast.settings(sandbox.url).bots:
        ai = each.backend if cast.is_own else sentence("demo_ai", language)
        lines.append(sentence("demo_bot", language, name=each.bot.name, ai=ai))
    for bot, error in troubles:
        if error:
            lines.append(sentence("demo_ai_failed", language, name=bot.name, error=_named(error), fix=texts.fix(error)))
        else:
            lines.append(sentence("demo_ai_silent", language, name=bot.name, seconds=_PING_SECONDS))
    lines += ["", sentence("demo_own" if cast.is_own else "demo_embedded", language), sentence("demo_end", language)]
    return "\n" + "\n".join(f"  {line}" if line else "" for line in lines) + "\n"


def _named(error: Exception) -> str:
    """Return the kind of the error, and what it says if that is known to hold no secret."""
    return f"{type(error).__name__}: {error}" if isinstance(error, BackendError) else type(error).__name__


def _watch(cast: Cast, sandbox: Sandbox, client_id: str, text: str) -> int:
    """Send a message and print what its chat shows, until the answer ends; return the last record of it."""
    seen = sandbox.last_record()
    person = {"staff_id": "demo-user", "nick": "Demo"}
    message = {"client_id": client_id, "conversation_type": "1", "sender": person, "msgtype": "text", "text": text}
    sent = sandbox.call("POST", "messages", message)
    if not sent.get("delivered"):
        raise SandboxFailed(sentence("demo_not_delivered", cast.language, reason=sent.get("reason", "?")))
    deadline = time.monotonic() + _ANSWER_SECONDS
    while time.monotonic() < deadline:
        for record in sandbox.records(seen, client_id):
            seen = int(record["seq"])
            deadline = time.monotonic() + _ANSWER_SECONDS
            if record["kind"] == "card":
                print(f"[{record['state']}] {record['text']}", flush=True)
                if record["state"] in {"finished", "failed"}:
                    return seen
            elif record["kind"] == "said":
                print(record["text"], flush=True)
                return seen
    raise SandboxFailed(sentence("demo_not_complete", cast.language, seconds=_ANSWER_SECONDS))


def _print_rest(sandbox: Sandbox, client_id: str, seen: int) -> None:
    """Print what was said after it: a long answer comes in several messages."""
    for record in sandbox.records(seen, client_id, wait=0):
        if record["kind"] == "said":
            print(record["text"], flush=True)


def _say_why(failure: SandboxFailed) -> int:
    if str(failure):  # else the sandbox has said it itself
        print(failure, file=sys.stderr)
    return failure.code
