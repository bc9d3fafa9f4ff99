"""The composer and the page's frame in a real browser: what is written arrives as it was, nothing is pushed away."""

import re
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, FilePayload, Locator, Page, ViewportSize, expect

from sandbox.client import SandboxClient
from tests.page.chat import Chat
from tests.page.test_page import PNG

LONG_NAME = "关于第四季度产品规划与预算安排的会议纪要与附件汇总_" * 4 + "final_v2.pdf"
DESK = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=390, height=844)
CODE = "def f(x):\n    if x:\n        return 1\n\n    return  2"


@pytest.fixture
def chat(page: Page) -> Chat:
    """The page with the chatbot's private chat open, as 王芳."""
    return Chat(page).open("聊天助手")


@pytest.fixture
def phone(browser: Browser, demo: SandboxClient) -> Iterator[Page]:
    """The page on a phone, which begins with the list of chats."""
    with browser.new_context(viewport=PHONE, locale="zh-CN") as context:
        page = context.new_page()
        page.goto(demo.url)
        page.get_by_label("单聊", exact=True).wait_for()
        yield page


def paste(chat: Chat, text: str) -> None:
    """What Ctrl+V does with a text on the clipboard."""
    chat.box.click()
    chat.box.evaluate(
        """(box, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        text,
    )


def attach(page: Page, button: str, name: str, content: bytes) -> None:
    """Choose a file with one of the two buttons."""
    kind = "image/png" if name.endswith(".png") else "application/pdf"
    page.locator(f"#{button}-input").set_input_files(FilePayload(name=name, mimeType=kind, buffer=content))


def shrink(chat: Chat, size: ViewportSize) -> None:
    """A smaller screen, without the wire over the chat."""
    chat.page.locator("#close-side").click()
    chat.page.set_viewport_size(size)


def edges(place: Locator) -> tuple[float, float]:
    """The left and the right edge."""
    box = place.bounding_box()
    assert box
    return box["x"], box["x"] + box["width"]


def sent_by_person(demo: SandboxClient) -> list[str]:
    """The texts of people, oldest first."""
    return [each["text"] for each in demo.records(kind="message") if each["msgtype"] == "text"]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_long_file_name_pushes_nothing_away(chat: Chat, size: ViewportSize) -> None:
    """Send stays in the chat, beside the wire and on a phone; the name ends in dots and its cross can be reached."""
    if size == PHONE:
        shrink(chat, PHONE)
    attach(chat.page, "file", LONG_NAME, b"%PDF-1.4")
    expect(chat.page.locator("#tray")).to_contain_text("8 B")
    _, right = edges(chat.page.locator("#chat"))
    assert edges(chat.page.locator("#send"))[1] <= right
    assert edges(chat.page.get_by_role("button", name="移除"))[1] <= right
    chat.page.get_by_role("button", name="移除").click()
    expect(chat.page.locator("#tray")).to_be_hidden()


@pytest.mark.parametrize(
    "text", ["x\n\ny", "a\n\n\nb", CODE, "steps:\n  - run:  a\n\n  - run: b", "  - one\n    - two\n  - three"]
)
def test_what_is_pasted_arrives_as_it_was(chat: Chat, demo: SandboxClient, text: str) -> None:
    """Blank lines, indentation and runs of blanks: Python, YAML and nested lists keep their meaning."""
    before = len(sent_by_person(demo))
    paste(chat, text)
    with chat.page.expect_response(lambda response: response.url.endswith("/sandbox/messages")):
        chat.page.keyboard.press("Enter")
    assert sent_by_person(demo)[before:] == [text]


def test_what_is_typed_in_lines_arrives_as_it_was(chat: Chat, demo: SandboxClient) -> None:
    """Shift and Enter breaks the line, twice leaves one blank; blank lines around it all are not sent."""
    before = len(sent_by_person(demo))
    chat.box.click()
    for key in ("Shift+Enter", "x", "Shift+Enter", "Shift+Enter", "Space", "Space", "y", "Shift+Enter"):
        chat.page.keyboard.press(key)
    with chat.page.expect_response(lambda response: response.url.endswith("/sandbox/messages")):
        chat.page.keyboard.press("Enter")
    assert sent_by_person(demo)[before:] == ["x\n\n  y"]


def test_a_mention_that_is_taken_out_leaves_one_blank(chat: Chat, demo: SandboxClient) -> None:
    """Only beside the mention is a blank taken away: the rest of the message is not touched."""
    chat.open_group("聊天助手", "缩进群")
    before = len(sent_by_person(demo))
    for start, rest in (("请 @李", f"看看\n{CODE}"), ("@李", f"\n{CODE}")):
        paste(chat, start)
        chat.page.get_by_role("listbox").get_by_role("option", name="李雷").click()
        paste(chat, rest)
        with chat.page.expect_response(lambda response: response.url.endswith("/sandbox/messages")):
            chat.page.keyboard.press("Enter")
        expect(chat.box).to_have_text("")
    assert sent_by_person(demo)[before:] == [f"请 看看\n{CODE}", CODE]


def test_a_long_nickname_stays_in_the_list(chat: Chat) -> None:
    """Sixty letters: the switch between people and the button beside it stay inside the list."""
    nick = "Wolfeschlegelsteinhausen" * 3
    chat.page.get_by_label("我是").select_option(label="添加一个人…")
    chat.page.evaluate("document.getElementById('person-name').removeAttribute('maxlength')")
    chat.page.get_by_label("姓名").fill(nick)
    chat.page.get_by_role("button", name="添加", exact=True).click()
    expect(chat.page.get_by_label("我是")).to_contain_text(nick)
    _, right = edges(chat.page.locator("#list"))
    assert edges(chat.page.locator("#person"))[1] <= right
    assert edges(chat.page.locator("#new-chat"))[1] <= right


def test_a_file_of_ones_own_stands_beside_ones_face(chat: Chat) -> None:
    """However long its name is, the tile is no wider than others."""
    attach(chat.page, "file", LONG_NAME, b"%PDF-1.4")
    expect(chat.page.locator("#tray")).to_contain_text("8 B")
    chat.page.get_by_role("button", name="发送", exact=True).click()
    mine = chat.messages.filter(has_text=LONG_NAME).last
    face, _ = edges(mine.locator(".face"))
    left, right = edges(mine.locator("a.file"))
    assert face - right < 20
    assert right - left <= 300


def test_a_fault_that_is_left_on_is_seen_with_the_panel_closed(chat: Chat, demo: SandboxClient) -> None:
    """On the button and the tab, by eye and by ear: after a press, from the start, and when somebody else switches."""
    page = chat.page
    button = page.locator("#details")
    expect(button).to_have_attribute("aria-label", "线路与故障")
    chat.panel("故障").get_by_role("switch").first.click()
    expect(page.locator("#tab-faults .count")).to_have_text("1")
    page.get_by_role("button", name="关闭").first.click()
    expect(button).to_have_attribute("aria-label", "线路与故障，1 个故障打开")
    page.reload()
    expect(button.locator(".count")).to_be_visible()
    page.get_by_role("button", name=re.compile("English")).click()
    expect(button).to_have_attribute("aria-label", "Wire and faults, 1 fault on")
    requests.delete(f"{demo.url}/sandbox/switches", timeout=10)
    expect(button.locator(".count")).to_be_hidden(timeout=20_000)
    expect(button).to_have_attribute("aria-label", "Wire and faults")


def test_on_a_phone_the_keyboard_goes_along(phone: Page) -> None:
    """Into the chat with Enter the focus is on its title, back in the list on a chat."""
    phone.get_by_role("button", name=re.compile("文案生成")).first.focus()
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("heading", name="文案生成", level=2)).to_be_focused()
    phone.get_by_role("button", name="返回会话列表").focus()
    phone.keyboard.press("Enter")
    expect(phone.locator(".chat-row:focus")).to_have_count(1)
    phone.keyboard.press("Enter")
    expect(phone.locator("#chat-title")).to_be_focused()
    phone.go_back()
    expect(phone.locator(".chat-row:focus")).to_have_count(1)


def test_a_text_that_calls_itself_a_picture_is_none(chat: Chat) -> None:
    """Its first bytes are looked at; a sentence says so, and nothing stays in the box."""
    attach(chat.page, "picture", "fake.png", b"just words")
    problem = chat.page.get_by_role("alert").filter(has_text="fake.png")
    expect(problem).to_contain_text("不是图片")
    expect(chat.box.locator("img")).to_have_count(0)
    attach(chat.page, "picture", "real.png", PNG)
    expect(chat.box.locator("img[data-file]")).to_have_count(1)
    expect(problem).to_have_count(0)


def test_what_the_file_button_brings_is_a_file(chat: Chat, demo: SandboxClient) -> None:
    """A picture too: that is what the button is for."""
    attach(chat.page, "file", "原图.png", PNG)
    expect(chat.page.locator("#tray")).to_contain_text(f"{len(PNG)} B")
    chat.page.get_by_role("button", name="发送", exact=True).click()
    expect(chat.messages.locator("a.file").filter(has_text="原图.png")).to_have_count(1)
    assert demo.records(kind="message")[-1]["msgtype"] == "file"


def test_a_long_placeholder_is_one_line(chat: Chat) -> None:
    """On a phone a long name of the chat ends in dots; the box is as high as with a short one."""
    shrink(chat, PHONE)
    height = chat.box.evaluate("(box) => { box.dataset.placeholder = '短'; return box.scrollHeight }")
    assert (
        chat.box.evaluate("(box) => { box.dataset.placeholder = '很长的名字'.repeat(20); return box.scrollHeight }") == height
    )


@pytest.mark.parametrize("width", [844, 390])
def test_with_hardly_any_height_the_composer_is_one_line(chat: Chat, width: int) -> None:
    """Under a phone's keyboard: the tools stand beside the box, the chips are gone, the messages keep their place."""
    shrink(chat, ViewportSize(width=width, height=340))
    expect(chat.page.locator("#shows")).to_be_hidden()
    text, send = chat.box.bounding_box(), chat.page.locator("#send").bounding_box()
    assert text
    assert send
    assert abs(text["y"] + text["height"] - send["y"] - send["height"]) < 12
    assert text["width"] > 100
    assert send["x"] + send["width"] <= width
    log = chat.page.locator("#log").bounding_box()
    assert log
    assert log["height"] > 120


def test_a_chat_is_not_read_with_a_whole_table(chat: Chat) -> None:
    """What a reader hears of a chat in the list are its name, the time and the first words of its last message."""
    chat.open("文案生成").ask("/show table")
    row = chat.page.get_by_role("button", name=re.compile("^文案生成")).first
    line = row.locator(".line")
    expect(line).to_have_text(re.compile("…$"))
    assert len(line.inner_text()) <= 51
    assert "|" not in line.inner_text()
