// How many faults are on, told on the two buttons that lead to them: a fault that was left on is seen with the panel closed.

import { call, reportUnlessGone } from "../api.js";
import { element, say } from "../dom.js";
import { onReload } from "../feed.js";
import { onLanguage } from "../language.js";
import { t } from "../words.js";

const LOOK_MS = 10_000; // others may turn the switches too
const BUTTONS = { details: "details", "tab-faults": "faults" }; // by id, what each is called

let on = 0;

/** Draw the count now and after every change. */
export function mountCount() {
  element("side").addEventListener("faults", ({ detail }) => take(detail.on));
  document.addEventListener("visibilitychange", look);
  onReload(look);
  onLanguage(draw);
  setInterval(look, LOOK_MS);
  look();
  draw();
}

function look() {
  if (document.hidden) return;
  call("switches").then(({ switches }) => take(switches.filter((each) => each.on).length)).catch(reportUnlessGone);
}

function take(count) {
  on = count;
  draw();
}

function draw() {
  for (const [id, word] of Object.entries(BUTTONS)) {
    const button = element(id);
    const name = on ? t("faultsOn", t(word), on) : t(word);
    button.setAttribute("aria-label", name);
    button.title = name;
    const count = button.querySelector(".count");
    say(count, String(on));
    count.hidden = on === 0;
  }
}
