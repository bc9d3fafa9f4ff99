// The wire panel: every frame and call as it happens, filtered, paused and opened by whoever looks.

import { icon, make, say } from "../dom.js";
import { onLanguage } from "../language.js";
import { botName, onBots } from "../model/bots.js";
import { detail } from "./detail.js";
import { entries } from "./entries.js";
import { lineOf } from "./line.js";
import { sideOf, t } from "./wirewords.js";

const MOST_LINES = 200; // in the document at once; older ones come on request
const NEAR_PIXELS = 24;
const HEARTBEATS = new Set(["ping", "pong"]);
const GOOD = new Set(["ok", "whole"]);

/** Fill the panel; `chosen` tells the open chat. */
export function mount(root, { chosen }) {
  const parts = build(root);
  const filters = { side: "", mine: false, refused: false, pings: true, answer: "" };
  let lines = MOST_LINES;
  let held = 0; // how many came that are not drawn yet
  let paused = false;
  let following = true; // until somebody scrolls up

  const log = entries((news, anew) => (anew ? draw() : take(news)));
  const open = detail(root, (seq, step) => {
    const fitting = log.all().filter(fits);
    return fitting[fitting.findIndex((entry) => entry.seq === seq) + step];
  });
  open.onClose((seq) => (lineAt(seq) ?? parts.scroll).focus());
  open.onAnswer((answer) => {
    filters.answer = answer;
    draw();
  });

  const bot = () => chosen.get()?.client_id;
  const lineAt = (seq) => parts.list.querySelector(`[data-seq="${seq}"]`);
  const atEnd = () => parts.scroll.scrollHeight - parts.scroll.scrollTop - parts.scroll.clientHeight < NEAR_PIXELS;

  function fits(entry) {
    if (filters.answer && entry.answer !== filters.answer) return false;
    if (filters.side && sideOf(entry) !== filters.side) return false;
    if (filters.refused && GOOD.has(entry.verdict) && !entry.fault) return false;
    if (filters.pings && HEARTBEATS.has(entry.api)) return false;
    // What names no bot (a token that nobody has, say) may be of any.
    const owner = entry.client_id ?? entry.app;
    return !filters.mine || !bot() || !owner || owner === bot() || owner === botName(bot());
  }

  function take(news) {
    const fitting = news.filter(fits);
    if (!fitting.length) return;
    if (paused || !following) {
      held += fitting.length;
      drawState();
      return;
    }
    const fresh = document.createDocumentFragment();
    fresh.append(...fitting.slice(-MOST_LINES).map(lineOf));
    parts.list.append(fresh);
    while (parts.list.children.length > lines) dropFirst();
    drawState();
    toEnd();
  }

  function dropFirst() {
    if (parts.list.firstChild.contains(document.activeElement)) parts.scroll.focus({ preventScroll: true });
    parts.list.firstChild.remove();
  }

  /** Everything anew: after a load, another filter, another language. */
  function draw({ stay = false } = {}) {
    const fitting = log.all().filter(fits);
    held = 0;
    parts.list.replaceChildren(...fitting.slice(-lines).map(lineOf));
    drawState();
    if (!stay) toEnd();
  }

  function drawState() {
    const count = parts.list.children.length;
    const all = log.all();
    const fitting = all.filter(fits).length;
    parts.older.hidden = count < lines || count >= fitting;
    parts.empty.hidden = count > 0;
    parts.answer.hidden = !filters.answer;
    if (!count) drawEmpty(all.length > 0);
    say(parts.count, paused ? `${t("paused")} · ${t("news", held)}` : t("shown", fitting));
    parts.fresh.hidden = !held || paused;
    say(parts.freshText, t("news", held));
    if (!parts.list.querySelector('[tabindex="0"]')) parts.list.lastChild?.querySelector("button").setAttribute("tabindex", "0");
  }

  function drawEmpty(filtered) {
    say(parts.emptyTitle, t(filtered ? "emptyFilter" : "emptyTitle"));
    say(parts.emptyText, filtered ? "" : t("empty"));
    parts.showAll.hidden = !filtered;
  }

  function toEnd() {
    following = true;
    parts.scroll.scrollTop = parts.scroll.scrollHeight;
  }

  function drawWords() {
    say(parts.pause, t(paused ? "resume" : "pause"));
    parts.pause.setAttribute("aria-pressed", String(paused));
    for (const each of root.querySelectorAll("[data-wire-t]")) say(each, t(each.dataset.wireT));
    for (const each of root.querySelectorAll("[data-wire-label]")) each.setAttribute("aria-label", t(each.dataset.wireLabel));
    draw({ stay: true });
  }

  function focusLine(from, step) {
    const all = [...parts.list.querySelectorAll(".wire-line")];
    const edge = { first: 0, last: all.length - 1 }[step];
    const at = edge ?? Math.min(all.length - 1, Math.max(0, all.indexOf(from) + step));
    from.setAttribute("tabindex", "-1");
    all[at].setAttribute("tabindex", "0");
    all[at].focus();
  }

  parts.list.addEventListener("click", (event) => {
    const line = event.target.closest(".wire-line");
    const entry = line && log.all().find(({ seq }) => seq === Number(line.dataset.seq));
    if (!entry) return;
    parts.list.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    line.setAttribute("tabindex", "0");
    open.open(entry);
  });
  parts.list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: "first", End: "last" }[event.key];
    if (step === undefined || !event.target.matches(".wire-line")) return;
    event.preventDefault();
    focusLine(event.target, step);
  });
  parts.scroll.addEventListener("scroll", () => {
    following = atEnd();
    if (following && held && !paused) draw();
  });
  new ResizeObserver(() => following && toEnd()).observe(parts.scroll);
  parts.fresh.addEventListener("click", () => draw());
  parts.older.addEventListener("click", () => {
    const before = parts.scroll.scrollHeight;
    lines += MOST_LINES;
    draw({ stay: true });
    parts.scroll.scrollTop += parts.scroll.scrollHeight - before;
  });
  parts.pause.addEventListener("click", () => {
    paused = !paused;
    drawWords();
    if (!paused) toEnd();
  });
  parts.clear.addEventListener("click", () => {
    log.clear();
    lines = MOST_LINES;
    draw();
  });
  parts.showAll.addEventListener("click", () => {
    Object.assign(filters, { side: "", mine: false, refused: false, pings: false, answer: "" });
    parts.sides.querySelector('[value=""]').checked = true;
    for (const box of parts.boxes) box.checked = false;
    draw();
    parts.scroll.focus();
  });
  parts.sides.addEventListener("change", (event) => {
    filters.side = event.target.value;
    draw();
  });
  for (const box of parts.boxes) {
    box.checked = filters[box.name];
    box.addEventListener("change", () => {
      filters[box.name] = box.checked;
      draw();
    });
  }
  parts.answer.addEventListener("click", () => {
    filters.answer = "";
    draw();
    parts.scroll.focus();
  });
  chosen.subscribe(() => filters.mine && draw());
  onBots(() => filters.mine && draw({ stay: true }));
  onLanguage(drawWords);
  drawWords();
  // Nothing is fetched for a panel that nobody sees.
  new IntersectionObserver((seen) => log.watch(seen.at(-1).isIntersecting)).observe(root);
}

