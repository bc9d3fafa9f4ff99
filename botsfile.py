"""Reads `.bots.yaml`: the list of bots as frozen settings, and all that is wrong with it, each with line, path and fix."""

import difflib
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

import envfile
import yamlfile
from envfile import Variables
from errors import Problem, Unloadable
from problems import Language, explain, sentence, where
from settings import BotSection, BotSettings, Kinds

# The values that .bots.yaml.example shows; left in place they are no values.
PLACEHOLDERS = frozenset({"your-client-id", "your-client-secret", "app-your-dify-api-key"})
# So are those of the lines that our own problems tell to write.
_NO_VALUES = PLACEHOLDERS | {"ding…", "app-…", "…"}

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SHOWABLE_KEY = re.compile(r"(?!app-)[\w-]{1,40}")  # Dify's keys begin like that

_Section = TypeVar("_Section", bound=BaseModel)
_Fields = Mapping[str, FieldInfo]
_Sections = Mapping[str, type[BaseModel]]
_Chosen = Mapping[str, type[BaseModel] | None]  # by choice: backend, handler, receive; None is one that there is not


def read(
    text: str, variables: Variables, kinds: Kinds, *, file: str, language: Language
) -> tuple[tuple[BotSettings, ...], list[Problem]]:
    """Return the bots and the problems; bots are left out only where there are problems."""
    try:
        yaml = yamlfile.parse(text, typed=kinds.typed)
    except yamlfile.BrokenYaml as broken:
        return (), [Problem(where(file, broken.line, language), "", sentence(f"yaml_{broken.kind}", language))]
    reader = _Reader(yaml, variables, kinds, file, language)
    bots = reader.read()
    return bots, reader.problems()


def references(text: str) -> frozenset[str]:
    """Return the names of the variables that a `.bots.yaml` refers to."""
    return frozenset(_REFERENCE.findall(text))


