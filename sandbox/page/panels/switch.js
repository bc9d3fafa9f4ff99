// One fault of the panel: its title, the sentence on what a user sees, and the switch or button that makes it happen.

import { icon, make, say } from "../dom.js";
import { language } from "../language.js";
import { t } from "./faultwords.js";

const DONE_MS = 2_500;

/** {item, draw(fault), focus()} for a fault {name, momentary}; its elements stay the same, so that no focus is lost.
 *  `press()` is called when somebody wants it the other way, and resolves to whether that worked. */
export function switchOf({ name, momentary }, press) {
  const title = make("span", { id: `fault-${name}`, class: "fault-title" });
  const sentence = make("p", { id: `fault-${name}-sees`, class: "fault-sentence" });
  const words = make("div", { class: "fault-words" }, title, sentence);
  const control = momentary ? doButton(name) : toggle(title);
  control.dataset.name = name;
  control.setAttribute("aria-describedby", sentence.id);
  const item = make("li", { class: "fault", dataset: { name } }, words, control);

  control.addEventListener("click", async () => {
    if (control.ariaBusy === "true") return;
    control.ariaBusy = "true";
    if (await press() && momentary) confirm();
    control.ariaBusy = "false";
  });
  if (!momentary) words.addEventListener("click", () => control.click()); // a larger thing to hit

  function draw(fault) {
    say(title, fault.title[language()]);
    say(sentence, fault.sentence[language()]);
    item.classList.toggle("on", fault.on);
    if (!momentary) control.ariaChecked = String(fault.on);
    else if (!control.classList.contains("done")) drawDeed(t("doIt"));
  }

  function confirm() {
    control.classList.add("done");
    drawDeed(t("done"), icon("check"));
    setTimeout(() => {
      control.classList.remove("done");
      drawDeed(t("doIt"));
    }, DONE_MS);
  }

  const drawDeed = (text, ...before) => control.replaceChildren(...before, make("span", { id: `fault-${name}-do`, text }));

  return { item, draw, focus: () => control.focus() };
}

const doButton = (name) => make("button", { type: "button", class: "fault-do", "aria-labelledby": `fault-${name}-do fault-${name}` });

function toggle(title) {
  const about = { type: "button", class: "fault-switch", role: "switch", "aria-labelledby": title.id };
  return make("button", about, make("span", { class: "fault-knob" }));
}