function build(root) {
  root.classList.add("wire");
  const tool = (name) => make("button", { type: "button", class: "wire-tool", dataset: name ? { wireT: name } : {} });
  const sides = sidesOf({ "": "all", dingtalk: "dingtalk", ai: "dify" });
  const boxes = ["mine", "refused", "pings"].map((name) => make("input", { type: "checkbox", name }));
  const oneAnswer = make("span", { dataset: { wireT: "oneAnswer" } });
  const answer = make("button", { type: "button", class: "wire-chip chosen", hidden: true }, oneAnswer, icon("close"));
  const chips = make("div", { class: "wire-chips", role: "group", "data-wire-label": "filters" }, ...boxes.map(chipOf), answer);
  const [pause, clear, showAll] = ["", "clear", "showAll"].map(tool);
  const count = make("p", { class: "wire-count" });
  const tools = make("div", { class: "wire-tools" },
    make("div", { class: "wire-row" }, sides, make("div", { class: "wire-acts" }, pause, clear)),
    make("div", { class: "wire-row" }, chips, count));
  const older = make("button", { type: "button", class: "wire-older", dataset: { wireT: "older" }, hidden: true });
  const list = make("ol", { class: "wire-list", "data-wire-label": "list" });
  const emptyTitle = make("p", { class: "wire-empty-title" });
  const emptyText = make("p", {});
  const empty = make("div", { class: "wire-empty" }, emptyTitle, emptyText, showAll);
  const freshText = make("span", {});
  const fresh = make("button", { type: "button", class: "wire-fresh", hidden: true }, icon("down"), freshText);
  const scroll = make("div", { class: "wire-scroll", tabIndex: -1 }, older, list, empty);
  root.append(tools, make("div", { class: "wire-frame" }, scroll, fresh));
  return { sides, boxes, answer, pause, clear, count, older, list, empty, emptyTitle, emptyText, showAll, fresh, freshText, scroll };
}

function sidesOf(names) {
  const choices = Object.entries(names).map(([value, name]) => make("label", {},
    make("input", { type: "radio", name: "wire-side", value, checked: value === "" }),
    make("span", { dataset: { wireT: name } })));
  return make("div", { class: "wire-sides", role: "radiogroup", "data-wire-label": "side" }, ...choices);
}

const chipOf = (box) => make("label", { class: "wire-chip" }, box, make("span", { dataset: { wireT: box.name } }));
