"""What a person does on the page, in the page's own words."""

import re

from playwright.sync_api import Locator, Page

GROWN_MS = 30_000


class Chat:
    """The page in the hands of a person."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.box = page.get_by_role("textbox", name=re.compile("发送给|Message"))
        self.messages = page.locator("#messages > li")

    def open(self, name: str) -> "Chat":
        """Choose a conversation of the list."""
        self.page.get_by_label("单聊", exact=True).get_by_role("button", name=name).click()
        self.page.get_by_role("heading", name=name, level=2).wait_for()
        return self

    def open_group(self, bot: str, title: str) -> "Chat":
        """Begin a group with a bot in it."""
        self.page.get_by_role("button", name="发起会话").click()
        dialog = self.page.get_by_role("dialog")
        dialog.locator("#new-bot").select_option(label=bot)
        dialog.get_by_text("群聊").click()
        dialog.get_by_label("群名").fill(title)
        dialog.get_by_role("button", name="打开").click()
        self.page.get_by_role("heading", name=title, level=2).wait_for()
        return self

    def become(self, nick: str) -> None:
        """See the chats with the eyes of somebody else."""
        self.page.get_by_label("我是").select_option(label=nick)

    def say(self, text: str) -> None:
        """Type and send."""
        self.box.click()
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Enter")

    def ask(self, text: str) -> Locator:
        """Say something and wait for the card that answers it to be whole."""
        before = self.cards().count()
        self.say(text)
        card = self.cards().nth(before)
        self.wait_state(card, "finished")
        return card

    def cards(self) -> Locator:
        """The AI cards, oldest first."""
        return self.page.locator("#messages article.card")

    def wait_state(self, card: Locator, state: str) -> None:
        """Wait until the card is in this state and has typed all that it has."""
        card.wait_for(timeout=GROWN_MS)
        handle = card.element_handle()
        self.page.wait_for_function(
            "([card, state]) => card.dataset.state === state && card.ariaBusy !== 'true'", arg=[handle, state], timeout=GROWN_MS
        )

    def panel(self, name: str) -> Locator:
        """The wire or the faults beside the chat."""
        tab = self.page.get_by_role("tab", name=name)
        if not tab.is_visible():
            self.page.get_by_role("button", name=re.compile("线路与故障|Wire and faults")).first.click()
        tab.click()
        return self.page.get_by_role("tabpanel", name=name)
