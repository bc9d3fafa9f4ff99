"""Whatever stands in a `.bots.yaml`, it makes settings or problems: each with its place, and none with a secret."""

import contextlib
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import app
import config
from errors import ConfigError, Problem
from kinds import KINDS
from settings import Settings
from tests.properties.strategies import JSON, SCALARS, TEXTS, spoilt

# As long as the real ones are, and as unlike a key of ours.
SECRETS = ("Qx7" + "sEcReT_-" * 7 + "9bK2f", "app-ThisIsDifysSecretKey00")
VARIABLES = {"BOT_LANGUAGE": "en", "KEY": SECRETS[1], "EMPTY": " "}
_BOT = {
    "name": "客服",
    "dingtalk_app_client_id": "ding1",
    "dingtalk_app_client_secret": SECRETS[0],
    "handler": "AiCardBotHandler",
    "max_workers": 2,
    "max_concurrency": 500,
    "session_scope": "user",
    "language": "zh",
    "admins": ["manager01", "0123"],
    "allow_groups": ["cid=="],
    "user_questions_per_minute": 5,
    "dify_app_type": "workflow",
    "dify_app_api_key": SECRETS[1],
    "dify_api_url": "https://dify.example/v1",
    "dify_inputs": {"language": "中文", "asker": "{sender_nick}", "list": [1, 2.5, True, None]},
    "card_template_id": "x.schema",
    "card_pace": "thrifty",
    "card_max_updates": 5,
}
_BOTS = {"bots": [_BOT, {**_BOT, "name": "销售", "dingtalk_app_client_id": "ding2", "dify_app_api_key": "${KEY}"}]}
TEXT = f"""\
# the team's bots
bots:
  - &first
    name: 客服
    dingtalk_app_client_id: ding1
    dingtalk_app_client_secret: {SECRETS[0]}
    dify_app_type: chatbot
    dify_app_api_key: "${{KEY}}"
    dify_inputs: {{language: 中文, asker: "{{sender_nick}}", at: 12:30, since: 2024-01-01}}
  - <<: *first
    name: 销售
    dingtalk_app_client_id: ding2
    dify_app_api_key: {SECRETS[1]}
    admins: [manager01, 0123]
"""
_SNIPPETS = (
    *(
        "&a ",
        "*a",
        "*first",
        "<<: *first\n",
        "<<: [*first, *first]\n",
        "<<: x\n",
        "? ",
        "? [a]\n: b\n",
        ": ",
        ":",
        "：",
        "- ",
        "-",
    ),
    *("!x ", "!!binary aGk=", "!!set {a, b}", "!!null x", "!!python/object:os.system ", "!!timestamp 2024", "!!float .inf"),
    *("---\n", "...\n", "%YAML 9.9\n---\n", "|\n", ">-\n", "#", " #", "'", '"', "`", "@", "%", "{", "}", "[", "]"),
    *("=", "~", "null", "yes", "1e999", ".nan", '"\\UFFFFFFFF"', '"\\ud83d"', '"\\x"'),
    *("${", "${KEY}", "${NOT_SET}", "${EMPTY}", "{sender_nick}", "bots:\n", "bots: []\n", "name: 客服\n", "name: ${KEY}x\n"),
    *("\n", "\r", "\n\n", " ", "      ", "\t", "\u3000", "\u00a0", "\x85", "\u2028", "\ufeff", "\x00", "\x07", "\ud83d"),
    *("[" * 1_000, "{a: " * 1_000, "- " * 500, "9" * 5_000, "字" * 500),
)


def verdict(text: str, variables: Mapping[str, str] = VARIABLES) -> Settings | None:
    """Return the settings, or None where problems are told; any other error is a crash."""
    settings, problems = load(text, variables)
    lines = len(re.split("\r\n|[\n\r\x85\u2028\u2029]", text))  # as YAML has it
    for problem in problems:
        place = re.fullmatch(r"bots\.yaml line (\d+)|the environment's variable", problem.where)
        assert place, problem
        assert place[1] is None or 1 <= int(place[1]) <= lines, problem
    assert bool(settings and settings.bots) is not bool(problems)
    return settings


def load(text: str, variables: Mapping[str, str] = VARIABLES) -> tuple[Settings | None, tuple[Problem, ...]]:
    """Return the settings or the problems."""
    try:
        return config.load(text, variables, KINDS, file="bots.yaml"), ()
    except ConfigError as error:
        refused = error
    check_problems(refused)
    return None, refused.problems


def check_problems(refused: ConfigError) -> None:
    """There are some; each can be printed, none is without a sentence, none holds a secret."""
    assert refused.problems
    assert all(problem.what for problem in refused.problems)
    str(refused).encode()
    check_hidden(f"{refused} {refused!r} {refused.problems!r}")
    assert refused.__cause__ is None


