// Draws JSON for reading: indented, coloured by kind, and with JSON that hides in strings unpacked if wanted.

import { make } from "../dom.js";

const MOST_COLOURED = 60_000; // characters; longer texts are drawn plain
const DEEPEST = 8;
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

/** The text that stands for a body: strings as they are, everything else as indented JSON. */
export function readable(body, { unpacked = false } = {}) {
  if (typeof body === "string") return body;
  return JSON.stringify(unpacked ? unpack(body, DEEPEST) : body, null, 2);
}

/** Whether some string in it is JSON itself. */
export function hasPacked(body) {
  if (typeof body !== "object" || body === null) return false;
  return Object.values(body).some((value) => parsed(value) !== undefined || hasPacked(value));
}

/** A <pre> with that text. */
export function drawn(body, options) {
  const text = readable(body, options);
  const pre = make("pre", { class: "wire-body", tabIndex: 0 });
  if (typeof body === "string" || text.length > MOST_COLOURED) pre.textContent = text;
  else pre.append(...coloured(text));
  return pre;
}

function coloured(text) {
  const pieces = [];
  let end = 0;
  for (const found of text.matchAll(TOKEN)) {
    const [whole, string, colon, word] = found;
    if (found.index > end) pieces.push(text.slice(end, found.index));
    const kind = string ? (colon ? "key" : "string") : word ? "word" : "number";
    pieces.push(make("span", { class: `json-${kind}`, text: colon ? string : whole }), colon ?? "");
    end = found.index + whole.length;
  }
  return [...pieces, text.slice(end)];
}

function unpack(value, depth) {
  if (Array.isArray(value)) return value.map((each) => unpack(each, depth));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, unpack(each, depth)]));
  }
  const inner = depth ? parsed(value) : undefined;
  return inner === undefined ? value : unpack(inner, depth - 1);
}

/** The object or list that a string holds as JSON, or undefined. */
function parsed(value) {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
