// One message of the log: face, name, time, quote, bubble or card, and what went wrong with it.

import { iconButton, icon, make } from "../dom.js";
import { face } from "../face.js";
import { plainText } from "../list/plain.js";
import { botName } from "../model/bots.js";
import { isSame, viewer } from "../model/people.js";
import { dayAndTime, exactTime, isoTime } from "../times.js";
import { t } from "../words.js";
import { bubble } from "./kinds.js";

const SILENCE_SECONDS = 300; // after so long the time is told anew

/** The list item of a message; `cardView` is the element of its card, if it shows one. */
export function messageItem(message, { chat, previous, cardView }) {
  const isMine = isViewers(message);
  const name = authorOf(message, chat);
  const head = make("p", { class: isMine ? "who unseen" : "who", text: isMine ? t("me") : name });
  const quoting = { class: "icon-button do-quote", tabIndex: -1, dataset: { number: message.number } };
  const quote = iconButton("quote", t("quoteOf", name), quoting);
  const time = make("time", { dateTime: isoTime(message.time), text: exactTime(message.time) });
  const body = make("div", { class: "beside" }, cardView ?? bubble(message), make("div", { class: "deeds" }, quote, time));
  const column = make("div", { class: "said" }, head, body);
  if (message.quote) column.insertBefore(quoteBlock(message.quote), body);
  const item = make("li", { class: `message from-${message.from}${isMine ? " is-mine" : ""}`, id: `m${message.number}`, tabIndex: -1 },
    face(name, message.from === "bot" ? "bot" : "person"), column);
  if (message.card) item.dataset.card = message.card;
  if (message.delivered === false) markUndelivered(item, message);
  if (isLater(message, previous)) item.prepend(timeAbove(message));
  return item;
}

/** Say below the message why it was not delivered. */
export function markUndelivered(item, { reason }) {
  item.classList.add("is-undelivered");
  item.querySelector(".undelivered")?.remove();
  const isUsual = reason?.includes("mention"); // colleagues talking among themselves are no failure
  item.querySelector(".said").append(make("p", { class: `undelivered${isUsual ? " is-usual" : ""}` },
    isUsual ? null : icon("warning"), t("undelivered", sentence(reason ?? ""))));
}

/** The name of who wrote it. */
export const authorOf = (message, chat) => (message.from === "bot" ? botName(chat.client_id) : message.nick);

/** What a message says, in one line, for a quote of it. */
export const gist = ({ text, title, msgtype, file }) =>
  plainText(text || title || "") || file?.name || t(`type_${msgtype ?? "card"}`) || t("silent", msgtype);

const timeAbove = ({ time }) => make("p", { class: "when" }, make("time", { dateTime: isoTime(time), text: dayAndTime(time) }));

const isViewers = ({ from, staff_id, nick }) => from === "person" && isSame({ staff_id: staff_id ?? null, nick }, viewer());

const isLater = (message, previous) => !previous || message.time - previous.time > SILENCE_SECONDS;

function quoteBlock({ number, nick, text, card, picture }) {
  const said = plainText(text ?? "") || (card ? t("type_card") : picture ? t("type_picture") : "…");
  const inside = [make("span", { class: "quoted-nick", text: `${nick}: ` }), said];
  if (!number) return make("blockquote", { class: "quoted" }, ...inside);
  return make("button", { type: "button", class: "quoted", title: t("goToQuoted"), dataset: { goto: number } }, ...inside);
}

function sentence(reason) {
  if (reason === "no connection") return t("noConnection");
  if (reason.startsWith("no answer")) return t("noAnswer");
  if (reason.includes("mention")) return t("notMentioned");
  return reason.includes("in groups") ? t("notInGroups") : t("otherReason", reason);
}
