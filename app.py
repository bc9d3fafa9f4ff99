"""The command line: run the bots, check the configuration, try everything in the sandbox, tell Docker that all is well."""

import argparse
import contextlib
import getpass
import json
import logging
import os
import signal
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import config
import demo
from errors import ConfigError
from fleet import KINDS, Fleet
from settings import Settings

OK, NOT_READY, BAD_CONFIG = 0, 1, 2
_STALE_SECONDS = 30  # a heartbeat older than this is no sign of life


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_CONFIG
    except KeyboardInterrupt:
        return 130


def run(options: argparse.Namespace) -> int:
    """Run the bots until SIGTERM or SIGINT; a second signal leaves at once."""
    settings = _load(options)
    _log_to_stderr(settings.env.LOG_LEVEL)
    fleet = Fleet(settings, heartbeat=_heartbeat_file(options, settings.env.HEARTBEAT_FILE))
    with stop_signals() as asked:
        fleet.start()
        logging.getLogger("dingbridge").info("%d bots started", len(fleet.bots))
        asked.wait()
        fleet.stop(settings.env.DRAIN_SECONDS)
    return OK


def check(options: argparse.Namespace) -> int:
    """Say whether `.bots.yaml` and `.env` can be used."""
    settings = _load(options)
    for bot in settings.bots:
        print(f"OK  {bot.bot.name} ({bot.bot.dingtalk_app_client_id})")
    return OK


def ready(options: argparse.Namespace) -> int:
    """Say whether the bots run in this folder are connected, by their heartbeat file."""
    path = _heartbeat_file(options, config.read_env(options.env, os.environ).get("HEARTBEAT_FILE", ""))
    try:
        beat = json.loads(path.read_text("utf-8"))
        age, bots = time.time() - float(beat["time"]), dict(beat["bots"])
    except (OSError, ValueError, KeyError, TypeError):
        print("not running")
        return NOT_READY
    if age > _STALE_SECONDS:
        print(f"no sign of life for {age:.0f} s")
        return NOT_READY
    connected = {name: states.count("connected") for name, states in bots.items()}
    for name, number in connected.items():
        print(f"{name}: {number}/{len(bots[name])} connected")
    return OK if any(connected.values()) else NOT_READY


def try_out(options: argparse.Namespace) -> int:
    """Start the sandbox and three bots in it; chat in a browser, or say one thing and watch the answer here."""
    _log_to_stderr("WARNING" if options.say is not None else "INFO")
    if options.say is not None:
        return demo.say(options.say, options.bot)
    with stop_signals() as asked:
        return demo.serve(asked, port=options.port)


@contextlib.contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """Give an event that the first SIGTERM or SIGINT sets; the second one ends the process at once."""
    asked = threading.Event()

    def on_signal(number: int, _frame: object) -> None:
        if asked.is_set():
            os._exit(128 + number)
        asked.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py", description="DingBridge (钉桥): DingTalk bots, answered by AI.")
    parser.add_argument("--bots", type=Path, default=Path(config.BOTS_FILE), help="the list of bots (%(default)s)")
    parser.add_argument("--env", type=Path, default=Path(config.ENV_FILE), help="the variables (%(default)s)")
    parser.set_defaults(command=run)
    commands = parser.add_subparsers(title="commands", metavar="run | check | demo | ready")
    commands.add_parser("run", help="run the bots (the default)").set_defaults(command=run)
    commands.add_parser("check", help="check .bots.yaml and .env").set_defaults(command=check)
    commands.add_parser("ready", help="exit 0 if the bots are connected (Docker's health check)").set_defaults(command=ready)
    trial = commands.add_parser("demo", help="try three bots in the sandbox, without any account")
    trial.set_defaults(command=try_out)
    trial.add_argument("--say", metavar="TEXT", help="say this to a bot and watch its answer grow, then leave")
    trial.add_argument("--bot", choices=demo.BOT_KINDS, default=demo.BOT_KINDS[0], help="which bot (%(default)s)")
    trial.add_argument("--port", type=int, help="the page's port (SANDBOX_PORT, 8090, or the next free one)")
    return parser


def _load(options: argparse.Namespace) -> Settings:
    variables = config.read_env(options.env, os.environ)
    language = config.language_of(variables)
    return config.load(config.read_text(options.bots, language), variables, KINDS, file=str(options.bots))


def _heartbeat_file(options: argparse.Namespace, configured: str) -> Path:
    """Return the heartbeat's place: of its own for each `.bots.yaml`, so that two bridges do not share one."""
    if configured:
        return Path(configured)
    name = f"dingbridge-{getpass.getuser()}-{zlib.crc32(str(options.bots.resolve()).encode()):08x}.json"
    return Path(tempfile.gettempdir()) / name


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    for noisy in ("urllib3", "websockets", "asyncio", "dingtalk_stream", "sseclient"):
        logging.getLogger(noisy).setLevel("WARNING")  # at DEBUG they write tokens, tickets and what people say


if __name__ == "__main__":
    sys.exit(main())
