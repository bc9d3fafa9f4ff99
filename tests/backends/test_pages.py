"""The pages about the kinds of AI tell the truth: each key with its default, each example loads, each error exists."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

import config
import errors
from backends.codebuddy.settings import CodeBuddySettings
from backends.echo import EchoSettings
from backends.openai.settings import OpenAiSettings
from handlers.troubles import FOR_ADMINS
from kinds import KINDS

DOCS = Path(__file__).resolve().parents[2] / "docs"
SECTIONS: dict[str, type[BaseModel]] = {"openai": OpenAiSettings, "codebuddy": CodeBuddySettings, "echo": EchoSettings}
PAGES = [f"ai-{kind}{ending}" for kind in SECTIONS for ending in (".md", ".zh-CN.md")]
WORDS = {"required": "required", "必填": "required", "empty": "", "空": ""}


def text(page: str) -> str:
    """Return a page."""
    return (DOCS / page).read_text("utf-8")


def kind_of(page: str) -> str:
    """Return the kind that a page is about."""
    return page.removeprefix("ai-").partition(".")[0]


def rows(page: str) -> dict[str, str]:
    """Return the first two cells of each row that begins with something in code."""
    found = re.findall(r"^\| `(\w+)` \| (.+?) \| ", text(page), re.MULTILINE)
    return {first: WORDS.get(second, second.strip("`")) for first, second in found}


def default(field: FieldInfo) -> str:
    """Return a default as the table shows it."""
    value = field.get_default(call_default_factory=True)
    if field.is_required():
        return "required"
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return "" if value in (None, "", {}) else f"{value:g}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize("page", PAGES)
def test_each_key_is_told_with_its_default(page: str) -> None:
    """And no other."""
    fields = SECTIONS[kind_of(page)].model_fields
    told = {key: value for key, value in rows(page).items() if key[0].islower()}
    assert told == {key: default(field) for key, field in fields.items()}


@pytest.mark.parametrize("page", PAGES)
def test_each_error_that_is_told_exists_and_has_a_fix(page: str) -> None:
    """And each fix is told of."""
    kind = kind_of(page)
    told = {name for name in rows(page) if name[0].isupper()}
    assert all(issubclass(getattr(errors, name), errors.BackendError) for name in told)
    assert {name.partition(".")[2] for name in FOR_ADMINS if name.startswith(f"{kind}.")} <= told


@pytest.mark.parametrize("page", PAGES)
def test_each_example_is_a_whole_configuration(page: str) -> None:
    """With the variables that it names."""
    examples = re.findall(r"^```yaml\n(.*?)^```$", text(page), re.DOTALL | re.MULTILINE)
    assert examples
    for example in examples:
        variables = {name: f"value-of-{name}" for name in re.findall(r"\$\{(\w+)\}", example)}
        (bot,) = config.load(example, variables, KINDS).bots
        assert type(bot.backend) is SECTIONS[kind_of(page)]


@pytest.mark.parametrize("kind", SECTIONS)
def test_both_languages_tell_the_same(kind: str) -> None:
    """The same headings by depth, the same code, the same rows."""
    english, chinese = text(f"ai-{kind}.md"), text(f"ai-{kind}.zh-CN.md")
    for pattern in (r"^(#+) ", r"^```(?s:.*?)^```$", r"^\| `(\w+)` "):
        assert re.findall(pattern, english, re.MULTILINE) == re.findall(pattern, chinese, re.MULTILINE)
