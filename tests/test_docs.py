"""The documents tell the truth: their tables against the code, their examples run through it, both languages alike."""

import re
import shlex
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic_core import PydanticUndefined

import app
import config
from dify.settings import DifySettings
from handlers import commands
from handlers.templates import CardSettings
from kinds import KINDS
from settings import BotSection, EnvSettings, StreamSettings

ROOT = Path(__file__).resolve().parent.parent
READMES = {"en": "README.md", "zh": "README.zh-CN.md"}
PAIRS = [
    ("README.md", "README.zh-CN.md"),
    ("docs/dingtalk-setup.md", "docs/dingtalk-setup.zh-CN.md"),
    ("docs/testing-a-bot.md", "docs/testing-a-bot.zh-CN.md"),
    ("docs/security.md", "docs/security.zh-CN.md"),
    ("docs/reliability.md", "docs/reliability.zh-CN.md"),
    *((f"docs/{page}.md", f"docs/{page}.zh-CN.md") for page in ("replies", "webhook", "push")),
    *((f"docs/ai-{kind}.md", f"docs/ai-{kind}.zh-CN.md") for kind in KINDS.backends),
]
USUAL = (BotSection, DifySettings, CardSettings, StreamSettings)
REQUIRED, EMPTY = {"required", "必填"}, {"empty", "空"}

# The order of the tables in both READMEs.
KEYS, VARIABLES, COMMANDS, WORDS, TROUBLES = range(5)


def _text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def _without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def _blocks(text: str) -> list[tuple[str, str]]:
    """Return each code block as its language and its text, comments left out: they are in the reader's own language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [(language, re.sub(r"\s+# .*", "", code)) for language, code in found]


def _tables(text: str) -> list[list[list[str]]]:
    """Return the tables as rows of cells, without their heads."""
    tables = re.findall(r"(?:^\|.*\|\n)+", _without_code(text), re.MULTILINE)
    return [[[cell.strip() for cell in row.strip("|").split(" | ")] for row in table.splitlines()[2:]] for table in tables]


def _spans(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _documents() -> list[str]:
    folders = [ROOT, ROOT / "docs", ROOT / "docs" / "adr"]
    return [str(path.relative_to(ROOT)) for folder in folders for path in sorted(folder.glob("*.md"))]


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_both_languages_have_the_same_shape(english: str, chinese: str) -> None:
    """The same headings in the same order of depth, the same code, and tables about the same things."""
    texts = [_text(english), _text(chinese)]
    depths = [re.findall(r"^(#+) ", _without_code(text), re.MULTILINE) for text in texts]
    assert depths[0] == depths[1]
    assert _blocks(texts[0]) == _blocks(texts[1])
    firsts = [
        [[row[0] if index != TROUBLES else "" for row in table] for index, table in enumerate(_tables(text))] for text in texts
    ]
    spans = [[[_spans(cell) for cell in table] for table in tables] for tables in firsts]
    assert spans[0] == spans[1]


@pytest.mark.parametrize("name", READMES.values())
def test_every_key_is_in_the_table_with_its_default(name: str) -> None:
    """The table has each key of `.bots.yaml` once, no other, and the default that the code has."""
    defaults = {
        key: KINDS.env_defaults.get(key)
        or (None if field.is_required() else _shown(field.get_default(call_default_factory=True)))
        for key, field in _key_fields().items()
    }
    assert _defaults(_tables(_text(name))[KEYS]) == defaults


@pytest.mark.parametrize("name", READMES.values())
def test_every_variable_is_in_the_table_with_its_default(name: str) -> None:
    """The table has each variable once, no other, and the default that the code has."""
    fields = EnvSettings.model_fields
    assert _defaults(_tables(_text(name))[VARIABLES]) == {key: _shown(field.default) for key, field in fields.items()}


@pytest.mark.parametrize("name", READMES.values())
def test_every_choice_is_named_where_there_is_one(name: str) -> None:
    """A key or variable that takes one of a few words has all of them in its row."""
    tables = _tables(_text(name))
    rows = {_spans(key)[0]: set(_spans(meaning)) for key, _, meaning in tables[KEYS] + tables[VARIABLES]}
    choices = {key: _choices(field.annotation) for key, field in {**_key_fields(), **EnvSettings.model_fields}.items()}
    assert not {key: missing for key, words in choices.items() if (missing := words - rows[key])}


def _choices(annotation: Any) -> set[str]:
    """Return the words that a type allows, none if it is no choice of words."""
    if get_origin(annotation) is Literal:
        return set(get_args(annotation))
    return {word for part in get_args(annotation) for word in _choices(part)}


def _key_fields() -> dict[str, Any]:
    """Return the fields of every key of `.bots.yaml` that a usual bot can have; those of other kinds are on their pages."""
    return {key: field for section in USUAL for key, field in section.model_fields.items()}


def _defaults(table: list[list[str]]) -> dict[str, str | None]:
    """Return what the rows say: the default's text, "" for empty, None for required."""
    shown: dict[str, str | None] = {}
    for key_cell, default, *_ in table:
        (key,) = _spans(key_cell)
        assert key not in shown
        shown[key] = None if default in REQUIRED else "" if default in EMPTY else _spans(default)[0]
    return shown


