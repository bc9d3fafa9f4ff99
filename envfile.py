"""Reads `.env`: its variables beneath those of the process, each with the place where it is set."""

import difflib
import io
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from dotenv import parser
from pydantic import ValidationError

from errors import Problem
from problems import Language, explain, sentence, where
from settings import EnvSettings

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Variables(Mapping[str, str]):
    """The variables by name: the process's, then those of `.env`; an empty one counts as unset. Its repr holds no value.

    `broken` are the lines (from 1) that set nothing, `problems` why the file could not be read.
    """

    def __init__(
        self, environ: Mapping[str, str], text: str = "", *, file: str = ".env", problems: tuple[Problem, ...] = ()
    ) -> None:
        self.file, self.problems = file, problems
        self.broken: list[int] = []
        self.lines: dict[str, int] = {}
        self._from_file: dict[str, str] = {}
        self._environ = {name: value.strip() for name, value in environ.items() if value.strip()}
        for line, name, value in _statements(text):
            if name is None or value is None or "\0" in name + value:  # no file's path can hold that character
                self.broken.append(line)
                continue
            filled = _REFERENCE.sub(lambda found: self.get(found[1], found[0]), value).strip()
            if filled:
                self._from_file[name], self.lines[name] = filled, line

    def __getitem__(self, name: str) -> str:
        return self._environ[name] if name in self._environ else self._from_file[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._from_file, **self._environ})

    def __len__(self) -> int:
        return len(self._from_file.keys() | self._environ.keys())

    def __repr__(self) -> str:
        return f"Variables({', '.join(self)})"

    def place(self, name: str, language: Language) -> str:
        """Return where a variable is set: in a line of the file, or in the process's environment, which wins."""
        if name in self._environ or name not in self.lines:
            return sentence("environment", language)
        return where(self.file, self.lines[name], language)


def check(variables: Variables, language: Language) -> tuple[EnvSettings | None, list[Problem]]:
    """Return the variables' settings, and what is wrong with the file and its values."""
    no_statement = sentence("env_line", language)
    problems = [
        *variables.problems,
        *(Problem(where(variables.file, line, language), "", no_statement, "NAME=…") for line in variables.broken),
    ]
    try:
        return EnvSettings.model_validate(dict(variables)), problems
    except ValidationError as error:
        refusals = error.errors(include_url=False, include_input=False)
        return None, problems + [refused(variables, str(refusal["loc"][0]), refusal, language) for refusal in refusals]


def refused(variables: Variables, name: str, refusal: Mapping[str, Any], language: Language) -> Problem:
    """Return the problem of a variable whose value pydantic refused."""
    field = EnvSettings.model_fields[name]
    fix = f"{name}={field.examples[0] if field.examples else field.default}"
    return Problem(variables.place(name, language), name, explain(refusal, language), fix)


def doubts(variables: Variables, used: Collection[str], language: Language) -> Iterator[Problem]:
    """Give the variables of the file that look like a misspelt one and nothing uses, and those that need another."""
    known = EnvSettings.model_fields
    for name in variables.lines:
        guess = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
        if guess and name not in known and name not in used:
            place, said = variables.place(name, language), sentence("env_guess", language, guess=guess[0])
            yield Problem(place, name, said, f"{guess[0]}=…")
    for name in ("DINGTALK_MONTHLY_CALLS", "DINGTALK_MONTHLY_PUSHES"):
        if variables.get(name, "0") != "0" and variables.get("SESSION_STORE", "memory") == "memory":
            said = sentence("counts_forgotten", language)
            yield Problem(variables.place(name, language), name, said, "SESSION_STORE=sqlite:///dingbridge.db")


def _statements(text: str) -> Iterator[tuple[int, str | None, str | None]]:
    """Give each statement's line (from 1), name and value; a line that sets nothing lacks one of them."""
    for binding in parser.parse_stream(io.StringIO(text)):
        statement = binding.original.string
        if binding.error or binding.key is not None:
            blank = statement[: len(statement) - len(statement.lstrip())]
            yield binding.original.line + blank.count("\n"), binding.key, binding.value
