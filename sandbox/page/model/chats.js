// The conversations as the viewer has them: private chats with each bot, groups, and what belongs to other people.

import { call, reportUnlessGone } from "../api.js";
import { onRecords, onReload } from "../feed.js";
import { botName, bots, onBots } from "./bots.js";
import { addressOf, choose, chosen } from "./chosen.js";
import { news, seldom } from "./news.js";
import { be, isSame, meet, onViewer, viewer } from "./people.js";

const APART_MS = 500;
const LINES_TOGETHER = 60;
const LONGEST_LINE = 200; // characters
const MOST_PASSED = 2_000;

const changed = news();
const begun = []; // chats that the viewer has begun and nobody has written in yet
const lines = new Map(); // out_track_id -> how the card begins, of those that are the last of a chat
const passed = new Set(); // ids of cards that grew and were no chat's last: what they say is no news here
const read = new Map(); // address -> number of the newest message that was seen
let known = [];
let open = null;
let loaded = false;

export const onChats = changed.subscribe;
export const loadChats = seldom(APART_MS, load);

/** The open chat with all that is known of it, or null. */
export const openChat = () => open;

/** {own, groups, others}: chats as drawn in the list, newest first; private ones carry `person`, whose they are. */
export function chatList() {
  const all = [...known.map(described), ...begun.filter(isNotKnown)];
  const own = all.filter((chat) => chat.person && isSame(chat.person, viewer()));
  const silent = bots().filter((bot) => !own.some((chat) => chat.client_id === bot.client_id)).map((bot) => silentChat(bot.client_id));
  return {
    own: [...own, ...silent].sort(byTime),
    groups: all.filter((chat) => chat.conversation_type === "2").sort(byTime),
    others: all.filter((chat) => chat.person && !isSame(chat.person, viewer())).sort(byTime),
  };
}

/** Begin a group of this title with a bot, and open it. */
export function beginGroup(client_id, title) {
  const there = known.find((chat) => chat.client_id === client_id && chat.conversation_type === "2" && chat.title === title);
  const chat = there ?? { client_id, conversation_id: null, conversation_type: "2", title, people: [], last: null };
  if (!there) begun.push(chat);
  choose(chat);
}

/** Whether the chat has a message that the viewer has not seen. */
export const isUnread = (chat) => Boolean(chat.last) && chat.last.number > (read.get(addressOf(chat)) ?? 0);

/** The person has the chat before the eyes: nothing in it is unread. */
export function markRead(chat) {
  if (!chat?.last || !isUnread(chat)) return;
  read.set(addressOf(chat), chat.last.number);
  changed.tell();
}

/** What a chat's last line says: the card's own text while it grows. */
export const lastLine = (chat) => (chat.last?.card && lines.get(chat.last.card)) || chat.last?.text || "";

async function load() {
  known = (await call("chats?brief=1")).chats;
  meet(known.flatMap((chat) => chat.people));
  if (!loaded) for (const chat of known) if (chat.last) read.set(addressOf(chat), chat.last.number);
  loaded = true;
  forgetLines();
  settle();
  await loadLines();
}

/** The cards that are the last of their chats. */
const lastCards = () => new Set(known.map((chat) => chat.last?.card).filter(Boolean));

function forgetLines() {
  const last = lastCards();
  for (const id of last) passed.delete(id);
  for (const id of lines.keys()) if (!last.has(id)) lines.delete(id);
}

/** What the cards say that are the last of their chats. */
async function loadLines() {
  const ids = [...lastCards()].filter((id) => !lines.has(id)).slice(0, LINES_TOGETHER);
  if (!ids.length) return;
  const { cards } = await call(`cards?brief=1&ids=${ids.map(encodeURIComponent).join(",")}`);
  for (const id of ids) lines.set(id, lines.get(id) ?? "");
  for (const { out_track_id, title, text } of cards) lines.set(out_track_id, beginning(text || title));
  changed.tell();
}

const beginning = (text) => (text ?? "").slice(0, LONGEST_LINE);

/** Find what the address of the page means among what is known. */
function settle() {
  const wanted = chosen.get();
  open = wanted && loaded ? find(wanted) : null;
  if (open?.person && !isSame(open.person, viewer())) be(open.person);
  if (open && addressOf(open) !== addressOf(wanted)) choose(open, { quietly: true });
  changed.tell();
}

function find(wanted) {
  const { own, groups, others } = chatList();
  const theBots = [...own, ...groups, ...others].filter((chat) => chat.client_id === wanted.client_id);
  const same = theBots.find((chat) => wanted.conversation_id && chat.conversation_id === wanted.conversation_id);
  if (same) return same;
  // Nobody has written there yet, or the sandbox has started anew since: then the chat begins once more.
  if (!bots().some((bot) => bot.client_id === wanted.client_id)) return null;
  if (wanted.conversation_type === "1") return theBots.find((chat) => own.includes(chat)) ?? silentChat(wanted.client_id);
  const group = theBots.find((chat) => chat.conversation_type === "2" && chat.title === wanted.title);
  return group ?? { ...wanted, conversation_id: null, people: [], last: null };
}

function described(chat) {
  if (chat.conversation_type === "2") return chat;
  return { ...chat, person: chat.people[0] ?? { staff_id: null, nick: chat.title } };
}

const silentChat = (client_id) =>
  ({ client_id, conversation_id: null, conversation_type: "1", title: botName(client_id), people: [], last: null, person: viewer() });

const isNotKnown = (chat) => !known.some((each) => each.client_id === chat.client_id && each.title === chat.title);
const byTime = (one, other) => (other.last?.time ?? 0) - (one.last?.time ?? 0);

function follow(records) {
  let grew = false;
  let told = false;
  const last = lastCards();
  for (const record of records) {
    if (record.kind === "card" && last.has(record.out_track_id)) {
      lines.set(record.out_track_id, beginning(record.text));
      grew = true;
    } else if (record.kind === "card") told ||= isNewCard(record.out_track_id);
    told ||= record.kind === "message" || record.kind === "said";
  }
  if (told) loadChats().catch(reportUnlessGone);
  else if (grew) changed.tell();
}

/** Whether this card may have become the last of its chat: asked once for each. */
function isNewCard(id) {
  if (passed.has(id)) return false;
  passed.add(id);
  if (passed.size > MOST_PASSED) passed.delete(passed.keys().next().value);
  return true;
}

function changeViewer() {
  // Another person's private chat with the same bot takes the place of the one that was open.
  if (open?.person && !isSame(open.person, viewer())) {
    open = null;
    const theirs = chatList().own.find((chat) => chat.client_id === chosen.get().client_id);
    choose(theirs ?? null, { quietly: true });
  }
  changed.tell();
}

onReload((why) => {
  if (why === "restarted") read.clear(); // nothing that is there was seen before, also what came before this was noticed
  lines.clear();
  passed.clear();
  return loadChats();
});
onRecords(follow);
onBots(settle);
onViewer(changeViewer);
chosen.subscribe(settle);
