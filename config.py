"""`.env` + `.bots.yaml` -> frozen settings; every problem at once, each with its place and the line to write.

What kinds of bots exist is not known here: `load` is handed a table of them.
"""

import difflib
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dotenv
from pydantic import BaseModel, ValidationError

import yamlfile
from errors import ConfigError, Problem
from problems import Language, sentence, where
from settings import BotSection, BotSettings, EnvSettings, Kinds, Settings

BOTS_FILE, ENV_FILE = ".bots.yaml", ".env"

# The values that .bots.yaml.example shows; left in place they are no values.
PLACEHOLDERS = frozenset({"your-client-id", "your-client-secret", "app-your-dify-api-key"})

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def read_env(path: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of `.env` (which may be missing), overruled by the process's; an empty one counts as unset."""
    language = language_of(environ)
    text = read_text(path, language) if path.exists() else ""
    with_file = dict(dotenv.dotenv_values(stream=io.StringIO(text)))
    merged = {**with_file, **{name: value for name, value in environ.items() if value.strip()}}
    return {name: value.strip() for name, value in merged.items() if value and value.strip()}


def read_text(path: Path, language: Language) -> str:
    """Return a configuration file's text. Raises ConfigError when it is missing, a folder, unreadable or no UTF-8."""
    values: dict[str, str] = {}
    try:
        return path.read_bytes().decode("utf-8-sig")  # Windows' Notepad puts a BOM
    except FileNotFoundError:
        name = "missing_file"
    except IsADirectoryError:
        name = "folder"
    except UnicodeDecodeError:
        name = "encoding"
    except OSError as error:
        name, values = "unreadable", {"reason": error.strerror or type(error).__name__}
    raise ConfigError((Problem(str(path), "", sentence(name, language, **values)),))


def language_of(variables: Mapping[str, str]) -> Language:
    """Return the language to speak of problems in; it is needed before the variables are known to be right."""
    return "en" if variables.get("BOT_LANGUAGE", "").strip() == "en" else "zh"


def load_env(variables: Mapping[str, str]) -> EnvSettings:
    """Return the settings of the variables. Raises ConfigError."""
    language = language_of(variables)
    try:
        return EnvSettings.model_validate(dict(variables))
    except ValidationError as error:
        raise ConfigError(tuple(_env_problems(error, language))) from None


def load(text: str, variables: Mapping[str, str], kinds: Kinds, *, file: str = BOTS_FILE) -> Settings:
    """Return the settings of a `.bots.yaml`'s text and the variables. Raises ConfigError with every problem found."""
    problems: list[Problem] = []
    language = language_of(variables)
    env: EnvSettings | None = None
    try:
        env = load_env(variables)
    except ConfigError as error:
        problems += error.problems
    bots: tuple[BotSettings, ...] = ()
    try:
        yaml = yamlfile.parse(text, typed=kinds.typed)
    except yamlfile.BrokenYaml as broken:
        problems.append(Problem(where(file, broken.line, language), "", sentence(f"yaml_{broken.kind}", language)))
    else:
        reader = _BotsReader(yaml, variables, kinds, file, language)
        bots = reader.read()
        problems += reader.problems
    if problems or env is None:
        raise ConfigError(tuple(problems))
    return Settings(env, bots)


class _BotsReader:
    """Reads the list of bots and collects what is wrong with it."""

    def __init__(
        self, yaml: yamlfile.YamlFile, variables: Mapping[str, str], kinds: Kinds, file: str, language: Language
    ) -> None:
        self._yaml, self._variables, self._kinds = yaml, variables, kinds
        self._file, self._language = file, language
        self.problems: list[Problem] = []

    def read(self) -> tuple[BotSettings, ...]:
        for path in self._yaml.repeated:
            self._add(path, "repeated_key")
        content = self._yaml.content
        entries = content.get("bots") if isinstance(content, dict) else content
        if isinstance(content, dict):
            for key in content.keys() - {"bots"}:
                self._unknown((key,), key, ["bots"])
        if not isinstance(entries, list) or not entries:
            self._add(("bots",), "no_bots", fix="bots:\n      - name: …")
            return ()
        self._repeated(entries, "name", "repeated_name")
        self._repeated(entries, "dingtalk_app_client_id", "repeated_client_id")
        bots = [self._bot(entry, ("bots", index)) for index, entry in enumerate(entries)]
        return tuple(bot for bot in bots if bot)

    def _bot(self, entry: Any, path: yamlfile.Path) -> BotSettings | None:
        if not isinstance(entry, dict):
            self._add(path, "not_a_mapping", fix="- name: …")
            return None
        values = self._values(entry, path)
        handler = values.get("handler", BotSection.model_fields["handler"].default)
        reply = self._kinds.handlers.get(handler) if isinstance(handler, str) else None
        if reply is None:
            self._add((*path, "handler"), "not_one_of", choices=", ".join(self._kinds.handlers))
            reply = next(iter(self._kinds.handlers.values()))
        sections = (BotSection, self._kinds.backend, reply)
        known = [key for section in sections for key in section.model_fields]
        for key in [key for key in values if key not in known]:
            self._unknown((*path, key), key, known)
        parts = [self._section(section, values, path) for section in sections]
        if any(part is None for part in parts):
            return None
        bot, backend, shown = parts
        assert isinstance(bot, BotSection) and backend and shown  # noqa: PT018 - tells mypy what `any` just told
        return BotSettings(bot, backend, shown)

    def _values(self, entry: dict[str, Any], path: yamlfile.Path) -> dict[str, Any]:
        """Return the entry with variables put in, empty values dropped (but told) and the environment's defaults."""
        values: dict[str, Any] = {}
        for key, value in entry.items():
            filled = self._filled(value, (*path, key))
            if filled is None or (isinstance(filled, str) and not filled.strip()):
                if _is_required(key, self._kinds):
                    self._add((*path, key), "empty", fix=_example_line(key))
                    values[key] = None
                continue
            if isinstance(filled, str) and filled in PLACEHOLDERS:
                self._add((*path, key), "placeholder", fix=_example_line(key))
            values[key] = filled.strip() if isinstance(filled, str) else filled
        defaults = {key: self._variables[name] for key, name in self._kinds.env_defaults.items() if name in self._variables}
        return {**defaults, **values}

    def _filled(self, value: Any, path: yamlfile.Path) -> Any:
        if isinstance(value, dict):
            return {key: self._filled(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner, (*path, index)) for index, inner in enumerate(value)]
        if not isinstance(value, str):
            return value

        def variable(found: re.Match[str]) -> str:
            if found[1] not in self._variables:
                self._add(path, "unset_variable", variable=found[1], fix=f"{found[1]}=…  ({ENV_FILE})")
                return found[0]
            return self._variables[found[1]]

        return _VARIABLE.sub(variable, value)

    def _section(self, section: type[BaseModel], values: dict[str, Any], path: yamlfile.Path) -> BaseModel | None:
        own = {key: values[key] for key in section.model_fields if key in values}
        told_empty = {key for key, value in own.items() if value is None}
        try:
            return section.model_validate(own)
        except ValidationError as error:
            for problem in error.errors(include_url=False, include_input=False):
                key = str(problem["loc"][0])
                if key in told_empty:
                    continue
                name, known = _sentence_of(problem)
                fix = _example_line(key) if name in {"missing", "not_text"} else ""
                if key not in self._yaml_keys(path) and key in self._kinds.env_defaults:
                    # The value came from the environment: name the variable, not the YAML.
                    self.problems.append(
                        Problem(ENV_FILE, self._kinds.env_defaults[key], sentence(name, self._language, **known))
                    )
                else:
                    self._add((*path, *problem["loc"]), name, fix=fix, **known)
            return None

    def _yaml_keys(self, path: yamlfile.Path) -> set[str]:
        return {str(known[-1]) for known in self._yaml.lines if known[:-1] == path}

    def _repeated(self, entries: list[Any], key: str, name: str) -> None:
        first: dict[str, int] = {}
        for index, entry in enumerate(entries):
            value = self._filled_quietly(entry.get(key)) if isinstance(entry, dict) else None
            if not value or value in PLACEHOLDERS:
                continue
            if value in first:
                self._add(("bots", index, key), name, value=value, first=first[value] + 1)
            first.setdefault(value, index)

    def _filled_quietly(self, value: Any) -> str:
        return _VARIABLE.sub(lambda found: self._variables.get(found[1], ""), value) if isinstance(value, str) else ""

    def _unknown(self, path: yamlfile.Path, key: str, known: list[str]) -> None:
        guess = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
        if guess:
            self._add(path, "unknown_key_guess", guess=guess[0])
        else:
            self._add(path, "unknown_key")

    def _add(self, path: yamlfile.Path, name: str, *, fix: str = "", **values: object) -> None:
        place = where(self._file, self._yaml.line(path), self._language)
        self.problems.append(Problem(place, _dotted(path), sentence(name, self._language, **values), fix))


def _env_problems(error: ValidationError, language: Language) -> Iterator[Problem]:
    for problem in error.errors(include_url=False, include_input=False):
        name, known = _sentence_of(problem)
        variable = str(problem["loc"][0])
        default = EnvSettings.model_fields[variable].default
        yield Problem(ENV_FILE, variable, sentence(name, language, **known), f"{variable}={default}")


def _sentence_of(problem: Any) -> tuple[str, dict[str, object]]:
    """Return the name and values of our own sentence for a pydantic error; its message may quote a secret."""
    context: dict[str, Any] = problem.get("ctx", {})
    kind: str = problem["type"]
    match kind:
        case "missing":
            return "missing", {}
        case "string_type":
            return "not_text", {}
        case "string_too_short":
            return "empty", {}
        case "int_parsing" | "int_type" | "int_from_float":
            return "not_whole_number", {}
        case "float_parsing" | "float_type":
            return "not_number", {}
        case "greater_than_equal" | "greater_than":
            return "too_small", {"limit": context.get("ge", context.get("gt"))}
        case "less_than_equal":
            return "too_large", {"limit": context.get("le")}
        case "literal_error":
            return "not_one_of", {"choices": str(context.get("expected", "")).replace("'", "")}
        case "unknown_placeholder" | "http_url":
            return kind, context
        case "dict_type":
            return "not_a_mapping", {}
        case _:
            return "wrong", {}


def _is_required(key: str, kinds: Kinds) -> bool:
    sections: tuple[type[BaseModel], ...] = (BotSection, kinds.backend, *kinds.handlers.values())
    return any(key in section.model_fields and section.model_fields[key].is_required() for section in sections)


_EXAMPLES: Mapping[str, str] = {
    "name": "name: 客服",
    "dingtalk_app_client_id": "dingtalk_app_client_id: dingxxxxxxxxxxxx",
    "dingtalk_app_client_secret": "dingtalk_app_client_secret: …",
    "dify_app_type": "dify_app_type: chatbot",
    "dify_app_api_key": "dify_app_api_key: app-…",
}


def _example_line(key: str) -> str:
    return _EXAMPLES.get(key, "")


def _dotted(path: yamlfile.Path) -> str:
    dotted = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return dotted.removeprefix(".")
