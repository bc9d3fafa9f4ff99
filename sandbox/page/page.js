// The sandbox's chats: shows what /sandbox/... tells, sends what a person writes. Foreign text is only ever textContent.

import { people, texts } from "./texts.js";

const WAIT_SECONDS = 25;
const CALM_MS = 120; // one drawing for many records
const RETRY_MS = 1500;
const NEAR_PIXELS = 40; // so near the end the log keeps scrolling with it

const element = (id) => document.getElementById(id);
const state = {
  language: localStorage.getItem("language") || "zh",
  people: [...people], // grows by whoever else writes to a bot
  apps: [],
  chats: [],
  cards: new Map(),
  chosen: null,
};
const t = (name) => texts[state.language][name];
const keyOf = (chat) => `${chat.client_id} ${chat.conversation_id}`;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function call(path, body) {
  const options = body && { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(`/sandbox/${path}`, options);
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error);
  return found;
}

function make(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// ---- following the records -------------------------------------------------------------------------------------

async function follow() {
  let after = null;
  for (;;) {
    try {
      if (after === null) after = await loadAll();
      const { records, last } = await call(`records?side=dingtalk&after=${after}&wait=${WAIT_SECONDS}`);
      if (last < after) {
        after = null; // another sandbox answers at this address now
        continue;
      }
      if (records.length) after = records.at(-1).seq;
      await take(records);
      await pause(CALM_MS);
    } catch {
      after = null;
      element("status").textContent = t("lost");
      await pause(RETRY_MS);
    }
  }
}

async function loadAll() {
  const { last } = await call("records?after=999999999999");
  await Promise.all([loadApps(), loadChats(), loadCards()]);
  draw();
  return last;
}

const loadApps = async () => { state.apps = (await call("apps")).apps; };
const loadChats = async () => {
  state.chats = (await call("chats")).chats;
  for (const person of state.chats.flatMap((chat) => chat.people)) {
    if (!state.people.some(({ nick }) => nick === person.nick)) state.people.push(person);
  }
};
const loadCards = async () => {
  const { cards } = await call("cards");
  state.cards = new Map(cards.map((card) => [card.out_track_id, card]));
};

async function take(records) {
  const seen = new Set(records.map((record) => record.kind));
  const cards = new Set(records.filter((record) => record.kind === "card").map((record) => record.out_track_id));
  await Promise.all([
    (seen.has("stream.connected") || seen.has("stream.closed")) && loadApps(),
    (seen.has("message") || seen.has("said") || cards.size) && loadChats(),
    ...[...cards].map(async (id) => state.cards.set(id, await call(`cards/${encodeURIComponent(id)}`))),
  ]);
  draw();
}

// ---- drawing ---------------------------------------------------------------------------------------------------

function draw() {
  drawStatus();
  drawPeople();
  drawChats();
  drawMessages();
}

function drawWords() {
  document.documentElement.lang = state.language === "zh" ? "zh-CN" : "en";
  document.title = t("title");
  for (const each of document.querySelectorAll("[data-t]")) each.textContent = t(each.dataset.t);
  draw();
}

function drawPeople() {
  const select = element("person");
  for (const [index, person] of state.people.entries()) {
    if (!select.options[index]) select.append(make("option", { value: index, textContent: person.nick }));
  }
}

function drawStatus() {
  const up = state.apps.filter((app) => app.connections).length;
  element("status").textContent = state.apps.length ? t("bots")(up, state.apps.length) : t("noBots");
  const select = element("bot");
  const options = state.apps.map((app) => {
    const name = app.connections ? app.name : app.name + t("offline");
    return make("option", { value: app.client_id, textContent: name, selected: app.client_id === select.value });
  });
  select.replaceChildren(...options);
}

function drawChats() {
  const focused = document.activeElement?.dataset?.key;
  const items = state.chats.map((chat) => {
    const bot = state.apps.find((app) => app.client_id === chat.client_id)?.name ?? chat.client_id;
    const place = chat.conversation_type === "2" ? t("inGroup") : t("private");
    const key = keyOf(chat);
    const button = make("button", { type: "button", onclick: () => choose(chat) },
      make("strong", { textContent: chat.title }), make("span", { textContent: `${bot} · ${place}` }));
    button.dataset.key = key;
    if (key === state.chosen) button.setAttribute("aria-current", "true");
    return make("li", {}, button);
  });
  element("chats").replaceChildren(...items);
  element("no-chats").hidden = items.length > 0;
  if (focused) [...document.querySelectorAll("#chats button")].find((each) => each.dataset.key === focused)?.focus();
}

function drawMessages() {
  const chat = state.chats.find((each) => keyOf(each) === state.chosen);
  element("chat-title").textContent = chat ? chat.title : t("newChat");
  const log = element("log");
  const list = element("messages");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PIXELS;
  if (list.dataset.key !== state.chosen) list.replaceChildren();
  list.dataset.key = state.chosen ?? "";
  const messages = chat?.messages ?? [];
  while (list.children.length > messages.length) list.lastChild.remove();
  messages.forEach((message, index) => {
    if (!list.children[index]) list.append(messageItem(message));
    if (message.card) drawCard(list.children[index], state.cards.get(message.card));
  });
  if (atEnd) log.scrollTop = log.scrollHeight;
}

function messageItem(message) {
  const time = new Date(message.time * 1000);
  const head = make("p", { className: "who" }, make("strong", { textContent: message.nick }), " ",
    make("time", { dateTime: time.toISOString(), textContent: time.toLocaleTimeString(document.documentElement.lang) }));
  const text = make("p", { className: "text", textContent: readable(message.text) || `[${message.msgtype}]` });
  const item = make("li", { className: message.from }, head, message.card ? make("article", {}) : text);
  return item;
}

function drawCard(item, card) {
  if (!card) return;
  const article = item.querySelector("article");
  const seen = JSON.stringify([card.state, card.text, card.buttons, state.language]);
  if (article.dataset.seen === seen) return;
  article.dataset.seen = seen;
  article.dataset.state = card.state;
  article.ariaBusy = String(card.state === "processing" || card.state === "inputing");
  if (!article.children.length) {
    article.append(make("p", { className: "state" }), make("p", { className: "text" }), make("p", { className: "buttons" }));
  }
  const [status, text, buttons] = article.children;
  status.textContent = t(card.state);
  text.textContent = readable(card.text);
  // A button stays the same element while the text grows: a focus or a slow press must not be lost.
  const offered = card.buttons.filter((each) => each.request && each.id);
  const shown = JSON.stringify(offered.map((each) => [each.id, each.text]));
  if (buttons.dataset.shown === shown) return;
  buttons.dataset.shown = shown;
  buttons.replaceChildren(...offered.map((each) =>
    make("button", { type: "button", textContent: each.text ?? each.id, onclick: () => press(card, each.id) })));
}

// Cards break lines with <br>, the one tag that this plain page understands.
const readable = (text = "") => text.replace(/<br\s*\/?>/g, "\n").trimEnd();

// ---- what a person does ----------------------------------------------------------------------------------------

function choose(chat) {
  state.chosen = keyOf(chat);
  element("bot").value = chat.client_id;
  element("place").value = chat.conversation_type;
  const index = state.people.findIndex((person) => person.nick === chat.title);
  if (chat.conversation_type === "1" && index >= 0) element("person").value = index;
  draw();
  element("log").scrollTop = element("log").scrollHeight;
}

function chooseByForm() {
  const place = element("place").value;
  const { nick } = state.people[element("person").value];
  const chat = state.chats.find((each) => each.client_id === element("bot").value
    && each.conversation_type === place && (place === "2" || each.title === nick));
  state.chosen = chat ? keyOf(chat) : null;
  draw();
}

async function send() {
  const text = element("text").value.trim();
  if (!text) return;
  element("problem").textContent = "";
  const group = element("place").value === "2";
  const open = state.chats.find((each) => keyOf(each) === state.chosen);
  const stays = group && open?.conversation_type === "2" && open.client_id === element("bot").value;
  const message = {
    client_id: element("bot").value,
    conversation_type: element("place").value,
    sender: state.people[element("person").value],
    text,
    ...(group && (stays ? { conversation_id: open.conversation_id, conversation_title: open.title }
                        : { conversation_title: t("groupTitle") })),
  };
  try {
    const sent = await call("messages", message);
    state.chosen = `${message.client_id} ${sent.conversation_id}`;
    element("text").value = "";
    if (!sent.delivered) element("problem").textContent = t("undelivered") + t("noConnection");
    await loadChats();
    draw();
    element("log").scrollTop = element("log").scrollHeight;
  } catch (error) {
    element("problem").textContent = error.message;
  }
}

async function press(card, action) {
  const { staff_id } = state.people[element("person").value];
  try {
    await call("clicks", { out_track_id: card.out_track_id, user_id: staff_id ?? "", action_id: action });
  } catch (error) {
    element("problem").textContent = error.message;
  }
}

element("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
element("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
for (const name of ["bot", "place", "person"]) {
  element(name).addEventListener("change", () => name === "person" && element("place").value === "2" || chooseByForm());
}
element("language").addEventListener("click", () => {
  state.language = state.language === "zh" ? "en" : "zh";
  localStorage.setItem("language", state.language);
  drawWords();
});

drawWords();
follow();
