// The region beside the chat: its two tabs, open or closed (remembered), a sheet on a phone. A panel is mounted when first shown.

import { element, icon } from "../dom.js";
import { chosen } from "../model/chosen.js";
import * as faults from "../panels/faults.js";
import * as wire from "../panels/wire.js";
import { mountCount } from "./count.js";

const REMEMBERED = "side";
const NAMES = ["wire", "faults"];
const WIDE = matchMedia("(min-width: 1200px)");
const PHONE = matchMedia("(max-width: 760px)");

const panels = { wire, faults };
const mounted = new Set();
let tab = NAMES[0];

export function mountSide() {
  element("details").prepend(icon("panel"));
  element("close-side").append(icon("close"));
  element("details").addEventListener("click", () => toggle(element("side").hidden));
  element("close-side").addEventListener("click", () => toggle(false));
  element("tabs").addEventListener("keydown", walk);
  for (const name of NAMES) element(`tab-${name}`).addEventListener("click", () => choose(name));
  element("side").addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && (PHONE.matches || element("tabs").contains(event.target))) toggle(false);
  });
  PHONE.addEventListener("change", drawSheet);
  const remembered = localStorage.getItem(REMEMBERED);
  if (NAMES.includes(remembered)) tab = remembered;
  mountCount();
  draw(remembered === null ? WIDE.matches : remembered !== "" && !PHONE.matches);
}

function toggle(isOpen) {
  localStorage.setItem(REMEMBERED, isOpen ? tab : "");
  draw(isOpen);
  element(isOpen ? `tab-${tab}` : "details").focus();
}

function choose(name) {
  tab = name;
  localStorage.setItem(REMEMBERED, name);
  draw(true);
}

function draw(isOpen) {
  element("side").hidden = !isOpen;
  document.body.classList.toggle("has-side", isOpen);
  element("details").setAttribute("aria-expanded", String(isOpen));
  for (const name of NAMES) {
    const isChosen = name === tab;
    element(`tab-${name}`).setAttribute("aria-selected", String(isChosen));
    element(`tab-${name}`).tabIndex = isChosen ? 0 : -1;
    element(`panel-${name}`).hidden = !isChosen;
  }
  if (isOpen) mount(tab);
  drawSheet();
}

function mount(name) {
  if (mounted.has(name)) return;
  mounted.add(name);
  panels[name].mount(element(`panel-${name}`), { chosen });
}

/** On a phone the region lies over everything else, which then cannot be reached. */
function drawSheet() {
  const isOver = PHONE.matches && !element("side").hidden;
  for (const id of ["top", "list", "chat", "skip"]) element(id).inert = isOver;
}

function walk(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  choose(NAMES[(NAMES.indexOf(tab) + step + NAMES.length) % NAMES.length]);
  element(`tab-${tab}`).focus();
}
