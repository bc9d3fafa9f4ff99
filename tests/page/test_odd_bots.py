"""The page before bots that send odd things, send very much, or are started anew: what one does harms nobody else."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from sandbox.client import SandboxClient, SandboxProcess
from tests.page.test_page import PNG
from tests.sandbox.dingtalk.foreign import Bot

Json = dict[str, Any]
SHOWN = ["title", "images", "list", "buttons", "carousel"]
TO_ME = {"openSpaceId": "dtv1.card//IM_ROBOT.wangfang"}
TO_LILEI = {"openSpaceId": "dtv1.card//IM_ROBOT.lilei"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxClient]:
    """The real server as a child process, without bots."""
    with SandboxProcess() as client:
        client.put_template("own.schema", variables=SHOWN)
        yield client


@pytest.fixture
def bot(sandbox: SandboxClient) -> Bot:
    """An app without connections, to which 王芳 and 李雷 have written."""
    return _met(sandbox)


def _met(sandbox: SandboxClient) -> Bot:
    bot = Bot(sandbox)
    bot.register(qps=0)
    for staff_id, nick in (("lilei", "李雷"), ("wangfang", "王芳")):
        sandbox.say(bot.client_id, "在吗", sender={"staff_id": staff_id, "nick": nick})
    return bot


def _open(page: Page, bot: Bot) -> Page:
    page.goto(f"{bot.sandbox.url}/#bot={bot.client_id}")
    expect(page.locator("#messages > li").first).to_contain_text("在吗")
    return page


def _card(bot: Bot, text: str, where: Json = TO_ME, **variables: str) -> str:
    return bot.card(**where, cardData={"cardParamMap": {"content": text, **variables}})


def _shown(page: Page, card: str) -> Any:
    return page.locator(f"article[data-card='{card}']")


def _answer_otherwise(page: Page, change: Any) -> list[str]:
    """Change the answers about cards on their way to the page; returns the list of ids that it asks for."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.extend(parse_qs(urlsplit(route.request.url).query)["ids"][0].split(","))
        response = route.fetch()
        route.fulfill(response=response, json={"cards": change(response.json()["cards"])})

    page.route(re.compile("/sandbox/cards\\?"), answer)
    return asked


@pytest.mark.parametrize("odd", [[{"image": 7}], [{"title": {"a": 1}}], [{"text": "x", "url": 5}], [5, None]])
def test_a_card_with_odd_parts_is_drawn(bare_page: Page, bot: Bot, odd: Any) -> None:
    """Numbers and objects where texts and addresses belong: the card stands there whole, and so do its neighbours."""
    page = _open(bare_page, bot)
    layout = json.dumps({"msgButtons": odd})
    cards = [_card(bot, "一"), _card(bot, "怪", carousel=json.dumps(odd), sys_full_json_obj=layout), _card(bot, "二")]
    page.reload()
    for card, text in zip(cards, ("一", "怪", "二"), strict=True):
        expect(_shown(page, card)).to_contain_text(text)
        expect(_shown(page, card)).to_contain_text("DingTalk 调用 1 次")


def test_a_card_that_cannot_be_drawn_harms_no_other(bare_page: Page, bot: Bot, complaints: list[str]) -> None:
    """The mistake is reported; the cards before and after it in the same answer are drawn all the same."""
    _answer_otherwise(bare_page, lambda cards: [{**card, **({"images": 5} if card["text"] == "怪" else {})} for card in cards])
    page = _open(bare_page, bot)
    cards = [_card(bot, text) for text in ("一", "怪", "二")]
    page.reload()
    for card, text in ((cards[0], "一"), (cards[2], "二")):
        expect(_shown(page, card)).to_contain_text(text)
        expect(_shown(page, card)).to_contain_text("DingTalk 调用 1 次")
    assert complaints
    assert all("map" in complaint for complaint in complaints)
    complaints.clear()


