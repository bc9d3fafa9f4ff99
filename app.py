"""The command line: run the bots, check the configuration, try everything in the sandbox, tell Docker that all is well."""

import argparse
import contextlib
import io
import json
import logging
import os
import re
import signal
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - told before an import fails over it
    sys.exit("DingBridge needs Python 3.11 or newer / 需要 Python 3.11 或更新版本")
try:
    import config
    import demo.play
    from demo.embedded import EMBEDDED, embedded
    from demo.own import own
    from errors import ConfigError, HandlerFailed, PortUnavailable, StoreUnavailable
    from fleet import Fleet
    from imports import place_of
    from kinds import KINDS
    from problems import Language, sentence
    from settings import Settings
except ModuleNotFoundError as missing:
    sys.exit(
        f"缺少 {missing.name}：请用 .venv/bin/python app.py 运行，或先安装 requirements.txt / "
        f"{missing.name} is missing: run .venv/bin/python app.py, or pip install -r requirements.txt"
    )

OK, NOT_READY, BAD_CONFIG, CRASHED = 0, 1, 2, 70
_SIGNAL_SECONDS = 0.2  # a signal that the system hands to another thread is noticed as late as this
_LAST_PORT = 65_535
_STALE_SECONDS = 30  # a heartbeat older than this is no sign of life


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; whatever happens, no traceback reaches the terminal."""
    _print_any_character()
    language = config.language_of(config.read_env(Path(config.ENV_FILE), os.environ))
    options = _parser(language).parse_args(arguments)
    try:
        code = int(options.command(options))
        print(end="", flush=True)
    except ConfigError as error:
        print(sentence("found", _language(options), number=len(error.problems)), error, sep="\n", file=sys.stderr)
        return BAD_CONFIG
    except StoreUnavailable as error:
        print(sentence("store_failed", _language(options), reason=error), file=sys.stderr)
        return BAD_CONFIG
    except HandlerFailed as error:
        print(sentence("own_code_failed", _language(options), reason=error), file=sys.stderr)
        return BAD_CONFIG
    except PortUnavailable as error:
        print(sentence("port_taken", _language(options), reason=error), file=sys.stderr)
        return BAD_CONFIG
    except BrokenPipeError:  # `app.py check | head -1`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return 130
    except Exception as bug:
        logging.getLogger("dingbridge").debug("its trace", exc_info=True)
        print(sentence("crashed", _language(options), kind=type(bug).__name__, place=place_of(bug)), file=sys.stderr)
        return CRASHED
    return code


def run(options: argparse.Namespace) -> int:
    """Run the bots until SIGTERM or SIGINT; a second signal leaves at once."""
    settings = _load(options)
    _log_to_stderr(settings.env.LOG_LEVEL)
    log = logging.getLogger("dingbridge")
    for note in settings.notes:
        log.warning("%s", note)
    with stop_signals() as asked:
        fleet = Fleet(settings, heartbeat=_heartbeat_file(options, settings.env.HEARTBEAT_FILE))
        try:
            fleet.start()
            log.info("%d bots started", len(fleet.bots))
            while not asked.wait(_SIGNAL_SECONDS):
                pass
        finally:
            _stop(fleet, settings.env.DRAIN_SECONDS)
    return OK


def _stop(fleet: Fleet, drain_seconds: float) -> None:
    """Stop it in a thread of its own: Python acts on signals in the main thread alone, and not while that waits."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="stop") as aside:
        stopping = aside.submit(fleet.stop, drain_seconds)
        while not stopping.done():
            wait([stopping], _SIGNAL_SECONDS)
        stopping.result()


def check(options: argparse.Namespace) -> int:
    """Say whether `.bots.yaml` and `.env` can be used, and which bots they make."""
    settings = _load(options)
    print(sentence("fine", settings.env.BOT_LANGUAGE, number=len(settings.bots)))
    for number, bot in enumerate(settings.bots, start=1):
        print(f"  {number}. {bot.bot.name} ({bot.bot.dingtalk_app_client_id}) → {bot.backend}")
    for note in settings.notes:
        print(f"! {note}")
    return OK


def ready(options: argparse.Namespace) -> int:
    """Say whether the bots run in this folder are connected, by their heartbeat file."""
    language = _language(options)
    path = _heartbeat_file(options, config.read_env(options.env, os.environ).get("HEARTBEAT_FILE", ""))
    try:
        beat = json.loads(path.read_text("utf-8"))
        age = time.time() - float(beat["time"])
        bots = {str(name): (list(states).count("connected"), len(states)) for name, states in dict(beat["bots"]).items()}
        used = {str(corp): (int(usage["calls"]), int(usage["pushes"])) for corp, usage in dict(beat["used"]).items()}
        notes = [str(note) for note in list(beat.get("notes", ()))]
    except (OSError, ValueError, KeyError, TypeError):
        print(sentence("not_running", language))
        return NOT_READY
    if age > _STALE_SECONDS:
        print(sentence("silent", language, seconds=age))
        return NOT_READY
    for name, (connected, listeners) in bots.items():
        print(sentence("connected", language, name=name, number=connected, of=listeners))
    for corp, (calls, pushes) in used.items():
        print(sentence("used", language, corp=corp, calls=calls, pushes=pushes))
    for note in notes:
        print(f"! {note}")
    return OK if any(connected for connected, _ in bots.values()) else NOT_READY


