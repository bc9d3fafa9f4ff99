// The faults panel: switches for what can go wrong, each with a sentence that says what a user of the bot should see.

import { call } from "../api.js";
import { announce, icon, make, say } from "../dom.js";
import { onReload } from "../feed.js";
import { language, onLanguage, words } from "../language.js";
import { onBots, ownAi } from "../model/bots.js";

const DONE_MS = 2_500;
const LOOK_MS = 4_000; // others may turn the switches too
const SIDES = ["dingtalk", "ai"];

const t = words({
  zh: {
    intro: "打开一个故障，再和机器人说句话，看看用户会看到什么。", on: (n) => `已打开 ${n} 个故障`, allOff: "全部关闭", dingtalk: "钉钉一侧", ai: "AI 一侧",
    standing: "打开后一直有效", momentary: "只做一次", doIt: "执行", done: "已执行", turnedOn: (title) => `已打开：${title}`, turnedOff: (title) => `已关闭：${title}`, doneLong: (title) => `已执行：${title}`,
    ownAi: "回答来自你自己的 Dify，不是沙箱里的 AI，所以这里的 AI 故障用不上。", problem: (why) => `没有成功：${why}`, sees: "用户会看到：", loading: "正在读取…",
  },
  en: {
    intro: "Switch a fault on, then say something to the bot and see what its user sees.", on: (n) => `${n} ${n === 1 ? "fault is" : "faults are"} on`, allOff: "Switch all off", dingtalk: "On DingTalk’s side", ai: "On the AI’s side",
    standing: "Lasts until switched off", momentary: "Happens once", doIt: "Do it", done: "Done", turnedOn: (title) => `Switched on: ${title}`, turnedOff: (title) => `Switched off: ${title}`, doneLong: (title) => `Done: ${title}`,
    ownAi: "Your own Dify answers, not the sandbox’s AI, so its faults do not apply here.", problem: (why) => `That did not work: ${why}`, sees: "The user sees: ", loading: "Reading…",
  },
});

/** Fill the panel. It tells how many faults are on by an event "faults" with `detail.on`, which bubbles. */
export function mount(root) {
  root.classList.add("faults");
  const intro = make("p", { class: "faults-intro" });
  const count = make("span", {});
  const allOff = make("button", { type: "button", class: "faults-all-off" });
  const note = make("div", { class: "faults-note", hidden: true }, icon("warning"), count, allOff);
  const problem = make("p", { class: "faults-problem", role: "alert" });
  const groups = make("div", { class: "faults-groups" });
  root.append(make("div", { class: "faults-scroll" }, note, intro, problem, groups));

  let switches = [];
  const rows = new Map(); // name -> the row's parts, which stay the same elements so that no focus is lost

  async function load() {
    try {
      take((await call("switches")).switches);
    } catch {
      // the page says when the sandbox does not answer, and loads anew afterwards
    }
  }

  function take(found) {
    switches = found;
    if (switches.some(({ name }) => !rows.has(name))) build();
    draw();
  }

  function build() {
    rows.clear();
    groups.replaceChildren(...SIDES.map((side) => {
      const heading = make("h3", { id: `faults-${side}`, dataset: { side } });
      const list = make("ul", { class: "faults-list" }, ...switches.filter((one) => one.side === side).map(rowOf));
      const ownAiNote = make("p", { class: "faults-own-ai", hidden: true });
      return make("section", { class: "faults-group", dataset: { side }, "aria-labelledby": heading.id }, heading, ownAiNote, list);
    }));
  }

  function rowOf({ name, momentary }) {
    const [title, sentence] = [make("span", { id: `fault-${name}`, class: "fault-title" }), make("p", { id: `fault-${name}-sees`, class: "fault-sentence" })];
    const control = make("button", { type: "button", class: momentary ? "fault-do" : "fault-switch", "aria-describedby": sentence.id, dataset: { name } });
    if (momentary) control.setAttribute("aria-labelledby", `fault-${name}-do fault-${name}`);
    else {
      control.setAttribute("role", "switch");
      control.setAttribute("aria-labelledby", title.id);
      control.append(make("span", { class: "fault-knob" }));
    }
    const item = make("li", { class: "fault", dataset: { name } }, make("div", { class: "fault-words" }, title, sentence), control);
    control.onclick = () => press(name);
    if (!momentary) item.querySelector(".fault-words").onclick = () => control.click(); // a larger thing to hit
    rows.set(name, { item, title, sentence, control });
    return item;
  }

  function draw() {
    const on = switches.filter((one) => one.on).length;
    say(intro, t("intro"));
    say(count, t("on", on));
    say(allOff, t("allOff"));
    note.hidden = on === 0;
    for (const one of switches) drawRow(one);
    for (const group of groups.children) {
      const hides = group.dataset.side === "ai" && ownAi();
      say(group.querySelector("h3"), t(group.dataset.side));
      say(group.querySelector(".faults-own-ai"), hides ? t("ownAi") : "");
      group.querySelector(".faults-own-ai").hidden = !hides;
      group.querySelector(".faults-list").hidden = hides;
    }
    root.dispatchEvent(new CustomEvent("faults", { bubbles: true, detail: { on } }));
  }

  function drawRow({ name, title, sentence, momentary, on }) {
    const row = rows.get(name);
    say(row.title, title[language()]);
    say(row.sentence, sentence[language()]);
    row.item.classList.toggle("on", on);
    if (!momentary) row.control.setAttribute("aria-checked", String(on));
    else if (!row.control.classList.contains("done")) row.control.replaceChildren(make("span", { id: `fault-${name}-do`, text: t("doIt") }));
  }

  async function press(name) {
    const { momentary, on, title } = switches.find((one) => one.name === name);
    const { control } = rows.get(name);
    if (control.getAttribute("aria-busy") === "true") return;
    control.setAttribute("aria-busy", "true");
    const words = title[language()];
    if (await attempt(() => call(`switches/${name}`, { on: momentary || !on }))) {
      announce(t(momentary ? "doneLong" : on ? "turnedOff" : "turnedOn", words));
      if (momentary) confirm(name, control);
    }
    control.removeAttribute("aria-busy");
  }

  function confirm(name, control) {
    control.classList.add("done");
    control.replaceChildren(icon("check"), make("span", { id: `fault-${name}-do`, text: t("done") }));
    setTimeout(() => {
      control.classList.remove("done");
      draw();
    }, DONE_MS);
  }

  async function attempt(work) {
    try {
      take((await work()).switches);
      say(problem, "");
      return true;
    } catch (error) {
      say(problem, t("problem", error.message));
      return false;
    }
  }

  allOff.onclick = async () => {
    const first = switches.find((one) => one.on);
    if (await attempt(() => call("switches", undefined, { method: "DELETE" }))) {
      announce(t("on", 0));
      rows.get(first?.name)?.control.focus(); // the button that had the focus is hidden now
    }
  };

  onReload(load);
  onBots(draw);
  onLanguage(draw);
  load();
  let looking = 0;
  new IntersectionObserver((seen) => {
    clearInterval(looking);
    if (!seen.at(-1).isIntersecting) return;
    load();
    looking = setInterval(() => document.hidden || load(), LOOK_MS);
  }).observe(root);
}
