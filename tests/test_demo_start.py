"""How the demo and the sandbox start and end: ports, addresses, signals; whatever stands in the way is a sentence."""

import contextlib
import errno
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sandbox import __main__ as sandbox_main
from tests.terminal import APP, Terminal

TAKEN = {
    "zh": "端口 {port} 已被别的程序占用。请换一个，例如 --port {other}；--port 0 任选一个空闲的",
    "en": "port {port} is in use by another program. Choose another, such as --port {other}; --port 0 takes any free one",
}


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """An empty folder; a page takes any free port unless a test says otherwise."""
    return Terminal(tmp_path, {"SANDBOX_PORT": "0"})


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which somebody else listens, with a free one behind it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_the_demo_shows_its_page_its_bots_and_how_to_end(terminal: Terminal) -> None:
    """In Chinese; the page answers, and Ctrl-C ends all with 0."""
    with terminal.demo() as demo:
        assert demo.welcome.splitlines() == [
            "",
            "  演示已启动，请用浏览器打开：",
            f"      {demo.url}",
            "",
            "  聊天助手：已连接 → 演示自带的 AI",
            "  文案生成：已连接 → 演示自带的 AI",
            "  工作流：已连接 → 演示自带的 AI",
            "  大模型：已连接 → 演示自带的 AI",
            "  CodeBuddy：已连接 → 演示自带的 AI",
            "  Python 程序：已连接 → 演示自带的 AI",
            "  回声：已连接 → 演示自带的 AI",
            "",
            "  全部都在本机上运行，不需要账号。用自己的机器人和 AI 来试：python app.py demo --bots .bots.yaml",
            "  按 Ctrl-C 结束。",
        ]
        assert requests.get(demo.url, timeout=10).ok
        assert demo.end(signal.SIGTERM) == 0
        assert "connected to DingTalk" in demo.errors()
    with pytest.raises(requests.ConnectionError):
        requests.get(demo.url, timeout=10)


def test_it_speaks_the_language_of_the_env_file(terminal: Terminal) -> None:
    """As the bots do; also its help."""
    (terminal.folder / ".env").write_text("BOT_LANGUAGE=en\n", "utf-8")
    with terminal.demo() as demo:
        assert "the demo is running; open this in a browser:" in demo.welcome
        assert "Copywriter: connected -> the demo's own AI" in demo.welcome
        assert demo.end() == 0
    assert "with --bots your own" in " ".join(terminal.run("demo", "--help").stdout.split())
    assert "不需要钉钉账号" in terminal.run("demo", "--help", BOT_LANGUAGE="zh").stdout


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_port_in_use_is_told_with_what_to_do(terminal: Terminal, taken_port: int, language: str) -> None:
    """A port that was asked for is not replaced by another."""
    ended = terminal.run("demo", "--port", str(taken_port), BOT_LANGUAGE=language)
    other = taken_port + 1 if taken_port >= 8090 else 8090
    assert ended.returncode == 1
    assert (ended.stdout, ended.stderr) == ("", TAKEN[language].format(port=taken_port, other=other) + "\n")


def test_the_next_port_is_used_if_none_was_asked_for(terminal: Terminal, taken_port: int) -> None:
    """And it is said. The variable may stand in `.env`, as all others."""
    (terminal.folder / ".env").write_text(f"SANDBOX_PORT={taken_port}\n", "utf-8")
    terminal.variables.clear()
    with terminal.demo() as demo:
        used = int(demo.url.rpartition(":")[2])
        assert used > taken_port
        assert f"端口 {taken_port} 已被占用，改用 {used}" in demo.errors()


