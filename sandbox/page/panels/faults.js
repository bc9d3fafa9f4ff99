// The faults panel: switches for what can go wrong, each with a sentence that says what a user of the bot should see.

import { call, reportUnlessGone } from "../api.js";
import { announce, icon, make, say } from "../dom.js";
import { onReload } from "../feed.js";
import { language, onLanguage } from "../language.js";
import { onBots, ownAi } from "../model/bots.js";
import { t } from "./faultwords.js";
import { switchOf } from "./switch.js";

const LOOK_MS = 4_000; // others may turn the switches too
const SIDES = ["dingtalk", "ai"];

/** Fill the panel. It tells how many faults are on by an event "faults" with `detail.on`, which bubbles. */
export function mount(root) {
  const panel = new Panel(root);
  onReload(() => panel.load());
  onBots(() => panel.draw());
  onLanguage(() => panel.draw());
  panel.load();
  let looking = 0;
  new IntersectionObserver((seen) => {
    clearInterval(looking);
    if (!seen.at(-1).isIntersecting) return;
    panel.load();
    looking = setInterval(() => document.hidden || panel.load(), LOOK_MS);
  }).observe(root);
}

class Panel {
  #faults = []; // as the sandbox has them
  #switches = new Map(); // name -> what is drawn of it, see switch.js
  #groups = Object.fromEntries(SIDES.map((side) => [side, group(side)]));
  #intro = make("p", { class: "faults-intro" });
  #count = make("span");
  #allOff = make("button", { type: "button", class: "faults-all-off", onclick: () => this.#turnAllOff() });
  #note = make("div", { class: "faults-note", hidden: true }, icon("warning"), this.#count, this.#allOff);
  #problem = make("p", { class: "faults-problem", role: "alert" });
  #root;

  constructor(root) {
    this.#root = root;
    const groups = make("div", { class: "faults-groups" }, ...Object.values(this.#groups).map(({ whole }) => whole));
    root.classList.add("faults");
    root.append(make("div", { class: "faults-scroll" }, this.#note, this.#intro, this.#problem, groups));
  }

  async load() {
    try {
      this.#take(await call("switches"));
    } catch (error) {
      reportUnlessGone(error);
    }
  }

  draw() {
    const on = this.#faults.filter((fault) => fault.on).length;
    say(this.#intro, t("intro"));
    say(this.#count, t("on", on));
    say(this.#allOff, t("allOff"));
    this.#note.hidden = on === 0;
    for (const fault of this.#faults) this.#switches.get(fault.name).draw(fault);
    for (const [side, { heading, own, list }] of Object.entries(this.#groups)) {
      const isIdle = side === "ai" && ownAi();
      say(heading, t(side));
      say(own, isIdle ? t("ownAi") : "");
      own.hidden = !isIdle;
      list.hidden = isIdle;
    }
    this.#root.dispatchEvent(new CustomEvent("faults", { bubbles: true, detail: { on } }));
  }

  #take({ switches }) {
    this.#faults = switches;
    for (const fault of switches.filter(({ name }) => !this.#switches.has(name))) {
      const made = switchOf(fault, () => this.#press(fault.name));
      this.#switches.set(fault.name, made);
      this.#groups[fault.side].list.append(made.item);
    }
    this.draw();
  }

  async #press(name) {
    const { momentary, on, title } = this.#faults.find((fault) => fault.name === name);
    const isDone = await this.#attempt(() => call(`switches/${name}`, { on: momentary || !on }));
    if (!isDone) return false;
    const word = on ? "turnedOff" : "turnedOn";
    announce(t(momentary ? "doneLong" : word, title[language()]));
    return true;
  }

  async #turnAllOff() {
    const first = this.#faults.find((fault) => fault.on);
    if (!await this.#attempt(() => call("switches", undefined, { method: "DELETE" }))) return;
    announce(t("on", 0));
    this.#switches.get(first?.name)?.focus(); // the button that had the focus is hidden now
  }

  async #attempt(work) {
    try {
      this.#take(await work());
      say(this.#problem, "");
      return true;
    } catch (error) {
      say(this.#problem, t("problem", error.message));
      return false;
    }
  }
}

/** The faults of one side under a heading; `own` says why they do not apply. */
function group(side) {
  const heading = make("h3", { id: `faults-${side}` });
  const own = make("p", { class: "faults-own-ai", hidden: true });
  const list = make("ul", { class: "faults-list" });
  const about = { class: "faults-group", dataset: { side }, "aria-labelledby": heading.id };
  return { whole: make("section", about, heading, own, list), heading, own, list };
}
