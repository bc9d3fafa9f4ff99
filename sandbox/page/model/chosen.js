// Which chat is open, as the address of the page says: #bot=… and, once something was said, &chat=…; in a group &group=… as well.

import { news } from "./news.js";

const changed = news();
let present = read();

/** The open chat as the panels need it: {client_id, conversation_id (null before the first message), conversation_type, title}, or null. */
export const chosen = { get: () => present, subscribe: changed.subscribe };

/** Open a chat (null: none); `quietly` leaves no step for the browser's back button. */
export function choose(chat, { quietly = false } = {}) {
  const address = chat ? `#${addressOf(chat)}` : "";
  if (address === location.hash) return;
  const step = address || location.pathname;
  if (quietly) history.replaceState(null, "", step);
  else history.pushState(null, "", step);
  follow();
}

/** A text that is the same for the same chat. */
export function addressOf({ client_id, conversation_id, conversation_type, title }) {
  const parts = new URLSearchParams({ bot: client_id });
  if (conversation_id) parts.set("chat", conversation_id);
  if (conversation_type === "2") parts.set("group", title);
  return parts.toString();
}

function read() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const [bot, chat, group] = ["bot", "chat", "group"].map((name) => parts.get(name));
  if (!bot) return null;
  return { client_id: bot, conversation_id: chat, conversation_type: group ? "2" : "1", title: group ?? "" };
}

function follow() {
  present = read();
  changed.tell(present);
}

window.addEventListener("popstate", follow);
