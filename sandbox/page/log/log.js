// The messages of the open chat: what is new is appended, only cards in sight are kept up to date, the end stays in sight.

import { element, say } from "../dom.js";
import { onLanguage } from "../language.js";
import { chatName } from "../list/list.js";
import { onBots } from "../model/bots.js";
import { cardOf, onCards, unwatch, watch } from "../model/cards.js";
import { markRead, onChats, openChat } from "../model/chats.js";
import { addressOf } from "../model/chosen.js";
import { messageOf, onMessages, onUndelivered } from "../model/messages.js";
import { onViewer } from "../model/people.js";
import { t } from "../words.js";
import { cardView } from "./card.js";
import { watchCode } from "./code.js";
import { drawEmpty } from "./empty.js";
import { mountKeys } from "./keys.js";
import { markUndelivered, messageItem } from "./message.js";
import { watchPictures } from "./pictures.js";
import { keepAtEnd } from "./scroll.js";

const views = new Map(); // out_track_id -> card view
const items = new Map(); // number -> list item
let shown = []; // the messages in the list
let opened = null; // the address of the chat in the list
let end; // see scroll.js
let sight; // the observer that says which cards are in sight

/** Draw the log now and after every change; `quote(message)` is called when somebody wants to quote one. */
export function mountLog({ quote }) {
  const log = element("log");
  end = keepAtEnd(log, element("messages"), element("to-end"));
  sight = new IntersectionObserver(look, { root: log, rootMargin: "300px 0px" });
  watchPictures(log);
  watchCode(log);
  mountKeys(log);
  log.addEventListener("click", (event) => act(event, quote));
  onMessages((messages, { anew }) => (anew ? drawAnew(messages) : append(messages)));
  onUndelivered((message) => items.has(message.number) && markUndelivered(items.get(message.number), message));
  onCards((cards) => cards.forEach(update));
  onChats(drawHead);
  onBots(drawHead);
  onViewer(() => drawAnew(shown));
  onLanguage(() => {
    drawHead();
    drawAnew(shown);
  });
}

function drawHead() {
  const chat = openChat();
  const name = chat ? chatName(chat) : t("chooseTitle");
  say(element("chat-title"), name);
  say(element("chat-about"), chat ? about(chat) : "");
  document.title = chat ? `${name} · ${t("title")}` : t("title");
  drawEmpty(element("empty"), chat, shown.length > 0);
  if (!document.hidden) markRead(chat);
  const address = chat && addressOf(chat);
  if (address !== opened) end.stay();
  opened = address;
}

function about(chat) {
  if (chat.conversation_type !== "2") return t("private");
  return [t("group"), chat.people.length ? t("people", chat.people.length) : null].filter(Boolean).join(" · ");
}

function drawAnew(messages) {
  const list = element("messages");
  const before = [...views.keys()];
  sight.disconnect();
  views.clear();
  items.clear();
  shown = [];
  // A log that is read out as it grows must not read out what was there before.
  element("log").ariaBusy = "true";
  list.replaceChildren();
  append(messages, { atOnce: true });
  for (const id of before) if (!views.has(id)) unwatch(id);
  end.stay();
  setTimeout(() => (element("log").ariaBusy = "false"), 300);
}

function append(messages, { atOnce = false } = {}) {
  const chat = openChat();
  if (!chat) return;
  const newer = messages.filter((message) => !items.has(message.number));
  forgetBefore(messages[0]?.number ?? Infinity);
  let previous = shown.at(-1);
  const made = newer.map((message) => {
    const item = messageItem(message, { chat, previous, cardView: message.card ? newCard(message.card, atOnce) : null });
    items.set(message.number, item);
    if (message.card) sight.observe(item);
    previous = message;
    return item;
  });
  shown = [...messages];
  element("messages").append(...made);
  drawEmpty(element("empty"), chat, shown.length > 0);
  watchLast();
  if (newer.length && !atOnce) end.grew(newer.some(({ number }) => items.get(number).classList.contains("is-mine")));
}

function newCard(id, atOnce) {
  const view = views.get(id) ?? cardView(id, { atOnce });
  views.set(id, view);
  if (cardOf(id)) update(cardOf(id));
  return view.element;
}

function update(card) {
  try {
    views.get(card.out_track_id)?.update(card);
  } catch (error) {
    reportError(error); // an odd card is drawn as far as it can be, its neighbours whole
  }
}

/** What the sandbox no longer keeps goes here too. */
function forgetBefore(number) {
  for (const [each, item] of items) {
    if (each >= number) break;
    sight.unobserve(item);
    if (item.dataset.card) {
      unwatch(item.dataset.card);
      views.delete(item.dataset.card);
    }
    item.remove();
    items.delete(each);
  }
}

/** The last card is followed even out of sight, so that a screen reader hears its end. */
function watchLast() {
  const last = shown.findLast((message) => message.card);
  if (last) watch(last.card);
}

function look(entries) {
  const last = shown.findLast((message) => message.card)?.card;
  for (const { target, isIntersecting } of entries) {
    const { card } = target.dataset;
    if (isIntersecting) watch(card);
    else if (card !== last) {
      unwatch(card);
      views.get(card)?.rest();
    }
  }
}

function act(event, quote) {
  const goto = event.target.closest("[data-goto]");
  if (goto) show(items.get(Number(goto.dataset.goto)));
  const button = event.target.closest(".do-quote");
  if (button) quote(messageOf(Number(button.dataset.number)), openChat());
}

function show(item) {
  if (!item) return;
  item.scrollIntoView({ block: "center" });
  item.focus({ preventScroll: true });
  item.classList.add("is-shown");
  setTimeout(() => item.classList.remove("is-shown"), 1_600);
}
