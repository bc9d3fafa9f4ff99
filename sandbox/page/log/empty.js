// What stands in the log before anything was said.

import { icon, make } from "../dom.js";
import { face } from "../face.js";
import { bots } from "../model/bots.js";
import { chatName } from "../list/list.js";
import { t } from "../words.js";

/** Fill `place` for this chat, or hide it when there are messages. */
export function drawEmpty(place, chat, hasMessages) {
  place.hidden = hasMessages;
  if (hasMessages) return;
  const words = wordsFor(chat);
  const key = JSON.stringify(words);
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  const [title, text, name] = words;
  place.replaceChildren(name ? face(name, chat.conversation_type === "2" ? "group" : "bot") : icon("chats"),
    make("p", { class: "empty-title", text: title }), make("p", { text }));
}

function wordsFor(chat) {
  if (!bots().length) return [t("noBotsTitle"), t("noBotsText"), ""];
  if (!chat) return [t("chooseTitle"), t("chooseText"), ""];
  if (chat.conversation_type === "2") return [t("startGroup"), t("groupHint"), chat.title];
  return [t("start", chatName(chat)), t("startText"), chatName(chat)];
}
