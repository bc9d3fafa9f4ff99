"""The sandbox's page in a real browser, with the demo's bots behind it: what a person does and sees."""

import re
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, FilePayload, Page, expect

from sandbox.client import SandboxClient
from tests.page.chat import Chat
from tests.page.conftest import SCREENSHOTS

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6364f8cf500f0003860180"
    "5a347d6b0000000049454e44ae426082"
)


@pytest.fixture
def chat(page: Page) -> Chat:
    """The page with the chatbot's private chat open, as 王芳."""
    return Chat(page).open("聊天助手")


def test_an_answer_grows_in_its_card(chat: Chat) -> None:
    """The text on the screen only ever gets longer, through the states a user of DingTalk sees."""
    chat.page.evaluate(
        """() => {
            window.texts = []; window.states = new Set();
            new MutationObserver(() => {
                const card = [...document.querySelectorAll("#messages [data-state]")].at(-1);
                if (!card) return;
                window.states.add(card.dataset.state);
                window.texts.push(card.querySelector(".card-body").textContent);
            }).observe(
                document.getElementById("messages"), { subtree: true, childList: true, characterData: true, attributes: true }
            );
        }"""
    )
    card = chat.ask("你好")
    expect(card).to_contain_text("你好")
    expect(card).to_contain_text("已完成")
    expect(card).to_contain_text(re.compile(r"DingTalk 调用 \d+ 次"))
    texts: list[str] = chat.page.evaluate("() => window.texts")
    lengths = [len(text) for text in texts]
    assert lengths == sorted(lengths)
    assert len({*lengths} - {0}) > 10
    written = [re.sub(r"[*`_~\s-]+", "", text) for text in texts]  # a mark stands there as it is until its other half has come
    assert [text for text in written if not written[-1].startswith(text)] == []
    states = chat.page.evaluate("() => [...window.states]")
    assert states == [state for state in ("processing", "inputing", "finished") if state in states]
    assert {"inputing", "finished"} <= {*states}


def test_the_stop_button_stops_for_the_asker_only(chat: Chat, demo: SandboxClient) -> None:
    """A colleague's press does nothing in a group; the asker's ends the answer and keeps what was written."""
    chat.open_group("聊天助手", "停止测试群")
    chat.say("/show long")
    card = chat.cards().last
    stop = card.get_by_role("button", name="停止")
    stop.wait_for(timeout=20_000)
    chat.become("李雷")
    card = chat.cards().last
    before = demo.last()
    card.get_by_role("button", name="停止").click()
    click = demo.wait_for(before, kind="click", user_id="lilei")
    # Only updates that come after the click say anything: a stopped answer has no more than one of them, its end.
    grown = demo.follow(click["seq"], kind="card", out_track_id=click["out_track_id"])
    assert [next(grown)["state"] for _ in range(3)] == ["inputing"] * 3
    chat.become("王芳")
    card = chat.cards().last
    card.get_by_role("button", name="停止").click()
    chat.wait_state(card, "finished")
    expect(card).to_contain_text("已停止")
    expect(card.get_by_role("button", name="停止")).to_have_count(0)


def _switches(demo: SandboxClient) -> list[dict[str, Any]]:
    switches: list[dict[str, Any]] = requests.get(f"{demo.url}/sandbox/switches", timeout=10).json()["switches"]
    return switches


def test_a_fault_that_is_switched_on_is_felt_until_it_is_switched_off(chat: Chat, demo: SandboxClient) -> None:
    """The card cannot be made, the answer comes as a message, as the switch's sentence says."""
    chat.open("工作流")  # which goes without cards for a while afterwards
    faults = chat.panel("故障")
    switch = faults.get_by_role("switch", name=re.compile("权限"))
    sentence = switch.get_attribute("aria-describedby")
    assert sentence
    expect(faults.locator(f"#{sentence}")).not_to_be_empty()
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    cards = chat.cards().count()
    chat.say("没有权限会怎样")
    expect(chat.messages.nth(1)).to_be_visible(timeout=20_000)
    expect(chat.messages.last).to_have_class(re.compile("from-bot"), timeout=20_000)
    assert chat.cards().count() == cards
    faults.get_by_role("button", name="全部关闭").click()
    expect(switch).to_have_attribute("aria-checked", "false")
    assert {switch["name"] for switch in _switches(demo) if switch["on"]} == set()
    chat.open("文案生成")  # the other bot has not learnt to go without cards: what it does shows that the fault is gone
    expect(chat.ask("现在呢")).to_contain_text("现在呢")