def try_out(options: argparse.Namespace) -> int:
    """Start the sandbox and bots in it; chat in a browser, or say one thing and watch the answer here."""
    quiet = options.say is not None
    if options.bot is not None and not quiet:
        print(sentence("bot_without_say", _language(options)), file=sys.stderr)
        return BAD_CONFIG
    if options.bots is None:
        cast = embedded(_language(options))
        _log_to_stderr("WARNING" if quiet else "INFO")
    else:
        settings = _load(options)
        cast = own(settings)
        _log_to_stderr("WARNING" if quiet else settings.env.LOG_LEVEL)
        for note in cast.notes:
            logging.getLogger("dingbridge").warning("%s", note)
    if quiet:
        return demo.play.say(cast, options.say, options.bot)
    arguments = [f"--{name}={value}" for name in ("host", "port") if (value := getattr(options, name)) is not None]
    variables = {"SANDBOX_PORT": config.read_env(options.env, os.environ).get("SANDBOX_PORT", "")}
    with stop_signals() as asked:
        return demo.play.serve(cast, asked, arguments=arguments, variables=variables)


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


def _parser(language: Language = "zh") -> argparse.ArgumentParser:
    def said(name: str, **values: object) -> str:
        return sentence(f"help_{name}", language, **values)

    def port(text: str) -> int:
        if not re.fullmatch(r"\d{1,5}", text) or int(text) > _LAST_PORT:
            raise argparse.ArgumentTypeError(sentence("port_range", language, last=_LAST_PORT))
        return int(text)

    bots, env = Path(config.BOTS_FILE), Path(config.ENV_FILE)
    parser = argparse.ArgumentParser(prog="app.py", description=said("app"))
    # Not given is not the same as given with its usual value: the demo has bots of its own.
    parser.add_argument("--bots", type=Path, metavar="FILE", help=said("bots", file=bots))
    parser.add_argument("--env", type=Path, metavar="FILE", default=env, help=said("env", file=env))
    parser.set_defaults(command=run)
    commands = parser.add_subparsers(title=said("commands"), metavar="run | check | demo | ready")
    for name, command in (("run", run), ("check", check), ("ready", ready)):
        commands.add_parser(name, help=said(name)).set_defaults(command=command)
    trial = commands.add_parser("demo", help=said("demo"), description=said("demo"))
    trial.set_defaults(command=try_out)
    unless_given = argparse.SUPPRESS  # a default here would undo what stands before the command
    trial.add_argument(
        "--bots", type=Path, metavar="FILE", nargs="?", const=bots, default=unless_given, help=said("demo_bots", file=bots)
    )
    trial.add_argument("--env", type=Path, metavar="FILE", default=unless_given, help=said("env", file=env))
    trial.add_argument("--say", metavar="TEXT", help=said("say"))
    trial.add_argument("--bot", metavar="NAME", help=said("bot", kinds=", ".join(EMBEDDED)))
    trial.add_argument("--port", type=port, help=said("port"))
    trial.add_argument("--host", help=said("host"))
    return parser


def _load(options: argparse.Namespace) -> Settings:
    return config.read(_bots_file(options), options.env, os.environ, KINDS)


def _bots_file(options: argparse.Namespace) -> Path:
    return options.bots or Path(config.BOTS_FILE)


def _language(options: argparse.Namespace) -> Language:
    return config.language_of(config.read_env(options.env, os.environ))


def _heartbeat_file(options: argparse.Namespace, configured: str) -> Path:
    """Return the heartbeat's place: of its own for each user and `.bots.yaml`, so that two bridges do not share one."""
    if configured:
        return Path(configured)
    user = os.getuid() if hasattr(os, "getuid") else 0  # a number has no name to have in every container
    return Path(tempfile.gettempdir()) / f"dingbridge-{user}-{zlib.crc32(os.fsencode(_bots_file(options).absolute())):08x}.json"


def _print_any_character() -> None:
    """Let a terminal without Chinese show escapes instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    for noisy in ("urllib3", "websockets", "asyncio", "dingtalk_stream", "sseclient"):
        logging.getLogger(noisy).setLevel("WARNING")  # at DEBUG they write tokens, tickets and what people say


if __name__ == "__main__":
    sys.exit(main())