def check_hidden(told: str) -> None:
    """No secret stands in what an admin, or a log, is told."""
    assert not [secret for secret in SECRETS if secret in told]


@st.composite
def edited(draw: DrawFn, text: str = TEXT, most: int = 3) -> str:
    """Return the text after up to `most` slips of the hand: something deleted, put in, or put in the place of a line."""
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, len(text)))
        snippet = draw(st.sampled_from(_SNIPPETS) | st.text(max_size=3))
        match draw(st.sampled_from(["delete", "insert", "line", "again"])):
            case "delete":
                text = text[:at] + text[at + draw(st.integers(1, 30)) :]
            case "insert":
                text = text[:at] + snippet + text[at:]
            case "line":
                lines = text.split("\n")
                lines[at % len(lines)] = snippet
                text = "\n".join(lines)
            case _:
                text = text[:at] + text[max(0, at - draw(st.integers(1, 200))) :]
    return text


def test_what_is_spoilt_here_is_right_at_first() -> None:
    """Or the other properties would say nothing."""
    for text in (TEXT, json.dumps(_BOTS)):
        settings = verdict(text)
        assert settings
        check_hidden(f"{settings!r} {[str(bot.backend) for bot in settings.bots]}")


@given(st.text() | st.lists(st.sampled_from(_SNIPPETS), max_size=12).map("".join))
def test_any_text_makes_settings_or_problems(text: str) -> None:
    """No text breaks the reader, though most break the YAML."""
    verdict(text)


@given(edited())
def test_a_slip_of_the_hand_makes_settings_or_problems(text: str) -> None:
    """A line lost or doubled, a tag, an anchor, a merge, a tab, a wide colon: it is told where, and no secret with it."""
    verdict(text)


@given(spoilt(_BOTS) | st.builds(lambda bots: {"bots": bots}, JSON))
def test_any_structure_makes_settings_or_problems(content: Any) -> None:
    """Keys gone, of other types, huge, too deep."""
    verdict(json.dumps(content, ensure_ascii=True))


@pytest.mark.parametrize("secret", SECRETS, ids=["client secret", "key"])
@pytest.mark.parametrize("line", ["{}:", "{}: x", "? {}", "{{{}}}", "- {}", "name {}: x", "bots: {}", "&{} x", "*{}", "!{} x"])
def test_a_secret_in_the_wrong_place_is_not_shown(line: str, secret: str) -> None:
    """It may slip into a key's place, an anchor's or a tag's: the line is told, not what stands there."""
    for indent in ("", "  ", "    "):
        assert verdict(f"{TEXT}{indent}{line.format(secret)}\n") is None


@given(st.sampled_from(sorted(_BOT)), JSON | SCALARS.map(str))
def test_an_odd_value_is_told_at_its_key(key: str, value: object) -> None:
    """One value is wrong, so each problem is at that key's path, or it is one of the file's characters."""
    _, problems = load(json.dumps({"bots": [{**_BOT, key: value}]}))
    at_the_key = [problem.path.startswith((f"bots[0].{key}", "bots[0].card_")) for problem in problems]
    assert all(at_the_key) or [problem.path for problem in problems] == [""]


@given(st.dictionaries(st.sampled_from(["KEY", "BOT_LANGUAGE", "DIFY_OPEN_API_URL", "DEFAULT_MAX_WORKERS"]), TEXTS))
def test_any_variable_makes_settings_or_problems(variables: dict[str, str]) -> None:
    """A variable may hold anything, also where it stands in for a key."""
    verdict(TEXT, {**variables, "BOT_LANGUAGE": "en"})


@pytest.mark.parametrize("language", ["zh", "en"])
@given(st.binary(max_size=300) | edited().map(lambda text: text.encode("utf-8", "replace")), st.binary(max_size=60))
def test_the_command_line_never_crashes_over_a_file(
    tmp_path_factory: pytest.TempPathFactory, language: str, bots: bytes, env: bytes
) -> None:
    """`app.py check` ends with "fine" or a list of problems, whatever bytes the files are made of."""
    folder = tmp_path_factory.getbasetemp()
    (folder / "bots.yaml").write_bytes(bots)
    (folder / "env").write_bytes(f"BOT_LANGUAGE={language}\nKEY={SECRETS[1]}\n".encode() + env)
    code, told = _checked(folder)
    assert code in {app.OK, app.BAD_CONFIG}, told
    check_hidden(told)
    assert told.strip()


def _checked(folder: Path) -> tuple[int, str]:
    """Return the exit code of `app.py check` and what it wrote."""
    written = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with contextlib.redirect_stdout(written), contextlib.redirect_stderr(written):
        code = app.main(["--bots", str(folder / "bots.yaml"), "--env", str(folder / "env"), "check"])
    written.seek(0)
    return code, written.read()
