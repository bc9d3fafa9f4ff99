// One entry of the wire as a line of the list.

import { icon, make } from "../dom.js";
import { clockOf, directionOf, nameOf, sideOf, sizeOf, spanOf, t, toneOf, verdictOf } from "./wirewords.js";

const OBVIOUS = new Set(["cut", "client", "server"]); // ends that the verdict tells already

/** The <li> of an entry; its button opens it. */
export function lineOf(entry) {
  const why = entry.code ?? (OBVIOUS.has(entry.reason) ? undefined : entry.reason);
  const direction = directionOf(entry);
  const about = { type: "button", class: `wire-line tone-${toneOf(entry)}`, tabIndex: -1, dataset: { seq: entry.seq } };
  const button = make("button", about,
    make("span", { class: `wire-way ${sideOf(entry)} ${entry.way}`, title: direction }, make("span", { class: "unseen", text: direction })),
    make("span", { class: "wire-name" }, make("span", { class: "wire-title", text: nameOf(entry) }), ...marksOf(entry)),
    make("span", { class: "wire-verdict", text: verdictOf(entry) }),
    make("time", { class: "wire-clock", text: clockOf(entry.time) }),
    make("span", { class: "wire-what", title: entry.what, text: entry.what }),
    make("span", { class: "wire-figures", text: figuresOf(entry) }),
    why ? make("span", { class: "wire-code", text: why }) : null,
  );
  const item = make("li", {}, button);
  if (entry.missed) item.prepend(make("p", { class: "wire-missed", text: t("missed", entry.missed) }));
  return item;
}

function marksOf(entry) {
  const marks = [];
  if (entry.calls !== undefined && entry.counted) marks.push(mark("is-counted", t("nth", entry.calls), t("nthLong", entry.calls)));
  if (entry.calls !== undefined && !entry.counted) marks.push(mark("is-free", t("uncounted"), t("uncountedLong")));
  if (entry.again) marks.push(mark("is-again", t("again"), t("again_long")));
  if (entry.fault) marks.push(mark("is-fault", t("fault"), t("faultLong"), icon("warning")));
  return marks;
}

const mark = (kind, text, title, ...before) => make("span", { class: `wire-mark ${kind}`, title }, ...before, text);

/** Its size and duration, whichever it has. */
function figuresOf({ bytes_in: came, bytes_out: left, took, events, kind }) {
  const bytes = kind === "stream" || !came ? left : came;
  return [events && t("events", events), bytes ? sizeOf(bytes) : "", took === undefined ? "" : spanOf(took)].filter(Boolean).join(" · ");
}
