// The round pictures of people, bots and groups: a colour and the initials of the name.

import { icon, make } from "./dom.js";

const HUES = 8;

/** A span with the picture; kind is "person", "bot" or "group". */
export function face(name, kind = "person") {
  const made = make("span", { class: `face ${kind} hue-${hueOf(name)}`, "aria-hidden": "true" });
  made.append(kind === "person" ? initials(name) : icon(kind));
  return made;
}

/** As DingTalk does it: the last two characters of a Chinese name, the first letters of others. */
function initials(name) {
  if (/\p{Script=Han}/u.test(name)) return [...name.replace(/\s/g, "")].slice(-2).join("");
  const first = name.split(/[\s._-]+/).filter(Boolean).map((word) => [...word][0]);
  return (first.length > 1 ? first[0] + first.at(-1) : [...name].slice(0, 2).join("")).toUpperCase();
}

function hueOf(name) {
  let sum = 6;
  for (const character of name) sum = (sum * 55 + character.codePointAt(0)) % 9973;
  return sum % HUES;
}
