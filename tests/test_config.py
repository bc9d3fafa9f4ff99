"""What an admin can get wrong in .bots.yaml and .env: each is told in a sentence, with its place, and never with a secret."""

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import config
import problem_sentences
from dify.settings import DifySettings
from errors import ConfigError, Problem
from kinds import KINDS
from settings import BotSettings, Settings, StreamSettings

SECRET = "S3CR3T-do-not-show"
RIGHT = {
    "name": "客服",
    "dingtalk_app_client_id": "ding1",
    "dingtalk_app_client_secret": SECRET,
    "dify_app_type": "chatbot",
    "dify_app_api_key": f"app-{SECRET}",
}


def bot(**keys: str | None) -> str:
    """Return the text of a bot: the right keys, some of them changed, added, or left out (None)."""
    lines = [f"{key}: {value}" for key, value in {**RIGHT, **keys}.items() if value is not None]
    return "  - " + "\n    ".join(lines) + "\n"


def bots(*entries: str) -> str:
    """Return the text of a `.bots.yaml`."""
    return "bots:\n" + "".join(entries)


def load(text: str, variables: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a text."""
    return config.load(text, {} if variables is None else variables, KINDS)


def refused(text: str, variables: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    """Return the problems of a text, in which no secret stands."""
    with pytest.raises(ConfigError) as caught:
        load(text, variables)
    assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.problems!r}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.problems


def only(text: str, variables: Mapping[str, str] | None = None) -> Problem:
    """Return the one problem of a text."""
    found = refused(text, variables)
    assert len(found) == 1, found
    return found[0]


def one(text: str, variables: Mapping[str, str] | None = None) -> BotSettings:
    """Return the one bot of a text."""
    (settings,) = load(text, variables).bots
    return settings


def listeners(settings: BotSettings) -> int:
    """Return how many Stream connections a bot has."""
    assert isinstance(settings.receive, StreamSettings)
    return settings.receive.max_workers


WRONG_KEYS = [
    # key, what stands there, path inside the bot, a part of the sentence, the line to write
    ("name", "[a, b]", "name", "应为一段文字", "name: 客服"),
    ("name", "{a: b}", "name", "应为一段文字", "name: 客服"),
    ("name", "", "name", "不能为空", "name: 客服"),
    ("name", "'  '", "name", "不能为空", "name: 客服"),
    ("dingtalk_app_client_id", "null", "dingtalk_app_client_id", "不能为空", "dingtalk_app_client_id: ding…"),
    ("dingtalk_app_client_id", "~", "dingtalk_app_client_id", "不能为空", "dingtalk_app_client_id: ding…"),
    ("dingtalk_app_client_id", "ding…", "dingtalk_app_client_id", "占位", "dingtalk_app_client_id: ding…"),
    ("dingtalk_app_client_id", None, "dingtalk_app_client_id", "缺少", "dingtalk_app_client_id: ding…"),
    ("dingtalk_app_client_secret", f"[{SECRET}]", "dingtalk_app_client_secret", "文字", "dingtalk_app_client_secret: …"),
    ("dingtalk_app_client_secret", f"{{a: {SECRET}}}", "dingtalk_app_client_secret", "文字", "dingtalk_app_client_secret: …"),
    ("dingtalk_app_client_secret", f"#{SECRET}", "dingtalk_app_client_secret", "# ", "dingtalk_app_client_secret: …"),
    ("dify_app_api_key", None, "dify_app_api_key", "缺少", "dify_app_api_key: app-…"),
    ("dify_app_type", SECRET, "dify_app_type", "chatbot | completion | workflow", "dify_app_type: chatbot"),
    ("dify_app_type", "[chatbot]", "dify_app_type", "chatbot | completion", "dify_app_type: chatbot"),
    ("dify_app_type", "agent", "dify_app_type", "都算 chatbot", "dify_app_type: chatbot"),
    ("dify_app_type", "Chatflow", "dify_app_type", "都算 chatbot", "dify_app_type: chatbot"),
    ("dify_app_type", "advanced-chat", "dify_app_type", "都算 chatbot", "dify_app_type: chatbot"),
    ("handler", SECRET, "handler", "DifyAiCardBotHandler", "handler: DifyAiCardBotHandler"),
    ("handler", "[x]", "handler", "DifyAiCardBotHandler", "handler: DifyAiCardBotHandler"),
    ("max_workers", SECRET, "max_workers", "整数", "max_workers: 2"),
    ("max_workers", "yes", "max_workers", "整数", "max_workers: 2"),
    ("max_workers", "1.5", "max_workers", "整数", "max_workers: 2"),
    ("max_workers", "二", "max_workers", "整数", "max_workers: 2"),
    ("max_workers", "[2]", "max_workers", "整数", "max_workers: 2"),
    ("max_workers", "0", "max_workers", "不能小于 1", "max_workers: 2"),
    ("max_workers", "51", "max_workers", "不能大于 50", "max_workers: 2"),
    ("max_workers", "9" * 5_000, "max_workers", "整数", "max_workers: 2"),
    ("max_concurrency", "-1", "max_concurrency", "不能小于 1", "max_concurrency: 500"),
    ("session_scope", SECRET, "session_scope", "user_in_chat | user | chat", "session_scope: user_in_chat"),
    ("language", "fr", "language", "zh | en", "language: zh"),
    ("card_flow", SECRET, "card_flow", "streaming | flow_status", "card_flow: …"),
    ("card_pace", "fast", "card_pace", "smooth | balanced | thrifty", "card_pace: balanced"),
    ("card_max_updates", "-1", "card_max_updates", "不能小于 0", "card_max_updates: …"),
    ("card_max_updates", "viele", "card_max_updates", "整数", "card_max_updates: …"),
    ("card_template_id", "[x]", "card_template_id", "应为一段文字", "card_template_id: …"),
    ("dify_api_url", SECRET, "dify_api_url", "http://", "dify_api_url: https://api.dify.ai/v1"),
    ("dify_api_url", "ftp://x", "dify_api_url", "http://", "dify_api_url: https://api.dify.ai/v1"),
    ("dify_api_url", "http://", "dify_api_url", "http://", "dify_api_url: https://api.dify.ai/v1"),
    ("dify_api_url", "http://a b/v1", "dify_api_url", "http://", "dify_api_url: https://api.dify.ai/v1"),
    ("dify_api_url", "http://a:99999/v1", "dify_api_url", "http://", "dify_api_url: https://api.dify.ai/v1"),
    ("dify_api_url", "'http://[::1/v1'", "dify_api_url", "http://", "dify_api_url: https://api.dify.ai/v1"),
    ("dify_api_url", f"http://u:{SECRET}@a/v1", "dify_api_url", "密码", "dify_api_url: https://api.dify.ai/v1"),
    ("dify_inputs", SECRET, "dify_inputs", "键: 值", "dify_inputs: {language: 中文}"),
    ("dify_inputs", "[a]", "dify_inputs", "键: 值", "dify_inputs: {language: 中文}"),
    ("dify_inputs", '{a: "{sender_nic}"}', "dify_inputs.a", "{sender_nick}", 'a: "{sender_nick}"'),
    ("dify_inputs", '{a: "{Sender_Nick}"}', "dify_inputs.a", "{sender_nick}", 'a: "{sender_nick}"'),
    ("dify_inputs", '{a: "{ sender_nick }"}', "dify_inputs.a", "{sender_nick}", 'a: "{sender_nick}"'),
    ("dify_inputs", "{a: {sender_nick}}", "dify_inputs.a", "引号", 'a: "{sender_nick}"'),
    ("dify_inputs", "{a: '${NOT_SET}'}", "dify_inputs.a", "NOT_SET 没有设置", "NOT_SET=…  (.env)"),
    ("dify_inputs", "{a: ['${NOT_SET}']}", "dify_inputs.a[0]", "NOT_SET 没有设置", "NOT_SET=…  (.env)"),
    ("max_workers", "${NOT_SET}", "max_workers", "NOT_SET 没有设置", "NOT_SET=…  (.env)"),
    ("dify_app_api_key", "x${EMPTY}y", "dify_app_api_key", "EMPTY 没有设置", "EMPTY=…  (.env)"),
    ("dify_app_api_key", "${NOT-A-NAME:-x}", "dify_app_api_key", "${变量名}", "dify_app_api_key: ${NAME}"),
    ("max_worker", SECRET, "max_worker", "是不是 max_workers", "max_workers: …"),
    ("DIFY_APP_TYP", SECRET, "DIFY_APP_TYP", "没有这个配置项", ""),
    ("zzz", SECRET, "zzz", "没有这个配置项。请删除", ""),
]


@pytest.mark.parametrize(("key", "value", "path", "said", "fix"), WRONG_KEYS)
def test_a_wrong_key_is_told_with_its_place_and_the_line_to_write(
    key: str, value: str | None, path: str, said: str, fix: str
) -> None:
    """One wrong thing makes one problem: file and line, YAML path, a sentence, and a right line."""
    text = bots(bot(**{key: value}))
    problem = only(text, {"EMPTY": " "})
    line = next((n for n, line in enumerate(text.splitlines(), 1) if line.strip(" -").startswith(f"{key}:")), 2)
    assert (problem.where, problem.path, problem.fix) == (f".bots.yaml 第 {line} 行", f"bots[0].{path}", fix)
    assert said in problem.what
    english = only(text, {"BOT_LANGUAGE": "EN"})
    assert (english.where, english.path, english.fix) == (f".bots.yaml line {line}", problem.path, fix)
    assert english.what.isascii() or "{" in english.what


LISTS = [
    ("", "bots", "没有机器人"),
    ("# nothing\n", "bots", "没有机器人"),
    ("bots:\n", "bots", "没有机器人"),
    ("bots: []\n", "bots", "没有机器人"),
    ("bots: {}\n", "bots", "没有机器人"),
    ("{}\n", "bots", "没有机器人"),
    ("bots: 客服\n", "bots", "以“- ”开头"),
    ("bots:\n  name: 客服\n  dify_app_type: chatbot\n", "bots", "以“- ”开头"),
    (textwrap.dedent(bot()), "", "bots:"),
    ("bots:\n  - 客服\n", "bots[0]", "键: 值"),
    ("bots:\n  -\n", "bots[0]", "键: 值"),
    ("bots:\n  - [a]\n", "bots[0]", "键: 值"),
]


@pytest.mark.parametrize(("text", "path", "said"), LISTS)
def test_what_is_no_list_of_bots_is_told(text: str, path: str, said: str) -> None:
    """An empty list, none, a mapping or a list without its name: one problem each, with a way out."""
    problem = only(text)
    assert problem.path == path
    assert said in problem.what
    assert problem.fix


def test_a_misspelt_bots_is_told_with_what_is_meant() -> None:
    """`bot:` for `bots:` is told as such."""
    assert {(p.path, p.fix) for p in refused(bots(bot()).replace("bots:", "bot:"))} >= {("bot", "bots: …")}


def test_all_problems_come_at_once_from_top_to_bottom() -> None:
    """Three bots and the variables wrong in many ways: each is told, the file's in the order of its lines."""
    text = bots(bot(max_workers="x", colour="red"), bot(name="二", dify_app_type=None), bot(name="三", language="fr"))
    found = refused(text, {"LOG_LEVEL": "loud", "DRAIN_SECONDS": "soon"})
    assert [problem.path for problem in found] == [
        "LOG_LEVEL",
        "DRAIN_SECONDS",
        "bots[0].max_workers",
        "bots[0].colour",
        "bots[1].dify_app_type",
        "bots[1].dingtalk_app_client_id",
        "bots[2].dingtalk_app_client_id",
        "bots[2].language",
    ]


@pytest.mark.parametrize("written", ["ding1", "'ding1'", "${ID}", "ding${ONE}", "' ding1 '"])
def test_a_repeated_name_and_client_id_are_told_and_quoted(written: str) -> None:
    """However the second one is written, both are told; neither is a secret."""
    found = refused(bots(bot(), bot(dingtalk_app_client_id=written)), {"ID": "ding1", "ONE": "1"})
    assert [problem.path for problem in found] == ["bots[1].name", "bots[1].dingtalk_app_client_id"]
    assert "客服" in found[0].what
    assert "ding1" in found[1].what
    assert all("第 1 个机器人" in problem.what for problem in found)


def test_a_key_written_twice_is_told() -> None:
    """YAML would take the last one without a word."""
    problem = only(bots(bot() + "    name: 另一个\n"))
    assert (problem.where, problem.path) == (".bots.yaml 第 7 行", "bots[0].name")
    assert "两次" in problem.what


@pytest.mark.parametrize("key", ["dingtalk_app_client_secret", "dify_app_api_key"])
@pytest.mark.parametrize("colon", [":", "："])
def test_a_value_that_slipped_into_its_key_is_not_shown(key: str, colon: str) -> None:
    """Without the space (or with a full-width colon) the secret is a part of the key: it stays out of the problem."""
    keys = ", ".join(f"{name}: {value}" for name, value in RIGHT.items() if name != key)
    found = refused(f"bots:\n  - {{{keys}, {key}{colon}{SECRET}}}\n")
    assert any("冒号" in problem.what for problem in found)


@pytest.mark.parametrize("written", ["0123", "1e5", "yes", "off", "12:30", "0x1F", "1_000", "2024-01-01", "'null'", "="])
def test_ids_and_secrets_come_through_as_they_are_written(written: str) -> None:
    """What YAML 1.1 takes for a number, a date or a truth is an id here."""
    settings = one(bots(bot(name=written, dingtalk_app_client_id=written, dingtalk_app_client_secret=written)))
    expected = written.strip("'")
    assert settings.bot.name == settings.bot.dingtalk_app_client_id == expected
    assert settings.bot.dingtalk_app_client_secret.get_secret_value() == expected


def test_variables_are_put_in_everywhere() -> None:
    """`${NAME}` may be a whole value or a part of it, also below dify_inputs and where a number is meant."""
    text = bots(
        bot(
            name="客服${SUFFIX}",
            dingtalk_app_client_secret="${KEY}",
            max_workers="${N}",
            dify_inputs='{a: "${SUFFIX}/{sender_nick}", b: ["${SUFFIX}"], c: 3, d: true, e: 007, f: 12:30}',
        )
    )
    settings = one(text, {"SUFFIX": "一号", "KEY": "k${N}", "N": "3"})
    assert settings.bot.name == "客服一号"
    assert settings.bot.dingtalk_app_client_secret.get_secret_value() == "k${N}"
    assert listeners(settings) == 3
    assert isinstance(settings.backend, DifySettings)
    assert settings.backend.dify_inputs == {
        "a": "一号/{sender_nick}",
        "b": ["一号"],
        "c": 3,
        "d": True,
        "e": "007",
        "f": "12:30",
    }


def test_optional_keys_left_empty_are_as_good_as_left_out() -> None:
    """`max_workers:` with nothing after it is the default."""
    empty = dict.fromkeys(
        ("max_workers", "handler", "language", "dify_inputs", "dify_api_url", "card_flow", "card_pace", "card_max_updates"), ""
    )
    assert one(bots(bot(**empty))) == one(bots(bot()))


def test_variables_stand_in_for_keys_that_a_bot_leaves_out() -> None:
    """The bot's own key wins over the variable, the variable over the default."""
    variables = {"DEFAULT_MAX_WORKERS": "5", "BOT_LANGUAGE": "EN", "DIFY_OPEN_API_URL": "http://dify.local/"}
    settings = load(bots(bot(), bot(name="b", dingtalk_app_client_id="b", max_workers="1", language="ZH")), variables)
    assert [listeners(entry) for entry in settings.bots] == [5, 1]
    assert [entry.bot.language for entry in settings.bots] == ["en", "zh"]
    assert isinstance(settings.bots[0].backend, DifySettings)
    assert settings.bots[0].backend.dify_api_url == "http://dify.local/v1"


def test_a_reference_within_the_file_works() -> None:
    """YAML's anchors, aliases and merge keys: the bot's own keys win over merged ones."""
    text = bots(bot(max_workers="3").replace("- name", "- &first\n    name"))
    text += "  - <<: *first\n    name: 二\n    dingtalk_app_client_id: ding2\n"
    first, second = load(text).bots
    assert (second.bot.name, listeners(second)) == ("二", 3)
    assert second.bot.dingtalk_app_client_secret == first.bot.dingtalk_app_client_secret


def folder(path: Path) -> None:
    """Make what Docker makes of a missing file."""
    path.mkdir()


def loop(path: Path) -> None:
    """Make a file that not even root can open."""
    path.symlink_to(path)


def dangling(path: Path) -> None:
    """Make a link to nowhere."""
    path.symlink_to(path.with_name("nowhere"))


def gbk(path: Path) -> None:
    """Make what a Chinese Windows editor may save."""
    path.write_bytes(f"A: 机器人 {SECRET}".encode("gbk"))


def utf16(path: Path) -> None:
    """Make what Notepad calls Unicode."""
    path.write_bytes("A=机器人".encode("utf-16"))


def endless(path: Path) -> None:
    """Make a file that has no end."""
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("name", [".bots.yaml", ".env"])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (folder, "文件夹"),
        (loop, "无法读取"),
        (dangling, "文件不存在"),
        (gbk, "UTF-8"),
        (utf16, "UTF-8"),
        (endless, "内容太多"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(
    name: str, make: Callable[[Path], None], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told beside what is wrong with the other file."""
    monkeypatch.chdir(tmp_path)
    Path(".bots.yaml").write_text(bots(bot(max_workers="0")), "utf-8")
    Path(".env").write_text("LOG_LEVEL=loud\n", "utf-8")
    Path(name).unlink()
    make(tmp_path / name)
    with pytest.raises(ConfigError) as caught:
        config.read(Path(".bots.yaml"), Path(".env"), {}, KINDS)
    told = {problem.where: problem for problem in caught.value.problems}
    assert said in told[name].what
    assert told.keys() == {name, ".env 第 1 行" if name == ".bots.yaml" else ".bots.yaml 第 7 行"}


@pytest.mark.parametrize("path", ["x" * 300, "file/inside"])
def test_a_path_that_the_system_refuses_is_told(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name too long, a file taken for a folder: the system's reason is given."""
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    with pytest.raises(ConfigError, match="无法读取"):
        config.read(Path(path), Path(".env"), {}, KINDS)


def test_only_the_usual_env_file_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was asked for has to exist; `.bots.yaml` always; the sentence tells the folder and what to copy."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        config.read(Path(".bots.yaml"), Path("other.env"), {}, KINDS)
    assert [problem.where for problem in caught.value.problems] == ["other.env", ".bots.yaml"]
    assert str(tmp_path) in caught.value.problems[1].what
    assert ".bots.yaml.example" in caught.value.problems[1].what
    assert ".env.example" in caught.value.problems[0].what


def test_windows_line_ends_and_mark_make_no_difference(tmp_path: Path) -> None:
    """A BOM and CRLF are read over."""
    path = tmp_path / ".bots.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + bots(bot()).replace("\n", "\r\n").encode())
    assert one(config.read_text(path, "zh")) == one(bots(bot()))


def test_no_representation_shows_a_secret(tmp_path: Path) -> None:
    """Settings, variables, problems and errors: neither repr nor str holds one, wherever it came from."""
    path = tmp_path / ".env"
    path.write_text(f"KEY={SECRET}\n", "utf-8")
    text = bots(bot(dify_app_api_key="${KEY}", dify_inputs="{token: '${KEY}'}"))
    variables = config.read_env(path, {"OTHER": SECRET})
    settings = load(text, variables)
    broken = refused(text.replace("max_workers", "x").replace("chatbot", SECRET), variables)
    shown: list[Any] = [settings, settings.env, *settings.bots, variables, *broken]
    shown += [part for entry in settings.bots for part in (entry.bot, entry.backend, entry.reply)]
    for thing in shown:
        assert SECRET not in repr(thing)
        assert SECRET not in str(thing)


def test_every_sentence_is_there_in_both_languages() -> None:
    """The two have the same values to fill in, and the English one no Chinese."""
    for name, texts in problem_sentences.SENTENCES.items():
        assert texts.keys() == {"zh", "en"}, name
        assert texts["en"].isascii(), name
