"""What somebody finds who looks at the address of a bot: a page, and what its document promises."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
import requests

from handlers.signature import Verdict
from handlers.texts import Language
from tests.handlers.calling import CLIENT_ID, DOCS, SECRET, WAIT, MakeWay


class _Read(HTMLParser):
    """Reads a page's tags and words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: dict[str, dict[str, str | None]] = {}
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.setdefault(tag, dict(attrs))

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize(("language", "lang", "word"), [("zh", "zh-CN", "消息接收地址"), ("en", "en", "receive mode HTTP")])
def test_a_browser_finds_a_small_page(make_way: MakeWay, language: Language, lang: str, word: str) -> None:
    """In the bot's language; its name is words and no markup, and no secret is on it."""
    answer = requests.get(make_way(language=language).url, timeout=WAIT)
    page = _Read(answer.text)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.tags["html"]["lang"] == lang
    assert "width=device-width" in answer.text
    assert "客服 & <b>co</b>" in page.words
    assert "b" not in page.tags
    assert word in page.words
    assert SECRET not in answer.text + str(answer.headers)
    assert CLIENT_ID not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_head_finds_the_page_and_put_finds_none(make_way: MakeWay) -> None:
    """Where the page is, nothing can be put."""
    url = make_way().url
    head, put = requests.head(url, timeout=WAIT), requests.put(url, data=b"x", timeout=WAIT)
    assert (head.status_code, head.content) == (200, b"")
    assert (put.status_code, put.headers["Allow"]) == (405, "GET, HEAD, POST")
    assert requests.get(f"{url}/card", timeout=WAIT).status_code == 405


@pytest.mark.parametrize("name", ["webhook.md", "webhook.zh-CN.md"])
def test_the_command_in_the_documents_finds_the_bot(make_way: MakeWay, name: str) -> None:
    """Signed as it tells, an empty message gets the answer that it promises; with another secret, the one in its table."""
    if not all(map(shutil.which, ("sh", "curl", "openssl"))):
        pytest.skip("no curl or openssl here")
    text = (DOCS / name).read_text("utf-8")
    (command,) = (block for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "openssl" in block)
    command = command.replace("https://bots.example.com/dingtalk/helpdesk", make_way().url)
    for secret, status, error in ((SECRET, "400", "no robot message"), ("other", "401", "the signature is wrong")):
        run = command.replace("the client secret", secret).replace("curl ", "curl -s --noproxy '*' ")
        said = subprocess.run(["sh", "-c", run], capture_output=True, text=True, timeout=WAIT, check=True).stdout  # noqa: S607
        assert said.splitlines()[0].split()[1] == status
        assert json.loads(said.splitlines()[-1])["error"].startswith(error)
        assert error in text


@pytest.mark.parametrize("name", ["webhook.md", "webhook.zh-CN.md"])
def test_the_documents_name_what_a_signature_can_be_worth(name: str) -> None:
    """The words that an admin reads in the answer, but those that only a forger gets."""
    text = (DOCS / name).read_text("utf-8")
    told = {verdict for verdict in Verdict if f"the signature is {verdict.value}" in text}
    assert told == {Verdict.FORGED, Verdict.MISSING, Verdict.LATE}
