// The composer: ties box, tray, mentions, quote and drafts to the open chat, and sends.

import { element, icon, iconButton, make, say } from "../dom.js";
import { language, onLanguage } from "../language.js";
import { chatName } from "../list/list.js";
import { authorOf, gist } from "../log/message.js";
import { botName, onBots } from "../model/bots.js";
import { onChats, openChat } from "../model/chats.js";
import { addressOf } from "../model/chosen.js";
import { t } from "../words.js";
import { brought, mountSources } from "./brought.js";
import { colleagues } from "./colleagues.js";
import { draftOf, emptyDraft, keepDraft } from "./drafts.js";
import { editor } from "./editor.js";
import { messageOf, send } from "./send.js";
import { drawShows, mountShows } from "./shows.js";
import { tray } from "./tray.js";
import { openVoice } from "./voice.js";

const state = { address: null, look: "", quote: null, atBot: true, isSending: false };
let box;
let waiting;
let list;
let files;

export function mountComposer() {
  const text = element("text");
  box = editor(text, { changed, files: (some) => files.add(some), submit, key: (event) => list.key(event) || leaveQuote(event) });
  waiting = tray(element("tray"), () => {
    drawMentions();
    keep();
  });
  list = colleagues(element("colleagues"), text, (person) => box.mention(person.nick));
  text.setAttribute("aria-autocomplete", "list");
  text.setAttribute("aria-haspopup", "listbox");
  text.setAttribute("aria-controls", "colleagues");
  text.addEventListener("blur", () => list.hide());
  element("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  files = brought({ box, tray: waiting, complain });
  mountSources(files.add);
  mountButtons();
  mountShows(element("shows"));
  onChats(drawChat);
  onBots(drawChat);
  onLanguage(drawChat);
}

/** Quote a message of the open chat in the next one. */
export function quote(message, chat) {
  state.quote = { number: message.number, nick: authorOf(message, chat), text: gist(message) };
  drawQuote();
  keep();
  element("text").focus();
}

function mountButtons() {
  for (const [id, sign] of Object.entries({ "add-picture": "picture", "add-file": "folder", "add-voice": "voice", "add-mention": "at" })) {
    element(id).append(icon(sign));
  }
  element("add-voice").addEventListener("click", addVoice);
  element("add-mention").addEventListener("click", startMention);
}

// ---- what is shown ---------------------------------------------------------------------------------------------

function drawChat() {
  const chat = openChat();
  element("composer").hidden = !chat;
  if (!chat) return;
  drawShows(element("shows"), chat.client_id, tryShow);
  const address = draftAddress(chat);
  const look = JSON.stringify([address, language(), chatName(chat), botName(chat.client_id)]);
  if (look === state.look) return; // what has the focus stays where it is while cards grow
  state.look = look;
  if (address !== state.address) takeDraft(address);
  element("text").dataset.placeholder = t("write", chatName(chat));
  element("text").setAttribute("aria-label", t("write", chatName(chat)));
  element("add-mention").hidden = !isGroup();
  drawMentions();
  drawQuote();
  waiting.draw();
}

function takeDraft(address) {
  state.address = null; // what is set now is no change of the draft
  const draft = draftOf(address);
  Object.assign(state, { quote: draft.quote, atBot: draft.atBot });
  complain("");
  waiting.set(draft.files);
  box.set(draft.parts);
  state.address = address;
}

/** In groups: whom the message mentions, and what DingTalk does not deliver. */
function drawMentions() {
  const root = element("mentions");
  root.hidden = !isGroup();
  if (!isGroup()) return root.replaceChildren();
  const bot = botName(openChat().client_id);
  const change = (atBot) => {
    state.atBot = atBot;
    drawMentions();
    keep();
    root.querySelector("button").focus();
  };
  const leave = iconButton("close", t("withoutBot", bot), { id: "without-bot", onclick: () => change(false) });
  const chip = make("span", { class: "at-chip" }, t("mentionBot", bot), leave);
  const again = make("button", { type: "button", class: "chip", id: "again-bot", text: t("againBot", bot), onclick: () => change(true) });
  const warning = (word) => make("span", { class: "warning", text: t(word) });
  const hasFiles = waiting.files().length > 0;
  root.replaceChildren(...(state.atBot ? [chip] : [again, warning("notAtBot")]), ...(hasFiles ? [warning("fileInGroup")] : []));
}

function drawQuote() {
  const root = element("quoting");
  root.hidden = !state.quote;
  if (!state.quote) return;
  const { nick, text } = state.quote;
  root.replaceChildren(
    make("span", { class: "quoting-nick", text: `${t("quoted", nick)}: ` }),
    make("span", { class: "quoting-text", text }),
    iconButton("close", t("noQuote"), { onclick: dropQuote }),
  );
}

function dropQuote() {
  state.quote = null;
  drawQuote();
  keep();
  element("text").focus();
}

function leaveQuote(event) {
  if (event.key !== "Escape" || !state.quote) return false;
  dropQuote();
  return true;
}

const complain = (sentence) => say(element("problem"), sentence);

function keep() {
  if (!state.address) return;
  const parts = box.parts().filter((part) => !part.picture || part.picture.file);
  const onTray = waiting.files().filter(({ file }) => file);
  keepDraft(state.address, { parts, files: onTray, quote: state.quote, atBot: state.atBot });
}

// ---- voice and mentions ----------------------------------------------------------------------------------------

function addVoice() {
  openVoice(isGroup(), (voice) => send(openChat(), voice).catch((error) => {
    throw new Error(t("sendProblem", error.status ? error.message : t("gone")));
  }));
}

function startMention() {
  element("text").focus();
  if (box.query() === null) box.insertText("@");
}

function changed() {
  keep();
  if (document.activeElement === element("text")) offerColleagues();
}

function offerColleagues() {
  const query = isGroup() ? box.query() : null;
  if (query === null) list.hide();
  else list.show(query, openChat().people);
}

// ---- sending ---------------------------------------------------------------------------------------------------

async function submit() {
  const chat = openChat();
  if (state.isSending || !chat) return;
  setSending(true);
  complain("");
  try {
    await files.settled();
    await sendAll(chat);
  } catch (error) {
    complain(t("sendProblem", error.status ? error.message : t("gone")));
  } finally {
    setSending(false);
  }
}

/** The text with its pictures first, then each file; what was sent leaves the box, so that nothing is sent twice. */
async function sendAll(chat) {
  const { address } = state;
  const parts = box.parts();
  const about = { atBot: state.atBot, quote: state.quote, isGroup: isGroup() };
  if (parts.length) {
    await send(chat, messageOf(parts, about));
    keepDraft(address, { ...emptyDraft(), files: waiting.files(), atBot: about.atBot });
    if (state.address === address) takeDraft(address);
  }
  for (const file of waiting.files()) {
    const msgtype = file.kind === "video" ? "video" : "file";
    await send(openChat(), { msgtype, file: file.file, ...(about.isGroup ? { at: about.atBot } : {}) });
    waiting.remove(file);
  }
  drawQuote();
}

function setSending(isSending) {
  state.isSending = isSending;
  element("text").ariaDisabled = String(isSending);
  element("send").ariaBusy = String(isSending);
  say(element("send"), isSending ? t("sending") : t("send"));
}

/** Say it at once, unless something else is being written: that stays where it is. */
function tryShow(text) {
  element("text").focus();
  if (box.parts().length) return box.insertText(text);
  box.set([{ text }]);
  submit();
}

/** The same before and after the chat's first message, and after the sandbox was started anew. */
const draftAddress = (chat) =>
  addressOf({ ...chat, conversation_id: null, title: chat.person ? "" : chat.title }) + (chat.person?.nick ?? "");

const isGroup = () => openChat()?.conversation_type === "2";
