// The conversation list: rows that stay the same elements while their order, last line and dot change.

import { element, icon, make, say } from "../dom.js";
import { face } from "../face.js";
import { onLanguage } from "../language.js";
import { botName, bots, isUp, onBots } from "../model/bots.js";
import { chatList, isUnread, lastLine, onChats, openChat } from "../model/chats.js";
import { addressOf, choose } from "../model/chosen.js";
import { isoTime, shortTime } from "../times.js";
import { t } from "../words.js";
import { plainText } from "./plain.js";

const LINE_LENGTH = 50; // as much as is seen, and no whole table for those who hear it
const rows = new Map(); // address -> {row, ...its parts}
const sections = {};

/** Draw the list now and after every change. */
export function mountList() {
  const root = element("chats");
  for (const name of ["own", "groups", "others"]) root.append(section(name));
  root.append(make("div", { id: "no-bots", class: "empty small", hidden: true }));
  root.addEventListener("keydown", walk);
  onChats(draw);
  onBots(draw);
  onLanguage(draw);
}

/** What a private chat or a group is called in the list and above the messages. */
export const chatName = (chat) => (chat.conversation_type === "2" ? chat.title : botName(chat.client_id));

function section(name) {
  const heading = make("h3", { id: `chats-${name}` });
  const list = make("ul", { "aria-labelledby": heading.id });
  const hint = name === "others" ? make("p", { class: "help" }) : null;
  const whole = make("section", { class: `chats-${name}`, hidden: true }, heading, hint, list);
  sections[name] = { whole, heading, list, hint };
  return whole;
}

function draw() {
  const focused = document.activeElement;
  const found = chatList();
  const kept = new Set();
  for (const [name, { whole, heading, list, hint }] of Object.entries(sections)) {
    whole.hidden = found[name].length === 0;
    say(heading, t(name));
    if (hint) say(hint, t("othersHint"));
    found[name].forEach((chat, index) => {
      const { row } = drawRow(chat, name);
      kept.add(addressOf(chat));
      if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    });
  }
  for (const [address, { row }] of rows) {
    if (kept.has(address)) continue;
    row.remove();
    rows.delete(address);
  }
  if (focused !== document.activeElement && focused.isConnected && element("chats").contains(focused)) focused.focus();
  drawTabStop();
  drawNoBots();
}

function drawRow(chat, section) {
  const address = addressOf(chat);
  const parts = rows.get(address) ?? newRow(chat, address);
  rows.set(address, parts);
  parts.chat = chat;
  const name = chatName(chat);
  const open = openChat();
  const isOpen = open !== null && addressOf(open) === address;
  if (isOpen) parts.button.setAttribute("aria-current", "true");
  else parts.button.removeAttribute("aria-current");
  say(parts.name, section === "others" ? `${chat.person.nick} · ${name}` : name);
  say(parts.mark, section === "groups" ? botName(chat.client_id) : "");
  say(parts.time, chat.last ? shortTime(chat.last.time) : "");
  if (chat.last) parts.time.dateTime = isoTime(chat.last.time);
  say(parts.line, summary(chat));
  const unread = isUnread(chat) && !isOpen;
  parts.button.classList.toggle("is-unread", unread);
  say(parts.unread, unread ? t("unread") : "");
  parts.dot.hidden = !unread;
  const isOffline = bots().some((bot) => bot.client_id === chat.client_id && !isUp(bot));
  parts.button.classList.toggle("is-offline", isOffline);
  return parts;
}

function newRow(chat, address) {
  const [name, mark, line, unread] = ["name", "mark", "line", "unseen"].map((each) => make("span", { class: each }));
  const time = make("time");
  const dot = make("span", { class: "dot", "aria-hidden": "true", hidden: true });
  const picture = face(chatName(chat), chat.conversation_type === "2" ? "group" : "bot");
  const button = make("button", { type: "button", class: "chat-row", dataset: { address } }, picture,
    make("span", { class: "first" }, name, mark, time), make("span", { class: "second" }, line, dot, unread));
  const row = make("li", {}, button);
  const parts = { row, button, name, mark, time, line, dot, unread };
  button.addEventListener("click", () => choose(parts.chat));
  return parts;
}

/** The last line of a chat; in groups with its author. */
function summary(chat) {
  if (!chat.last) return t("nothingYet");
  const { msgtype, nick, from } = chat.last;
  const text = plainText(lastLine(chat), LINE_LENGTH) || t(`type_${msgtype}`) || t("silent", msgtype);
  return chat.conversation_type === "2" && from === "person" ? `${nick}: ${text}` : text;
}

/** One row takes part in the tab order; the arrows lead to the others. */
function drawTabStop() {
  const all = buttons();
  const stop = all.find((button) => button === document.activeElement) ?? all.find((button) => button.ariaCurrent) ?? all[0];
  for (const button of all) button.tabIndex = button === stop ? 0 : -1;
}

function walk(event) {
  const all = buttons();
  const at = all.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (at < 0 || to === undefined || !all[to]) return;
  event.preventDefault();
  all[to].focus();
  drawTabStop();
}

function drawNoBots() {
  const place = element("no-bots");
  place.hidden = bots().length > 0 || rows.size > 0;
  place.replaceChildren(icon("bot"), make("p", { class: "empty-title", text: t("noBotsTitle") }), make("p", { text: t("noBotsText") }));
}

const buttons = () => [...element("chats").querySelectorAll(".chat-row")];
