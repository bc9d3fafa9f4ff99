"""`.env` + `.bots.yaml` -> frozen settings, or a ConfigError with every problem at once.

What kinds of bots exist is not known here: `load` is handed a table of them.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import botsfile
import envfile
import exposed
from envfile import Variables
from errors import ConfigError, Problem
from problems import Language, sentence
from settings import BotSettings, EnvSettings, Kinds, Settings, WebhookSettings

BOTS_FILE, ENV_FILE = ".bots.yaml", ".env"

_MAX_BYTES = 1_000_000  # some thousand bots; more is another file, or one without an end


def read(bots: Path, env: Path, environ: Mapping[str, str], kinds: Kinds) -> Settings:
    """Return the settings that the two files and the process's variables make. Raises ConfigError."""
    variables = read_env(env, environ)
    try:
        text = read_text(bots, language_of(variables))
    except ConfigError as error:
        _, problems = envfile.check(variables, language_of(variables))
        raise ConfigError((*problems, *error.problems)) from None
    settings = load(text, variables, kinds, file=str(bots))
    seen = exposed.doubts((bots, env), settings.bots, language_of(variables))
    return replace(settings, notes=(*settings.notes, *seen))


def load(text: str, variables: Mapping[str, str], kinds: Kinds, *, file: str = BOTS_FILE) -> Settings:
    """Return the settings of a `.bots.yaml`'s text and the variables. Raises ConfigError with every problem found."""
    known = variables if isinstance(variables, Variables) else Variables(variables)
    language = language_of(known)
    env, env_problems = envfile.check(known, language)
    bots, bot_problems = botsfile.read(text, known, kinds, file=file, language=language)
    if env is None or env_problems or bot_problems:
        # A wrong variable that stands in for a key is found once for itself and once for each bot.
        raise ConfigError(tuple(dict.fromkeys([*env_problems, *bot_problems])))
    notes = [*envfile.doubts(known, botsfile.references(text), language)]
    for name in ("DINGTALK_MONTHLY_CALLS", "DINGTALK_MONTHLY_PUSHES"):
        if getattr(env, name) and not any(bot.bot.admins for bot in bots):
            said = sentence("nobody_to_warn", language)
            notes.append(Problem(known.place(name, language), name, said, "admins: [manager01]"))
    notes += _doubts_of_doors(env, bots, known, file, language)
    return Settings(env, bots, tuple(notes))


def _doubts_of_doors(
    env: EnvSettings, bots: Sequence[BotSettings], known: Variables, file: str, language: Language
) -> Iterator[Problem]:
    """Yield what is odd about the way in over HTTP."""
    called = [bot for bot in bots if isinstance(bot.receive, WebhookSettings)]
    name, example = "HTTP_PUBLIC_URL", "HTTP_PUBLIC_URL=https://bots.example.com"
    if not called:
        return
    if not env.HTTP_PUBLIC_URL:
        for bot in called:
            yield Problem(file, bot.bot.name, sentence("no_public_url", language), example)
        return
    place = known.place(name, language)
    for bot in called:
        if unquote(env.HTTP_PUBLIC_URL).endswith(bot.places):
            yield Problem(place, name, sentence("public_url_of_a_bot", language, name=bot.bot.name), example)
    host = urlsplit(env.HTTP_PUBLIC_URL).hostname or ""
    if host in {"localhost", "0.0.0.0", "::1"} or host.startswith("127."):
        yield Problem(place, name, sentence("public_url_here", language, host=host), example)


def load_env(variables: Mapping[str, str]) -> EnvSettings:
    """Return the settings of the variables alone. Raises ConfigError."""
    known = variables if isinstance(variables, Variables) else Variables(variables)
    env, problems = envfile.check(known, language_of(known))
    if env is None or problems:
        raise ConfigError(tuple(problems))
    return env


def read_env(path: Path, environ: Mapping[str, str]) -> Variables:
    """Return the process's variables and, beneath them, those of `.env`; only the default one may be missing.

    Nothing is raised: a file that cannot be used is told by `load`, together with all else.
    """
    if path == Path(ENV_FILE) and not os.path.lexists(path):
        return Variables(environ)
    try:
        text = read_text(path, language_of(environ), example=f"{ENV_FILE}.example")
        return Variables(environ, text, file=str(path))
    except ConfigError as error:
        return Variables(environ, file=str(path), problems=error.problems)


def read_text(path: Path, language: Language, *, example: str = f"{BOTS_FILE}.example") -> str:
    """Return a configuration file's text. Raises ConfigError when it is missing, a folder, unreadable or no UTF-8."""
    values: dict[str, str] = {}
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        if len(content) <= _MAX_BYTES:
            # Windows' Notepad puts a BOM in front and CRLF at each line's end.
            return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        name = "huge"
    except FileNotFoundError:
        name, values = "missing_file", {"folder": str(path.absolute().parent), "example": example}
    except IsADirectoryError:
        name = "folder"
    except UnicodeDecodeError:
        name = "encoding"
    except OSError as error:
        name, values = "unreadable", {"reason": error.strerror or type(error).__name__}
    raise ConfigError((Problem(str(path), "", sentence(name, language, **values)),))


def language_of(variables: Mapping[str, str]) -> Language:
    """Return the language to speak of problems in; it is needed before the variables are known to be right."""
    return "en" if variables.get("BOT_LANGUAGE", "").strip().lower() == "en" else "zh"
