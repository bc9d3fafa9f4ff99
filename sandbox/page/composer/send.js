// Turns what stands in the composer into messages, and sends them.

import { call } from "../api.js";
import { loadChats } from "../model/chats.js";
import { choose } from "../model/chosen.js";
import { loadMessages } from "../model/messages.js";
import { viewer } from "../model/people.js";

/** Send one message into a chat; `what` is msgtype and its fields. Opens the chat if this was its first message. */
export async function send(chat, what) {
  const isGroup = chat.conversation_type === "2";
  const sent = await call("messages", {
    client_id: chat.client_id,
    conversation_type: chat.conversation_type,
    ...(chat.conversation_id ? { conversation_id: chat.conversation_id } : {}),
    ...(isGroup ? { conversation_title: chat.title } : {}),
    sender: { staff_id: viewer().staff_id, nick: viewer().nick },
    ...what,
  });
  if (!chat.conversation_id) {
    await loadChats();
    choose({ ...chat, conversation_id: sent.conversation_id }, { quietly: true });
  }
  await loadMessages();
  return sent;
}

/** The message that parts of text, pictures and mentions make. */
export function messageOf(parts, { atBot, quote, isGroup }) {
  const mention = [...new Set(parts.filter((part) => part.at).map((part) => part.at))];
  const about = {
    ...(isGroup ? { at: atBot } : {}),
    ...(mention.length ? { mention } : {}),
    ...(quote ? { quote: { number: quote.number } } : {}),
  };
  const pictures = parts.filter((part) => part.picture);
  if (!pictures.length) return { msgtype: "text", text: textOf(parts), ...about };
  if (parts.length === 1) return { msgtype: "picture", file: pictures[0].picture.file, ...about };
  return { msgtype: "richText", parts: parts.map((part) => (part.picture ? { file: part.picture.file } : part)), ...about };
}

/** DingTalk takes the mentions out of a text before a bot gets it: one of the blanks around each goes too, all else stays. */
function textOf(parts) {
  let said = "";
  for (const [index, { text = "" }] of parts.entries()) {
    const isGap = parts[index - 1]?.at && /(^|\s)$/.test(said);
    said += isGap ? text.replace(/^[ \t]/, "") : text;
  }
  return said.replace(/^\s*\n/, "").trimEnd();
}
