// Draws one entry of the wire whole: what it was, both ways with headers and bodies.

import { announce, icon, make } from "../dom.js";
import { botName } from "../model/bots.js";
import { drawn, hasPacked, readable } from "./json.js";
import { sizeOf, spanOf, t, verdictOf } from "./wirewords.js";

const COPIED_MS = 2_000;

/** The elements of an entry, in order; `unpacked` says whether JSON inside strings is drawn as JSON, `unpack(wanted)` is
 *  told when somebody wants that otherwise, `onlyAnswer(answer)` whose entries alone shall be shown. */
export function wholeOf(entry, { unpacked, unpack, onlyAnswer }) {
  const { request, response, frame } = entry;
  const what = request ? `${request.method} ${request.url}` : entry.what;
  const parts = [make("code", { class: "wire-detail-what", text: what }), factsOf(entry)];
  if (entry.answer) parts.push(onlyButton(() => onlyAnswer(entry.answer)));
  if ([request?.body, response?.body, frame].some(hasPacked)) parts.push(unpackBox(unpacked, unpack));
  if (request) parts.push(requestOf(request, { unpacked }));
  if (response) parts.push(responseOf(response, { unpacked }));
  if (frame !== undefined && frame !== null) parts.push(section(t("frame"), frame, [drawn(frame, { unpacked })], { unpacked }));
  return [...parts, make("p", { class: "wire-note", text: t("masked") })];
}

const onlyButton = (onclick) => make("button", { type: "button", class: "wire-copy wire-only", text: t("onlyThis"), onclick });

function unpackBox(checked, unpack) {
  const box = make("input", { type: "checkbox", checked, onchange: () => unpack(box.checked) });
  return make("label", { class: "wire-unpack" }, box, t("unpack"));
}

const requestOf = (request, options) => section(t("request"), request.body, halfOf(request, "headers", options), options);

function responseOf(response, options) {
  if (response.status === null) return section(t("response"), null, [nothing(t("noAnswer"))], options);
  return section(`${t("response")} ${response.status}`, response.body, halfOf(response, "answerHeaders", options), options);
}

/** The body and the headers of a request or a response. */
function halfOf({ body, bytes, type, headers, multipart, truncated }, headersName, options) {
  const parts = [];
  if (multipart) parts.push(filesOf(multipart));
  else if (body !== null) parts.push(drawn(body, options));
  else if (bytes) parts.push(nothing(t("binary", sizeOf(bytes), type)));
  else parts.push(nothing(t(headers["Content-Type"]?.includes("event-stream") ? "streams" : "noBody")));
  if (truncated && body !== null) parts.push(nothing(t("truncated", sizeOf(new Blob([readable(body)]).size))));
  const all = Object.entries(headers);
  if (all.length) {
    const summary = make("summary", { text: `${t(headersName)} (${all.length})` });
    parts.push(make("details", { class: "wire-headers" }, summary, factList(all)));
  }
  return parts;
}

/** What is said in place of a body, or beside it. */
const nothing = (text) => make("p", { class: "wire-nothing", text });

function section(title, value, parts, options) {
  const top = make("div", { class: "wire-section-head" }, make("h3", { text: title }));
  if (value !== null && value !== "") top.append(copyButton(() => readable(value, options)));
  return make("section", {}, top, ...parts);
}

function factsOf(entry) {
  const { took, bytes_in: came, bytes_out: left, calls, counted, client_id: bot } = entry;
  const facts = {
    f_verdict: verdictOf(entry),
    f_status: entry.status,
    f_code: entry.code,
    f_reason: entry.reason,
    f_took: took === undefined ? undefined : spanOf(took),
    f_in: came ? sizeOf(came) : undefined,
    f_out: left ? sizeOf(left) : undefined,
    f_events: entry.events,
    f_calls: calls === undefined || counted ? calls : `${calls} (${t("uncounted")})`,
    f_bot: bot && botName(bot),
    f_app: entry.app,
    f_answer: entry.answer,
    f_number: entry.seq,
  };
  const known = Object.entries(facts).filter(([, value]) => value !== undefined && value !== null);
  return factList(known.map(([name, value]) => [t(name), value]));
}

const factList = (facts) => make("dl", { class: "wire-facts" }, ...facts.map(([name, value]) =>
  make("div", {}, make("dt", { text: name }), make("dd", { text: value }))));

function filesOf(files) {
  const head = make("tr", {}, ...["field", "file", "size"].map((name) => make("th", { scope: "col", text: t(name) })));
  const rows = files.map(({ field, name, bytes }) =>
    make("tr", {}, ...[field, name, sizeOf(bytes)].map((text) => make("td", { text }))));
  const caption = make("caption", { text: t("multipart") });
  return make("table", { class: "wire-files" }, caption, make("thead", {}, head), make("tbody", {}, ...rows));
}

function copyButton(text) {
  const button = make("button", { type: "button", class: "wire-copy", text: t("copy") });
  const tell = (word, ...before) => {
    button.replaceChildren(...before, t(word));
    announce(t(word));
    setTimeout(() => button.replaceChildren(t("copy")), COPIED_MS);
  };
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      tell("copied", icon("check"));
    } catch {
      tell("notCopied"); // a browser allows it on this machine and over https only
    }
  });
  return button;
}