class _Reader:
    def __init__(self, yaml: yamlfile.YamlFile, variables: Variables, kinds: Kinds, file: str, language: Language) -> None:
        self._yaml, self._variables, self._kinds = yaml, variables, kinds
        self._file, self._language = file, language
        self._found: list[tuple[int, Problem]] = []
        self._told: set[yamlfile.Path] = set()

    def problems(self) -> list[Problem]:
        """Return what was found, from the file's top to its end."""
        return [problem for _, problem in sorted(self._found, key=lambda found: found[0])]

    def read(self) -> tuple[BotSettings, ...]:
        """Return the bots that are right."""
        for path in self._yaml.repeated:
            self._note(path, sentence("repeated_key", self._language))
        entries, path = self._entries(self._yaml.content)
        filled = [self._filled(entry, (*path, index)) for index, entry in enumerate(entries)]
        self._refuse_repeated(filled, path, "name", "repeated_name")
        self._refuse_repeated(filled, path, "dingtalk_app_client_id", "repeated_client_id")
        bots = [self._bot(entry, (*path, index)) for index, entry in enumerate(filled)]
        self._refuse_repeated_paths(bots, path)
        return tuple(bot for bot in bots if bot)

    def _refuse_repeated_paths(self, bots: list[BotSettings | None], path: yamlfile.Path) -> None:
        """Two bots behind one HTTP address: only one of them could be called."""
        first: dict[str, int] = {}
        for index, bot in enumerate(bots):
            for place in bot.places if bot else ():
                if place in first:
                    key = "name" if place.startswith("/push/") else "webhook_path"
                    self._add((*path, index, key), "repeated_path", value=place, first=first[place] + 1)
                first.setdefault(place, index)

    def _entries(self, content: Any) -> tuple[list[Any], yamlfile.Path]:
        """Return the list of bots and its path; a list without `bots:` above it is read on, to find all that is wrong."""
        if isinstance(content, list):
            self._add((), "list_at_top", fix="bots:")
            return content, ()
        path = ("bots",)
        for key in (content or {}).keys() - {"bots"}:
            self._unknown((), key, ["bots"])
        entries = (content or {}).get("bots")
        if isinstance(entries, list) and entries:
            return entries, path
        self._add(path, "bots_not_a_list" if entries else "no_bots", fix="bots:\n        - name: …")
        return [], path

    def _bot(self, entry: Any, path: yamlfile.Path) -> BotSettings | None:
        if not isinstance(entry, dict):
            self._add(path, "not_a_mapping", fix="- name: …")
            return None
        chosen: _Chosen = {
            "backend": self._ai(entry, path),
            "handler": self._handler(entry, path),
            "receive": self._chosen("receive", self._kinds.receivers, entry, path),
        }
        sections: list[type[BaseModel]] = [BotSection, *(section for section in chosen.values() if section)]
        fields = {key: known for section in sections for key, known in section.model_fields.items()}
        for key, value in entry.items():
            if key not in fields:
                self._unfit(key, entry, path, chosen, list(fields))
            elif isinstance(value, str) and value in _NO_VALUES:
                self._add((*path, key), "placeholder", fix=_line_to_write(key, fields))
        parts = [self._section(section, entry, path) for section in sections]
        loadable = [self._is_loadable(part, path) for part in parts if part]
        if not all(parts) or not all(chosen.values()) or not all(loadable):
            return None
        bot, ai, shown, received = (part for part in parts if part)
        assert isinstance(bot, BotSection)
        return BotSettings(bot, ai, shown, received)

    def _chosen(self, choice: str, kinds: _Sections, entry: dict[str, Any], path: yamlfile.Path) -> type[BaseModel] | None:
        """Return the section of the kind that a bot names; None when there is none of that name."""
        usual = str(BotSection.model_fields[choice].default)
        name = entry.get(choice) or usual
        if isinstance(name, str) and name in kinds:
            return kinds[name]
        written, plain = str(name).strip("“”‘’'\" ").lower(), {kind.lower(): kind for kind in kinds}
        meant = difflib.get_close_matches(written, plain, n=1, cutoff=0.5)
        fix = plain[meant[0]] if meant else usual
        choices = [*kinds, *(["package.module:Class"] if choice == "handler" else ())]
        self._add((*path, choice), "not_one_of", fix=f"{choice}: {fix}", choices=" | ".join(choices))
        return None

    def _ai(self, entry: dict[str, Any], path: yamlfile.Path) -> type[BaseModel] | None:
        """Return the section of the bot's AI; None when there is none of that name, or none is named and another one meant."""
        usual = str(BotSection.model_fields["backend"].default)
        if not entry.get("backend") and not entry.keys() & self._kinds.backends[usual].model_fields.keys():
            for key in [key for key in entry if key not in BotSection.model_fields]:
                for name in self._owners(self._kinds.backends, key):
                    self._add((*path, key), "backend_left_out", fix=f"backend: {name}", usual=usual, name=name)
                    return None
        return self._chosen("backend", self._kinds.backends, entry, path)

    def _handler(self, entry: dict[str, Any], path: yamlfile.Path) -> type[BaseModel] | None:
        """Return the section of the bot's handler: one of ours, or a team's own class."""
        name = entry.get("handler")
        if not isinstance(name, str) or ":" not in name:
            return self._chosen("handler", self._kinds.handlers, entry, path)
        try:
            return self._kinds.load_handler(name)
        except Unloadable as error:
            self._add((*path, "handler"), error.reason, **error.values)
            return None

    def _is_loadable(self, section: BaseModel, path: yamlfile.Path) -> bool:
        """Try the code that a section's keys name, if any does."""
        for key in self._kinds.loaders.keys() & type(section).model_fields.keys():
            try:
                self._kinds.loaders[key](section)
            except Unloadable as error:
                self._add((*path, key), error.reason, **error.values)
                return False
        return True

    def _unfit(self, key: str, entry: dict[str, Any], path: yamlfile.Path, chosen: _Chosen, known: list[str]) -> None:
        """Say that there is no such key, or whose it is; nothing where it is not known which kind the bot is of."""
        tables = {"backend": self._kinds.backends, "handler": self._kinds.handlers, "receive": self._kinds.receivers}
        for choice, kinds in tables.items():
            if owners := self._owners(kinds, key):
                own = entry.get(choice) or BotSection.model_fields[choice].default
                owner = f"{choice}: {' | '.join(owners)}"
                if chosen[choice]:
                    self._add((*path, key), "key_of_another_kind", owner=owner, own=f"{choice}: {own}", choice=choice)
                return
        self._unknown(path, key, known)

    @staticmethod
    def _owners(kinds: _Sections, key: str) -> list[str]:
        return [name for name, section in kinds.items() if key in section.model_fields]

    def _section(self, section: type[_Section], entry: dict[str, Any], path: yamlfile.Path) -> _Section | None:
        """Return the section's part of a bot: the keys with a value, else the variables that stand in for them."""
        given = {key: value for key, value in entry.items() if key in section.model_fields and value not in (None, "")}
        stand_in = {key: name for key, name in self._kinds.env_defaults.items() if key in section.model_fields}
        defaults = {key: self._variables[name] for key, name in stand_in.items() if name in self._variables}
        try:
            return section.model_validate({**defaults, **given})
        except ValidationError as error:
            for refusal in error.errors(include_url=False, include_input=False):
                key = str(refusal["loc"][0])
                if key not in given and key in defaults:
                    problem = envfile.refused(self._variables, stand_in[key], refusal, self._language)
                    self._found.append((0, problem))
                else:
                    self._refuse((*path, *refusal["loc"]), refusal, section.model_fields, empty=key in entry)
        return None

    def _refuse(self, path: yamlfile.Path, refusal: Mapping[str, Any], fields: _Fields, *, empty: bool) -> None:
        left_empty = empty and refusal["type"] == "missing"
        said = sentence("empty", self._language) if left_empty else explain(refusal, self._language)
        key = str(refusal["loc"][0])
        meant = refusal.get("ctx", {}).get("meant")
        self._say(path, said, f"{path[-1]}: {meant}" if meant else _line_to_write(key, fields))

    def _filled(self, value: Any, path: yamlfile.Path) -> Any:
        """Return the value with variables put in and, where it is text, without blanks around it."""
        if isinstance(value, dict):
            return {key: self._filled(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner, (*path, index)) for index, inner in enumerate(value)]
        if not isinstance(value, str):
            return value

        def variable(found: re.Match[str]) -> str:
            name = found[1]
            if not _NAME.fullmatch(name):
                self._add(path, "bad_reference", fix=f"{path[-1]}: ${{NAME}}")
            elif name not in self._variables:
                self._add(path, "unset_variable", variable=name, fix=f"{name}=…  (.env)")
            return self._variables.get(name, found[0])

        return _REFERENCE.sub(variable, value).strip()

    def _refuse_repeated(self, entries: list[Any], path: yamlfile.Path, key: str, name: str) -> None:
        first: dict[str, int] = {}
        for index, entry in enumerate(entries):
            value = entry.get(key) if isinstance(entry, dict) else None
            if not value or not isinstance(value, str) or value in _NO_VALUES:
                continue
            if value in first:
                self._add((*path, index, key), name, value=value, first=first[value] + 1)
            first.setdefault(value, index)

    def _unknown(self, path: yamlfile.Path, key: str, known: list[str]) -> None:
        guess = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
        if ":" in key or "：" in key:  # the value is a part of the key then
            self._add((*path, key), "yaml_no_space" if ":" in key else "yaml_wide_colon")
        elif guess:
            self._add((*path, key), "unknown_key_guess", guess=guess[0], fix=f"{guess[0]}: …")
        else:
            self._add((*path, key), "unknown_key")

    def _add(self, path: yamlfile.Path, name: str, /, *, fix: str = "", **values: object) -> None:
        self._say(path, sentence(name, self._language, **values), fix)

    def _say(self, path: yamlfile.Path, said: str, fix: str) -> None:
        """Note one problem for each path: what comes after the first is mostly its consequence."""
        if path not in self._told:
            self._told.add(path)
            self._note(path, said, fix)

    def _note(self, path: yamlfile.Path, said: str, fix: str = "") -> None:
        line = self._yaml.line(path)
        self._found.append((line, Problem(where(self._file, line, self._language), _dotted(path), said, fix)))


def _line_to_write(key: str, fields: _Fields) -> str:
    """Return a line that would be right: with the key's example, or else its default."""
    if key not in fields:
        return ""
    examples = fields[key].examples
    value = examples[0] if examples else fields[key].default
    return f"{key}: {'…' if value in (None, '') else str(value).lower() if isinstance(value, bool) else value}"


def _dotted(path: yamlfile.Path) -> str:
    """Return the path as `bots[0].name`. What looks like no key is not shown: it may be a value that slipped there."""
    shown = [f"[{part}]" if isinstance(part, int) else f".{part if _SHOWABLE_KEY.fullmatch(part) else '…'}" for part in path]
    return "".join(shown).removeprefix(".")
