// Markdown to HTML by the sandbox: what is asked for in one moment goes in one call, and nothing is rendered twice.

import { call } from "../api.js";

const REMEMBERED = 600;
const SHORT_ENOUGH = 40_000; // longer ones are not remembered

const known = new Map(); // kind + text -> html
let waiting = new Map(); // kind -> [{text, resolve, reject}]

/** The HTML of a text; kind is "card" or "message". Safe for innerHTML: the sandbox has sanitised it. */
export function rendered(text, kind) {
  const key = `${kind} ${text}`;
  if (known.has(key)) return Promise.resolve(known.get(key));
  if (!waiting.size) setTimeout(askAll);
  return new Promise((resolve, reject) => {
    const asked = waiting.get(kind) ?? [];
    waiting.set(kind, [...asked, { text, resolve, reject }]);
  });
}

/** The nodes of a text; when the sandbox does not answer, the bare text. */
export async function renderedNodes(text, kind) {
  const template = document.createElement("template");
  try {
    template.innerHTML = await rendered(text, kind);
    demote(template.content);
  } catch (error) {
    console.warn("markdown:", error.message);
    template.content.append(Object.assign(document.createElement("p"), { className: "bare", textContent: text }));
  }
  return template.content;
}

/** The page has its own headings down to h2: those of a text go below them, and keep their looks by a class. */
function demote(root) {
  for (const heading of root.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const level = Number(heading.localName[1]);
    const below = document.createElement(`h${Math.min(level + 2, 6)}`);
    below.className = `as-h${level}`;
    below.append(...heading.childNodes);
    heading.replaceWith(below);
  }
}

function askAll() {
  const all = waiting;
  waiting = new Map();
  for (const [kind, asked] of all) ask(kind, asked);
}

async function ask(kind, asked) {
  try {
    const { html } = await call("markdown", { texts: asked.map(({ text }) => text), kind });
    asked.forEach(({ text, resolve }, index) => {
      remember(`${kind} ${text}`, html[index]);
      resolve(html[index]);
    });
  } catch (error) {
    for (const { reject } of asked) reject(error);
  }
}

function remember(key, html) {
  if (key.length > SHORT_ENOUGH) return;
  known.set(key, html);
  if (known.size > REMEMBERED) known.delete(known.keys().next().value);
}
