// Which language the page speaks, and how a module brings its own words: words({zh: {...}, en: {...}}) gives t(name, ...args).

const REMEMBERED = "language";
const TAGS = { zh: "zh-CN", en: "en" };
const listeners = new Set();
let chosen = localStorage.getItem(REMEMBERED) === "en" ? "en" : "zh";
document.documentElement.lang = TAGS[chosen];

/** "zh" or "en". */
export const language = () => chosen;

/** Change the language, remember it, and tell everybody who draws words. */
export function chooseLanguage(name) {
  chosen = name in TAGS ? name : "zh";
  localStorage.setItem(REMEMBERED, chosen);
  document.documentElement.lang = TAGS[chosen];
  for (const listener of listeners) listener(chosen);
}

/** Call `listener` after every change; returns the way to stop that. */
export function onLanguage(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A table's reader: t("name") is a sentence, t("name", ...) one that a function of the table makes. */
export const words = (table) => (name, ...args) => {
  const word = table[chosen][name] ?? table.zh[name] ?? name;
  return typeof word === "function" ? word(...args) : word;
};