@pytest.mark.parametrize("value", ["eighty", "70000", "-1", "8090.5", "9" * 5_000])
def test_a_variable_that_is_no_port_is_told(terminal: Terminal, value: str) -> None:
    """As a wrong configuration."""
    ended = terminal.run("demo", SANDBOX_PORT=value)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert (
        ended.stderr == f"端口 {value[:20]} 不对：应为 0 到 65535 的整数，0 表示任选一个空闲的。请修改 --port 或 SANDBOX_PORT\n"
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "a" * 70])
def test_an_address_that_is_not_ours_is_told(terminal: Terminal, host: str) -> None:
    """Whether another machine's, nobody's, or no name at all."""
    ended = terminal.run("demo", "--host", host, "--port", "0", BOT_LANGUAGE="en")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f'"{host}" is no address of this machine.')


def test_a_port_that_may_not_be_used_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """What the system answers for a low port to whoever is not its administrator."""
    error = OSError(errno.EACCES, "permission denied")
    sandbox_main._say(sandbox_main._hindrance(error), host="127.0.0.1", port=80, other=sandbox_main._other(80), reason="")
    assert capsys.readouterr().err == "没有权限使用端口 80（小号端口通常只有管理员能用）。请换一个，例如 --port 8090\n"


def test_every_sentence_of_the_sandbox_is_there_in_both_languages() -> None:
    """With the same values in both."""
    for sentences in sandbox_main._SENTENCES.values():
        assert len({tuple(sorted(set(re.findall(r"{\w+}", sentences[language])))) for language in ("zh", "en")}) == 1


def _sandbox(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the sandbox alone, until the end of its empty standard input ends it."""
    command = [sys.executable, "-m", "sandbox", "--follow-stdin", *arguments]
    return subprocess.run(
        command,
        cwd=APP.parent,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("host", "address", "warned"),
    [("127.0.0.1", "127.0.0.1", False), ("localhost", "localhost", False), ("0.0.0.0", "127.0.0.1", True)],
)
def test_a_sandbox_open_to_the_network_warns_and_is_reached_by_loopback(host: str, address: str, warned: bool) -> None:  # noqa: FBT001  # pytest's own way
    """It says that anybody can use it; the address that it prints works from here."""
    ended = _sandbox("--host", host, "--port", "0")
    assert ended.returncode == 0
    assert re.fullmatch(rf'{{"url": "http://{address}:\d+"}}\n', ended.stdout)
    assert ("同一网络里的任何人都能打开这个页面" in ended.stderr) is warned


@pytest.mark.parametrize("port", ["abc", "65536"])
def test_the_sandbox_alone_refuses_what_is_no_port(port: str) -> None:
    """In its own words and with the code of a wrong use."""
    ended = _sandbox("--port", port, BOT_LANGUAGE="en")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"{port} is no port: ")


def test_at_the_last_port_there_is_no_next_one() -> None:
    """The search for a free port ends with a sentence."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 65_535))
        listener.listen()
        ended = _sandbox(SANDBOX_PORT="65535")
    assert (ended.returncode, ended.stderr) == (1, TAKEN["zh"].format(port=65_535, other=8090) + "\n")


@pytest.mark.skipif(sys.platform != "linux", reason="finds the sandbox's process in /proc")
def test_a_sandbox_that_dies_ends_the_demo_with_a_sentence(terminal: Terminal) -> None:
    """The demo is nothing without it."""
    with terminal.demo() as demo:
        os.kill(demo.sandbox_pid(), signal.SIGKILL)
        assert demo.end(0) == 1
        assert demo.errors().splitlines()[-1] == "沙箱意外结束了（退出码 -9），演示也只能结束。请重新运行"


@pytest.mark.skipif(sys.platform != "linux", reason="finds the sandbox's process in /proc")
def test_a_demo_that_dies_takes_the_sandbox_along(terminal: Terminal) -> None:
    """However it ends: nobody is left listening."""
    with terminal.demo() as demo:
        demo.end(signal.SIGKILL)
        place = ("127.0.0.1", int(demo.url.rpartition(":")[2]))
        # Gone already, or going: a sandbox that stayed would let this wait.
        with contextlib.suppress(ConnectionError), socket.create_connection(place, timeout=10) as connection:
            assert connection.recv(1) == b""
