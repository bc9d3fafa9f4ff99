// Light, dark, or as the system says: remembered, and set as data-theme of the document.

const REMEMBERED = "theme";
const THEMES = ["auto", "light", "dark"];
const root = document.documentElement;

/** "auto", "light" or "dark". */
export const theme = () => root.dataset.theme ?? "auto";

/** Choose a theme and remember it. */
export function chooseTheme(name) {
  localStorage.setItem(REMEMBERED, name);
  if (name === "light" || name === "dark") root.dataset.theme = name;
  else delete root.dataset.theme;
}

/** The one after the present one. */
export const nextTheme = () => THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];

chooseTheme(localStorage.getItem(REMEMBERED) ?? "auto");
