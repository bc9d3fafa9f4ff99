// The dialog with one entry of the wire: loads it, and leads on to its neighbours.

import { call } from "../api.js";
import { iconButton, make } from "../dom.js";
import { onLanguage } from "../language.js";
import { wholeOf } from "./whole.js";
import { clockOf, directionOf, nameOf, t, toneOf, verdictOf } from "./wirewords.js";

/** A dialog in `root`; open(entry) shows it. `neighbour(seq, step)` gives the entry before or after one, if there is any. */
export function detail(root, neighbour) {
  const { dialog, heading, direction, body, earlier, later, close } = build(root);
  let onAnswer = () => {};
  let shown = null; // the summary of what is open
  let unpacked = true;

  async function show(entry) {
    shown = entry;
    drawHead(entry);
    body.replaceChildren(make("p", { class: "wire-wait", text: t("loading") }));
    const draw = await drawingOf(entry);
    if (shown?.seq !== entry.seq) return; // another one was opened meanwhile
    draw();
    body.scrollTop = 0;
  }

  /** How the body is drawn: whole, or as a sentence when it cannot be had. */
  async function drawingOf({ seq }) {
    try {
      const whole = await call(`wire/${seq}`);
      return () => drawWhole(whole);
    } catch (error) {
      const text = error.status === 404 ? t("gone") : t("unreadable", error.message);
      return () => body.replaceChildren(make("p", { class: "wire-wait", role: "alert", text }));
    }
  }

  function drawWhole(whole) {
    const unpack = (wanted) => {
      unpacked = wanted;
      drawWhole(whole);
      body.querySelector(".wire-unpack input").focus();
    };
    const onlyAnswer = (answer) => {
      onAnswer(answer);
      dialog.close();
    };
    body.replaceChildren(...wholeOf(whole, { unpacked, unpack, onlyAnswer }));
  }

  function drawHead(entry) {
    const verdict = make("span", { class: `wire-verdict tone-${toneOf(entry)}`, text: verdictOf(entry) });
    heading.replaceChildren(make("span", { text: nameOf(entry) }), verdict);
    direction.textContent = `${directionOf(entry)} · ${clockOf(entry.time)}`;
    label(earlier, t("earlier"));
    label(later, t("later"));
    label(close, t("close"));
    earlier.disabled = !neighbour(entry.seq, -1);
    later.disabled = !neighbour(entry.seq, 1);
  }

  function step(by) {
    const next = shown && neighbour(shown.seq, by);
    if (next) show(next);
  }

  earlier.addEventListener("click", () => step(-1));
  later.addEventListener("click", () => step(1));
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) dialog.close();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Escape") event.stopPropagation(); // it is this dialog that it closes
    if (event.altKey && event.key === "ArrowUp") step(-1);
    if (event.altKey && event.key === "ArrowDown") step(1);
  });
  onLanguage(() => dialog.open && show(shown));

  return {
    open(entry) {
      if (!dialog.open) dialog.showModal();
      heading.focus();
      return show(entry);
    },
    /** `listener(answer)` is told whose entries alone shall be shown. */
    onAnswer(listener) {
      onAnswer = listener;
    },
    /** `listener(seq)` is told which entry was open when the dialog closes. */
    onClose(listener) {
      dialog.addEventListener("close", () => listener(shown?.seq));
    },
  };
}

function build(root) {
  const heading = make("h2", { id: "wire-detail-title", tabIndex: -1 });
  const direction = make("p", { class: "wire-direction" });
  const body = make("div", { class: "wire-detail-body" });
  const earlier = iconButton("chevron", "", { class: "icon-button earlier" });
  const later = iconButton("chevron", "", { class: "icon-button later" });
  const close = iconButton("close", "");
  const name = make("div", { class: "wire-detail-name" }, heading, direction);
  const head = make("div", { class: "wire-detail-head" }, name, earlier, later, close);
  const dialog = make("dialog", { class: "wire-detail", "aria-labelledby": heading.id }, head, body);
  root.append(dialog);
  return { dialog, heading, direction, body, earlier, later, close };
}

function label(button, text) {
  button.title = text;
  button.ariaLabel = text;
}