def test_the_wire_tells_every_call_and_no_secret(chat: Chat, demo: SandboxClient) -> None:
    """From the push to the last call of the card, in order; one click shows it whole, with its secrets masked."""
    wire = chat.panel("线路")
    chat.ask("线路上有什么")
    lines = wire.get_by_role("listitem")
    for name in ("推送消息", "确认消息", "创建并投放卡片", "提问", "回答（事件流）"):
        expect(lines.filter(has_text=name).last).to_be_visible()
    lines.filter(has_text="创建并投放卡片").last.get_by_role("button").click()
    whole = chat.page.get_by_role("dialog")
    expect(whole).to_contain_text("cardTemplateId")
    whole.locator("summary", has_text="请求头").click()
    token = whole.locator("dt", has_text=re.compile("^x-acs-dingtalk-access-token$", re.IGNORECASE)).locator("xpath=../dd")
    expect(token).to_be_visible()
    assert len(token.inner_text()) <= 6
    chat.page.keyboard.press("Escape")
    shown = requests.get(f"{demo.url}/sandbox/wire", timeout=10).json()["wire"]
    kept = [requests.get(f"{demo.url}/sandbox/wire/{entry['seq']}", timeout=10).text for entry in shown]
    assert not [text for text in kept if "secret-of" in text or "app-demo" in text]


