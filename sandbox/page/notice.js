// A sentence above the composer that goes by itself: what happened without anybody having asked.

import { element, icon, make } from "./dom.js";

const SHOWN_MS = 6_000;
let timer;

/** Show a sentence; kind is "info", "warn" or "bad". */
export function notify(text, kind = "info") {
  const place = element("notice");
  place.className = `notice is-${kind}`;
  place.replaceChildren(icon(kind === "info" ? "check" : "warning"), make("span", { text }));
  place.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => (place.hidden = true), SHOWN_MS);
}
