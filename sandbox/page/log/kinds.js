// What stands in a bubble, for each kind of message.

import { mediaAddress } from "../api.js";
import { icon, make } from "../dom.js";
import { notify } from "../notice.js";
import { t } from "../words.js";
import { dressCode } from "./code.js";
import { renderedNodes } from "./markdown.js";
import { dressPictures, picture, safe } from "./pictures.js";

const makers = {
  text: (message) => [mentioned(message), text(message)],
  markdown: (message) => [mentioned(message), markdown(message.text)],
  richText: (message) => [mentioned(message), rich(message)],
  picture: pictures,
  file: (message) => [fileTile(message.file)],
  audio: (message) => [voice(message)],
  video: (message) => [video(message)],
  link: (message) => [linkCard(message)],
  actionCard: (message) => [actionCard(message)],
  feedCard: (message) => [feedCard(message)],
};
const BARE = new Set(["picture", "video", "file", "link", "actionCard", "feedCard"]); // they bring a frame of their own

/** The bubble of a message that is no AI card. */
export function bubble(message) {
  const maker = makers[message.msgtype] ?? unknown;
  const isBare = BARE.has(message.msgtype) || message.parts?.every((part) => part.picture);
  return make("div", { class: `bubble kind-${message.msgtype}${isBare ? " is-bare" : ""}` }, ...maker(message).flat());
}

/** Buttons that open an address; one without is shown and cannot be pressed. */
export function linkButton({ text: label, url }) {
  const address = url && safe(url);
  if (!address) return make("button", { type: "button", disabled: true, text: label });
  return make("a", { class: "button", href: address, target: "_blank", rel: "noopener noreferrer", text: label });
}

/** The names that the message mentions and its text does not say by itself. */
function mentioned(message) {
  const said = message.parts?.map((part) => part.at) ?? [];
  const names = (message.at ?? []).filter((name) => !said.includes(name) && !message.text?.includes(`@${name}`));
  if (!names.length) return null;
  return make("span", { class: "ats" }, ...names.flatMap((name) => [at(name), " "]));
}

const at = (name) => make("span", { class: "at", text: t("at", name) });

/** Plain text in which "@name" is blue for those who are mentioned. */
function text(message) {
  const names = message.at ?? [];
  const line = make("span", { class: "plain" });
  let rest = message.text ?? "";
  for (;;) {
    const found = names.map((name) => ({ name, place: rest.indexOf(`@${name}`) })).filter(({ place }) => place >= 0);
    if (!found.length) break;
    const { name, place } = found.sort((one, other) => one.place - other.place)[0];
    line.append(rest.slice(0, place), at(name));
    rest = rest.slice(place + name.length + 1);
  }
  line.append(rest);
  return line;
}

function markdown(source) {
  const body = make("div", { class: "md" });
  body.append(make("p", { class: "bare", text: source }));
  renderedNodes(source, "message").then((nodes) => {
    body.replaceChildren(nodes);
    dressPictures(body);
    dressCode(body);
  });
  return body;
}

const rich = (message) => make("div", { class: "rich" }, ...(message.parts ?? []).map((part) => {
  if (part.picture) return picture(part.picture);
  return part.at ? at(part.at) : make("span", { class: "plain", text: part.text });
}));

function pictures(message) {
  const sources = message.file?.media ? [message.file.media] : message.pictures ?? [];
  if (!sources.length) return [make("span", { class: "plain", text: t("type_picture") })];
  return sources.map((source) => picture(source, message.file?.name));
}

function fileTile({ media, name, bytes } = {}) {
  const suffix = name?.includes(".") ? name.split(".").at(-1).slice(0, 5) : "";
  const about = make("span", { class: "file-about" }, make("span", { class: "file-name", text: name ?? t("type_file") }),
    make("span", { class: "file-size", text: bytes ? size(bytes) : t("fileGone") }));
  const sign = make("span", { class: `file-sign sign-${family(suffix)}`, text: suffix.toUpperCase(), "aria-hidden": "true" });
  if (!media || !bytes) return make("span", { class: "file" }, sign, about);
  return make("a", { class: "file", href: mediaAddress(media), download: name, title: t("download") }, sign, about, icon("download"));
}

function voice(message) {
  const seconds = Math.max(1, Math.round(message.seconds ?? 0));
  const wave = make("span", { class: "wave", "aria-hidden": "true" }, icon("sound"));
  const length = Math.min(Math.ceil(seconds / 6), 10);
  const about = { class: `voice long-${length}`, "aria-label": t("secondsLong", seconds) };
  const line = player(message.file, about, wave, t("seconds", seconds));
  const label = make("span", { class: "unseen", text: t("recognised") });
  const words = make("p", { class: "recognised" }, label, message.text || t("notRecognised"));
  return make("div", { class: "spoken" }, line, words);
}

/** A bar that plays the sound if there is one, and stops it again. */
function player(file, about, ...inside) {
  if (!file?.bytes) return make("span", { role: "img", ...about }, ...inside);
  const button = make("button", { type: "button", ...about, title: t("play") }, ...inside);
  const sound = new Audio();
  sound.preload = "none";
  sound.src = mediaAddress(file.media);
  const draw = () => button.classList.toggle("is-playing", !sound.paused && !sound.ended);
  for (const event of ["play", "pause", "ended", "error"]) sound.addEventListener(event, draw);
  sound.addEventListener("error", () => notify(t("noSound"), "warn"));
  button.addEventListener("click", () => (sound.paused ? sound.play().catch(draw) : sound.pause()));
  return button;
}

function video(message) {
  if (!message.file?.bytes) return fileTile(message.file);
  const { media, name } = message.file;
  const film = make("video", { controls: true, preload: "metadata", src: mediaAddress(media), "aria-label": name });
  return make("div", { class: "film" }, film, fileTile(message.file));
}

function linkCard({ title, text: about, buttons, pictures: sources }) {
  const address = safe(buttons?.[0]?.url ?? "");
  const inside = [make("strong", { text: title }), make("span", { class: "row" }, make("span", { class: "about", text: about }),
    sources?.[0] ? picture(sources[0]) : make("span", { class: "link-sign" }, icon("link")))];
  const open = address ? linkButton({ text: t("link"), url: address }) : null;
  return make("div", { class: "tile" }, ...inside, open ? make("div", { class: "ends" }, open) : null);
}

function actionCard({ title, text: source, buttons = [] }) {
  const ends = make("div", { class: "ends" }, ...buttons.map(linkButton));
  const head = title ? make("strong", { text: title }) : null;
  return make("div", { class: "tile" }, head, markdown(source ?? ""), buttons.length ? ends : null);
}

const feedCard = ({ buttons = [], pictures: sources = [] }) => make("ul", { class: "tile feed" }, ...buttons.map((each, index) =>
  make("li", {}, linkButton(each), sources[index] ? picture(sources[index]) : null)));

const unknown = (message) => [make("span", { class: "plain", text: message.text || t("silent", message.msgtype) })];

const FAMILIES = { red: "pdf ppt pptx", green: "xls xlsx csv", orange: "zip rar", purple: "mp3 mp4" };

/** The colour of a file's sign. */
function family(suffix) {
  const found = Object.entries(FAMILIES).find(([, suffixes]) => suffixes.split(" ").includes(suffix.toLowerCase()));
  return found?.[0] ?? "blue";
}

/** Bytes as people read them. */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(bytes < 10_240 ? 1 : 0)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
