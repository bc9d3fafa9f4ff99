"""`demo --bots`: the bots of a real `.bots.yaml` in the sandbox, answered by their own AI; DingTalk alone is stood in for."""

import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

import config
from demo import play
from demo.sandbox import go_direct_to
from fleet import Fleet
from kinds import KINDS
from sandbox.client import SandboxClient
from tests.terminal import SECRET, Terminal

BOT = """\
  - name: {name}
    dingtalk_app_client_id: ding-{name}
    dingtalk_app_client_secret: {secret}-{name}
    dify_app_type: chatbot
    dify_app_api_key: {key}
"""


@pytest.fixture
def terminal(tmp_path: Path, sandbox: SandboxClient) -> Terminal:
    """A folder with two bots; their Dify is another sandbox's, at its own address."""
    bots = "bots:\n"
    for name in ("客服", "周报"):
        key = f"app-{SECRET}-{os.urandom(4).hex()}"
        sandbox.put_dify_app(key, f"{tmp_path.name}-{name}", "chat")
        bots += BOT.format(name=name, secret=SECRET, key=key)
    (tmp_path / ".bots.yaml").write_text(bots, "utf-8")
    (tmp_path / ".env").write_text(f"DIFY_OPEN_API_URL={sandbox.url}/v1\nSANDBOX_PORT=0\n", "utf-8")
    return Terminal(tmp_path)


def _add(terminal: Terminal, file: str, text: str) -> None:
    with (terminal.folder / file).open("a", encoding="utf-8") as opened:
        opened.write(text)


@pytest.mark.parametrize(
    "arguments",
    [
        ("demo", "--bots", ".bots.yaml", "--say", "[[len=30]]"),
        ("demo", "--say", "[[len=30]]", "--bots"),
        ("--bots", ".bots.yaml", "demo", "--say", "[[len=30]]"),
    ],
)
def test_their_own_ai_answers(terminal: Terminal, sandbox: SandboxClient, arguments: tuple[str, ...]) -> None:
    """`--bots` before or behind the command, with or without its usual value: the first bot's Dify is asked."""
    app = f"{terminal.folder.name}-客服"
    since = sandbox.last()
    ended = terminal.run(*arguments)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[-1].startswith("[finished] ")
    assert sandbox.records(since, 0, kind="answer", app=app)


def test_without_it_the_embedded_bots_play(terminal: Terminal, sandbox: SandboxClient) -> None:
    """A `.bots.yaml` that lies there is left alone, be it right or wrong."""
    (terminal.folder / ".bots.yaml").write_text("\t", "utf-8")
    since = sandbox.last()
    ended = terminal.run("demo", "--say", "[[len=30]]", "--bot", "workflow")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert not [record for record in sandbox.records(since) if record["side"] == "dify"]


def test_a_bot_is_chosen_by_its_name(terminal: Terminal, sandbox: SandboxClient) -> None:
    """`--bot` takes a name of the file."""
    app = f"{terminal.folder.name}-周报"
    assert terminal.run("demo", "--bots", "--bot", "周报", "--say", "[[len=30]]").returncode == 0
    assert sandbox.records(0, 0, kind="answer", app=app)


@pytest.mark.parametrize(
    ("arguments", "language", "said"),
    [
        (("--bots",), "zh", "没有名为“agent”的机器人。--bot 可以是：客服, 周报"),
        (("--bots",), "en", 'there is no bot "agent"; --bot may be: 客服, 周报'),
        ((), "zh", "没有名为“agent”的机器人。--bot 可以是：chatbot, completion, workflow, openai, codebuddy, python, echo"),
    ],
)
def test_an_unknown_bot_is_told_with_the_names(
    terminal: Terminal, arguments: tuple[str, ...], language: str, said: str
) -> None:
    """Nothing is started for it."""
    ended = terminal.run("demo", *arguments, "--bot", "agent", "--say", "hi", BOT_LANGUAGE=language)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"{said}\n")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".bots.yaml", "    max_worker: 2\n"),
        (".bots.yaml", BOT.format(name="客服", secret="${NOT_SET}", key="app-your-dify-api-key")),
        (".env", "DRAIN_SECONDS=long\nBOT_LANGUAGE=en\n"),
        (".env", "DINGTALK_OPENAPI_ENDPOINT=nowhere\n"),
        (".env", "a line\n"),
    ],
)
def test_a_broken_configuration_is_told_as_check_tells_it(terminal: Terminal, file: str, text: str) -> None:
    """Word for word, with the same exit code, also where the sandbox would take the value's place."""
    _add(terminal, file, text)
    ended, checked = terminal.run("demo", "--bots"), terminal.run("check")
    assert checked.returncode == 2
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", checked.stderr)


