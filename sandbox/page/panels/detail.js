// One entry of the wire whole, in a dialog: what it was, both ways with headers and bodies, and a way on to its neighbours.

import { call } from "../api.js";
import { announce, icon, iconButton, make } from "../dom.js";
import { onLanguage } from "../language.js";
import { botName } from "../model/bots.js";
import { drawn, hasPacked, readable } from "./json.js";
import { clockOf, directionOf, nameOf, sizeOf, spanOf, t, toneOf, verdictOf } from "./wirewords.js";

const COPIED_MS = 2_000;

/** A dialog in `root`; open(entry) shows it. `neighbour(seq, step)` gives the entry before or after one, if there is any. */
export function detail(root, neighbour) {
  const heading = make("h2", { id: "wire-detail-title", tabIndex: -1 });
  const direction = make("p", { class: "wire-direction" });
  const body = make("div", { class: "wire-detail-body" });
  const earlier = iconButton("chevron", "", { class: "icon-button earlier" });
  const later = iconButton("chevron", "", { class: "icon-button later" });
  const close = iconButton("close", "");
  const head = make("div", { class: "wire-detail-head" }, make("div", { class: "wire-detail-name" }, heading, direction), earlier, later, close);
  const dialog = make("dialog", { class: "wire-detail", "aria-labelledby": heading.id }, head, body);
  root.append(dialog);

  let onAnswer = () => {};
  let shown = null; // the summary of what is open
  let unpacked = true;

  async function show(entry) {
    shown = entry;
    drawHead(entry);
    body.replaceChildren(make("p", { class: "wire-wait", text: t("loading") }));
    let parts;
    try {
      parts = partsOf(await call(`wire/${entry.seq}`));
    } catch (error) {
      parts = [make("p", { class: "wire-wait", role: "alert", text: error.status === 404 ? t("gone") : t("unreadable", error.message) })];
    }
    if (shown?.seq !== entry.seq) return; // another one was opened meanwhile
    body.replaceChildren(...parts);
    body.scrollTop = 0;
  }

  function drawHead(entry) {
    heading.replaceChildren(make("span", { text: nameOf(entry) }), make("span", { class: `wire-verdict tone-${toneOf(entry)}`, text: verdictOf(entry) }));
    direction.textContent = `${directionOf(entry)} · ${clockOf(entry.time)}`;
    for (const [button, name, step] of [[earlier, "earlier", -1], [later, "later", 1]]) {
      name_(button, t(name));
      button.disabled = !neighbour(entry.seq, step);
    }
    name_(close, t("close"));
  }

  function partsOf(whole) {
    const parts = [make("code", { class: "wire-detail-what", text: whole.request ? `${whole.request.method} ${whole.request.url}` : whole.what }), factsOf(whole)];
    if (whole.answer) parts.push(make("button", { type: "button", class: "wire-copy wire-only", text: t("onlyThis"), onclick: () => {
      onAnswer(whole.answer);
      dialog.close();
    } }));
    const bodies = [whole.request?.body, whole.response?.body, whole.frame];
    if (bodies.some(hasPacked)) parts.push(unpackBox(whole));
    if (whole.request) parts.push(sectionOf("request", whole.request, "headers"));
    if (whole.response) parts.push(sectionOf("response", whole.response, "answerHeaders"));
    if (whole.frame !== undefined && whole.frame !== null) parts.push(section(t("frame"), whole.frame, [textOf(whole.frame)]));
    parts.push(make("p", { class: "wire-note", text: t("masked") }));
    return parts;
  }

  function unpackBox(whole) {
    const box = make("input", { type: "checkbox", checked: unpacked, onchange: () => {
      unpacked = box.checked;
      body.replaceChildren(...partsOf(whole));
      body.querySelector(".wire-unpack input").focus();
    } });
    return make("label", { class: "wire-unpack" }, box, t("unpack"));
  }

  const textOf = (value) => drawn(value, { unpacked });

  function sectionOf(name, half, headersName) {
    const parts = [];
    if (name === "response" && half.status === null) return section(t(name), null, [make("p", { class: "wire-nothing", text: t("noAnswer") })]);
    if (half.multipart) parts.push(filesOf(half.multipart));
    else if (half.body !== null) parts.push(textOf(half.body));
    else parts.push(make("p", { class: "wire-nothing", text: emptyOf(half) }));
    if (half.truncated && half.body !== null) parts.push(make("p", { class: "wire-nothing", text: t("truncated", sizeOf(new Blob([readable(half.body)]).size)) }));
    const headers = Object.entries(half.headers);
    if (headers.length) parts.push(make("details", { class: "wire-headers" }, make("summary", { text: `${t(headersName)} (${headers.length})` }), factList(headers)));
    return section(name === "response" ? `${t(name)} ${half.status}` : t(name), half.body, parts);
  }

  function section(title, value, parts) {
    const top = make("div", { class: "wire-section-head" }, make("h3", { text: title }));
    if (value !== null && value !== "") top.append(copyButton(() => readable(value, { unpacked })));
    return make("section", {}, top, ...parts);
  }

  const step = (by) => {
    const next = shown && neighbour(shown.seq, by);
    if (next) show(next);
  };
  earlier.onclick = () => step(-1);
  later.onclick = () => step(1);
  close.onclick = () => dialog.close();
  dialog.onclick = (event) => {
    if (event.target === dialog) dialog.close(); // a handler that gave back false would keep headers from unfolding
  };
  dialog.onkeydown = (event) => {
    if (event.key === "Escape") event.stopPropagation(); // it is this dialog that it closes
    if (event.altKey && event.key === "ArrowUp") step(-1);
    if (event.altKey && event.key === "ArrowDown") step(1);
  };
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

function factsOf(whole) {
  const facts = [
    ["f_verdict", verdictOf(whole)], ["f_status", whole.status], ["f_code", whole.code], ["f_reason", whole.reason],
    ["f_took", whole.took === undefined ? undefined : spanOf(whole.took)], ["f_in", whole.bytes_in ? sizeOf(whole.bytes_in) : undefined],
    ["f_out", whole.bytes_out ? sizeOf(whole.bytes_out) : undefined], ["f_events", whole.events], ["f_calls", whole.calls === undefined ? undefined : whole.counted ? whole.calls : `${whole.calls} (${t("uncounted")})`],
    ["f_bot", whole.client_id && botName(whole.client_id)], ["f_app", whole.app], ["f_answer", whole.answer], ["f_number", whole.seq],
  ];
  return factList(facts.filter(([, value]) => value !== undefined && value !== null).map(([name, value]) => [t(name), value]));
}

/** What is said in place of a body. */
function emptyOf({ bytes, type, headers }) {
  if (bytes) return t("binary", sizeOf(bytes), type);
  return t(headers["Content-Type"]?.includes("event-stream") ? "streams" : "noBody");
}

const factList = (facts) => make("dl", { class: "wire-facts" }, ...facts.map(([name, value]) => make("div", {}, make("dt", { text: name }), make("dd", { text: value }))));

function filesOf(files) {
  const rows = files.map(({ field, name, bytes }) => make("tr", {}, make("td", { text: field }), make("td", { text: name }), make("td", { text: sizeOf(bytes) })));
  const head = make("tr", {}, ...["field", "file", "size"].map((name) => make("th", { scope: "col", text: t(name) })));
  return make("table", { class: "wire-files" }, make("caption", { text: t("multipart") }), make("thead", {}, head), make("tbody", {}, ...rows));
}

function copyButton(text) {
  const button = make("button", { type: "button", class: "wire-copy", text: t("copy") });
  button.onclick = async () => {
    await navigator.clipboard.writeText(text());
    button.replaceChildren(icon("check"), t("copied"));
    announce(t("copied"));
    setTimeout(() => { button.textContent = t("copy"); }, COPIED_MS);
  };
  return button;
}

function name_(button, label) {
  button.title = label;
  button.setAttribute("aria-label", label);
}
