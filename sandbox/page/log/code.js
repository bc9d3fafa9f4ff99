// Code blocks of rendered markdown get a button that copies them.

import { icon, make } from "../dom.js";
import { notify } from "../notice.js";
import { t } from "../words.js";

/** Give every code block inside `root` its button; it has no text of its own, so that typing does not count it. */
export function dressCode(root) {
  for (const block of root.querySelectorAll("pre")) {
    block.tabIndex = 0; // wide lines are scrolled by keyboard
    block.prepend(make("button", { type: "button", class: "copy", "aria-label": t("copy"), title: t("copy") }, icon("copy")));
  }
}

/** Clicks on these buttons inside `root`. */
export function watchCode(root) {
  root.addEventListener("click", async (event) => {
    const code = event.target.closest("button.copy")?.parentElement.querySelector("code");
    if (!code) return;
    try {
      await navigator.clipboard.writeText(code.textContent);
      notify(t("copied"));
    } catch {
      notify(t("notCopied"), "warn");
    }
  });
}