def _shown(default: Any) -> str:
    assert default is not PydanticUndefined
    shown = "" if default is None or default in ({}, ()) else str(default)
    return shown.lower() if isinstance(default, bool) else shown


@pytest.mark.parametrize("name", READMES.values())
def test_the_smallest_example_is_a_whole_configuration(name: str) -> None:
    """Every YAML block of the README is accepted as it stands, its variables given; the first is the smallest."""
    blocks = [code for language, code in _blocks(_text(name)) if language == "yaml"]
    required = [
        key for section in (BotSection, DifySettings) for key, field in section.model_fields.items() if field.is_required()
    ]
    for block in blocks:
        variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", block), "some-value")
        settings = config.load(block, variables, KINDS)
        assert len(settings.bots) == 1
    assert sorted(re.findall(r"(\w+):", blocks[0])[1:]) == sorted(required)


@pytest.mark.parametrize("name", READMES.values())
def test_the_words_for_bots_are_all_there(name: str) -> None:
    """The table of words holds each command's names, in one row a command."""
    rows = [set(_spans(row[0])) for row in _tables(_text(name))[WORDS]]
    assert sorted(map(sorted, rows)) == sorted(map(sorted, commands._NAMES.values()))


@pytest.mark.parametrize("name", [*READMES.values(), "CONTRIBUTING.md"])
def test_every_command_that_is_shown_exists(name: str) -> None:
    """`python app.py ...` is a command line that the parser takes; `make ...` is a target."""
    text = _text(name)
    code = "\n".join([*(block for _, block in _blocks(text)), *_spans(_without_code(text))])
    targets = set(re.findall(r"^(\w+):", _text("Makefile"), re.MULTILINE))
    assert set(re.findall(r"^(?:\w+=\S+ )?make (\w+)", code, re.MULTILINE)) <= targets
    parser = app._parser()
    for line in re.findall(r"python app\.py(.*)", code):
        parser.parse_args(shlex.split(line))  # ends the test when it is none


@pytest.mark.parametrize("name", READMES.values())
def test_the_log_says_what_the_table_of_troubles_quotes(name: str) -> None:
    """Each quotation is a piece of a line in the code."""
    files = [*ROOT.glob("*.py"), *(path for folder in ("handlers", "dify", "stores") for path in (ROOT / folder).glob("*.py"))]
    code = "\n".join(path.read_text("utf-8") for path in files)
    quoted = [span for row in _tables(_text(name))[TROUBLES] for span in _spans(row[0])]
    assert quoted
    assert not [span for span in quoted if span not in code]


@pytest.mark.parametrize("name", _documents())
def test_every_link_leads_somewhere(name: str) -> None:
    """Links into the checkout name files and folders that are there."""
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", _without_code(_text(name)))
    inside = [link for link in links if not re.match(r"https?:", link)]
    assert not [link for link in inside if not (ROOT / name).parent.joinpath(link).exists()]


def test_the_first_screen_ends_in_a_page_that_answers() -> None:
    """One sentence, one picture, the two commands: before anything else, in both languages."""
    for name in READMES.values():
        screen = _text(name).partition("\n## ")[0], _blocks(_text(name))[0]
        assert screen[0].count("![") == 1
        assert re.findall(r"^make (\w+)", screen[1][1], re.MULTILINE) == ["demo", "test"]
        assert "app.py demo --say '你好'" in screen[1][1]


def test_ci_runs_what_the_readme_tells_a_newcomer() -> None:
    """The README's test command, then the checks."""
    lines = _text(".ci/run").splitlines()
    assert "make test" in lines
    assert "make check" in lines
