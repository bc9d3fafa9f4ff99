"""The documents tell the truth: their tables against the code, their examples run through it, both languages alike."""

import re
import shlex
from typing import Any

import pytest

import app
import config
from dify.settings import DifySettings
from handlers import commands
from handlers.templates import CardSettings
from kinds import KINDS
from settings import BotSection, EnvSettings, StreamSettings
from tests.documents import ROOT, blocks_of, choices_of, defaults_in, shown_as, spans_in, tables_of, text_of, without_code

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

# The order of the tables in both READMEs.
KEYS, VARIABLES, COMMANDS, WORDS, TROUBLES = range(5)


def _documents() -> list[str]:
    folders = [ROOT, ROOT / "docs", ROOT / "docs" / "adr"]
    return [str(path.relative_to(ROOT)) for folder in folders for path in sorted(folder.glob("*.md"))]


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_both_languages_have_the_same_shape(english: str, chinese: str) -> None:
    """The same headings in the same order of depth, the same code, and tables about the same things."""
    texts = [text_of(english), text_of(chinese)]
    depths = [re.findall(r"^(#+) ", without_code(text), re.MULTILINE) for text in texts]
    assert depths[0] == depths[1]
    assert blocks_of(texts[0]) == blocks_of(texts[1])
    firsts = [
        [[row[0] if index != TROUBLES else "" for row in table] for index, table in enumerate(tables_of(text))]
        for text in texts
    ]
    spans = [[[spans_in(cell) for cell in table] for table in tables] for tables in firsts]
    assert spans[0] == spans[1]


@pytest.mark.parametrize("name", READMES.values())
def test_every_key_is_in_the_table_with_its_default(name: str) -> None:
    """The table has each key of `.bots.yaml` once, no other, and the default that the code has."""
    defaults = {
        key: KINDS.env_defaults.get(key)
        or (None if field.is_required() else shown_as(field.get_default(call_default_factory=True)))
        for key, field in _key_fields().items()
    }
    assert defaults_in(tables_of(text_of(name))[KEYS]) == defaults


@pytest.mark.parametrize("name", READMES.values())
def test_every_variable_is_in_the_table_with_its_default(name: str) -> None:
    """The table has each variable once, no other, and the default that the code has."""
    fields = EnvSettings.model_fields
    assert defaults_in(tables_of(text_of(name))[VARIABLES]) == {key: shown_as(field.default) for key, field in fields.items()}


@pytest.mark.parametrize("name", READMES.values())
def test_every_choice_is_named_where_there_is_one(name: str) -> None:
    """A key or variable that takes one of a few words has all of them in its row."""
    tables = tables_of(text_of(name))
    rows = {spans_in(key)[0]: set(spans_in(meaning)) for key, _, meaning in tables[KEYS] + tables[VARIABLES]}
    choices = {key: choices_of(field.annotation) for key, field in {**_key_fields(), **EnvSettings.model_fields}.items()}
    assert not {key: missing for key, words in choices.items() if (missing := words - rows[key])}


def _key_fields() -> dict[str, Any]:
    """Return the fields of every key of `.bots.yaml` that a usual bot can have; those of other kinds are on their pages."""
    return {key: field for section in USUAL for key, field in section.model_fields.items()}


@pytest.mark.parametrize("name", READMES.values())
def test_the_smallest_example_is_a_whole_configuration(name: str) -> None:
    """Every YAML block of the README is accepted as it stands, its variables given; the first is the smallest."""
    blocks = [code for language, code in blocks_of(text_of(name)) if language == "yaml"]
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
    rows = [set(spans_in(row[0])) for row in tables_of(text_of(name))[WORDS]]
    assert sorted(map(sorted, rows)) == sorted(map(sorted, commands._NAMES.values()))


@pytest.mark.parametrize("name", [*READMES.values(), "CONTRIBUTING.md"])
def test_every_command_that_is_shown_exists(name: str) -> None:
    """`python app.py ...` is a command line that the parser takes; `make ...` is a target."""
    text = text_of(name)
    code = "\n".join([*(block for _, block in blocks_of(text)), *spans_in(without_code(text))])
    targets = set(re.findall(r"^(\w+):", text_of("Makefile"), re.MULTILINE))
    assert set(re.findall(r"^(?:\w+=\S+ )?make (\w+)", code, re.MULTILINE)) <= targets
    parser = app._parser()
    for line in re.findall(r"python app\.py(.*)", code):
        parser.parse_args(shlex.split(line))  # ends the test when it is none


@pytest.mark.parametrize("name", READMES.values())
def test_the_log_says_what_the_table_of_troubles_quotes(name: str) -> None:
    """Each quotation is a piece of a line in the code."""
    files = [*ROOT.glob("*.py"), *(path for folder in ("handlers", "dify", "stores") for path in (ROOT / folder).glob("*.py"))]
    code = "\n".join(path.read_text("utf-8") for path in files)
    quoted = [span for row in tables_of(text_of(name))[TROUBLES] for span in spans_in(row[0])]
    assert quoted
    assert not [span for span in quoted if span not in code]


@pytest.mark.parametrize("name", _documents())
def test_every_link_leads_somewhere(name: str) -> None:
    """Links into the checkout name files and folders that are there."""
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", without_code(text_of(name)))
    inside = [link for link in links if not re.match(r"https?:", link)]
    assert not [link for link in inside if not (ROOT / name).parent.joinpath(link).exists()]


def test_the_first_screen_ends_in_a_page_that_answers() -> None:
    """One sentence, one picture, the two commands: before anything else, in both languages."""
    for name in READMES.values():
        screen = text_of(name).partition("\n## ")[0], blocks_of(text_of(name))[0]
        assert screen[0].count("![") == 1
        assert re.findall(r"^make (\w+)", screen[1][1], re.MULTILINE) == ["demo", "test"]
        assert "app.py demo --say '你好'" in screen[1][1]


def test_ci_runs_what_the_readme_tells_a_newcomer() -> None:
    """The README's test command, then the checks."""
    lines = text_of(".ci/run").splitlines()
    assert "make test" in lines
    assert "make check" in lines
