// The list of people that opens behind an "@": arrows choose, Enter takes, Esc closes.

import { make } from "../dom.js";
import { face } from "../face.js";
import { isSame, people, viewer } from "../model/people.js";
import { t } from "../words.js";

/** A list box for `box`, the text box it belongs to; take(person) is called with the chosen one. */
export function colleagues(root, box, take) {
  let found = [];
  let at = 0;

  function show(query, members) {
    const wanted = query.toLowerCase();
    const isIn = (person) => members.some((each) => each.nick === person.nick);
    found = people()
      .filter((person) => !isSame(person, viewer()) && person.nick.toLowerCase().includes(wanted))
      .sort((one, other) => Number(isIn(other)) - Number(isIn(one)))
      .slice(0, 8);
    at = 0;
    draw();
  }

  function hide() {
    root.hidden = true;
    box.removeAttribute("aria-activedescendant");
  }

  function draw() {
    root.hidden = false;
    root.replaceChildren(...found.map((person, index) => {
      const about = { id: `colleague-${index}`, role: "option", "aria-selected": String(index === at) };
      const option = make("li", about, face(person.nick), person.nick);
      option.addEventListener("mousedown", (event) => {
        event.preventDefault(); // the caret stays in the box
        choose(person);
      });
      return option;
    }));
    if (!found.length) root.append(make("li", { class: "nobody", role: "option", "aria-disabled": "true", text: t("noColleague") }));
    if (found.length) box.setAttribute("aria-activedescendant", `colleague-${at}`);
  }

  function choose(person) {
    hide();
    take(person);
  }

  /** Whether the key was meant for the list. */
  function key(event) {
    if (root.hidden) return false;
    if (event.key === "Escape") hide();
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      at = (at + (event.key === "ArrowDown" ? 1 : -1) + found.length) % Math.max(1, found.length);
      draw();
    } else if ((event.key === "Enter" || event.key === "Tab") && found[at]) choose(found[at]);
    else return false;
    return true;
  }

  return { show, hide, key };
}