@pytest.mark.parametrize("arguments", [("--bots", "no.yaml"), ("--bots", ".bots.yaml", "--env", "no.env")])
def test_a_missing_file_is_told(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    """With its name; the default `.env` alone may be missing."""
    ended = terminal.run("demo", *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"{arguments[-1]}: 文件不存在" in ended.stderr


def test_other_files_can_be_given(terminal: Terminal) -> None:
    """`--env` behind the command means the same as before it."""
    (terminal.folder / ".env").rename(terminal.folder / "other.env")
    (terminal.folder / ".bots.yaml").rename(terminal.folder / "other.yaml")
    for arguments in (
        ("demo", "--bots", "other.yaml", "--env", "other.env"),
        ("--env", "other.env", "demo", "--bots", "other.yaml"),
    ):
        assert terminal.run(*arguments, "--say", "[[len=30]]").returncode == 0


def test_the_sandbox_knows_the_bots_and_nothing_of_the_ai(terminal: Terminal) -> None:
    """Names, limits and card templates come from the files; there are no embedded Dify apps, and no secret to be seen."""
    _add(terminal, ".bots.yaml", "    card_template_id: my.schema\n    card_content_key: report\n    card_flow: flow_status\n")
    _add(terminal, ".env", "DINGTALK_QPS=33.5\nLOG_LEVEL=ERROR\n")
    with terminal.demo("--bots") as demo:
        shown = requests.get(f"{demo.url}/sandbox/apps", timeout=10)
        assert [(app["name"], app["client_id"], app["qps"], app["connections"]) for app in shown.json()["apps"]] == [
            ("客服", "ding-客服", 34, 2),
            ("周报", "ding-周报", 34, 2),
        ]
        assert SECRET not in shown.text
        assert requests.get(f"{demo.url}/sandbox/dify/apps", timeout=10).json() == {"apps": []}
        templates = requests.get(f"{demo.url}/sandbox/templates", timeout=10).json()["templates"]
        (mine,) = [template for template in templates if template["template_id"] == "my.schema"]
        assert (mine["content_key"], mine["flow"]) == ("report", "flow_status")
        assert SECRET not in demo.welcome
        assert demo.end() == 0
        assert demo.errors() == ""


def test_a_card_template_of_ones_own_shows_the_answer(terminal: Terminal) -> None:
    """With the configured content key, also where two bots use one template with a key each."""
    bots = (terminal.folder / ".bots.yaml").read_text("utf-8")
    first, second = bots.removeprefix("bots:\n").split("  - ")[1:]
    template = "    card_template_id: my.schema\n    card_content_key: {}\n"
    bots = f"bots:\n  - {first}{template.format('answer')}  - {second}{template.format('report')}"
    (terminal.folder / ".bots.yaml").write_text(bots, "utf-8")
    for bot in ("客服", "周报"):
        ended = terminal.run("demo", "--bots", "--bot", bot, "--say", "[[len=30]]")
        assert (ended.returncode, ended.stderr) == (0, "")
        assert ended.stdout.splitlines()[-1].startswith("[finished] ")


def test_what_is_shown_at_start_names_the_bots_and_an_ai_that_is_not_there(terminal: Terminal, sandbox: SandboxClient) -> None:
    """The address, each bot with its AI, which of them cannot be used and what to do, and how to end."""
    _add(terminal, ".bots.yaml", "    dify_api_url: http://127.0.0.1:1/v1\n")
    with terminal.demo("--bots") as demo:
        lines = [line.strip() for line in demo.welcome.splitlines() if line.strip()]
        assert lines[:4] == [
            "演示已启动，请用浏览器打开：",
            demo.url,
            f"客服：已连接 → Dify chatbot, {sandbox.url}/v1",
            "周报：已连接 → Dify chatbot, http://127.0.0.1:1/v1",
        ]
        assert lines[4].startswith("！周报：AI 暂时不可用（BackendUnreachable")
        assert "检查 dify_api_url" in lines[4]
        assert "客服" not in lines[4]
        assert lines[-1] == "按 Ctrl-C 结束。"
        assert len(lines) == 7


def test_an_ai_that_cannot_be_reached_is_told_in_the_chat(terminal: Terminal) -> None:
    """The bot starts all the same, and says its sentence to the person."""
    _add(terminal, ".bots.yaml", "    dify_api_url: http://127.0.0.1:1/v1\n    language: en\n")
    ended = terminal.run("demo", "--bots", "--bot", "周报", "--say", "hi")
    assert ended.returncode == 1
    assert ended.stdout.splitlines()[-1] == "[failed] The AI service cannot be reached now, please try again later."


def test_an_ai_that_keeps_silent_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for a while, or until somebody wants to end, and then named as silent."""
    bots = "bots:\n" + BOT.format(name="客服", secret=SECRET, key="app-1")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        variables = {"DIFY_OPEN_API_URL": f"http://127.0.0.1:{listener.getsockname()[1]}/v1"}
        fleet, asked = Fleet(config.load(bots, variables, KINDS)), threading.Event()
        monkeypatch.setattr(play, "_PING_SECONDS", 0.2)
        assert [(bot.name, error) for bot, error in play._ai_troubles(fleet, asked)] == [("客服", None)]
        monkeypatch.setattr(play, "_PING_SECONDS", 60)
        asked.set()
        assert [(bot.name, error) for bot, error in play._ai_troubles(fleet, asked)] == [("客服", None)]
    for thread in threading.enumerate():
        if thread.name == "ping":
            thread.join(timeout=10)
    for bot in fleet.bots:
        bot.close()


class _Proxy(BaseHTTPRequestHandler):
    """A proxy that leads every address to one server, and keeps what was asked for."""

    server: "_ProxyServer"

    def do_GET(self) -> None:
        self._pass_on(b"")

    def do_POST(self) -> None:
        self._pass_on(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_: object) -> None:
        pass

    def _pass_on(self, body: bytes) -> None:
        self.server.asked.append(self.path)
        path = self.path.removeprefix("http://dify.invalid")
        headers = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
        with requests.request(
            self.command, f"{self.server.leads_to}{path}", data=body, headers=headers, stream=True, timeout=30
        ) as answer:
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.end_headers()
            for chunk in answer.iter_content(None):
                self.wfile.write(chunk)


class _ProxyServer(ThreadingHTTPServer):
    def __init__(self, leads_to: str) -> None:
        super().__init__(("127.0.0.1", 0), _Proxy)
        self.leads_to, self.asked = leads_to, list[str]()


@pytest.fixture
def proxy(sandbox: SandboxClient) -> Iterator[_ProxyServer]:
    """A proxy behind which the AI is."""
    with _ProxyServer(sandbox.url) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_proxy_to_the_ai_keeps_working(terminal: Terminal, proxy: _ProxyServer) -> None:
    """The AI is asked through the proxy, which alone knows the way, and the sandbox directly."""
    (terminal.folder / ".env").write_text("DIFY_OPEN_API_URL=http://dify.invalid/v1\n", "utf-8")
    address = f"http://127.0.0.1:{proxy.server_port}"
    ended = terminal.run("demo", "--bots", "--say", "[[len=30]]", HTTP_PROXY=address, http_proxy=address)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert set(proxy.asked) == {"http://dify.invalid/v1/chat-messages"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "127.0.0.1,localhost"),
        ("intranet.example,.corp", "intranet.example,.corp,127.0.0.1,localhost"),
        ("localhost", "localhost,127.0.0.1"),
        ("*", "*"),
    ],
)
def test_what_is_set_about_proxies_is_added_to(monkeypatch: pytest.MonkeyPatch, before: str, after: str) -> None:
    """Both spellings say the same afterwards; "no proxy for anything" stays as it is."""
    monkeypatch.setenv("NO_PROXY", "upper.example")
    monkeypatch.setenv("no_proxy", before)
    if not before:
        monkeypatch.delenv("NO_PROXY")
    go_direct_to("127.0.0.1")
    assert os.environ["no_proxy"] == after
    assert os.environ["NO_PROXY"] == (after if before != "*" else "upper.example")
