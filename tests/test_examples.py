"""The two example files and the code tell the same: each key and variable, each default, each placeholder."""

import itertools
import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

import config
from botsfile import PLACEHOLDERS
from dify import settings as dify_settings
from dify.settings import DifySettings
from envfile import Variables
from errors import ConfigError
from handlers.templates import CardSettings
from kinds import KINDS
from settings import BotSection, BotSettings, EnvSettings, StreamSettings

HERE = Path(__file__).resolve().parent.parent
BOTS = (HERE / ".bots.yaml.example").read_text("utf-8")
ENV = (HERE / ".env.example").read_text("utf-8")

SECTIONS: tuple[type[BaseModel], ...] = (BotSection, DifySettings, CardSettings, StreamSettings)
KEYS = {key for section in SECTIONS for key in section.model_fields}
OPTIONAL_LINE = re.compile(r"^    # (?=[a-z_]+:)", re.MULTILINE)


def filled(text: str) -> str:
    """Return the example as an admin fills it in."""
    for placeholder in PLACEHOLDERS:
        text = text.replace(placeholder, f"real-{placeholder[-6:]}")
    return text


def only_bot(text: str) -> BotSettings:
    """Return the one bot of a text."""
    (bot,) = config.load(text, {}, KINDS).bots
    return bot


def test_the_bots_example_shows_every_key_and_no_other() -> None:
    """Each key that a bot can have stands in the example, active or commented out, once."""
    shown = re.findall(r"^    (?:# )?([a-z_]+):", BOTS.partition("——— 其他 AI")[0].replace("  - ", "    "), re.MULTILINE)
    assert sorted(shown) == sorted(KEYS)


def test_the_commented_lines_of_the_bots_example_are_the_defaults() -> None:
    """Taking the comment sign from every optional line changes nothing about the bot."""
    short, long = only_bot(filled(BOTS)), only_bot(OPTIONAL_LINE.sub("    ", filled(BOTS)))
    assert long.bot == short.bot
    assert long.backend == short.backend
    assert isinstance(long.reply, CardSettings)
    assert isinstance(short.reply, CardSettings)
    assert long.reply.template == short.reply.template


def test_every_required_key_is_active_and_every_optional_one_is_not() -> None:
    """What an admin has to fill in is all that is active."""
    active = set(re.findall(r"^    ([a-z_]+):", BOTS.replace("  - ", "    "), re.MULTILINE))
    assert active == {key for section in SECTIONS for key, known in section.model_fields.items() if known.is_required()}


def test_every_key_and_variable_is_explained() -> None:
    """A comment stands above each."""
    for text in (BOTS.partition("bots:\n")[2], ENV):
        lines = text.splitlines()
        for before, line in itertools.pairwise(lines):
            if re.match(r"^ +(- |# )?[a-z_]+:|^# [A-Z_]+=", line) and not line.startswith("    #     "):
                assert before.lstrip().startswith("# "), line


@pytest.mark.parametrize("placeholder", sorted(PLACEHOLDERS))
def test_each_placeholder_left_in_place_has_a_problem_of_its_own(placeholder: str) -> None:
    """Exactly the key that still holds the placeholder is named."""
    kept = next(line for line in BOTS.splitlines() if line.endswith(placeholder))
    text = "\n".join(line if line == kept else filled(line) for line in BOTS.splitlines())
    with pytest.raises(ConfigError) as caught:
        config.load(text, {}, KINDS)
    (problem,) = caught.value.problems
    assert problem.path == f"bots[0].{kept.strip().partition(':')[0]}"
    assert "占位" in problem.what


def test_the_example_as_it_is_names_all_placeholders_at_once() -> None:
    """The untouched example has one problem for each placeholder, and no other."""
    with pytest.raises(ConfigError) as caught:
        config.load(BOTS, {}, KINDS)
    assert len(caught.value.problems) == len(PLACEHOLDERS)


def test_the_inputs_of_the_comment_can_be_used() -> None:
    """The example of dify_inputs inside the explanation is right, and the placeholders told are those that exist."""
    example = "\n".join(re.findall(r"^    #     (.*)$", BOTS, re.MULTILINE))
    text = filled(BOTS) + "\n" + "\n".join(f"    {line}" for line in example.splitlines()) + "\n"
    backend = only_bot(text).backend
    assert isinstance(backend, DifySettings)
    assert backend.dify_inputs == {"language": "中文", "user_name": "{sender_nick}"}
    told = BOTS[: BOTS.index(example.splitlines()[0])]
    assert set(re.findall(r"\{([a-z_]+)\}", told)) == set(dify_settings.PLACEHOLDERS)


@pytest.mark.parametrize("kind", sorted(KINDS.backends.keys() - {"dify"}))
def test_the_end_of_the_bots_example_shows_a_bot_of_each_other_ai(kind: str) -> None:
    """Its comment signs taken away, each is a whole bot with no more keys than it has to have, but for its secret."""
    blocks = re.findall(r"(?:^  # .*\n)+", BOTS[BOTS.index("——— 其他 AI") :] + "\n", re.MULTILINE)
    shown = [re.sub(r"^  # ", "  ", block, flags=re.MULTILINE) for block in blocks]
    (block,) = [block for block in shown if f"backend: {kind}\n" in block]
    variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", block), "some-value")
    lines = block[block.index("  - name") :]
    (bot,) = config.load(f"bots:\n{filled(lines)}", variables, KINDS).bots
    assert isinstance(bot.backend, KINDS.backends[kind])


def test_the_env_example_shows_every_variable_with_its_default_and_no_other() -> None:
    """Each variable stands there commented out, once, with the value that counts without it."""
    shown = dict(re.findall(r"^# ([A-Z_]+)=(.*)$", ENV, re.MULTILINE))
    assert shown == {name: str(known.default) for name, known in EnvSettings.model_fields.items()}


def test_the_env_example_sets_nothing_and_can_be_used_either_way() -> None:
    """As it is and with every comment sign taken away, it makes the default settings."""
    active = re.sub(r"^# (?=[A-Z_]+=)", "", ENV, flags=re.MULTILINE)
    assert len(Variables({}, ENV)) == 0
    assert len(Variables({}, active)) > 0
    assert config.load_env(Variables({}, active)) == EnvSettings()


def test_choices_that_the_examples_tell_exist() -> None:
    """Each choice of a key stands in the lines above it."""
    for section in SECTIONS:
        for key, known in section.model_fields.items():
            above = BOTS[: BOTS.index(f" {key}:")].rpartition("\n\n")[2] if f"# {key}:" in BOTS else BOTS
            for choice in get_args(known.annotation):
                if isinstance(choice, str):
                    assert choice in above, (key, choice)
    for key, field in EnvSettings.model_fields.items():
        for choice in get_args(field.annotation):
            assert str(choice) in ENV, key