def test_chinese_first_english_by_the_switch(chat: Chat) -> None:
    """Every word changes, the choice is remembered, and the document says its language."""
    page = chat.page
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.get_by_role("button", name=re.compile("English")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("DingBridge sandbox")
    assert page.evaluate("document.documentElement.lang") == "en"
    chat.panel("Faults")
    page.get_by_role("switch").first.wait_for()
    left = page.evaluate(
        """() => [...document.querySelectorAll("button, label, h2, h3, p, [aria-label], legend")]
            .filter((each) => each.offsetParent && !each.closest("#messages, #chats, #chat-title, select"))
            .flatMap((each) => [each.ariaLabel, ...[...each.childNodes].map((node) => node.nodeType === 3 ? node.data : "")])
            .filter((text) => /[\\u4e00-\\u9fff]/.test(text ?? ""))"""
    )
    # What bots and people are called is theirs, and the button that leads back names its language.
    assert [text for text in left if not re.search("中文|聊天助手|文案生成|工作流|王芳", text)] == []
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("DingBridge sandbox")


def test_on_a_phone_one_thing_at_a_time(browser: Browser, demo: SandboxClient) -> None:
    """390 pixels: the list, then the chat, a sheet for the wire; nothing runs out of the screen."""
    with browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN", has_touch=True) as context:
        page = context.new_page()
        page.goto(demo.url)
        chat = Chat(page)
        chat.open("文案生成")
        card = chat.ask("/show table")
        expect(card).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.screenshot(path=SCREENSHOTS / "docs-phone.png")
        chat.panel("故障")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.keyboard.press("Escape")
        page.get_by_role("button", name="返回会话列表").click()
        expect(page.get_by_label("单聊", exact=True)).to_be_visible()


def test_everything_by_keyboard(chat: Chat) -> None:
    """Ask, stop, switch conversations, open a wire entry: no mouse."""
    page = chat.page
    page.reload()
    page.get_by_role("heading", name="聊天助手", level=2).wait_for()
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("跳到消息输入框")
    page.keyboard.press("Enter")
    expect(chat.box).to_be_focused()
    page.keyboard.insert_text("/show long")
    page.keyboard.press("Enter")
    stop = chat.cards().last.get_by_role("button", name="停止")
    stop.wait_for(timeout=20_000)
    stop.focus()
    page.keyboard.press("Enter")
    chat.wait_state(chat.cards().last, "finished")
    chats = page.get_by_role("list", name="单聊").get_by_role("button")
    expect(chats.first).to_contain_text("聊天助手")  # the list is in its new order
    below = chats.nth(1).inner_text()
    chats.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", level=2, name=re.compile("文案生成|工作流|大模型"))
    assert heading.inner_text() in below


def test_rich_text_with_a_picture(chat: Chat, demo: SandboxClient) -> None:
    """A picture between words is sent as one message, shown in its place, and opens larger."""
    chat.box.click()
    chat.page.keyboard.insert_text("看看这张图")
    chat.page.locator("#picture-input").set_input_files({"name": "dot.png", "mimeType": "image/png", "buffer": PNG})
    expect(chat.box.locator("img[data-file]:not(.is-coming)")).to_have_count(1)
    chat.page.keyboard.press("Enter")
    mine = chat.messages.filter(has_text="看看这张图").last
    expect(mine.locator("img")).to_have_count(1)
    [sent] = [each for each in demo.records(kind="message") if each["text"] == "看看这张图"]
    assert sent["msgtype"] == "richText"
    expect(chat.messages.last).to_have_class(re.compile("from-bot"))


def test_a_file_and_one_that_is_too_large(chat: Chat) -> None:
    """Twenty megabytes are taken; above that a sentence, and what was written stays."""
    chat.box.click()
    chat.page.keyboard.insert_text("附件在这里")
    huge = FilePayload(name="huge.bin", mimeType="application/octet-stream", buffer=bytes(20 * 1024 * 1024 + 1))
    chat.page.locator("#file-input").set_input_files(huge)
    expect(chat.page.get_by_role("alert").filter(has_text="20 MB")).to_contain_text("huge.bin")
    expect(chat.box).to_contain_text("附件在这里")
    report = FilePayload(name="报告.pdf", mimeType="application/pdf", buffer=b"%PDF-1.4 report")
    chat.page.locator("#file-input").set_input_files(report)
    expect(chat.page.locator("#tray")).to_contain_text("报告.pdf")
    chat.page.get_by_role("button", name="发送", exact=True).click()
    tile = chat.messages.filter(has_text="报告.pdf").last
    with chat.page.expect_download() as download:
        tile.get_by_role("link").first.click()
    assert download.value.suggested_filename == "报告.pdf"


def test_a_group_in_which_two_people_speak(chat: Chat, demo: SandboxClient) -> None:
    """Each sees the other's messages; a message without the mention does not reach the bot, and says so."""
    chat.open_group("聊天助手", "产品讨论群")
    chat.ask("第一个问题")
    chat.become("李雷")
    expect(chat.messages.filter(has_text="第一个问题").first).to_be_visible()
    chat.page.get_by_role("button", name="不 @ 聊天助手").click()
    chat.say("我们自己先商量")
    mine = chat.messages.filter(has_text="我们自己先商量").last
    expect(mine).to_contain_text("没有送达")
    group = next(each for each in demo.chats() if each["title"] == "产品讨论群")
    assert {person["nick"] for person in group["people"]} == {"王芳", "李雷"}


def test_a_quote_and_a_mention(chat: Chat, demo: SandboxClient) -> None:
    """The bot is told what was quoted, and the page shows it above the new message."""
    chat.open_group("聊天助手", "引用群")
    chat.ask("要引用的话")
    first = chat.messages.filter(has_text="要引用的话").first
    first.hover()
    first.get_by_role("button", name=re.compile("引用")).first.click()
    chat.box.click()
    chat.page.keyboard.type("@李")
    chat.page.get_by_role("listbox").get_by_role("option", name="李雷").click()
    chat.page.keyboard.insert_text("这是什么意思")
    chat.page.keyboard.press("Enter")
    mine = chat.messages.filter(has_text="这是什么意思").last
    expect(mine).to_contain_text("要引用的话")
    expect(mine).to_contain_text("@李雷")
    group = next(each for each in demo.chats() if each["title"] == "引用群")
    sent = [each for each in group["messages"] if each["from"] == "person"][-1]
    assert (sent["quote"]["text"], sent["at"]) == ("要引用的话", ["聊天助手", "李雷"])


def test_voice_with_its_recognised_text(chat: Chat, demo: SandboxClient) -> None:
    """The bot gets what DingTalk recognised; the page shows both."""
    chat.page.get_by_role("button", name="语音").click()
    dialog = chat.page.get_by_role("dialog")
    dialog.get_by_label("识别出的文字").fill("帮我查一下天气")
    dialog.get_by_role("button", name="发送").click()
    expect(chat.messages.filter(has_text="帮我查一下天气").last).to_be_visible()
    assert [each["msgtype"] for each in demo.records(kind="message") if each["text"] == "帮我查一下天气"] == ["audio"]


HOSTILE = (
    "<script>window.hurt=1</script> <img src=x onerror='window.hurt=1'> [点我](javascript:window.hurt=1) "
    "![大图](http://127.0.0.1:9/huge.png) <style>body{display:none}</style> `画好了`"
)


def test_hostile_markdown_does_nothing(chat: Chat) -> None:
    """In a card, in a message and in a person's own words: no code runs, nothing is fetched from elsewhere."""
    foreign: list[str] = []
    chat.page.on("request", lambda request: foreign.append(request.url) if ":9/" in request.url else None)
    card = chat.ask(HOSTILE)
    # The words around the attack are drawn as markdown: what stands in the card has been rendered, and whole.
    expect(card.locator(".card-body code").filter(has_text="画好了")).to_be_visible()
    expect(card.get_by_role("link", name="大图").or_(card.locator("a.picture")).first).to_be_visible()
    assert chat.page.evaluate("window.hurt") is None
    assert chat.page.locator("#messages a[href^='javascript']").count() == 0
    assert foreign == []
    expect(chat.page.locator("#top h1")).to_be_visible()


@pytest.mark.parametrize("name", ["table", "code", "picture", "error", "citation"])
def test_scripted_talk(chat: Chat, name: str) -> None:
    """Each of the product's abilities can be seen by name."""
    expect(chat.page.get_by_text("试试")).to_be_visible()
    before = chat.messages.count()
    chat.say(f"/show {name}")
    chat.messages.nth(before + 1).wait_for(timeout=20_000)
    card = chat.cards().last
    chat.page.wait_for_function(
        "(card) => ['finished', 'failed'].includes(card.dataset.state) && card.ariaBusy !== 'true'",
        arg=card.element_handle(),
        timeout=60_000,
    )
    sign: dict[str, Any] = {"table": "table", "code": "pre code", "picture": "img", "error": ":scope", "citation": ":scope"}
    expect(card.locator(sign[name]).first).to_be_visible()


def test_chips_offer_what_the_bots_ai_can_show(chat: Chat) -> None:
    """Scripted talk with the sandbox's Dify, its directives with the gateway; an echo has nothing to show."""
    rows = chat.page.get_by_label("单聊", exact=True).get_by_role("button")
    expect(rows).to_have_count(7)
    chips = chat.page.locator("#shows .chip")
    expect(chips.filter(has_text="表格")).to_have_attribute("title", "/show table")
    chat.open("回声")
    expect(chat.page.locator("#shows")).to_be_hidden()
    chat.open("大模型")
    expect(chips).to_have_text(["思考过程", "表格", "代码"])
    before = chat.cards().count()
    chips.filter(has_text="代码").click()
    card = chat.cards().nth(before)
    chat.wait_state(card, "finished")
    expect(card.locator("pre code").first).to_be_visible()


@pytest.mark.parametrize(("question", "state"), [("[[len=30]] [[rate=0]]", "finished"), ("[[error]] [[empty]]", "failed")])
def test_an_answer_is_announced_however_quick_it_was(chat: Chat, question: str, state: str) -> None:
    """A screen reader hears its end once, also where nobody ever saw it grow."""
    before = chat.cards().count()
    chat.say(question)
    card = chat.cards().nth(before)
    chat.wait_state(card, state)
    words = card.locator(".card-body").text_content() or ""
    assert words.strip()
    expect(chat.page.locator("#announcements")).to_contain_text(words.strip()[:20])


def test_light_and_dark(chat: Chat) -> None:
    """The theme follows the system until the switch says otherwise, and is remembered."""
    page = chat.page
    ground = "getComputedStyle(document.body).backgroundColor"
    page.emulate_media(color_scheme="light")
    light = page.evaluate(ground)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ground) != light
    for _ in range(3):
        page.get_by_role("button", name=re.compile("主题")).click()
        if page.evaluate("document.documentElement.dataset.theme") == "light":
            break
    assert page.evaluate(ground) == light


def test_pictures_for_the_documents(chat: Chat) -> None:
    """A chat with the wire beside it, and the faults: what the READMEs show."""
    chat.panel("线路")
    chat.ask("/show citation")  # so that the end of a good answer stands above the table
    chat.ask("/show table")
    chat.page.screenshot(path=SCREENSHOTS / "docs-page.png")
    chat.page.get_by_role("button", name=re.compile("English")).click()
    chat.ask("/show table en")
    chat.page.screenshot(path=SCREENSHOTS / "docs-page-en.png")
    chat.page.get_by_role("button", name=re.compile("中文")).click()
    chat.panel("故障")
    chat.page.emulate_media(color_scheme="dark")
    chat.page.evaluate("() => Promise.all(document.getAnimations().map((each) => each.finished)).then(() => null)")
    chat.page.screenshot(path=SCREENSHOTS / "docs-page-dark.png")
