"""The demo as a newcomer starts it, and a real browser in front of it."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from sandbox.client import SandboxClient

ROOT = Path(__file__).resolve().parent.parent.parent
SCREENSHOTS = ROOT / "build" / "screenshots"
START_SECONDS = 60
WAIT_MS = 15_000
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# A browser that does nothing by itself: no update, no phoning home, nothing but what the page asks for.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")  # Playwright keeps an event loop in this thread, which no test of others must find
def browser() -> Iterator[Browser]:
    """Debian's chromium, headless; without one the page's tests are skipped, and fail in CI."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        tell = pytest.fail if os.environ.get("CI") else pytest.skip
        tell("no chromium here: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*QUIET])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def demo() -> Iterator[SandboxClient]:
    """`python app.py demo` as a child process: its sandbox's control API, its page at `url`."""
    command = [sys.executable, "app.py", "demo", "--port", "0"]
    environment = {**os.environ, "BOT_LANGUAGE": "zh"}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout
        overdue = threading.Timer(START_SECONDS, child.kill)
        overdue.start()
        try:
            url = next((found[0] for line in child.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line))), None)
            overdue.cancel()
            assert url, "the demo ended before it said where its page is"
            drain = threading.Thread(target=child.stdout.read, daemon=True)
            drain.start()
            client = SandboxClient(url)
            yield client
            client.close()
        finally:
            overdue.cancel()
            child.terminate()
            assert child.wait(START_SECONDS) == 0
            drain.join(START_SECONDS)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser's fresh profile, 1440 pixels wide, Chinese."""
    with browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN") as context:
        context.set_default_timeout(WAIT_MS)
        yield context


@pytest.fixture
def complaints() -> list[str]:
    """What the page complained about; a test that expects something of it takes it out."""
    return []


@pytest.fixture
def bare_page(context: BrowserContext, complaints: list[str], request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that has gone nowhere yet; whatever it complains about fails the test."""
    page = context.new_page()

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{re.sub(r'[^a-z0-9_]+', '-', request.node.name.lower())}.png")
    assert not complaints


@pytest.fixture
def page(bare_page: Page, demo: SandboxClient) -> Page:
    """The demo's page, loaded."""
    bare_page.goto(demo.url)
    return bare_page
