"""Each kind of AI, of reply and of door has a page that is true: its keys and their defaults, its examples, both languages."""

import re
from typing import Any

import pytest
from pydantic import BaseModel

import config
import errors
from handlers.templates import CardSettings, MessageSettings
from handlers.troubles import FOR_ADMINS
from kinds import KINDS
from settings import BotSection, EnvSettings, WebhookSettings
from tests.documents import blocks_of, choices_of, defaults_in, shown_as, spans_in, tables_of, text_of

# The sections whose keys the tables of a page tell, in their order; a page is written in both languages.
PAGES: dict[str, tuple[type[BaseModel], ...]] = {
    **{f"docs/ai-{kind}": (section,) for kind, section in KINDS.backends.items() if kind != "echo"},
    "docs/ai-echo": (),
    "docs/replies": (CardSettings, MessageSettings),
    "docs/webhook": (WebhookSettings,),
}
NAMES = [f"{page}{ending}" for page in PAGES for ending in (".md", ".zh-CN.md")]


def _page(name: str) -> tuple[type[BaseModel], ...]:
    return PAGES[name.removesuffix(".md").removesuffix(".zh-CN")]


def _key_table(name: str, section: type[BaseModel]) -> list[list[str]]:
    """Return the one table of a page whose first column holds each key of this section, perhaps with keys of all bots."""
    known = section.model_fields.keys() | BotSection.model_fields.keys() | EnvSettings.model_fields.keys()
    found = [
        table
        for table in tables_of(text_of(name))
        if section.model_fields.keys() <= {spans_in(row[0])[0] for row in table if len(spans_in(row[0])) == 1} <= known
    ]
    assert len(found) == 1, (name, section.__name__, len(found))
    return found[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_tells_every_key_of_its_kind_with_its_default(name: str) -> None:
    """Each key once, no other; and each word of those that take one of a few."""
    for section in _page(name):
        table = _key_table(name, section)
        fields: dict[str, Any] = {**BotSection.model_fields, **EnvSettings.model_fields, **section.model_fields}
        told = defaults_in(table)
        assert section.model_fields.keys() <= told.keys()
        assert told == {
            key: KINDS.env_defaults.get(key)
            or (None if fields[key].is_required() else _default(fields[key].get_default(call_default_factory=True)))
            for key in told
        }
        rows = {spans_in(key)[0]: set(spans_in(meaning)) for key, _, meaning in table}
        choices = {key: choices_of(fields[key].annotation) for key in told}
        assert not {key: missing for key, words in choices.items() if (missing := words - rows[key])}


def _default(value: object) -> str:
    """Return a default as a table shows it: as it is written in YAML, a secret that is empty as nothing."""
    secret = getattr(value, "get_secret_value", None)
    return shown_as(secret() if secret else value)


@pytest.mark.parametrize("name", [*NAMES, "docs/push.md", "docs/push.zh-CN.md"])
def test_every_yaml_block_of_a_page_can_be_used_as_it_stands(name: str) -> None:
    """Its variables given; a page of an AI has one at least, of that AI."""
    blocks = [code for language, code in blocks_of(text_of(name)) if language == "yaml" and "bots:" in code]
    assert blocks or name.startswith(("docs/replies",))
    for block in blocks:
        variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", block), "some-value-of-16-chars")
        bots = config.load(block, variables, KINDS).bots
        kind = re.match(r"docs/ai-(\w+)", name)
        assert not kind or {bot.bot.backend for bot in bots} == {kind[1]}


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("docs/ai-")])
def test_a_page_of_an_ai_tells_each_error_that_has_a_fix_of_its_own(name: str) -> None:
    """And no error that there is not."""
    kind = re.match(r"docs/ai-(\w+)", name)
    assert kind
    firsts = [span for table in tables_of(text_of(name)) for row in table for span in spans_in(row[0])]
    told = {span for span in firsts if re.fullmatch(r"(?:[A-Z][a-z]+){2,}", span)}
    assert all(issubclass(getattr(errors, error), errors.BackendError) for error in told)
    assert {fix.partition(".")[2] for fix in FOR_ADMINS if fix.startswith(f"{kind[1]}.")} <= told


def test_every_kind_has_its_page() -> None:
    """Whoever adds one finds this test."""
    assert {f"docs/ai-{kind}" for kind in KINDS.backends} <= PAGES.keys()
    assert {section for page in PAGES.values() for section in page} >= {
        *KINDS.backends.values(),
        *KINDS.handlers.values(),
        KINDS.receivers["webhook"],
    } - {KINDS.backends["echo"]}
    assert "push_token" in BotSection.model_fields
