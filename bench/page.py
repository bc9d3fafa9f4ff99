"""`python -m bench.page`: does the sandbox's page keep up with 200 cards that grow at once? Chromium answers."""

import argparse
import shutil
import statistics
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import requests
from playwright.sync_api import Page, sync_playwright

from sandbox.client import Json, SandboxClient, SandboxProcess

_TEMPLATE = "bench.schema"
_LINE = "春江潮水连海平，海上明月共潮生。"
_CALLERS = 32
_WAIT_MS = 60_000
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
# In the page itself, with its own modules: how old news are when it has them, and how long it draws nothing.
_PROBE = """async () => {
    const [feed, cards] = await Promise.all([import("/page/feed.js"), import("/page/model/cards.js")]);
    const seen = window.seen = { news: [], cards: [], gaps: [] };
    const changed = new Map();
    feed.onRecords((records) => {
        const now = Date.now() / 1000;
        for (const record of records) {
            seen.news.push(now - record.time);
            if (record.kind === "card") changed.set(record.out_track_id, record.time);
        }
    });
    cards.onCards((fresh) => requestAnimationFrame(() => {
        const now = Date.now() / 1000;
        for (const { out_track_id: id } of fresh) if (changed.has(id)) seen.cards.push(now - changed.get(id));
    }));
    let last = performance.now();
    const frame = (now) => { seen.gaps.push((now - last) / 1000); last = now; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
}"""
_ALL_ENDED = """() => {
    const log = document.getElementById("log").getBoundingClientRect();
    const inSight = [...document.querySelectorAll("#messages .card")].filter((card) => {
        const at = card.getBoundingClientRect();
        return at.bottom > log.top && at.top < log.bottom;
    });
    return inSight.length > 0 && inSight.every((card) => card.dataset.state === "finished" && card.ariaBusy !== "true");
}"""


@dataclass(frozen=True)
class Plan:
    """So many cards, each updated so many times, one update every `pause` seconds."""

    cards: int = 200
    updates: int = 30
    pause: float = 0.5


class Author:
    """Makes cards in one group and lets them grow, as a bot does, over DingTalk's calls."""

    def __init__(self, sandbox: SandboxClient) -> None:
        self._sandbox, self._url = sandbox, sandbox.url
        self.client_id, secret = f"bench-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
        sandbox.put_app(self.client_id, secret, "压测机器人", qps=0)
        sandbox.put_template(_TEMPLATE)
        self.chat = sandbox.say(self.client_id, "开始", conversation_type="2", conversation_title="压测群")["conversation_id"]
        answer = requests.post(
            f"{self._url}/v1.0/oauth2/accessToken", json={"appKey": self.client_id, "appSecret": secret}, timeout=10
        )
        self._headers = {"x-acs-dingtalk-access-token": answer.json()["accessToken"]}
        self._threads = threading.local()

    def create(self, card: str) -> None:
        """Make and deliver a card."""
        body: Json = {
            "cardTemplateId": _TEMPLATE,
            "outTrackId": card,
            "cardData": {"cardParamMap": {"content": ""}},
            "openSpaceId": f"dtv1.card//IM_GROUP.{self.chat}",
            "imGroupOpenSpaceModel": {"supportForward": True},
            "imGroupOpenDeliverModel": {"robotCode": self.client_id},
        }
        self._call("POST", "/v1.0/card/instances/createAndDeliver", body)

    def write(self, card: str, lines: int, *, final: bool) -> None:
        """Let the card show so many lines."""
        text = "\n\n".join(f"{number}. {_LINE}" for number in range(1, lines + 1))
        body: Json = {"outTrackId": card, "guid": uuid.uuid4().hex, "key": "content", "content": text, "isFull": True}
        self._call("PUT", "/v1.0/card/streaming", {**body, "isFinalize": final})

    def _call(self, method: str, path: str, body: Json) -> None:
        if not hasattr(self._threads, "http"):
            self._threads.http = requests.Session()
            self._threads.http.trust_env = False
        self._threads.http.request(method, self._url + path, json=body, headers=self._headers, timeout=30).raise_for_status()


def measure(plan: Plan, chromium: str) -> Json:
    """Let the cards grow before a browser's eyes; seconds, and counts."""
    with SandboxProcess() as sandbox, sync_playwright() as playwright:
        author = Author(sandbox)
        browser = playwright.chromium.launch(executable_path=chromium, args=[*_QUIET])
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="zh-CN")
        page.goto(sandbox.url)
        page.get_by_text("压测群").first.click(timeout=_WAIT_MS)
        page.locator("#messages li").first.wait_for(timeout=_WAIT_MS)
        cards = [uuid.uuid4().hex for _ in range(plan.cards)]
        with ThreadPoolExecutor(_CALLERS) as callers:
            list(callers.map(author.create, cards))
            page.evaluate(_PROBE)
            began = time.monotonic()
            updates = _grow(author, callers, cards, plan, page)
            took = time.monotonic() - began
            ended = time.monotonic()
            page.wait_for_function(_ALL_ENDED, timeout=_WAIT_MS)
            settled = time.monotonic() - ended
        seen = page.evaluate("() => window.seen")
        browser.close()
    return {"updates": updates, "took": took, "settled": settled, **seen}


def _grow(author: Author, callers: ThreadPoolExecutor, cards: list[str], plan: Plan, page: Page) -> int:
    for number in range(1, plan.updates + 1):
        due = time.monotonic() + plan.pause
        final = number == plan.updates
        work = [callers.submit(author.write, card, number, final=final) for card in cards]
        while not all(each.done() for each in work):
            page.wait_for_timeout(5)  # Playwright's own loop has to turn meanwhile
        for each in work:
            each.result()
        page.wait_for_timeout(max(0.0, due - time.monotonic()) * 1000)
    return plan.updates * len(cards)


def main() -> int:
    """Print one table; exit code 2 without a browser."""
    parser = argparse.ArgumentParser(prog="python -m bench.page", description="Measure the sandbox's page in chromium.")
    parser.add_argument("--cards", type=int, default=Plan.cards, help="cards that grow at once (%(default)s)")
    plan = Plan(cards=parser.parse_args().cards)
    chromium = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if chromium is None:
        print("no chromium here: apt install chromium", file=sys.stderr)
        return 2
    seen = measure(plan, chromium)
    rate = seen["updates"] / seen["took"]
    print(f"{plan.cards} cards, {seen['updates']} updates in {seen['took']:.1f} s ({rate:.0f} a second)\n")
    print("| | p50 | p99 | longest |\n|---|---:|---:|---:|")
    for name, title in (
        ("news", "from a change to the page's knowing of it"),
        ("cards", "from a change of a card in sight to its new text on the screen"),
        ("gaps", "between two frames that the browser drew"),
    ):
        print(f"| {title} | {_row(seen[name])} |")
    print(f"\nall cards in sight whole and finished {seen['settled']:.1f} s after the last update")
    return 0


def _row(values: list[Any]) -> str:
    cuts = statistics.quantiles(values, n=100)
    return " | ".join(f"{value * 1000:.0f} ms" for value in (cuts[49], cuts[98], max(values)))


if __name__ == "__main__":
    sys.exit(main())
