// Makes elements: tag, properties, children; foreign text only ever gets in as text.

const SVG = "http://www.w3.org/2000/svg";

/** An element; `class`, `text`, `dataset`, listeners (`onclick`), properties and attributes are understood. */
export function make(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name === "class") made.className = value;
    else if (name === "text") made.textContent = value;
    else if (name === "dataset") Object.assign(made.dataset, value);
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value); // its answer cancels nothing
    else if (name in made && !name.includes("-")) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A picture from icons.svg, for the eyes only. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/page/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** A button with an icon, whose label is its tooltip as well. */
export const iconButton = (name, label, properties = {}) =>
  make("button", { type: "button", class: "icon-button", title: label, "aria-label": label, ...properties }, icon(name));

/** The element of this id. */
export const element = (id) => document.getElementById(id);

/** Set a text only when it differs, so that no reader hears it again. */
export function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Read `text` to screen readers once, without showing it. */
export function announce(text) {
  const line = make("p", { text });
  element("announcements").append(line);
  setTimeout(() => line.remove(), 20_000);
}
