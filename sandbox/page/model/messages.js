// The messages of the open chat, loaded piece by piece as they come.

import { call, reportUnlessGone } from "../api.js";
import { onRecords, onReload } from "../feed.js";
import { loadChats, onChats, openChat } from "./chats.js";
import { addressOf } from "./chosen.js";
import { news, seldom } from "./news.js";

const APART_MS = 100;
const KEPT = 500;

const changed = news();
const failed = news();
let of = null; // the address of the chat whose messages these are
let messages = [];

/** `listener(messages, {anew})`: all of them, oldest first; `anew` when they are not a continuation of what was there. */
export const onMessages = changed.subscribe;
/** `listener(message)`: one that was there already turned out to be undelivered. */
export const onUndelivered = failed.subscribe;
export const messageOf = (number) => messages.find((each) => each.number === number);

/** Look for news now; resolves when they are there. */
export const loadMessages = seldom(APART_MS, async () => {
  const chat = openChat();
  if (!chat?.conversation_id) return;
  const address = addressOf(chat);
  const anew = address !== of;
  const after = anew ? 0 : messages.at(-1)?.number ?? 0;
  const query = new URLSearchParams({ client_id: chat.client_id, conversation_id: chat.conversation_id, after });
  const found = (await call(`messages?${query}`)).messages;
  if (openChat() && addressOf(openChat()) !== address) return; // another chat was opened meanwhile
  of = address;
  messages = (anew ? found : [...messages, ...found]).slice(-KEPT);
  if (anew || found.length) changed.tell(messages, { anew });
});

onChats(() => {
  const chat = openChat();
  const address = chat?.conversation_id ? addressOf(chat) : null;
  if (address === of) return;
  if (!address || of) forget();
  if (address) loadMessages().catch(reportUnlessGone);
});
onRecords((records) => {
  const chat = openChat();
  const cards = new Set(messages.map((message) => message.card));
  const isNews = ({ kind, out_track_id }) => kind === "message" || kind === "said" || (kind === "card" && !cards.has(out_track_id));
  const isOurs = (record) => record.client_id === chat?.client_id && record.conversation_id === chat.conversation_id;
  if (records.some((record) => isNews(record) && isOurs(record))) loadMessages().catch(reportUnlessGone);
  for (const record of records) if (record.kind === "undelivered") markUndelivered(record);
});
onReload(async () => {
  await loadChats(); // which chat is open may be another one now
  if (!openChat()?.conversation_id) return forget();
  of = null;
  await loadMessages();
});

/** That a message was not delivered is known only after it was written. */
function markUndelivered({ number, reason }) {
  const message = messageOf(number);
  if (!message || message.delivered === false) return;
  Object.assign(message, { delivered: false, reason });
  failed.tell(message);
}

function forget() {
  of = null;
  messages = [];
  changed.tell(messages, { anew: true });
}
