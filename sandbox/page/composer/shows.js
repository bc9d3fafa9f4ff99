// The scripted talk that the embedded AI offers, as chips above the box; a line instead when the user's own AI answers.

import { make } from "../dom.js";
import { language } from "../language.js";
import { ownAi, shows } from "../model/bots.js";
import { t } from "../words.js";

/** One chip is a tab stop, arrows lead to the others; a mouse wheel turns the row sideways. */
export function mountShows(root) {
  root.addEventListener("keydown", (event) => {
    const step = { ArrowRight: "nextElementSibling", ArrowLeft: "previousElementSibling" }[event.key];
    const to = step && document.activeElement[step];
    if (!to?.matches(".chip")) return;
    event.preventDefault();
    document.activeElement.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  });
  root.addEventListener("wheel", (event) => {
    if (event.deltaX || root.scrollWidth <= root.clientWidth) return;
    event.preventDefault();
    root.scrollLeft += event.deltaY;
  });
}

/** Draw the chips for a bot's chat; choose(text) is called with what to say. */
export function drawShows(root, client_id, choose) {
  const offered = shows(client_id);
  root.hidden = !offered.length && !ownAi();
  const look = JSON.stringify([offered, ownAi(), language()]);
  if (root.dataset.look === look) return;
  root.dataset.look = look;
  if (ownAi()) {
    root.replaceChildren(make("p", { class: "own-ai", text: t("ownAi") }));
    return;
  }
  const chips = offered.map(({ title, say }, index) => make("button", {
    type: "button",
    class: "chip",
    title: say[language()],
    text: title[language()],
    tabIndex: index ? -1 : 0,
    onclick: () => choose(say[language()]),
  }));
  root.replaceChildren(make("span", { class: "try", text: t("tryIt") }), ...chips);
}
