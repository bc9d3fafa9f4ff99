"""What a push has to be: its token, its keys, and the examples of its document."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from handlers import push_order
from handlers.delivery import HELD_BACK, SHUTTING_DOWN, TOO_LATE, UNANSWERED, UNKNOWN_PERSON
from handlers.texts import Language
from tests.handlers.pushing import DOCS, TOKEN, WAIT, MakePushing


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer ", f"Bearer {TOKEN}x", "Bearer 令牌"]
)
def test_the_token_opens_and_nothing_else(make_pushing: MakePushing, header: str | None) -> None:
    """401, before the body is looked at; nothing is sent."""
    bot = make_pushing()
    headers = {} if header is None else {"Authorization": header.encode().decode("latin-1")}
    answer = requests.post(bot.url, data=b"{", headers=headers, timeout=WAIT)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert TOKEN not in answer.text
    assert not bot.said()


def test_bots_without_a_token_are_like_none(make_pushing: MakePushing) -> None:
    """404 for any name that has no door."""
    bot = make_pushing()
    assert (
        requests.post(f"{bot.url}x", data=b"{}", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=WAIT).status_code == 404
    )


def test_the_scheme_is_written_as_one_likes(make_pushing: MakePushing) -> None:
    """`bearer` is Bearer."""
    bot = make_pushing()
    assert requests.post(bot.url, data=b"{", headers={"Authorization": f"bearer  {TOKEN} "}, timeout=WAIT).status_code == 400


@pytest.mark.parametrize(
    ("order", "key"),
    [
        (b"", ""),
        (b"{", ""),
        (b"[]", ""),
        (b"[" * 100_000, ""),
        (b"\xff", ""),
        ({}, "users"),
        ({"users": [], "groups": [], "markdown": "x"}, "users"),
        ({"users": ["anna"]}, "markdown"),
        ({"users": ["anna"], "markdown": " \n"}, "markdown"),
        ({"users": ["anna"], "markdown": 5}, "markdown"),
        ({"users": "anna", "markdown": "x"}, "users"),
        ({"users": [1], "markdown": "x"}, "users"),
        ({"users": [""], "markdown": "x"}, "users"),
        ({"users": None, "markdown": "x"}, "users"),
        ({"groups": [None], "markdown": "x"}, "groups"),
        ({"users": ["anna"], "markdown": "x", "title": []}, "title"),
        ({"users": ["anna"], "markdown": "x", "title": "x" * 101}, "title"),
        ({"users": ["anna"], "markdown": "x", "card": "yes"}, "card"),
        ({"users": ["anna"], "markdown": "x", "card": 1}, "card"),
        ({"users": ["anna"], "markdown": "x", "text": "y"}, "text"),
        ({"users": [f"user-{number}" for number in range(1_001)], "markdown": "x"}, "users"),
        ({"groups": [f"cid-{number}" for number in range(101)], "markdown": "x"}, "groups"),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_wrong_order_is_told_in_one_sentence(make_pushing: MakePushing, order: object, key: str, language: Language) -> None:
    """400 with the key at fault, in the bot's language; nothing is sent."""
    bot = make_pushing(language=language)
    answer = bot.push(order)
    assert answer.status_code == 400
    assert answer.json()["key"] == key
    assert key in answer.json()["error"]
    assert any("一" <= character <= "鿿" for character in answer.json()["error"]) is (language == "zh")
    assert not bot.said()


def test_a_push_that_is_too_large_is_refused(make_pushing: MakePushing) -> None:
    """413."""
    assert make_pushing().push({"users": ["anna"], "markdown": "x" * 1_100_000}).status_code == 413


@pytest.mark.parametrize("name", ["push.md", "push.zh-CN.md"])
def test_the_documents_name_each_key_and_code(name: str) -> None:
    """Those that the code has, and the limits."""
    text = (DOCS / name).read_text("utf-8")
    rows = set(re.findall(r"^\| `([\w.]+)` \|", text, re.MULTILINE))
    codes = {UNKNOWN_PERSON, HELD_BACK, TOO_LATE, UNANSWERED, SHUTTING_DOWN}
    codes |= {"invalid.openConversationId", "group.disbanded"}
    statuses = {"200", "207", "400", "401", "404", "413", "429", "502", "503"}
    assert rows == {*push_order._KEYS} | codes | statuses
    assert f"{push_order._MOST_USERS:,}" in text
    assert str(push_order._MOST_GROUPS) in text


@pytest.mark.parametrize("name", ["push.md", "push.zh-CN.md"])
def test_the_commands_in_the_documents_push(make_pushing: MakePushing, name: str, tmp_path: Path) -> None:
    """The first example as it stands; alarms and a report, made by jq from what Alertmanager tells and from a file."""
    if not all(map(shutil.which, ("sh", "curl", "jq"))):
        pytest.skip("no curl or jq here")
    bot = make_pushing()
    bot.meet("manager01")
    group = bot.group()
    alarm = {"labels": {"alertname": "Disk", "instance": "db-1"}, "annotations": {"summary": "97 %"}}
    (tmp_path / "alerts.json").write_text(json.dumps([alarm, {**alarm, "labels": {"alertname": "Load", "instance": "a"}}]))
    (tmp_path / "report.md").write_text("# Report")
    text = (DOCS / name).read_text("utf-8")
    commands = [block for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "/push/helpdesk" in block]
    for command in commands:
        run = command.replace("http://127.0.0.1:8080/push/helpdesk", requests.utils.requote_uri(bot.url)).replace(
            "cid...", group
        )
        run = re.sub(r"curl -s 'http:\S+'", "cat alerts.json", run).replace("curl -H", "curl -s --noproxy '*' -H")
        environment = {"HELPDESK_PUSH_TOKEN": TOKEN, "PATH": os.environ["PATH"]}
        done = subprocess.run(
            ["sh", "-c", run],  # noqa: S607 - a shell is what the document is for
            capture_output=True,
            timeout=WAIT,
            check=True,
            cwd=tmp_path,
            env=environment,
        )
        assert json.loads(done.stdout)["sent"] == 1
        if "alerts.json" in run:
            silent = run.replace("cat alerts.json", "echo '[]'")
            assert not subprocess.check_output(["sh", "-c", silent], timeout=WAIT, env=environment)  # noqa: S607 - as above
    assert [record["text"] for record in bot.said()] == [
        "**Disk full** on db-1: 97 %",
        "- **Disk** db-1 97 %\n- **Load** a 97 %",
    ]
    assert [card["text"] for card in bot.sandbox.cards(client_id=bot.client_id)] == ["# Report"]