@pytest.mark.parametrize(
    "address",
    [
        "/sandbox/media/../records?after=99999999&wait=30",
        "/files/../sandbox/records?after=99999999&wait=30",
        "/files/tools/../../sandbox/apps",
        "/files/x/file-preview/../../../sandbox/apps",
        "/sandbox/media/@short/../../apps",
    ],
)
def test_only_files_are_fetched_as_pictures(bare_page: Page, bot: Bot, address: str) -> None:
    """An address that only begins like one of a file is a link, and holds no connection; a real one is shown beside it."""
    fetched: list[str] = []
    bare_page.on("request", lambda request: fetched.append(request.url) if request.resource_type == "image" else None)
    page = _open(bare_page, bot)
    picture = bot.sandbox.put_file("dot.png", PNG)
    card = _card(bot, "图", images=json.dumps([address, picture]))
    expect(_shown(page, card).locator("a.picture")).to_be_visible()
    shown = _shown(page, card).locator("img")
    expect(shown).to_have_count(1)
    page.wait_for_function("(image) => image.complete && image.naturalWidth", arg=shown.element_handle())
    assert [url for url in fetched if "/sandbox/" in url] == [f"{bot.sandbox.url}/sandbox/media/{quote(picture)}"]


def test_a_card_that_the_sandbox_forgot_says_so(bare_page: Page, bot: Bot) -> None:
    """One sentence instead of an empty bubble, and its id is asked for once."""
    lost = _card(bot, "从前")
    asked = _answer_otherwise(bare_page, lambda cards: [card for card in cards if card["out_track_id"] != lost])
    page = _open(bare_page, bot)
    expect(_shown(page, lost)).to_contain_text("沙箱里已经没有这张卡片了")
    before = asked.count(lost)
    for number in range(3):
        expect(_shown(page, _card(bot, f"第 {number} 张"))).to_contain_text(f"第 {number} 张")
    assert asked.count(lost) == before


def test_the_page_keeps_only_what_is_seen(bare_page: Page, bot: Bot) -> None:
    """Of cards in other chats it has at most how the last one begins; of one that went out of sight nothing."""
    page = _open(bare_page, bot)
    first = _card(bot, "最早的")
    expect(_shown(page, first)).to_contain_text("最早的")
    others = [_card(bot, f"{number} " + "字" * 1_000, TO_LILEI) for number in range(3)]
    for _ in range(12):
        last = _card(bot, "\n\n".join("段落" for _ in range(30)))
    expect(_shown(page, last)).to_contain_text("段落")
    page.wait_for_function("async (id) => !(await import('/page/model/cards.js')).cardOf(id)", arg=first)
    look = """async (ids) => {
        const { lastLine } = await import("/page/model/chats.js");
        return ids.map((card) => lastLine({ last: { card } }).length);
    }"""
    page.wait_for_function(f"(ids) => ({look})(ids).then((lengths) => lengths.at(-1) > 0)", arg=others)
    assert page.evaluate(look, others) == [0, 0, 200]


def test_headings_of_an_answer_go_below_those_of_the_page(bare_page: Page, bot: Bot) -> None:
    """One h1 and one order of headings for those who find their way by them, whatever an answer brings."""
    page = _open(bare_page, bot)
    card = _card(bot, "# 大\n\n## 中\n\n###### 小")
    expect(_shown(page, card).get_by_role("heading", level=3, name="大")).to_be_visible()
    expect(_shown(page, card).get_by_role("heading", level=4, name="中")).to_be_visible()
    expect(_shown(page, card).get_by_role("heading", level=6, name="小")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_count(1)


def test_a_sandbox_that_was_started_anew_is_another_one(bare_page: Page, complaints: list[str]) -> None:
    """The page says so, and what is new there is unread, however low its number."""
    first = SandboxProcess()
    url = first.start().url
    try:
        sandbox = SandboxClient(url)
        bot = _met(sandbox)
        for number in range(5):
            sandbox.say(bot.client_id, f"第 {number} 句", conversation_type="2", conversation_title="旁边的群", sender="lilei")
        _open(bare_page, bot)
        row = bare_page.get_by_role("button", name=re.compile("旁边的群"))
        expect(row).to_contain_text("第 4 句")
        expect(row).not_to_contain_text("有未读消息")
        sandbox.close()
    finally:
        first.stop()
    expect(bare_page.locator("#status")).to_have_attribute("data-state", "lost")
    with SandboxProcess(("--port", str(urlsplit(url).port))) as sandbox:
        bot.sandbox = sandbox
        bot.register()
        expect(bare_page.locator("#notice")).to_contain_text("沙箱重新启动过", timeout=20_000)
        sandbox.say(bot.client_id, "重来", conversation_type="2", conversation_title="旁边的群", sender="lilei")
        expect(row).to_contain_text("重来")
        expect(row).to_contain_text("有未读消息")
        bare_page.goto("about:blank")
    complaints[:] = [each for each in complaints if "Failed to" not in each]  # what a browser says of a closed port
