"""The command line as an admin meets it: exit codes and sentences, in a process of its own, and never a traceback."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from app import _heartbeat_file, _parser, main

HERE = Path(__file__).resolve().parent.parent
SECRET = "S3CR3T-do-not-show"
BOTS = f"""\
bots:
  - name: 客服
    dingtalk_app_client_id: ding1
    dingtalk_app_client_secret: {SECRET}
    dify_app_type: chatbot
    dify_app_api_key: app-{SECRET}
    dify_inputs: {{token: {SECRET}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a `.bots.yaml` that is right and an `.env` that gives the heartbeat's place."""
    (tmp_path / ".bots.yaml").write_text(BOTS, "utf-8")
    (tmp_path / ".env").write_text("HEARTBEAT_FILE=beat.json\n", "utf-8")
    return tmp_path


def app(
    folder: Path, *arguments: str, variables: Mapping[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run app.py in the folder until it ends; no traceback and no secret may come out of it."""
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **(variables or {})}
    command = [sys.executable, *options.pop("python", ()), str(HERE / "app.py"), *arguments]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    ended = subprocess.run(command, cwd=folder, env=environ, encoding="utf-8", timeout=60, check=False, **streams)
    written = f"{ended.stdout}{ended.stderr}"
    assert "Traceback" not in written
    assert SECRET not in written
    return ended


def test_check_names_each_bot(folder: Path) -> None:
    """It says that all is right, what it has not asked, and each bot with its app and its AI."""
    ended = app(folder, "check")
    assert (ended.returncode, ended.stderr) == (0, "")
    first, second = ended.stdout.splitlines()
    assert "没有问题" in first
    assert "没有连接" in first
    assert second == "  1. 客服 (ding1) → Dify chatbot, https://api.dify.ai/v1"


def test_check_speaks_the_set_language_and_notes_what_is_odd(folder: Path) -> None:
    """A misspelt variable is told, and does not make the configuration wrong."""
    (folder / ".env").write_text("BOT_LANGUAGE=en\nLOG_LEVL=DEBUG\n", "utf-8")
    ended = app(folder, "check")
    assert ended.returncode == 0
    assert "the configuration is right" in ended.stdout
    assert "! .env line 2 LOG_LEVL: this variable is not used; is LOG_LEVEL meant?" in ended.stdout


@pytest.mark.parametrize("command", [(), ("run",), ("check",)])
def test_a_wrong_configuration_ends_with_2_and_every_problem(folder: Path, command: tuple[str, ...]) -> None:
    """The number of problems, then each one, on the error stream; nothing is started."""
    (folder / ".bots.yaml").write_text(BOTS.replace("chatbot", SECRET).replace("ding1", ""), "utf-8")
    ended = app(folder, *command, variables={"LOG_LEVEL": "loud"})
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "3 处" in ended.stderr
    assert "环境变量 LOG_LEVEL: 应为其中之一" in ended.stderr
    assert ".bots.yaml 第 3 行 bots[0].dingtalk_app_client_id: 不能为空" in ended.stderr
    assert ".bots.yaml 第 5 行 bots[0].dify_app_type: 应为其中之一" in ended.stderr


@pytest.mark.parametrize("command", [(), ("check",)])
def test_without_a_list_of_bots_it_tells_what_to_copy(tmp_path: Path, command: tuple[str, ...]) -> None:
    """An empty folder is where everybody begins."""
    ended = app(tmp_path, *command)
    assert ended.returncode == 2
    assert ".bots.yaml: 文件不存在" in ended.stderr
    assert ".bots.yaml.example" in ended.stderr
    assert str(tmp_path) in ended.stderr


def test_a_folder_that_docker_made_is_told(tmp_path: Path) -> None:
    """Both files may be mounted as folders; both are told at once."""
    (tmp_path / ".bots.yaml").mkdir()
    (tmp_path / ".env").mkdir()
    ended = app(tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.count("这是一个文件夹") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--colour",),
        ("start",),
        ("--bots",),
        ("check", "now"),
        ("demo", "--colour"),
        ("demo", "--port", "abc"),
        ("demo", "--port", "-1"),
        ("demo", "--port", "65536"),
        ("demo", "--port", "八"),
        ("demo", "--port", "9" * 5_000),
    ],
)
def test_a_wrong_option_ends_with_2_and_the_usage(
    folder: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The parser's own words; nothing is started."""
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: app.py")


def test_a_wrong_port_is_told_in_the_language_of_the_env_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before any file was read for its own sake."""
    monkeypatch.chdir(folder)
    for language, said in (
        ("zh", "端口应在 0（任选一个空闲的）到 65535 之间"),
        ("en", "a port lies between 0 (any free one) and 65535"),
    ):
        (folder / ".env").write_text(f"BOT_LANGUAGE={language}\n", "utf-8")
        with pytest.raises(SystemExit):
            main(["demo", "--port", "65536"])
        assert said in capsys.readouterr().err


def test_a_bot_is_named_only_to_say_something_to_it(folder: Path) -> None:
    """`--bot` alone would be without effect, and says so."""
    ended = app(folder, "demo", "--bot", "chatbot", variables={"BOT_LANGUAGE": "en"})
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "--bot goes with --say: it names the bot that is spoken to\n"


def test_the_usual_list_of_bots_can_be_named(folder: Path) -> None:
    """To all commands but the demo it makes no difference; the heartbeat's place is the same too."""
    assert app(folder, "check").stdout == app(folder, "--bots", ".bots.yaml", "check").stdout
    (folder / ".env").unlink()
    parser = _parser()
    places = [_heartbeat_file(parser.parse_args(arguments), "") for arguments in ([], ["--bots", ".bots.yaml"])]
    assert places[0] == places[1]


def test_other_files_can_be_given(folder: Path) -> None:
    """`--bots` and `--env` stand before the command; problems name the files as they were given."""
    (folder / "other.yaml").write_text(BOTS.replace("客服", "").replace("ding1", "${ID}"), "utf-8")
    (folder / "other.env").write_text("ID=your-client-id\n", "utf-8")
    ended = app(folder, "--bots", "other.yaml", "--env", "other.env", "check")
    assert ended.returncode == 2
    assert "other.yaml 第 2 行 bots[0].name: 不能为空" in ended.stderr
    assert "other.yaml 第 3 行 bots[0].dingtalk_app_client_id: 还是示例中的占位内容" in ended.stderr


Content = Callable[[], str]


def beat(age: float, *states: str) -> Content:
    """Return what writes a heartbeat that is `age` seconds old by then, of one bot with listeners in these states."""
    return lambda: json.dumps(
        {"time": time.time() - age, "bots": {"客服": states}, "used": {"ding": {"calls": 12, "pushes": 3}}}
    )


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (beat(0, "connected", "connecting"), 0, "客服：1/2 个连接正常"),
        (beat(0, "connected"), 0, "企业 ding 本月已用：API 调用 12 次，消息推送 3 次"),
        (beat(0, "connecting", "connecting"), 1, "客服：0/2 个连接正常"),
        (beat(100, "connected"), 1, "秒没有心跳"),
        (None, 1, "没有在运行"),
        ("", 1, "没有在运行"),
        ("[]", 1, "没有在运行"),
        ("{}", 1, "没有在运行"),
        ('{"time": null, "bots": {}}', 1, "没有在运行"),
        ('{"time": 1e999, "bots": {"a": 5}}', 1, "没有在运行"),
        ('{"time": 1, "bots": 5}', 1, "没有在运行"),
    ],
)
def test_ready_judges_by_the_heartbeat(
    folder: Path,
    content: str | Content | None,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """0 when a listener is connected; 1 when none is, when the beat is old, and when the file is none."""
    if content is not None:
        (folder / "beat.json").write_text(content if isinstance(content, str) else content(), "utf-8")
    monkeypatch.chdir(folder)
    assert main(["ready"]) == code
    written = capsys.readouterr()
    assert said in written.out
    assert written.err == ""


def test_ready_needs_no_configuration_that_is_right(folder: Path) -> None:
    """Docker's check runs beside the bots: it tells of them, not of files; a folder for a heartbeat is no sign of life."""
    (folder / ".bots.yaml").write_text("\t", "utf-8")
    (folder / ".env").unlink()
    (folder / ".env").mkdir()
    (folder / "beat").mkdir()
    ended = app(folder, "ready", variables={"HEARTBEAT_FILE": "beat", "BOT_LANGUAGE": "en"})
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "not running\n", "")


def test_a_store_that_cannot_be_opened_is_told(folder: Path) -> None:
    """A wrong path is the admin's mistake: one sentence with the reason and what to check, before a bot connects."""
    variables = {"SESSION_STORE": "sqlite:///no/such/folder/store.db"}
    ended = app(folder, "run", variables=variables)
    assert ended.returncode == 2
    assert ended.stderr.startswith("SESSION_STORE 打不开：")
    assert "no/such/folder" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_terminal_without_chinese_gets_escapes(folder: Path) -> None:
    """A bot's name that it cannot show is no reason to fail."""
    ended = app(folder, "check", variables={"PYTHONIOENCODING": "ascii", "BOT_LANGUAGE": "en"})
    assert ended.returncode == 0
    assert r"\u5ba2\u670d (ding1)" in ended.stdout


def test_a_reader_that_leaves_early_is_no_error(folder: Path) -> None:
    """`app.py check | head -1`: the pipe is closed before all is said."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = app(folder, "check", stdout=writing)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_an_error_inside_the_program_is_one_line(folder: Path) -> None:
    """Its kind and place, for a report; what it says stays inside, for it may hold a secret."""
    gone = folder / "gone"
    gone.mkdir()
    script = 'rmdir "$PWD" && exec "$@"'
    command = ["sh", "-c", script, "sh", sys.executable, str(HERE / "app.py"), "--env", str(folder / ".env"), "check"]
    ended = subprocess.run(command, cwd=gone, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 70
    assert "FileNotFoundError (" in ended.stderr.replace("（", " (")
    assert len(ended.stderr.splitlines()) == 1


def test_missing_packages_are_told(folder: Path) -> None:
    """`python app.py` outside the virtual environment says what to install."""
    ended = app(folder, "check", python=("-S",))
    assert ended.returncode == 1
    assert "pip install -r requirements.txt" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
